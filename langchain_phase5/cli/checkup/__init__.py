"""What `langchain-phase5 doctor` looks at. Each module looks at one kind of thing.

Nothing heavy is imported to look, except by `trials`, which runs every part once.
"""
