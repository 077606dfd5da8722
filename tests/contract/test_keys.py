"""The keys of sealed fields: the same promises in memory and on PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from shared.db import engine
from shared.migrate import kernel_sql
from shared.vault import MemoryKeys, PostgresKeys, Vault


@pytest.fixture(params=["postgres", "memory"])
def keys(request):
    if request.param == "memory":
        yield MemoryKeys()
        return
    made = request.getfixturevalue("database")("visits", migrate=False)
    with psycopg.connect(made.owner_url) as connection:
        for statements in kernel_sql("visits", 1):
            connection.execute(statements)
    eng = engine(made.vault_url, name="test", pool_size=10)
    yield PostgresKeys(eng)
    eng.dispose()


def test_a_key_is_made_once_and_kept(keys):
    first = keys.ensure(["a", "b"])
    assert first.keys() == {"a", "b"}
    assert keys.ensure(["b", "c"])["b"] == first["b"]
    assert keys.get(["a", "nobody"]) == {"a": first["a"]}
    assert len(set(keys.get(["a", "b", "c"]).values())) == 3


def test_of_many_makers_at_once_all_hold_the_winners_key(keys):
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: keys.ensure(["same", "other"]), range(16)))
    assert all(m == made[0] for m in made)


def test_a_destroyed_key_stays_destroyed(keys):
    keys.ensure(["a", "b"])
    keys.destroy("a")
    assert keys.get(["a"]) == {}
    assert keys.ensure(["a", "b"]).keys() == {"b"}
    keys.destroy("a")


def test_an_erasure_reaches_another_process_when_its_cache_expires(keys):
    here, there = Vault(keys), Vault(keys, ttl=0.0)
    box = here.seal("a", "e:1", "Hoà")
    assert there.open("a", "e:1", box) == "Hoà"
    here.destroy("a")
    assert here.open("a", "e:1", box) is None
    assert there.open("a", "e:1", box) is None
