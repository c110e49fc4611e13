"""Two clients move one weapon at once: one wins, by the lock or by the key; without either, the test fails."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx
import pytest
from sqlalchemy import Engine

from cluster import Database
from links import broken_links
from salw.core.db import make_engine, run
from salw.core.ids import new_id
from salw.custody.operations.moves import lock_weapons
from salw.custody.rules import Expected
from together import until_it_waits
from world import World, build_world
from writes import Write, destroy, done, issue, listed, report, serving

# The reading half of `lock_custody` alone; the pause keeps the door open that the lock would have shut.
_WITHOUT_LOCK = """
create or replace function lock_custody(p_weapons uuid[])
returns table (weapon_id uuid, seq int, holder_id uuid, unit_id int, awaited_by_unit_id int, recorded_at timestamptz,
               occurred_at timestamptz, kind text, mark text)
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
    return query
    select c.weapon_id, c.seq, c.holder_id, c.unit_id, c.awaited_by_unit_id, c.recorded_at, c.recorded_at, h.kind,
           k.mark
      from custody c
      join holder h on h.country = c.country and h.id = c.holder_id
      left join case_mark k on k.country = c.country and k.weapon_id = c.weapon_id
     where c.country = current_setting('app.country') and c.weapon_id = any(p_weapons);
    perform pg_sleep(0.02);
end $$
"""

_WITHOUT_KEYS = """
alter table movement drop constraint fk_movement_country_weapon_id_prev_seq_from_holder_id;
alter table muster_line drop constraint fk_muster_line_country_weapon_id_seq_holder_id;
alter table nominal_line drop constraint fk_nominal_line_country_drawn_weapon_id_drawn_seq;
alter table movement drop constraint uq_movement_country_weapon_id_seq_to_holder_id;
alter table movement drop constraint pk_movement;
create or replace function write_custody() returns trigger
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
    update custody c set (seq, holder_id, unit_id, recorded_at, document_id, occurred_at) =
           (m.seq, m.to_holder_id, m.to_unit_id, m.recorded_at, m.document_id, m.occurred_at)
      from moved m where (c.country, c.weapon_id) = (m.country, m.weapon_id);
    insert into custody (country, weapon_id, seq, holder_id, unit_id, recorded_at, document_id, occurred_at)
    select country, weapon_id, seq, to_holder_id, to_unit_id, recorded_at, document_id, occurred_at
      from moved where seq = 1;
    return null;
end $$;
"""


@pytest.fixture
def superuser(fresh_database: Database) -> Iterator[Engine]:
    """Return an engine that sees and may change everything in a database of this test's own."""
    engine = make_engine(fresh_database.urls["postgres"])
    yield engine
    engine.dispose()


@pytest.fixture
def army(fresh_database: Database) -> Iterator[World]:
    """Return a small army in a database of this test's own."""
    engine = make_engine(fresh_database.urls["salw_app"])
    yield build_world(engine)
    engine.dispose()


def contend(base: str, army: World, weapons: list[Expected]) -> list[list[httpx.Response]]:
    """Let two clients issue each weapon at the same moment, to two takers, and return both answers of each."""
    gate = Barrier(2)
    takers = ({"person": str(army["soldier"].person_id)}, {"holder": str(army.post_alpha)})

    with httpx.Client(base_url=base, timeout=30) as one, httpx.Client(base_url=base, timeout=30) as two:

        def send(client: httpx.Client, write: Write) -> httpx.Response:
            gate.wait()
            return write.send(client)

        answers = []
        with ThreadPoolExecutor(2) as pool:
            for weapon in weapons:
                writes = [issue(one, army, [weapon], taker) for taker in takers]
                answers.append(list(pool.map(send, (one, two), writes)))
        return answers


def check_one_winner_each(answers: list[list[httpx.Response]], superuser: Engine) -> None:
    """Demand that of each pair exactly one won, the other was told why, and every chain is whole."""
    for pair in answers:
        won, lost = sorted(pair, key=lambda a: a.status_code)
        assert (won.status_code, lost.status_code) == (200, 409), [a.text for a in pair]
        assert lost.json()["code"] == "custody.version_conflict"
    assert broken_links(superuser) == {}


def moves(superuser: Engine, weapons: list[Expected]) -> int:
    """Return how many times the weapons moved after they were taken on charge."""
    with superuser.begin() as db:
        rows = run(
            db,
            "select count(*) as n from movement where seq > 1 and weapon_id = any(%(w)s)",
            {"w": [w.weapon_id for w in weapons]},
        )
    return int(rows[0]["n"])


def test_two_clients_move_one_weapon_and_one_wins_fifty_times_of_fifty(
    fresh_database: Database, superuser: Engine, army: World
) -> None:
    weapons = army.register(50)
    with serving(fresh_database.urls) as base:
        check_one_winner_each(contend(base, army, weapons), superuser)
    assert moves(superuser, weapons) == 50


def test_with_the_lock_removed_the_key_still_lets_one_win_fifty_times_of_fifty(
    fresh_database: Database, superuser: Engine, army: World
) -> None:
    weapons = army.register(50)
    with superuser.begin() as db:
        db.exec_driver_sql(_WITHOUT_LOCK)
    with serving(fresh_database.urls) as base:
        answers = contend(base, army, weapons)
    check_one_winner_each(answers, superuser)
    assert moves(superuser, weapons) == 50
    # The check names the weapon, the key does not: it was the key that said no, at least once.
    assert any("details" not in answer.json() for pair in answers for answer in pair if answer.status_code == 409)


def test_with_lock_keys_and_checks_removed_the_same_check_fails(
    fresh_database: Database, superuser: Engine, army: World
) -> None:
    weapons = army.register(10)
    with superuser.begin() as db:
        db.exec_driver_sql(_WITHOUT_LOCK)
        db.exec_driver_sql(_WITHOUT_KEYS)
    with serving(fresh_database.urls) as base:
        answers = contend(base, army, weapons)
    with pytest.raises(AssertionError):
        check_one_winner_each(answers, superuser)
    assert broken_links(superuser)["forked"] > 0
    assert moves(superuser, weapons) > 10


def test_a_destruction_and_a_write_off_do_not_wait_for_each_other(fresh_database: Database, army: World) -> None:
    # The unit's first sink of destroyed weapons: whoever opens it makes the other wait until his commit.
    (weapon,) = army.register()
    with (
        serving(fresh_database.urls) as base,
        httpx.Client(base_url=base, timeout=30) as client,
        ThreadPoolExecutor(2) as pool,
    ):
        destruction = destroy(client, army, [weapon])
        lost = done(client, report(client, army, "destroyed_in_action", weapons=listed(army.register())))
        body = {"id": str(new_id()), "kind": "written_off", "weapons": lost.body["weapons"]}
        outcome = Write("POST", f"{lost.path}/outcome", body, army["commander"].headers)
        with army.transaction() as db:
            lock_weapons(db, army.founder, [weapon])
            destroyed = pool.submit(destruction.send, client)
            until_it_waits(fresh_database.urls, destroyed)
            written_off = pool.submit(outcome.send, client)
            # The destruction waits for its weapon and holds nothing that the write-off needs.
            until_it_waits(fresh_database.urls, written_off, waiting=2)
        answers = [written_off.result(), destroyed.result()]
    assert [a.status_code for a in answers] == [200, 200], [a.text for a in answers]
