"""What an operator can set, as arguments or as environment variables."""

import ipaddress
import json
import os
from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

PREFIX = "LANGCHAIN_PHASE5_"
_CORES = os.cpu_count() or 1


class ServerSettings(BaseModel):
    """Where the service listens, what it opens, and how much one request may cost.

    Every field can be set by an environment variable: `LANGCHAIN_PHASE5_PORT=9000`; lists and
    mappings are written as JSON. Import paths are the operator's alone: no request names one.

    Example:
        >>> settings = ServerSettings.from_environment({"LANGCHAIN_PHASE5_PORT": "9000"})
        >>> settings.port, settings.is_loopback
        (9000, True)
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    workers: int = Field(1, ge=1)
    """Processes. More than one want a database and an image store that they can share."""

    database: str = "sqlite:///langchain_phase5.db"
    """URL of the database: keys, datasets, runs, jobs."""
    images: str = "images"
    """Where uploaded images are kept: a folder, or `s3://bucket/prefix`."""
    image_options: dict[str, str] = Field(default_factory=dict)
    """For the image store, such as `{"endpoint": "https://..."}`."""
    index: str | None = None
    """The image index to search, made by `langchain-phase5 index`."""
    clip_model: str | None = None
    """The index's model as `NAME/PRETRAINED`, or the folder of a local one."""
    retriever: str | None = None
    """`module:attribute` of a retriever, in place of `index`."""
    model: str | None = None
    """Chat model that looks at images, such as `openai:gpt-4o`; none works offline."""
    ocr: bool = True
    """Whether the service has to be able to read text; `/ready` says no while it cannot."""
    tools: tuple[str, ...] = ()
    """`module:attribute` of tools, or of lists of tools, that `/api/v1/tools/route` picks from."""
    agents: dict[str, str] = Field(default_factory=dict)
    """What may be evaluated: a name for requests, and the `module:attribute` it stands for."""
    metrics: dict[str, str] = Field(default_factory=dict)
    """The operator's own metrics that an evaluation may ask for, likewise."""
    max_concurrent_jobs: int = Field(2, ge=1)
    """Evaluations at a time, in each process."""
    job_lease_seconds: float = Field(30, ge=1)
    """How long a process may be silent before another one goes on with its evaluations."""

    require_key: bool = False
    """Whether every request needs an API key. Anything but loopback cannot do without."""
    allowed_hosts: tuple[str, ...] = ()
    """Host names that requests may come for. On loopback its own names are always among them;
    elsewhere an empty list takes any."""
    fetch_urls: bool = True
    """Whether images are downloaded from the public internet at a client's wish."""
    image_hosts: tuple[str, ...] = ()
    """The only hosts to download from; empty for every public one."""

    max_body_bytes: int = Field(32 * 2**20, ge=1024)
    """Of a request, counted while it arrives."""
    max_pixels: int = Field(40_000_000, ge=1)
    """Of an image, read from its header."""
    header_seconds: float = Field(10, gt=0)
    """For a connection to bring a request's header."""
    body_seconds: float = Field(30, gt=0)
    """For the body to arrive."""
    request_seconds: float = Field(120, gt=0)
    """Until the answer begins."""
    max_connections: int = Field(512, ge=1)
    """Who comes beyond is told to come again, whatever is asked for."""
    max_concurrent_requests: int = Field(64, ge=1)
    max_concurrent_work: int = Field(max(2, _CORES), ge=1)
    """Images that are being looked at; further requests wait."""
    queue_seconds: float = Field(10, gt=0)
    """How long they wait before they are turned away."""
    rate_limit: str = "600/minute"
    """Requests per key, or per client address where no key is needed."""
    rate_limit_storage: str = "async+memory://"
    """Where they are counted; with several workers `async+redis://host` counts them together."""
    shutdown_seconds: int = Field(20, ge=0)
    """What is under way gets this long to finish."""
    log_level: str = "info"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the service."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read what is set; everything else has its default.

        Raises:
            ValueError: A value makes no sense; the message names it.
        """
        given = os.environ if environment is None else environment
        found = {
            name: _parsed(field.annotation, given[variable], variable)
            for name, field in cls.model_fields.items()
            if (variable := PREFIX + name.upper()) in given
        }
        return cls.model_validate(found)

    def to_environment(self) -> dict[str, str]:
        """Variables from which `from_environment` makes these settings again."""
        return {
            PREFIX + name.upper(): value if isinstance(value, str) else json.dumps(value)
            for name, value in self.model_dump(mode="json").items()
            if value is not None
        }


def _parsed(annotation: Any, text: str, variable: str) -> Any:
    if not str(annotation).startswith(("tuple", "dict")):
        return text
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        msg = f'{variable} is no JSON; write lists as ["a"] and mappings as {{"name": "a"}}'
        raise ValueError(msg) from None
