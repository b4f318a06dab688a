"""What an operator can set, and what is refused."""

import subprocess
import sys

import pytest
import service
from pydantic import ValidationError

from langchain_phase5.server import ServerSettings, create_app
from langchain_phase5.server.run_server import check_exposure, run_server, uvicorn_options
from langchain_phase5.storage.api_keys import ApiKeyStore
from langchain_phase5.storage.database import Database

EVERYWHERE = "0.0.0.0"  # noqa: S104 - nothing listens


@pytest.mark.parametrize(
    ("host", "is_loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        (EVERYWHERE, False),
        ("::", False),
        ("192.168.1.1", False),
        ("example.com", False),
    ],
)
def test_it_knows_who_can_reach_it(host, is_loopback):
    assert ServerSettings(host=host).is_loopback == is_loopback


def test_the_environment_says_it_all():
    settings = ServerSettings(
        port=9000,
        agents={"v1": "my:agent"},
        tools=("my:tools",),
        require_key=True,
        model=None,
        rate_limit="5/second",
    )
    assert ServerSettings.from_environment(settings.to_environment()) == settings


@pytest.mark.parametrize(
    "variables",
    [
        {"LANGCHAIN_PHASE5_PORT": "many"},
        {"LANGCHAIN_PHASE5_TOOLS": "my:tools"},
        {"LANGCHAIN_PHASE5_AGENTS": "v1=my:agent"},
        {"LANGCHAIN_PHASE5_MAX_PIXELS": "0"},
    ],
)
def test_what_makes_no_sense_is_refused(variables):
    with pytest.raises(ValueError, match=r"JSON|validation error"):
        ServerSettings.from_environment(variables)


def test_a_setting_that_does_not_exist_is_refused():
    with pytest.raises(ValidationError):
        ServerSettings(prot=9000)


def test_other_machines_need_keys(tmp_path):
    database = f"sqlite:///{tmp_path}/keys.db"
    with pytest.raises(ValueError, match="--require-key"):
        run_server(ServerSettings(host=EVERYWHERE, database=database))
    settings = ServerSettings(host=EVERYWHERE, database=database, require_key=True)
    with pytest.raises(ValueError, match="keys create"):
        run_server(settings)
    with Database(database) as opened:
        made = ApiKeyStore(opened).create("me")
    check_exposure(settings)
    with Database(database) as opened:
        ApiKeyStore(opened).revoke(made.key_id)
    with pytest.raises(ValueError, match="keys create"):
        check_exposure(settings)


def test_this_machine_needs_none():
    check_exposure(ServerSettings())


def test_uvicorn_is_told_the_limits():
    options = uvicorn_options(ServerSettings(shutdown_seconds=3))
    assert options["timeout_graceful_shutdown"] == 3
    assert not options["access_log"]


@pytest.mark.parametrize("workers", [1, 3])
def test_it_is_served_by_uvicorn(workers, monkeypatch, tmp_path):
    served = []
    monkeypatch.setattr("uvicorn.run", lambda app, **options: served.append((app, options)))
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    monkeypatch.setattr("os.environ", {})
    settings = ServerSettings(
        workers=workers, database=f"sqlite:///{tmp_path}/a.db", images=str(tmp_path / "images")
    )
    run_server(settings)
    ((app, options),) = served
    if workers == 1:
        assert app.title == "langchain-phase5"
        app.state.services.database.close()
    else:
        assert (options["workers"], options["factory"]) == (3, True)


@pytest.mark.parametrize(
    "settings",
    [
        {"agents": {"v1": "no_such_module:agent"}},
        {"tools": ("json:nothing",)},
        {"index": "/nowhere"},
        {"retriever": "json"},
        {"rate_limit": "often"},
        {"image_options": {}, "images": "what://"},
    ],
)
def test_what_does_not_exist_stops_the_start(settings):
    with pytest.raises((ValueError, ImportError)):
        create_app(ServerSettings(**{"database": "sqlite://", "images": "memory://"} | settings))


def test_parts_come_from_import_paths(make_client):
    client = make_client(
        retriever="service:MANUALS",
        tools=("service:TOOLS", "service:send_mail"),
        agents={"upper": "builtins:str"},
        metrics={"length": "builtins:len"},
    )
    services = client.app.state.services
    assert services.agents == {"upper": str}
    assert services.evaluation_metrics == {"length": len}
    assert [tool.name for tool in services.tools] == ["get_weather", "send_mail", "send_mail"]
    assert services.retriever is service.MANUALS


def test_the_package_is_imported_without_the_extra():
    code = (
        "import sys\n"
        "for name in ('fastapi', 'uvicorn', 'limits'): sys.modules[name] = None\n"
        "from langchain_phase5.server import ServerSettings, create_app\n"
        "try: create_app(ServerSettings())\n"
        "except ImportError as error: print(error)\n"
    )
    said = subprocess.run(  # noqa: S603 - our own interpreter and code
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert "langchain-phase5[server]" in said
