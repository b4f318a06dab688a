"""What surrounds every request: who may ask, what it may cost, how it is told and counted."""
