"""`langchain-phase5 serve` and `keys`."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from langchain_phase5.cli.examples import examples

_DATABASE = "sqlite:///langchain_phase5.db"

keys = typer.Typer(help="Make, list and revoke the API keys of the service.", no_args_is_help=True)

_Storage = Annotated[
    str, typer.Option(envvar="LANGCHAIN_PHASE5_DATABASE", help="The service's database.")
]


def serve(
    host: Annotated[str | None, typer.Option(help="Where to listen; 127.0.0.1 by default.")] = None,
    port: Annotated[int | None, typer.Option(help="8000 by default; 0 picks a free one.")] = None,
    database: Annotated[str | None, typer.Option(help="URL of the database.")] = None,
    images: Annotated[
        str | None, typer.Option(help="Where images are kept: a folder or s3://bucket/prefix.")
    ] = None,
    index: Annotated[str | None, typer.Option(help="An image index to search.")] = None,
    clip_model: Annotated[
        str | None, typer.Option(help="The index's model: NAME/PRETRAINED or a folder.")
    ] = None,
    retriever: Annotated[
        str | None, typer.Option(help="MODULE:ATTRIBUTE of a retriever, in place of --index.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="Chat model that looks at images; none works offline.")
    ] = None,
    agents: Annotated[
        list[str] | None,
        typer.Option(help="NAME=MODULE:ATTRIBUTE that may be evaluated; may be repeated."),
    ] = None,
    metrics: Annotated[
        list[str] | None,
        typer.Option(help="NAME=MODULE:ATTRIBUTE of a metric of your own; may be repeated."),
    ] = None,
    tools: Annotated[
        list[str] | None,
        typer.Option(help="MODULE:ATTRIBUTE of a tool or a list of them; may be repeated."),
    ] = None,
    workers: Annotated[int | None, typer.Option(help="Processes.")] = None,
    require_key: Annotated[
        bool | None,
        typer.Option(
            "--require-key/--no-require-key",
            help="Whether requests need an API key; other machines always do.",
        ),
    ] = None,
    allowed_host: Annotated[
        list[str] | None, typer.Option(help="A host name to answer to; may be repeated.")
    ] = None,
    fetch_urls: Annotated[
        bool | None,
        typer.Option("--fetch-urls/--no-fetch-urls", help="Whether URLs are downloaded."),
    ] = None,
    rate_limit: Annotated[str | None, typer.Option(help="Per key, such as 600/minute.")] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error.")] = None,
) -> None:
    """Serve vision, tool routing and evaluation over HTTP.

    Whatever is left out comes from the environment (LANGCHAIN_PHASE5_PORT, ...), else from the
    defaults. OpenAPI is at /openapi.json, a page at /.
    """
    from langchain_phase5.server.run_server import run_server
    from langchain_phase5.server.settings import ServerSettings

    given: dict[str, Any] = {
        "host": host,
        "port": port,
        "database": database,
        "images": images,
        "index": index,
        "clip_model": clip_model,
        "retriever": retriever,
        "model": model,
        "agents": _named(agents),
        "metrics": _named(metrics),
        "tools": tuple(tools) if tools else None,
        "workers": workers,
        "require_key": require_key,
        "allowed_hosts": tuple(allowed_host) if allowed_host else None,
        "fetch_urls": fetch_urls,
        "rate_limit": rate_limit,
        "log_level": log_level,
    }
    known = ServerSettings.from_environment().model_dump()
    run_server(ServerSettings(**(known | {k: v for k, v in given.items() if v is not None})))


@keys.command("create", epilog=examples("keys create"))
def create_key(
    name: Annotated[str, typer.Argument(help="Whose key it is.")], database: _Storage = _DATABASE
) -> None:
    """Make a key and print it, this once: only its hash is kept."""
    typer.echo(_key_store(database).create(name).key)


@keys.command("list", epilog=examples("keys list"))
def list_keys(database: _Storage = _DATABASE) -> None:
    """List keys by their ids; the keys themselves are not kept."""
    for key in _key_store(database).list():
        made = datetime.fromtimestamp(key.created_at, UTC).date()
        state = "in use" if key.revoked_at is None else "revoked"
        typer.echo(f"{key.key_id}  {made}  {state:8}{key.name}")


@keys.command("revoke", epilog=examples("keys revoke"))
def revoke_key(
    key_id: Annotated[str, typer.Argument(help="As `keys list` shows it.")],
    database: _Storage = _DATABASE,
) -> None:
    """End a key; running services refuse it within seconds."""
    _key_store(database).revoke(key_id)
    typer.echo(f"revoked {key_id}")


def _key_store(url: str) -> Any:
    from langchain_phase5.storage.api_keys import ApiKeyStore
    from langchain_phase5.storage.database import Database

    return ApiKeyStore(Database(url))


def _named(given: list[str] | None) -> dict[str, str] | None:
    """Read NAME=MODULE:ATTRIBUTE."""
    if not given:
        return None
    for one in given:
        if "=" not in one:
            msg = f"{one!r} has no name; write NAME=MODULE:ATTRIBUTE"
            raise ValueError(msg)
    return {name: path for name, _, path in (one.partition("=") for one in given)}
