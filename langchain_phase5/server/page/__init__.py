"""`/`: the web page, and what only it needs."""
