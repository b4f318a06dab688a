"""Vision tools, tool routing, evaluation and monitoring for LangChain agents.

Import from the sub-package that does the job; this module holds only the version, so that
importing it costs nothing:

- `langchain_phase5.vision`: look at images.
- `langchain_phase5.retrievers`: find images.
- `langchain_phase5.routing`: offer the model the right few tools.
- `langchain_phase5.callbacks`: metrics and a record of what the agent did.
- `langchain_phase5.evaluation`: datasets, grading, comparison, regressions.
- `langchain_phase5.storage`: the database that the above share.
"""

__version__ = "0.1.0"
