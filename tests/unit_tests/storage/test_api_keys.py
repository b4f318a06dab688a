"""Keys that are shown once and can be taken away."""

import pytest
from sqlalchemy import text

from langchain_phase5.storage.api_keys import ApiKeyStore
from langchain_phase5.storage.database import Database


@pytest.fixture
def database():
    with Database("sqlite://") as database:
        yield database


def test_a_key_is_known_by_its_text_alone(database):
    keys = ApiKeyStore(database)
    made = keys.create("dashboard")
    assert keys.verify(made.key).key_id == made.key_id
    assert made.key not in repr(made)
    assert keys.verify(keys.create("other").key).name == "other"


def test_the_key_itself_is_not_kept(database):
    made = ApiKeyStore(database).create("dashboard")
    with database.begin() as connection:
        rows = str(connection.execute(text("SELECT * FROM api_keys")).all())
    assert made.key_id in rows
    assert made.key.rpartition("_")[2] not in rows


@pytest.mark.parametrize("wrong", ["", "lp5", "lp5__", "a_b_c", "ü", "\x00", "x" * 10_000])
def test_anything_else_is_no_key(database, wrong):
    keys = ApiKeyStore(database)
    keys.create("dashboard")
    assert keys.verify(wrong) is None


def test_another_keys_secret_does_not_fit(database):
    keys = ApiKeyStore(database)
    one, two = keys.create("one"), keys.create("two")
    mixed = f"lp5_{one.key_id}_{two.key.rpartition('_')[2]}"
    assert keys.verify(mixed) is None


def test_a_revoked_key_is_refused_and_still_listed(database):
    keys = ApiKeyStore(database)
    assert not keys.has_keys()
    made = keys.create("dashboard")
    assert keys.has_keys()
    keys.revoke(made.key_id)
    assert keys.verify(made.key) is None
    assert not keys.has_keys()
    assert keys.list()[0].revoked_at is not None
    with pytest.raises(ValueError, match="no key"):
        keys.revoke(made.key_id)


@pytest.mark.parametrize("name", ["", "  ", "x" * 201])
def test_a_key_needs_a_name(database, name):
    with pytest.raises(ValueError, match="name"):
        ApiKeyStore(database).create(name)
