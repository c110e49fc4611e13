"""Days on paper: a blank booklet is printed, and its lines are entered later, each once."""

from datetime import datetime, timedelta
from uuid import UUID

import httpx
import psycopg
import pytest

from derogating import day
from desk import Desk, words
from drawing import contracts, end, ok
from reporting import look
from salw.core import clock
from salw.core.ids import new_id
from salw.custody.rules import Expected
from world import TAKEN_ON_CHARGE, World
from writes import done, issue, issue_from_paper, print_book


def issue_body(client: httpx.Client, world: World, weapons: list[Expected], **more: object) -> dict[str, object]:
    return {**issue(client, world, weapons).body, **more}


def put_issue(
    client: httpx.Client, world: World, body: dict[str, object], issue_id: object = None, job: str = "keeper"
) -> httpx.Response:
    return client.put(f"/issues/{issue_id or new_id()}", json=body, headers=world[job].headers)


def on_line(book: str, line: int, page: int = 1, **more: object) -> dict[str, object]:
    yesterday = (clock.now() - timedelta(days=1)).isoformat()
    return {"occurred_at": yesterday, "paper": {"book": book, "page": page, "line": line, **more}}


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


def test_a_day_on_paper_is_entered_line_by_line_each_once(client: httpx.Client, world: World) -> None:
    keeper = world["keeper"].headers
    book, other = (done(client, print_book(client, world)).path for _ in range(2))
    numbers = [client.get(path, headers=keeper).json()["number"] for path in (book, other)]
    assert numbers == [1, 2]
    book_id = book.rsplit("/", 1)[1]
    weapons = world.register(4)
    body = issue_body(client, world, weapons[:2], **on_line(book_id, 2, last_line=3))
    issue_id = new_id()
    first = put_issue(client, world, body, issue_id)
    assert first.status_code == 200, first.text
    assert put_issue(client, world, body, issue_id).json() == first.json()

    void = {"id": str(new_id()), "lines": [{"page": 2, "line": 1}], "reason": "Encre renversée"}
    for _ in range(2):
        assert client.post(f"{book}/void-lines", json=void, headers=keeper).status_code == 200
    again = {**void, "id": str(new_id())}

    def enter(line: int, page: int = 1) -> tuple[int, str]:
        return code(put_issue(client, world, issue_body(client, world, weapons[2:3], **on_line(book_id, line, page))))

    assert enter(3) == (409, "paper_line.taken")
    assert enter(1, page=2) == (409, "paper_line.void")
    assert enter(1, page=4) == (422, "paper_line.not_in_book")
    assert code(client.post(f"{book}/void-lines", json=again, headers=keeper)) == (409, "paper_line.void")
    today = {**on_line(book_id, 5), "occurred_at": None}
    undated = issue_body(client, world, weapons[2:3], **today)
    assert code(put_issue(client, world, undated)) == (422, "paper_line.not_past")

    back = {
        "store": str(world.store_alpha),
        "weapons": first.json()["weapons"][:1],
        **on_line(book_id, 3, page=2),
    }
    returned = client.put(f"/returns/{new_id()}", json=back, headers=keeper)
    assert returned.status_code == 200, returned.text
    shown = client.get(book, headers=keeper).json()
    assert [(x["page"], x["line"], x["status"], x["document_number"]) for x in shown["lines"]] == [
        (1, 2, "entered", first.json()["document_number"]),
        (1, 3, "entered", first.json()["document_number"]),
        (2, 1, "void", None),
        (2, 3, "entered", returned.json()["document_number"]),
    ]
    assert shown["lines"][2]["reason"] == "Encre renversée"
    assert [(x["page"], x["line"]) for x in shown["missing"]] == [(1, 1), *((1, n) for n in range(4, 21)), (2, 2)]
    assert shown["blank"] == 37
    listed = client.get("/paper-books", params={"store": str(world.store_alpha)}, headers=keeper).json()["items"]
    assert [b["number"] for b in listed] == [1, 2]
    history = client.get(f"/weapons/{weapons[0].weapon_id}/history", headers=keeper).json()["items"]
    late = [entry["sentence"] for entry in history if "Saisie tardive" in entry["sentence"]]
    assert any(f"cahier n° {shown['number']}, page 1, ligne 2-3." in sentence for sentence in late)


def test_an_act_is_dated_after_the_one_before_and_judged_by_the_papers_of_its_day(
    client: httpx.Client, service: str, world: World
) -> None:
    """Whatever moves a weapon says when it happened, on paper or not: never before what is known to have happened."""
    keeper, soldier = world["keeper"].headers, world["soldier"].person_id
    book_id = done(client, print_book(client, world)).path.rsplit("/", 1)[1]
    now = clock.now()
    one, two = world.register(2)

    def enter(weapons: list[Expected], at: datetime | str, **more: object) -> httpx.Response:
        when = at if isinstance(at, str) else at.isoformat()
        return put_issue(client, world, issue_body(client, world, weapons, **more, occurred_at=when))

    paper = {"book": book_id, "page": 1, "line": 1}
    for at in ("1900-01-01T08:00:00Z", "1950-06-01T08:00:00Z", TAKEN_ON_CHARGE - timedelta(minutes=11)):
        for more in ({"paper": paper}, {}):
            refused = enter([one, two], at, **more)
            assert code(refused) == (409, "custody.before_last_move"), at
    named = refused.json()["details"]["weapons"]
    assert {line["weapon"] for line in named} == {str(one.weapon_id), str(two.weapon_id)}
    assert datetime.fromisoformat(named[0]["moved_at"]) == TAKEN_ON_CHARGE
    # Out from four days ago to two days ago: nobody else had it in between, and it did not come back before it went.
    four, three, two_days = (now - timedelta(days=n) for n in (4, 3, 2))
    out = enter([one], four).json()["weapons"]
    back = {"store": str(world.store_alpha), "weapons": out}

    def give_back(at: datetime) -> httpx.Response:
        body = {**back, "occurred_at": at.isoformat()}
        return client.put(f"/returns/{new_id()}", json=body, headers=keeper)

    assert code(give_back(now - timedelta(days=5))) == (409, "custody.before_last_move")
    returned = give_back(two_days)
    assert returned.status_code == 200, returned.text
    again = [Expected(one.weapon_id, returned.json()["weapons"][0]["version"])]
    assert code(enter(again, three, paper=paper)) == (409, "custody.before_last_move")
    yesterday = now - timedelta(days=1)
    (ended,) = ok(contracts(client, world, soldier, first_day=day(-10), last_day=day(300)))["items"]
    ok(end(client, world, "contracts", ended["id"]))
    assert code(enter(again, now)) == (409, "draw.contract_ended")
    late = ok(enter(again, yesterday, paper=paper))  # his contract was in force that day
    pages = {"Cookie": f"salw_session={keeper['Authorization'].removeprefix('Bearer ')}", "Accept": "text/html"}
    weapon = client.get(f"/weapons/{one.weapon_id}", headers=keeper).json()
    assert datetime.fromisoformat(weapon["since"]) == yesterday, "since the act, whenever it was entered"
    for path in (f"/armes/{one.weapon_id}", f"/perceptions/{late['id']}", "/aujourdhui/emargements"):
        page = httpx.get(service + path, headers=pages).text
        assert "saisie tardive, enregistrée le" in page, path
        assert f"{yesterday:%d/%m/%Y}" in page, path


def test_a_booklet_belongs_to_one_store_and_is_printed_by_who_keeps_it(
    client: httpx.Client, service: str, world: World
) -> None:
    book = done(client, print_book(client, world)).path
    desk = Desk(service, world, "keeper")
    none = words(desk.send("/cahiers", 422, id=str(new_id()), store=str(world.store_alpha), pages="0"))
    assert "ce champ manque" not in none
    void = f"/cahiers/{book.rsplit('/', 1)[1]}/annulation"
    wrong = words(desk.send(void, 422, id=str(new_id()), page="x", line="1", reason="Ligne barrée"))
    assert "Page : un nombre entier est attendu" in wrong
    body = issue_body(client, world, world.register(), **on_line(book.rsplit("/", 1)[1], 1))
    theirs = {**body, "store": str(world.store_bravo), "to": {"person": str(world["soldier_bravo"].person_id)}}
    assert code(put_issue(client, world, theirs, job="keeper_bravo"))[0] == 404
    assert code(client.get(book, headers=world["keeper_bravo"].headers)) == (404, "paper_book.not_found")
    asked = {"store": str(world.store_alpha), "pages": 5}
    refused = client.put(f"/paper-books/{new_id()}", json=asked, headers=world["commander"].headers)
    assert code(refused) == (403, "access.not_permitted")
    assert look(world, "select 1 from paper_line where country = %(country)s and unit_id = %(u)s", u=world.alpha) == []


def test_what_is_declared_beside_weapons_is_compared_at_return(client: httpx.Client, world: World) -> None:
    keeper = world["keeper"].headers
    rounds = {"kind": "rounds", "calibre": "7,62x39", "quantity": 90}
    issued = put_issue(
        client,
        world,
        issue_body(client, world, world.register(3), declared=[rounds, {"kind": "magazine", "quantity": 6}]),
    ).json()["weapons"]

    def give_back(weapons: list[object], *declared: object) -> httpx.Response:
        body = {"store": str(world.store_alpha), "weapons": weapons, "declared": declared}
        return client.put(f"/returns/{new_id()}", json=body, headers=keeper)

    first = give_back(issued[:2], {**rounds, "quantity": 30}, {"kind": "magazine", "quantity": 4}).json()
    assert [(c["kind"], c["issued"], c["returned"], c["difference"]) for c in first["declared"]] == [
        ("rounds", 90, 30, 60),
        ("magazine", 6, 4, 2),
    ]
    fired = {**rounds, "quantity": 10, "reason": "50 consommées au combat"}
    # With the last weapon comes the account: what lacks has a reason, and what is not named lacks too.
    for said in ([{**rounds, "quantity": 10}], [fired], []):
        refused = give_back(issued[2:], *said)
        assert code(refused) == (422, "declared.unexplained")
        lacking = {line["kind"]: line["difference"] for line in refused.json()["details"]["lines"]}
        assert lacking == {**({} if fired in said else {"rounds": 50 if said else 60}), "magazine": 2}
    lost = {"kind": "magazine", "quantity": 0, "reason": "2 perdus"}
    second = give_back(issued[2:], fired, lost).json()
    assert [(c["returned"], c["difference"], c["reasons"]) for c in second["declared"]] == [
        (40, 50, ["50 consommées au combat"]),
        (4, 2, ["2 perdus"]),
    ]
    weapons = put_issue(client, world, issue_body(client, world, world.register())).json()["weapons"]
    assert code(give_back(weapons, {**rounds, "quantity": 0})) == (422, "declared.nothing")
    assert code(give_back(weapons, rounds, rounds)) == (422, "declared.twice")
    assert code(give_back(weapons, {"kind": "rounds", "quantity": 1})) == (422, "declared.calibre")
    assert give_back(weapons).json()["declared"] == []
    told = look(world, "select kind from event where country = %(country)s and kind = 'document.declared'")
    assert len(told) >= 3


def test_the_database_itself_holds_each_line_once_and_within_its_booklet(client: httpx.Client, world: World) -> None:
    sent = done(client, issue_from_paper(client, world))
    again = (
        "insert into paper_line (country, book_id, page, line, unit_id, pages, document_id, entered_by) "
        "select country, book_id, page + %(pages)s, line + %(lines)s, unit_id, pages, document_id, entered_by "
        "from paper_line where document_id = %(document)s"
    )
    slip = UUID(sent.path.rsplit("/", 1)[1])
    for pages, lines, refusal in (
        (0, 0, "pk_paper_line"),
        (3, 0, "ck_paper_line_page_in_book"),
        (0, 19, "ck_paper_line_line_on_page"),
    ):
        with pytest.raises(psycopg.IntegrityError, match=refusal):
            look(world, again, pages=pages, lines=lines, document=slip)
