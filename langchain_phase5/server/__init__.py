"""The REST service: `create_app` makes it, `langchain-phase5 serve` runs it.

Needs the extra `server`: `pip install 'langchain-phase5[server,vision]'`.
"""

from langchain_phase5.server.app import create_app
from langchain_phase5.server.settings import ServerSettings

__all__ = ["ServerSettings", "create_app"]
