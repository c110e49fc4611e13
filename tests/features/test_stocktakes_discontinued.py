"""A check ended without a result: its reason, its store, who may, and what is left."""

import json
from collections.abc import Callable
from uuid import UUID

import httpx
import psycopg
import pytest

from counting import close, count, open_check, post_closure, post_counts, typed, unreadable
from salw.core import clock
from salw.core.db import run
from salw.core.ids import new_id
from salw.ledger.events import columns
from salw.stocktakes.operations.discontinuing import discontinue_stocktake
from together import at_once
from world import World

REASON = "Ouvert par erreur sur ce magasin"


def discontinue(
    client: httpx.Client, world: World, check: UUID, *, job: str = "commander", request: UUID | None = None, **more: str
) -> httpx.Response:
    """Ask to end a check without a result."""
    body = {"id": str(request or new_id()), "reason": REASON, **more}
    return client.post(f"/stocktakes/{check}/discontinuation", json=body, headers=world[job].headers)


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_check_ends_without_a_result_and_its_store_is_free(client: httpx.Client, world: World) -> None:
    world.register(3)
    check = open_check(client, world)
    count(client, world, check, unreadable())
    answer = discontinue(client, world, check)
    assert (answer.status_code, answer.json()["status"]) == (200, "discontinued")
    shown = client.get(f"/stocktakes/{check}", headers=world["keeper"].headers).json()
    assert (shown["status"], shown["reason"], shown["totals"], shown["incident"]) == (
        "discontinued",
        REASON,
        None,
        None,
    )
    assert shown["closed_by"]["role"] == "unit_commander"
    assert [(c["role"], c["counts"]) for c in shown["counted_by"]] == [("storekeeper", 1)]
    listed = client.get("/stocktakes?status=discontinued", headers=world["auditor"].headers).json()
    assert str(check) in [item["id"] for item in listed["items"]]
    assert client.get("/incidents", headers=world["commander"].headers).json()["items"] == []
    close(client, world, open_check(client, world))


def test_an_inspector_who_counted_alone_ends_his_check_and_opens_another(client: httpx.Client, world: World) -> None:
    check = open_check(client, world, job="auditor")
    count(client, world, check, unreadable(), job="auditor")
    assert code_of(post_closure(client, world, check, job="auditor")) == (403, "duty.counter_approver")
    assert discontinue(client, world, check, job="auditor").status_code == 200
    open_check(client, world, job="auditor")


def test_the_ledger_has_the_end_and_how_much_was_counted_but_not_the_words(client: httpx.Client, world: World) -> None:
    check = open_check(client, world)
    count(client, world, check, unreadable(), typed("NULLE PART 1"))
    discontinue(client, world, check)
    with world.transaction() as db:
        rows = run(
            db,
            "select convert_from(canonical, 'utf8') as told from event "
            "where kind = 'stocktake.discontinued' and convert_from(canonical, 'utf8') like %(check)s",
            {"check": f"%{check}%"},
        )
    (told,) = [row["told"] for row in rows]
    assert json.loads(told)["facts"]["counts"] == 2
    assert REASON not in told


def test_the_report_of_the_period_says_that_counts_were_set_aside(client: httpx.Client, world: World) -> None:
    today = clock.now().date()
    path = f"/stores/{world.store_alpha}/reconciliation.{{}}?from={today}&to={today}"

    def told(form: str) -> httpx.Response:
        return client.get(path.format(form), headers=world["auditor"].headers)

    assert told("json").json()["report"]["discontinued_checks"] == 0
    assert "sans suite" not in told("csv").text
    for _ in range(2):
        discontinue(client, world, open_check(client, world))
    assert told("json").json()["report"]["discontinued_checks"] == 2
    assert "Recensements classés sans suite\u00a0:;2" in told("csv").text
    assert told("json").json()["report"]["checks"] == []


def test_nothing_more_happens_to_it_and_it_has_no_reconciliation(client: httpx.Client, world: World) -> None:
    check = open_check(client, world)
    discontinue(client, world, check)
    gone = (409, "stocktake.discontinued")
    assert code_of(post_counts(client, world, check, [unreadable()])) == gone
    assert code_of(post_closure(client, world, check)) == gone
    assert code_of(discontinue(client, world, check)) == gone
    for kind in ("json", "pdf", "xlsx", "csv"):
        url = f"/stocktakes/{check}/reconciliation.{kind}"
        assert code_of(client.get(url, headers=world["commander"].headers)) == gone


def test_a_closed_check_keeps_its_result(client: httpx.Client, world: World) -> None:
    check = open_check(client, world)
    close(client, world, check)
    assert code_of(discontinue(client, world, check)) == (409, "stocktake.closed")


def test_no_inspected_commander_does_away_with_an_inspection(client: httpx.Client, world: World) -> None:
    check = open_check(client, world, job="auditor")
    assert code_of(discontinue(client, world, check)) == (409, "stocktake.inspector_closes")


def test_who_closes_no_check_discontinues_none(
    client: httpx.Client, world: World, new_world: Callable[[str], World]
) -> None:
    check = open_check(client, world)
    assert code_of(discontinue(client, world, check, job="keeper")) == (403, "access.not_permitted")
    mali = new_world("ML")
    for unseen in (check, new_id()):
        assert code_of(discontinue(client, mali, unseen)) == (404, "stocktake.not_found")


@pytest.mark.parametrize("reason", ["", "   ", "\u00a0\n"])
def test_a_reason_says_something(client: httpx.Client, world: World, reason: str) -> None:
    check = open_check(client, world)
    assert code_of(discontinue(client, world, check, reason=reason)) == (422, "request.malformed")


def test_a_repeat_gives_the_first_answer(client: httpx.Client, world: World) -> None:
    check, request = open_check(client, world), new_id()
    first = discontinue(client, world, check, request=request)
    again = discontinue(client, world, check, request=request)
    assert (again.status_code, again.content) == (200, first.content)
    assert code_of(discontinue(client, world, check, request=request, reason="Autre")) == (409, "request.id_reused")


def test_of_a_closure_and_a_discontinuation_at_once_one_wins(client: httpx.Client, world: World) -> None:
    for _ in range(10):
        check = open_check(client, world)
        closing, ending = at_once(
            lambda check=check: post_closure(client, world, check),
            lambda check=check: discontinue(client, world, check),
        )
        won, lost = (closing, ending) if closing.status_code == 200 else (ending, closing)
        assert won.status_code == 200
        assert code_of(lost) == (409, "stocktake.closed" if won is closing else "stocktake.discontinued")


def test_where_the_ledger_fails_the_check_stays_open(
    client: httpx.Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = open_check(client, world)
    monkeypatch.setattr("salw.ledger.operations.columns", lambda events: {**columns(events), "event_hashes": [None]})
    with pytest.raises(psycopg.errors.NotNullViolation), world.transaction() as db:
        discontinue_stocktake(db, actor=world.actor("commander"), now=clock.now(), stocktake_id=check, reason=REASON)
    assert client.get(f"/stocktakes/{check}", headers=world["keeper"].headers).json()["status"] == "open"
