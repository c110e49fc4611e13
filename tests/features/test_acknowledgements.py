"""Acknowledgements of issue and return over HTTP, PINs and cards, and what a force holds valid."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import httpx
from sqlalchemy import Engine

import moving
import writes
from erasing import carry_out, ordered
from filing import PAPER, keep, order_body
from labelling import symbol_of_person
from nation import somebody
from reporting import code, custody_of, look
from salw.access.rules import Role
from salw.core.db import make_engine, run
from salw.core.ids import new_id
from salw.custody.acknowledgements.rules import AcknowledgementKind
from salw.custody.rules import Expected
from salw_labels import Kind, draw
from signing import decide_kinds, issued, part, put_acknowledgement
from verifying import codes, verify_now
from world import World


def missing(client: httpx.Client, world: World) -> list[str]:
    page = client.get("/acknowledgements/missing", headers=world["keeper"].headers).json()
    return [line["issue"] for line in page["items"]]


def choose_pin(
    client: httpx.Client, world: World, pin: str, who: str = "soldier", job: str = "keeper"
) -> httpx.Response:
    body = {"id": str(new_id()), "pin": pin}
    return client.put(f"/people/{world[who].person_id}/pin", json=body, headers=world[job].headers)


def test_what_nobody_signed_is_missing_until_he_does_and_signed_papers_stay(client: httpx.Client, world: World) -> None:
    first, second = issued(client, world), issued(client, world)
    assert missing(client, world) == [str(first), str(second)]
    page = client.get("/acknowledgements/missing", params={"limit": 1}, headers=world["keeper"].headers).json()
    after = {"cursor": page["next_cursor"], "limit": 1}
    page = client.get("/acknowledgements/missing", params=after, headers=world["keeper"].headers).json()
    assert ([line["issue"] for line in page["items"]], page["next_cursor"]) == ([str(second)], None)
    wrong = put_acknowledgement(client, world, first, **part(world, "drawn", file=keep(client, world)))
    assert wrong.status_code == 200, wrong.text
    assert missing(client, world) == [str(second)]
    # It was another man's signature: the slip, photographed, corrects it, and both stay.
    right = put_acknowledgement(
        client,
        world,
        first,
        **part(world, "paper", file=keep(client, world, PAPER), corrects=wrong.json()["id"]),
    )
    assert right.status_code == 200, right.text
    listed = client.get("/acknowledgements", params={"slip": str(first)}, headers=world["auditor"].headers).json()
    assert [(x["kind"], x["corrects"]) for x in listed["items"]] == [("drawn", None), ("paper", wrong.json()["id"])]
    elsewhere = put_acknowledgement(client, world, second, **part(world, witness=str(world["armourer"].person_id)))
    assert elsewhere.status_code == 200
    stray = part(world, "paper", file=keep(client, world, PAPER), corrects=wrong.json()["id"])
    assert code(put_acknowledgement(client, world, second, **stray)) == (409, "acknowledgement.corrects_another")
    rows = look(world, "select canonical from event where kind = 'acknowledgement.recorded'")
    told = [json.loads(bytes(row["canonical"]))["facts"] for row in rows]
    (facts,) = [f for f in told if f["acknowledgement"] == right.json()["id"]]
    assert len(facts["file_commitment"]) == len(facts["person"]["commitment"]) == 64


def test_only_who_took_part_signs_with_what_his_way_needs_before_a_witness_who_is_another(
    client: httpx.Client, world: World
) -> None:
    slip = issued(client, world)
    armourer, keeper = (str(world[job].person_id) for job in ("armourer", "keeper"))
    for said, expected in (
        ({**part(world), "person": armourer, "witness": keeper}, (409, "acknowledgement.not_a_party")),
        ({**part(world), "person": str(new_id())}, (409, "acknowledgement.not_a_party")),
        (part(world, witness=keeper), (403, "acknowledgement.witness_is_party")),
        (part(world, witness=str(world["soldier"].person_id)), (403, "acknowledgement.witness_is_party")),
        (part(world, witness=str(world["keeper_bravo"].person_id)), (404, "person.not_found")),
        (part(world, "drawn", witness=armourer), (422, "acknowledgement.parts")),
        (part(world, "drawn", file=keep(client, world, PAPER)), (422, "file.not_a_picture")),
        (part(world, "paper", file=str(new_id())), (404, "file.not_found")),
        (part(world, "pin", pin="480913"), (422, "pin.wrong")),
    ):
        assert code(put_acknowledgement(client, world, slip, **said)) == expected, said
    assert code(put_acknowledgement(client, world, slip, job="keeper_bravo")) == (404, "document.not_found")
    assert code(put_acknowledgement(client, world, slip, job="commander")) == (403, "access.not_permitted")
    assert missing(client, world) == [str(slip)]


def test_a_return_is_acknowledged_by_who_gave_back(client: httpx.Client, world: World) -> None:
    weapons = world.register(2)
    out = moving.issue(client, world, weapons)
    back = UUID(writes.done(client, writes.return_(client, world, out)).path.split("/")[2])
    assert put_acknowledgement(client, world, back).status_code == 200
    said = {**part(world), "person": str(world["armourer"].person_id), "witness": str(world["soldier"].person_id)}
    assert code(put_acknowledgement(client, world, back, **said)) == (409, "acknowledgement.not_a_party")
    # For a post signs who answered when it gave back, not who was relieved before.
    relieved = writes.relieve(client, world)
    writes.done(client, relieved)
    has = [Expected(UUID(w["weapon"]), custody_of(world, UUID(w["weapon"]))["seq"]) for w in relieved.body["weapons"]]
    back = UUID(writes.done(client, writes.return_(client, world, has)).path.split("/")[2])
    assert code(put_acknowledgement(client, world, back)) == (409, "acknowledgement.not_a_party")
    assert put_acknowledgement(client, world, back, **said).status_code == 200


def test_an_issue_comes_with_its_acknowledgement_or_not_at_all(client: httpx.Client, world: World) -> None:
    write = writes.issue(client, world)
    signed = writes.Write(write.method, write.path, {**write.body, "acknowledgement": part(world)}, write.headers)
    wrong = {**write.body, "acknowledgement": part(world, witness=str(world["keeper"].person_id))}
    refused = writes.Write(write.method, write.path, wrong, write.headers)
    assert code(refused.send(client)) == (403, "acknowledgement.witness_is_party")
    assert signed.send(client).json() == signed.send(client).json()
    assert missing(client, world) == []
    rows = look(world, "select id from acknowledgement where unit_id = %(u)s", u=world.alpha)
    assert len(rows) == 1


def test_a_pin_is_his_own_kept_as_a_hash_and_guessing_waits_while_recording_goes_on(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    for pin, said in (("111111", "pin.easy"), ("456789", "pin.easy"), ("12ab56", "pin.form")):
        assert code(choose_pin(client, world, pin)) == (422, said)
    assert code(choose_pin(client, world, "480913", "keeper")) == (403, "pin.own")
    assert code(choose_pin(client, world, "480913", job="keeper_bravo")) == (404, "person.not_found")
    assert choose_pin(client, world, "480913").status_code == 200
    slip = issued(client, world)
    tries = [code(put_acknowledgement(client, world, slip, **part(world, "pin", pin=f"99{n:04}"))) for n in range(5)]
    assert tries == [(422, "pin.wrong")] * 4 + [(429, "session.too_many_attempts")]
    # He waits, and yet nothing stops: the slip is signed before a witness, and the next weapons go out.
    assert put_acknowledgement(client, world, slip).status_code == 200
    issued(client, world)
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        run(db, "delete from attempt_count where kind = 'pin'")
        soldier = {"p": world["soldier"].person_id}
        kept = run(db, "select secret_hash from counter_proof where person_id = %(p)s", soldier)
    assert kept[0]["secret_hash"].startswith("$argon2id$")
    right = part(world, "pin", pin="480913")
    assert put_acknowledgement(client, world, slip, **right).status_code == 200


def print_card(client: httpx.Client, world: World, person: UUID, **more: str) -> str:
    """Print a card of somebody of Alpha and return what its symbol says."""
    named = {"kind": "person", "of": [str(person)], "stock": "a4-card-10", **more}
    made = client.post("/label-codes", json={"id": str(new_id()), **named}, headers=world["keeper"].headers)
    assert made.status_code == 200, made.text
    return symbol_of_person(world, person)


def test_a_card_is_one_mans_and_no_more_once_another_was_printed(client: httpx.Client, world: World) -> None:
    lost, another = (print_card(client, world, world[who].person_id) for who in ("soldier", "armourer"))
    slip = issued(client, world)

    def show(card: str) -> httpx.Response:
        return put_acknowledgement(client, world, slip, **part(world, "card", card=card))

    assert show(lost).status_code == 200
    card = print_card(client, world, world["soldier"].person_id, reason="Carte perdue")
    for shown, said in (
        (lost, "card.void"),
        (another, "card.not_his"),
        (card[:12] + lost[12:], "card.not_his"),
        (f"{card[:5]}-{card[5:9]}-{card[9:12]}", "card.not_scanned"),
        (draw(kind=Kind.WEAPON).text, "label.of_weapon"),
    ):
        assert code(show(shown)) == (422, said), shown
    assert show(card.lower()).status_code == 200


def test_with_a_man_go_his_signature_his_pin_and_what_his_card_proves(
    client: httpx.Client, world: World, urls: Mapping[str, str], tmp_path: Path
) -> None:
    him = somebody(world)
    card = print_card(client, world, him.person_id)
    body = {"id": str(new_id()), "pin": "480913"}
    chosen = client.put(f"/people/{him.person_id}/pin", json=body, headers=world["keeper"].headers)
    assert chosen.status_code == 200, chosen.text
    weapons = world.register(2)
    write = writes.issue(client, world, weapons)
    to_him = {**write.body, "to": {"person": str(him.person_id)}}
    slip = UUID(writes.done(client, writes.Write(write.method, write.path, to_him, write.headers)).path.split("/")[2])

    def sign(kind: str, **proof: str) -> httpx.Response:
        return put_acknowledgement(client, world, slip, person=str(him.person_id), kind=kind, **proof)

    drawn, signed = keep(client, world), keep(client, world, PAPER + new_id().bytes)
    for kind, proof in (("drawn", {"file": drawn}), ("card", {"card": card}), ("pin", {"pin": "480913"})):
        assert sign(kind, **proof).status_code == 200
    world.cast["him"] = him
    world.post("him", world.alpha, Role.UNIT_COMMANDER)
    paper = {**order_body(client, world), "signatory": str(him.person_id), "file": signed}
    recorded = client.put(f"/paper-orders/{new_id()}", json=paper, headers=world["keeper"].headers)
    assert recorded.status_code == 200, recorded.text
    others = keep(client, world)
    writes.done(client, writes.return_(client, world, writes.later(weapons)))
    with world.transaction() as db:
        run(db, "update account set disabled_at = now() where id = %(id)s", {"id": him.account_id})
    auditor = make_engine(urls["salw_auditor"])
    before = Counter(codes(verify_now(auditor, tmp_path)))  # of what other tests did to the database they share
    carry_out(urls, ordered(client, world, him.person_id))
    for file, due in ((drawn, 409), (signed, 409), (others, 200)):
        assert client.get(f"/files/{file}", headers=world["keeper"].headers).status_code == due
    assert look(world, "select from counter_proof where person_id = %(p)s", p=him.person_id) == []
    assert code(sign("card", card=card)) == (422, "card.not_his")
    assert code(sign("pin", pin="480913")) == (409, "person.identity_erased")
    assert Counter(codes(verify_now(auditor, tmp_path))) == before, "the proofs stand"
    auditor.dispose()


def test_a_force_says_which_kinds_are_valid_and_its_head_alone(client: httpx.Client, world: World) -> None:
    slip = issued(client, world)
    drawn, paper = AcknowledgementKind.DRAWN, AcknowledgementKind.PAPER
    below = decide_kinds(client, world, paper, job="commander")
    assert code(below) == (403, "acknowledgement.not_the_authority")
    try:
        assert decide_kinds(client, world, paper, drawn).json()["kinds"] == ["drawn", "paper"]
        shown = client.get("/forces/AT/acknowledgement-kinds", headers=world["keeper"].headers)
        assert shown.json()["kinds"] == ["drawn", "paper"]
        refused = put_acknowledgement(client, world, slip)
        assert code(refused) == (409, "acknowledgement.kind_not_valid")
        assert refused.json()["details"]["valid"] == ["drawn", "paper"]
        assert "à la tête de la force" in refused.json()["detail"]
        assert put_acknowledgement(client, world, slip, **part(world, "drawn", file=keep(client, world))).is_success
    finally:  # the force is the same one in every test
        everything = decide_kinds(client, world, job="orderer")
    assert everything.status_code == 200, everything.text
    assert put_acknowledgement(client, world, slip).status_code == 200
