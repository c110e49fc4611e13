"""What is out of the stores: to whom, since when, due back when, and what is overdue."""

from dataclasses import replace
from datetime import timedelta

import httpx

import writes
from salw.core import clock
from salw.core.ids import new_id
from salw.custody.operations.issues import issue_weapons
from salw.custody.operations.moves import Order
from salw.custody.rules import Expected
from world import World


def issue(client: httpx.Client, world: World, weapon: Expected, to: object = None, **more: object) -> None:
    """Issue one weapon of Alpha's store."""
    write = writes.issue(client, world, [weapon], to)
    writes.done(client, writes.Write(write.method, write.path, {**write.body, **more}, write.headers))


def listed(client: httpx.Client, world: World, state: str, *, job: str = "commander") -> list[dict[str, object]]:
    """Read a list to its end, two weapons a page."""
    found, cursor = [], ""
    while cursor is not None:
        params = {"state": state, "limit": "2", "cursor": cursor}
        answer = client.get("/issues", params=params, headers=world[job].headers)
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        cursor = answer.json()["next_cursor"]
    return found


def ids(rows: list[dict[str, object]]) -> list[object]:
    return [row["weapon"] for row in rows]


def test_what_is_out_says_to_whom_since_when_and_by_how_many_days_it_is_late(
    client: httpx.Client, world: World
) -> None:
    late, due, permanent, of_post, back = weapons = sorted(world.register(5), key=lambda w: w.weapon_id)
    now = clock.now()
    days_ago, due_back = (now - timedelta(days=9)).isoformat(), (now - timedelta(days=3)).isoformat()
    issue(client, world, late, occurred_at=days_ago, due_back_at=due_back)
    issue(client, world, due, due_back_at=(now + timedelta(hours=3)).isoformat())
    issue(client, world, permanent, occurred_at=days_ago)
    issue(client, world, of_post, {"holder": str(world.post_alpha)}, occurred_at=days_ago)
    issue(client, world, back, occurred_at=days_ago, due_back_at=due_back)
    writes.done(client, writes.return_(client, world, writes.later([back])))

    out = listed(client, world, "out")
    assert ids(out) == [str(w.weapon_id) for w in weapons[:4]]
    assert [(row["purpose"], row["overdue"], row["days_overdue"]) for row in out] == [
        ("task", True, 3),
        ("task", False, None),
        ("permanent", False, None),
        ("permanent", False, None),
    ]
    (overdue,) = listed(client, world, "overdue")
    soldier = str(world["soldier"].person_id)
    assert (overdue["weapon"], overdue["person"]) == (str(late.weapon_id), soldier)
    assert (overdue["version"], overdue["store"], overdue["holder_kind"]) == (2, str(world.store_alpha), "person")
    assert overdue["family_name"]
    assert overdue["since"] is not None
    # A permanent issue is never overdue, however long ago; a post is answered for by a man who is named.
    assert ids(listed(client, world, "permanent")) == [str(permanent.weapon_id), str(of_post.weapon_id)]
    assert out[3]["holder"] == str(world.post_alpha)
    assert out[3]["person"] is not None
    assert listed(client, world, "out", job="keeper_bravo") == []
    # A store above gives one to a man of Bravo: the day is for his own people, the store's papers are not.
    (theirs,) = world.register()
    man = world["soldier_bravo"].person_id
    with world.transaction() as db:
        issue_weapons(
            db,
            actor=replace(world.actor("keeper"), units=world.units),
            now=now,
            issue_id=new_id(),
            store_id=world.store_alpha,
            person_id=man,
            holder_id=None,
            due_back_at=now + timedelta(hours=1),
            occurred_at=now,
            weapons=[theirs],
            order=Order(),
        )
    (row,) = listed(client, world, "out", job="keeper_bravo")
    assert (row["weapon"], row["person"], row["purpose"]) == (str(theirs.weapon_id), str(man), "task")
    assert (row["due_back_at"] is not None, row["store"], row["issue"]) == (True, None, None)
    card = client.get(f"/weapons/{theirs.weapon_id}", headers=world["keeper_bravo"].headers).json()
    assert card["due_back_at"] is not None
    refused = client.get("/issues", params={"state": "lost"}, headers=world["keeper"].headers)
    assert refused.status_code == 422
