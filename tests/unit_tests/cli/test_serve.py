"""`langchain-phase5 serve` and `keys`."""

import pytest
from typer.testing import CliRunner

from langchain_phase5 import cli
from langchain_phase5.server import ServerSettings
from langchain_phase5.storage.api_keys import ApiKeyStore
from langchain_phase5.storage.database import Database


@pytest.fixture
def run(monkeypatch):
    served = []
    monkeypatch.setattr("langchain_phase5.server.run_server.run_server", served.append)

    def run(*arguments):
        return CliRunner().invoke(cli.app, ["serve", *arguments], catch_exceptions=False), served

    return run


def test_without_options_the_defaults_are_served(run):
    result, served = run()
    assert result.exit_code == 0
    assert served == [ServerSettings()]


def test_options_reach_the_settings(run, monkeypatch):
    monkeypatch.setenv("LANGCHAIN_PHASE5_PORT", "9000")
    monkeypatch.setenv("LANGCHAIN_PHASE5_RATE_LIMIT", "1/second")
    _, (settings,) = run(
        *("--host", "0.0.0.0", "--require-key", "--rate-limit", "9/second"),  # noqa: S104
        *("--agents", "a=my:agent", "--agents", "b=my:other", "--tools", "my:tools"),
        *("--metrics", "tone=my:tone", "--allowed-host", "x.example", "--no-fetch-urls"),
    )
    assert (settings.port, settings.rate_limit) == (9000, "9/second")
    assert settings.agents == {"a": "my:agent", "b": "my:other"}
    assert settings.tools == ("my:tools",)
    assert settings.metrics == {"tone": "my:tone"}
    assert settings.allowed_hosts == ("x.example",)
    assert (settings.require_key, settings.fetch_urls) == (True, False)


def test_an_agent_needs_a_name(run):
    with pytest.raises(ValueError, match="NAME=MODULE:ATTRIBUTE"):
        run("--agents", "my:agent")


def test_keys_are_made_listed_and_revoked(tmp_path):
    url = f"sqlite:///{tmp_path}/keys.db"

    def keys(*arguments):
        result = CliRunner().invoke(
            cli.app, ["keys", *arguments, "--database", url], catch_exceptions=False
        )
        return result.stdout.strip()

    key = keys("create", "dashboard")
    with Database(url) as database:
        found = ApiKeyStore(database).verify(key)
    assert found.name == "dashboard"
    listed = keys("list")
    assert found.key_id in listed
    assert "in use" in listed
    assert key not in listed
    assert found.key_id in keys("revoke", found.key_id)
    assert "revoked" in keys("list")
