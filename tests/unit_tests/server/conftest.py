"""A service in memory, asked without a network."""

from contextlib import ExitStack

import pytest
from service import SETTINGS
from starlette.testclient import TestClient

from langchain_phase5.server import ServerSettings, create_app


@pytest.fixture
def make_client():
    """Makes clients, each of a service of its own, from settings and `parts` of `create_app`."""
    with ExitStack() as stack:

        def make(*, parts=None, is_running=False, **settings):
            app = create_app(ServerSettings(**SETTINGS | settings), **(parts or {}))
            stack.callback(app.state.services.database.close)
            client = TestClient(app, base_url="http://localhost", raise_server_exceptions=False)
            return stack.enter_context(client) if is_running else client

        yield make


@pytest.fixture
def client(make_client):
    return make_client()
