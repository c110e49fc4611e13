"""Nominal lists: made in the evening, thirty drawn in the morning, two who are not back at night."""

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest

import writes
from drawing import suspend
from filing import keep
from moving import a_section
from reporting import unit_uuid
from salw.core import clock
from salw.core.db import Row, run
from salw.core.ids import new_id
from salw.custody.nominal_lists.operations.issues import issue_from_list
from salw.custody.operations.moves import Order
from salw.custody.rules import Expected
from world import World

SECTION = 30


def prepared(client: httpx.Client, world: World, **more: object) -> Row:
    write = writes.prepare_list(client, world, **more)  # type: ignore[arg-type]
    answer = write.send(client)
    assert answer.status_code == 200, answer.text
    made: Row = answer.json()
    return made


def read(client: httpx.Client, world: World, made: Row) -> Row:
    found: Row = client.get(f"/nominal-lists/{made['id']}", headers=world["commander"].headers).json()
    return found


def issue(client: httpx.Client, world: World, made: Row, weapons: list[Expected], **more: object) -> httpx.Response:
    body = {"id": str(new_id()), "weapons": writes.listed(weapons), **more}
    return client.post(f"/nominal-lists/{made['id']}/issue", json=body, headers=world["keeper"].headers)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_thirty_draw_from_last_nights_list_and_two_are_not_back_in_the_evening(
    client: httpx.Client, world: World
) -> None:
    men, weapons = a_section(world, SECTION)
    made = prepared(client, world, of_unit=unit_uuid(world, world.alpha), lines=[])
    assert [line["state"] for line in made["people"]] == ["planned"] * SECTION
    assert {line["hindrance"] for line in made["people"]} == {None}
    line_of = {line["person"]: line["line"] for line in made["people"]}
    # In the morning the last man is absent, the first takes another weapon, and somebody comes who is on no line.
    spare, extra = world.register(2)
    scanned = [*weapons[1:-1], spare, extra]
    said = {
        "instead": [{"line": line_of[str(men[0])], "weapon": str(spare.weapon_id)}],
        "absent": [line_of[str(men[-1])]],
        "added": [{"to": {"holder": str(world.post_alpha)}, "weapon": str(extra.weapon_id)}],
    }
    body = {"id": str(new_id()), "weapons": writes.listed(scanned), **said}
    address, headers = f"/nominal-lists/{made['id']}/issue", world["keeper"].headers
    first = client.post(address, json=body, headers=headers)
    assert first.status_code == 200, first.text
    assert client.post(address, json=body, headers=headers).json() == first.json(), "repeated: the first answer"
    issued = {w["weapon"]: w["version"] for w in first.json()["weapons"]}
    assert issued == {str(w.weapon_id): 2 for w in scanned}
    morning = read(client, world, made)
    assert Counter(line["state"] for line in morning["people"]) == {"out": SECTION, "absent": 1}
    with world.transaction() as db:  # each answers for his own, under one document, an event a weapon
        rows = run(
            db,
            "select i.received_by, i.to_holder_id, i.issued_by, i.document_id, m.weapon_id, c.holder_id, e.kind, "
            "convert_from(e.canonical, 'utf8')::jsonb->'facts' as facts from movement m "
            "join issue i on (i.document_id, i.to_holder_id) = (m.document_id, m.to_holder_id) "
            "join custody c on c.weapon_id = m.weapon_id join event e on e.id = m.event_id where m.document_id = %(d)s",
            {"d": body["id"]},
        )
    assert len(rows) == len({r["to_holder_id"] for r in rows}) == SECTION
    assert all(r["holder_id"] == r["to_holder_id"] and r["kind"] == "weapon.issued" for r in rows)
    own = {r["weapon_id"]: r["received_by"] for r in rows}
    assert own[spare.weapon_id] == men[0]
    assert own[extra.weapon_id] == world["soldier"].person_id
    assert [own[w.weapon_id] for w in weapons[1:-1]] == men[1:-1]
    assert all(r["facts"]["nominal_list"] == made["id"] and r["facts"]["person"]["id"] for r in rows)
    # In the evening two do not come back, and are named.
    back = writes.listed(writes.later(scanned[2:]))
    returned = client.post(
        f"/nominal-lists/{made['id']}/return", json={"id": str(new_id()), "weapons": back}, headers=headers
    )
    assert returned.status_code == 200, returned.text
    gone = {line["person"] for line in returned.json()["still_out"]}
    assert gone == {str(own[w.weapon_id]) for w in scanned[:2]}
    assert all(line["out_since"] and line["matricule"] for line in returned.json()["still_out"])
    evening = read(client, world, made)
    assert Counter(line["state"] for line in evening["people"]) == {"returned": SECTION - 2, "out": 2, "absent": 1}
    # The man who was absent in the morning draws what is his after all.
    assert issue(client, world, made, weapons[-1:]).status_code == 200


def test_a_list_goes_out_with_its_acknowledgements_or_not_at_all(client: httpx.Client, world: World) -> None:
    men, weapons = a_section(world, 2)
    made = prepared(client, world, of_unit=unit_uuid(world, world.alpha), lines=[])
    witness = {"kind": "witness", "witness": str(world["armourer"].person_id)}
    drawn = {"kind": "drawn", "file": keep(client, world)}
    both = [{"person": str(men[0]), **witness}, {"person": str(men[1]), **drawn}]
    stranger = {"person": str(world["commander"].person_id), **witness}
    refused = issue(client, world, made, weapons, acknowledgements=[*both, stranger])
    assert code(refused) == (409, "acknowledgement.not_a_party")
    assert [line["state"] for line in read(client, world, made)["people"]] == ["planned"] * 2
    body = {"id": str(new_id()), "weapons": writes.listed(weapons), "acknowledgements": both}
    address, headers = f"/nominal-lists/{made['id']}/issue", world["keeper"].headers
    answers = [client.post(address, json=body, headers=headers) for _ in range(2)]
    assert answers[0].status_code == 200, answers[0].text
    assert answers[0].json() == answers[1].json(), "repeated: the first answer"
    listed = client.get("/acknowledgements", params={"slip": body["id"]}, headers=headers).json()["items"]
    assert {(one["person"], one["kind"]) for one in listed} == {(str(men[0]), "witness"), (str(men[1]), "drawn")}
    assert len(listed) == 2
    assert client.get("/acknowledgements/missing", headers=headers).json()["items"] == []


def test_thirty_weapons_are_issued_in_a_few_round_trips(
    client: httpx.Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, weapons = a_section(world, SECTION)
    made = prepared(client, world, of_unit=unit_uuid(world, world.alpha), lines=[])
    sent: list[object] = []
    execute = psycopg.Cursor.execute

    def counted(cursor: Any, *said: Any, **more: Any) -> Any:
        sent.append(said[0])
        return execute(cursor, *said, **more)

    with world.transaction() as db:
        monkeypatch.setattr(psycopg.Cursor, "execute", counted)
        issue_from_list(
            db,
            actor=world.founder,
            now=clock.now(),
            issue_id=new_id(),
            list_id=UUID(made["id"]),
            occurred_at=clock.now(),
            weapons=weapons,
            instead={},
            absent=[],
            newcomers=[],
            order=Order(),
        )
        monkeypatch.undo()
    # The list and its lines, the receivers, the weapons with the number, and one that writes all of it.
    assert len(sent) == 5


def test_what_will_not_go_is_shown_the_evening_before_and_refused_in_the_morning(
    client: httpx.Client, world: World
) -> None:
    here, out, missing = world.register(3)
    writes.done(client, writes.issue(client, world, [out]))
    writes.done(client, writes.report(client, world, "lost", weapons=writes.listed([missing]), circumstances="Essai"))
    lines = [
        {"to": {"person": str(world["armourer"].person_id)}, **({"weapon": str(w.weapon_id)} if w else {})}
        for w in (here, out, missing, None)
    ]
    made = prepared(client, world, lines=lines)
    assert [line["hindrance"] for line in made["people"]] == [None, "not_in_store", "case_open", "no_weapon"]
    (other,) = world.register()
    withdrawn = prepared(client, world, weapons=[other])
    assert suspend(client, world, world["soldier"].person_id).status_code == 200
    (line,) = read(client, world, withdrawn)["people"]
    assert line["hindrance"] == "see_commander", "the counter is told no reason"
    assert code(issue(client, world, withdrawn, [other])) == (409, "draw.suspended")
    later = Expected(out.weapon_id, 2)
    assert code(issue(client, world, made, [later])) == (409, "custody.held_elsewhere")
    assert code(issue(client, world, made, [missing])) == (409, "custody.case_open")
    (stranger,) = world.register()
    answer = issue(client, world, made, [here, stranger])
    assert code(answer) == (409, "nominal_list.not_on_list")
    assert answer.json()["details"]["weapons"] == [str(stranger.weapon_id)]
    absent = issue(client, world, made, [here], absent=[1])
    assert code(absent) == (422, "nominal_list.line_twice")
    nowhere = issue(client, world, made, [here], instead=[{"line": 9, "weapon": str(here.weapon_id)}])
    assert code(nowhere) == (422, "nominal_list.no_such_line")
    assert issue(client, world, made, [here]).status_code == 200
    assert read(client, world, made)["people"][0]["state"] == "out"
    assert code(issue(client, world, made, [Expected(here.weapon_id, 2)])) == (409, "nominal_list.line_drawn")


def test_a_list_changes_until_its_lines_are_drawn(client: httpx.Client, world: World) -> None:
    one, two = world.register(2)
    made = prepared(client, world, weapons=[one, two])

    def change(version: int, **more: object) -> httpx.Response:
        body = {"id": str(new_id()), "version": version, **more}
        return client.post(f"/nominal-lists/{made['id']}/changes", json=body, headers=world["commander"].headers)

    to_armourer = {"to": {"person": str(world["armourer"].person_id)}, "weapon": str(two.weapon_id)}
    twice = change(1, add=[to_armourer])
    assert code(twice) == (422, "nominal_list.weapon_twice")
    assert "(2, 3)" in twice.text, "both lines are named"
    changed = change(1, remove=[2], add=[to_armourer])
    assert changed.status_code == 200, changed.text
    assert [line["line"] for line in changed.json()["people"]] == [1, 3]
    assert code(change(1, remove=[1])) == (409, "nominal_list.version_conflict")
    assert issue(client, world, made, [two]).status_code == 200
    assert code(change(3, remove=[3])) == (409, "nominal_list.line_drawn")
    assert change(3, remove=[1]).status_code == 200


def test_nobody_draws_from_his_own_hands_nor_after_the_hour_and_another_unit_finds_nothing(
    client: httpx.Client, world: World
) -> None:
    (weapon,) = world.register()
    to_keeper = [{"to": {"person": str(world["keeper"].person_id)}, "weapon": str(weapon.weapon_id)}]
    made = prepared(client, world, lines=to_keeper)
    assert code(issue(client, world, made, [weapon])) == (403, "duty.giver_receiver")
    ahead, soon, past = ((clock.now() + timedelta(minutes=n)).isoformat() for n in (8, 4, -1))
    sent = writes.prepare_list(client, world, [weapon])
    refused = client.put(sent.path, json={**sent.body, "due_back_at": past}, headers=sent.headers)
    assert code(refused) == (422, "nominal_list.due_past")
    late = prepared(client, world, weapons=[weapon], due_back_at=soon)
    assert code(issue(client, world, late, [weapon], occurred_at=ahead)) == (422, "issue.due_before_issue")
    body = {"id": str(new_id()), "weapons": writes.listed([weapon])}
    address = f"/nominal-lists/{made['id']}/issue"
    answer = client.post(address, json=body, headers=world["keeper_bravo"].headers)
    assert code(answer) == (404, "nominal_list.not_found")
    (theirs,) = world.register(store=world.store_bravo)
    refused = writes.prepare_list(client, world, [theirs]).send(client)
    assert code(refused) == (404, "weapon.not_found")
