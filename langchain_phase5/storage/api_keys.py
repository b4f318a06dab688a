"""The keys that clients of the service show."""

import hashlib
import hmac
import re
import secrets
import time
from dataclasses import dataclass, field

from sqlalchemy import Column, Float, String, Table, insert, select, update

from langchain_phase5.storage.database import Database, metadata

_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", String(16), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("secret_sha256", String(64), nullable=False),
    Column("created_at", Float, nullable=False),
    Column("revoked_at", Float, nullable=True),
)

_KEY = re.compile(r"lp5_([0-9a-f]{12})_([0-9a-f]{64})")
_NOBODY = "0" * 64
_MOST_CHARACTERS = 200


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """What is known about a key; the key itself is not kept."""

    key_id: str
    """Names the key in logs and for `revoke`; it is no secret."""
    name: str
    created_at: float
    """Seconds since 1970."""
    revoked_at: float | None = None


@dataclass(frozen=True, kw_only=True)
class NewApiKey(ApiKey):
    """A key just made, this once with its text."""

    key: str = field(repr=False)


class ApiKeyStore:
    """Makes, checks and revokes keys, of which only the SHA-256 is kept.

    A key holds 256 random bits, so there is nothing to guess that a slow hash would protect.

    Example:
        >>> from langchain_phase5.storage.database import Database
        >>> keys = ApiKeyStore(Database("sqlite://"))
        >>> made = keys.create("dashboard")
        >>> keys.verify(made.key).name
        'dashboard'
        >>> keys.verify("lp5_guess_guess") is None
        True
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        database.create_tables(_keys)

    def create(self, name: str) -> NewApiKey:
        """Make a key for the client called `name`.

        Raises:
            ValueError: The name is empty or too long.
        """
        if not name.strip() or len(name) > _MOST_CHARACTERS:
            msg = f"a key needs a name of 1 to {_MOST_CHARACTERS} characters, to tell whose it is"
            raise ValueError(msg)
        key_id, secret = secrets.token_hex(6), secrets.token_hex(32)
        made = NewApiKey(
            key_id=key_id, name=name, created_at=time.time(), key=f"lp5_{key_id}_{secret}"
        )
        row = {
            "key_id": key_id,
            "name": name,
            "secret_sha256": _hash(secret),
            "created_at": made.created_at,
        }
        with self._database.begin() as connection:
            connection.execute(insert(_keys).values(row))
        return made

    def list(self) -> list[ApiKey]:
        """List all keys, the revoked ones too, oldest first."""
        query = select(_keys.c.key_id, _keys.c.name, _keys.c.created_at, _keys.c.revoked_at)
        with self._database.begin() as connection:
            rows = connection.execute(query.order_by(_keys.c.created_at)).mappings()
            return [ApiKey(**row) for row in rows]

    def revoke(self, key_id: str) -> None:
        """End a key; what it is used for stops working within seconds.

        Raises:
            ValueError: There is no such key, or it is revoked already.
        """
        query = (
            update(_keys)
            .where(_keys.c.key_id == key_id, _keys.c.revoked_at.is_(None))
            .values(revoked_at=time.time())
        )
        with self._database.begin() as connection:
            if connection.execute(query).rowcount == 0:
                msg = f"there is no key {key_id!r} in use; `langchain-phase5 keys list` shows them"
                raise ValueError(msg)

    def has_keys(self) -> bool:
        """Whether any key is in use."""
        query = select(_keys.c.key_id).where(_keys.c.revoked_at.is_(None)).limit(1)
        with self._database.begin() as connection:
            return connection.execute(query).first() is not None

    def verify(self, key: str) -> ApiKey | None:
        """Return whose key it is, or None; takes the same time however much of it is right."""
        found = _KEY.fullmatch(key)
        key_id, secret = found.groups() if found else ("", key)
        query = select(_keys).where(_keys.c.key_id == key_id, _keys.c.revoked_at.is_(None))
        with self._database.begin() as connection:
            row = connection.execute(query).mappings().first()
        expected = _NOBODY if row is None else row["secret_sha256"]
        if not hmac.compare_digest(_hash(secret), expected) or row is None:
            return None
        return ApiKey(key_id=row["key_id"], name=row["name"], created_at=row["created_at"])


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
