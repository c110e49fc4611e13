"""A weapon's history in words: who as he was then, from where, on which device, on what paper, how far proven."""

import html
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Engine

import writes
from cluster import Database
from counting import close, label, open_check, post_counts, typed
from devices import enrolled
from entrance import as_owner
from labelling import make_labels
from moving import dispatch, give_back, issue, receive
from salw.core import clock
from salw.core.actor import Via
from salw.core.db import make_engine, run
from salw.core.ids import new_id
from salw.custody.operations.issues import issue_weapons
from salw.custody.operations.moves import Order
from salw.custody.rules import Expected
from salw.ledger.canonical import canonical
from salw.ledger.events import commit_to, make_event
from salw.ledger.merkle import leaf_hash
from salw.ledger.operations import keep_values
from sealing import make_sealer, seal_now
from world import World, build_world

Entry = dict[str, Any]


def history(client: httpx.Client, world: World, weapon: UUID, job: str = "keeper", **query: Any) -> list[Entry]:
    """Return a weapon's history as a member of the cast reads it."""
    answer = client.get(f"/weapons/{weapon}/history", params={"limit": 200, **query}, headers=world[job].headers)
    assert answer.status_code == 200, answer.text
    items: list[Entry] = answer.json()["items"]
    return items


def told(client: httpx.Client, world: World, weapon: UUID, kind: str, job: str = "keeper", **query: Any) -> Entry:
    """Return the newest entry of a kind."""
    return [e for e in history(client, world, weapon, job, **query) if e["kind"] == kind][-1]


def day_of(instant: datetime) -> str:
    return f"{instant:%d/%m/%Y}"


@pytest.fixture
def erase(owner_engine: Engine, world: World) -> Callable[[str], None]:
    """Return the way to erase a person of the cast, or every text, on a day of its own choosing."""

    def erase(condition: str) -> None:
        with owner_engine.begin() as db:
            run(db, "set local role salw_owner")
            run(
                db,
                "update personal_value set value = null, salt = null, erased_at = '2027-03-12T09:00Z' "
                f"where erased_at is null and unit_id = any(%(units)s) and {condition}",
                {"units": list(world.units)},
            )

    return erase


def called(job: str) -> str:
    return f"value->>'family_name' = 'ESSAI-{job.upper()}'"


def rename(owner_engine: Engine, world: World, job: str, rank: str, family_name: str) -> None:
    """Give a person a new version, as a promotion does: events to come commit to it, those of before to the old one."""
    version = commit_to({"rank": rank, "family_name": family_name, "given_names": "Personne", "matricule": None})
    with world.transaction() as db:
        keep_values(db, country=world.country, commitments=[version], unit_id=world[job].unit_id)
    as_owner(
        owner_engine,
        "update person set value_id = %(value)s where country = %(country)s and id = %(person)s returning id",
        value=version.id,
        country=world.country,
        person=world[job].person_id,
    )


def test_every_write_about_a_weapon_is_told_in_whole_sentences(client: httpx.Client, world: World) -> None:
    for _, prepare in writes.WRITES.values():
        writes.done(client, prepare(client, world))
    counted = world.register(2)
    codes = label(world, counted)
    label(world, counted[:1], replace=True)
    check = open_check(client, world)
    assert post_counts(client, world, check, [typed(codes[1])]).status_code == 200
    close(client, world, check)
    with world.transaction() as db:
        weapons = [
            row["id"] for row in run(db, "select distinct weapon_id as id from event where weapon_id is not null")
        ]
    kinds = set()
    for weapon in weapons:
        for language in ("fr", "en"):
            for entry in history(client, world, weapon, "auditor", language=language):
                kinds.add(entry["kind"])
                assert not {"{", "}"} & set(entry["sentence"] + entry["text"]), entry
                assert "told." not in entry["sentence"], entry
                assert not any(word in entry["sentence"] for word in ("inconnu", "unknown", "Fait consigné")), entry
    assert {
        "label.made",
        "label.voided",
        "stocktake.difference_found",
        "weapon.assigned",
        "weapon.case_closed",
        "weapon.case_opened",
        "weapon.destroyed",
        "weapon.dispatched",
        "weapon.issued",
        "weapon.received",
        "weapon.recovered",
        "weapon.registered",
        "weapon.returned",
        "weapon.taken_over",
        "weapon.unassigned",
        "weapon.written_off",
    } <= kinds


def test_an_issue_is_told_with_whom_until_when_and_on_what_paper(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register()
    due = clock.now() + timedelta(days=2)
    body = {
        "store": str(world.store_alpha),
        "to": {"person": str(world["soldier"].person_id)},
        "due_back_at": due.isoformat(),
        "weapons": [{"weapon": str(weapon.weapon_id), "version": 1}],
        "order": {"reference": "OM 12/2026", "signatory": str(world["commander"].person_id)},
    }
    answer = client.put(f"/issues/{new_id()}", json=body, headers=world["keeper"].headers)
    assert answer.status_code == 200, answer.text
    entry = told(client, world, weapon.weapon_id, "weapon.issued")
    assert entry["sentence"].startswith(
        "Perçue par SGT ESSAI-SOLDIER (Bataillon d'essai Alpha) pour une mission, à réintégrer au plus tard le "
    )
    assert day_of(due) in entry["sentence"]
    assert entry["sentence"].endswith("Magasin\u00a0: Armurerie keeper (Bataillon d'essai Alpha).")
    paper = entry["document"]
    assert (paper["reference"], paper["dated_on"]) == ("OM 12/2026", clock.now().date().isoformat())
    assert paper["signatory"]["text"] == "SGT ESSAI-COMMANDER, commandant d'unité, Bataillon d'essai Alpha"
    with world.transaction() as db:
        (row,) = run(db, "select canonical from event where id = %(id)s", {"id": entry["id"]})
    facts = json.loads(bytes(row["canonical"]))["facts"]
    assert (facts["dated_on"], facts["signatory"]) == (paper["dated_on"], str(world["commander"].person_id))
    english = told(client, world, weapon.weapon_id, "weapon.issued", language="en")
    assert english["sentence"].startswith(
        "Issued to SGT ESSAI-SOLDIER (Bataillon d'essai Alpha) for a task, due back by"
    )


def test_people_are_named_as_they_were_when_they_acted(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    (weapon,) = world.register()
    given = issue(client, world, [weapon])
    rename(owner_engine, world, "keeper", "ADJ", "NOUVEAU-GARDIEN")
    rename(owner_engine, world, "soldier", "CPL", "NOUVEAU-SOLDAT")
    back = give_back(client, world, given)
    issue(client, world, back)
    first, returned, second = (e for e in history(client, world, weapon.weapon_id) if e["seq"] and e["seq"] > 1)
    assert (first["actor"]["name"], first["destination"]["name"]) == ("SGT ESSAI-KEEPER", "SGT ESSAI-SOLDIER")
    # He gives back what he got under his old name: the return says who had it as the issue named him.
    assert (returned["actor"]["name"], returned["source"]["name"]) == ("ADJ NOUVEAU-GARDIEN", "SGT ESSAI-SOLDIER")
    assert (second["actor"]["name"], second["destination"]["name"]) == ("ADJ NOUVEAU-GARDIEN", "CPL NOUVEAU-SOLDAT")


def test_an_erased_person_reads_as_erased_with_function_unit_and_day(
    client: httpx.Client, world: World, erase: Callable[[str], None]
) -> None:
    (weapon,) = world.register()
    issue(client, world, [weapon])
    erase(called("keeper"))
    erase(called("soldier"))
    entry = told(client, world, weapon.weapon_id, "weapon.issued", "auditor")
    assert entry["actor"]["text"] == ("détenteur dépositaire, Bataillon d'essai Alpha (identité effacée le 12/03/2027)")
    assert (entry["actor"]["erased_on"], entry["destination"]["erased_on"]) == ("2027-03-12", "2027-03-12")
    assert entry["sentence"].startswith(
        "Perçue par un détenteur usager (Bataillon d'essai Alpha, identité effacée le 12/03/2027)"
    )
    english = told(client, world, weapon.weapon_id, "weapon.issued", "auditor", language="en")
    assert english["actor"]["text"].endswith("(identity erased on 12 March 2027)")
    assert "ESSAI-KEEPER" not in str(history(client, world, weapon.weapon_id, "auditor"))


def test_a_renamed_unit_keeps_the_name_it_bore_then(client: httpx.Client, world: World, owner_engine: Engine) -> None:
    (weapon,) = world.register()
    given = issue(client, world, [weapon])
    for name in ("Bataillon provisoire", "1er bataillon d'essai"):
        as_owner(
            owner_engine,
            "update unit set name = %(name)s where country = %(country)s and id = %(id)s returning id",
            name=name,
            country=world.country,
            id=world.alpha,
        )
    give_back(client, world, given)
    issued = told(client, world, weapon.weapon_id, "weapon.issued")
    assert (issued["actor"]["unit_name"], issued["actor"]["unit_name_now"]) == (
        "Bataillon d'essai Alpha",
        "1er bataillon d'essai",
    )
    assert "Armurerie keeper (Bataillon d'essai Alpha)" in issued["sentence"]
    returned = told(client, world, weapon.weapon_id, "weapon.returned")
    assert (returned["destination"]["unit_name"], returned["destination"]["unit_name_now"]) == (
        "1er bataillon d'essai",
        None,
    )


def test_a_program_is_told_by_the_name_of_its_token(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register()
    body = {"name": "Borne du poste de garde", "permissions": ["issue:record"], "days": 30}
    token = client.put(f"/tokens/{new_id()}", json=body, headers=world["keeper"].headers).json()
    issued = {
        "store": str(world.store_alpha),
        "to": {"person": str(world["soldier"].person_id)},
        "weapons": [{"weapon": str(weapon.weapon_id), "version": 1}],
    }
    program = {"Authorization": f"Bearer {token['token']}"}
    assert client.put(f"/issues/{new_id()}", json=issued, headers=program).status_code == 200
    via = told(client, world, weapon.weapon_id, "weapon.issued")["actor"]["via"]
    assert via == {
        "kind": "token",
        "name": "Borne du poste de garde",
        "text": "le programme «\u00a0Borne du poste de garde\u00a0»",
    }
    registered = told(client, world, weapon.weapon_id, "weapon.registered")["actor"]["via"]
    assert registered["kind"] == "program"


@pytest.mark.parametrize(
    ("later", "said"),
    [
        (timedelta(minutes=27), "27\u00a0min plus tard"),
        (timedelta(hours=-3, minutes=-5), "l'appareil avance de 3\u00a0h\u00a005\u00a0min"),
        (timedelta(days=4, hours=2), "4\u00a0jours 2\u00a0h plus tard"),
        (timedelta(seconds=20), None),
    ],
)
def test_the_time_of_a_device_stands_against_that_of_the_server(
    client: httpx.Client, world: World, later: timedelta, said: str | None
) -> None:
    (weapon,) = world.register()
    device = enrolled(client, world)
    now = clock.now()
    # A second more, so that what the write itself takes does not tip the minute.
    via = Via("device", device.id, now - later - timedelta(seconds=1 if later > timedelta(0) else -1))
    with world.transaction() as db:
        issue_weapons(
            db,
            actor=replace(world.actor("keeper"), via=via),
            now=now,
            issue_id=new_id(),
            store_id=world.store_alpha,
            person_id=world["soldier"].person_id,
            holder_id=None,
            due_back_at=None,
            occurred_at=now,
            weapons=[weapon],
            order=Order(),
        )
    entry = told(client, world, weapon.weapon_id, "weapon.issued")
    assert entry["actor"]["via"]["text"] == "l'appareil «\u00a0Téléphone d'essai\u00a0»"
    assert datetime.fromisoformat(entry["clock"]["device_at"]) == via.at
    assert entry["clock"]["text"].startswith("heure de l'appareil ")
    if said is None:
        assert ":" not in entry["clock"]["text"]
    else:
        assert entry["clock"]["text"].endswith(said)
    assert abs(entry["clock"]["seconds_later"] - later.total_seconds()) < 30
    receive(client, world, *dispatch(client, world, give_back(client, world, [Expected(weapon.weapon_id, 2)])))
    abroad = told(client, world, weapon.weapon_id, "weapon.issued", "keeper_bravo")
    assert abroad["actor"]["via"]["text"] == "un appareil du magasin"


def test_a_device_that_comes_in_by_a_code_acts_by_itself(client: httpx.Client, world: World) -> None:
    device = enrolled(client, world)
    with world.transaction() as db:
        rows = run(db, "select kind, canonical from event where kind in ('device.invited', 'device.enrolled')")
    said = [(row["kind"], json.loads(bytes(row["canonical"]))) for row in rows]
    via = {kind: body["actor"]["via"] for kind, body in said if str(world.store_alpha) == body["facts"].get("store")}
    assert via == {"device.invited": {"kind": "session"}, "device.enrolled": {"kind": "device", "id": str(device.id)}}


def test_a_reason_is_read_by_its_units_and_erased_with_the_day(
    client: httpx.Client, world: World, erase: Callable[[str], None]
) -> None:
    (weapon,) = world.register()
    assert make_labels(client, world, [weapon]).status_code == 200
    assert make_labels(client, world, [weapon], reason="Étiquette brûlée", replace=True).status_code == 200
    (reason,) = told(client, world, weapon.weapon_id, "label.voided")["evidence"]
    assert (reason["state"], reason["text"]) == ("readable", "Étiquette brûlée")
    assert reason["says"] == "Motif\u00a0: Étiquette brûlée"
    receive(client, world, *dispatch(client, world, [weapon]))
    (reserved,) = told(client, world, weapon.weapon_id, "label.voided", "keeper_bravo")["evidence"]
    assert (reserved["state"], reserved["text"]) == ("reserved", None)
    erase("jsonb_typeof(value) = 'string'")
    (erased,) = told(client, world, weapon.weapon_id, "label.voided", "auditor")["evidence"]
    assert (erased["state"], erased["text"], erased["erased_on"]) == ("erased", None, "2027-03-12")
    assert erased["says"] == "Motif\u00a0: texte effacé le 12/03/2027"
    assert erased["commitment"] == reason["commitment"]


def test_a_unit_that_gave_a_weapon_up_reads_its_movements_and_nobody_of_the_other(
    client: httpx.Client, world: World
) -> None:
    (weapon,) = world.register()
    transfer, sent = dispatch(client, world, [weapon])
    receive(client, world, transfer, sent)
    dispatched, received = history(client, world, weapon.weapon_id)[-2:]
    assert dispatched["sentence"] == (
        "Expédiée en mutation vers Bataillon d'essai Bravo. "
        "Magasin expéditeur\u00a0: Armurerie keeper (Bataillon d'essai Alpha)."
    )
    assert received["sentence"] == (
        "Reçue en mutation. Expéditeur\u00a0: Bataillon d'essai Alpha. "
        "Magasin\u00a0: Armurerie keeper_bravo (Bataillon d'essai Bravo)."
    )
    assert received["actor"]["text"] == "détenteur dépositaire, Bataillon d'essai Bravo"
    assert received["actor"]["name"] is None


def put_event(owner_engine: Engine, world: World, weapon: Expected, body: dict[str, Any]) -> None:
    """Write an event as it came to be by other means than today's program."""
    bytes_ = canonical(body)
    as_owner(
        owner_engine,
        "insert into event (country, id, kind, weapon_id, canonical, leaf_hash) "
        "values (%(country)s, %(id)s, %(kind)s, %(weapon)s, %(bytes)s, %(hash)s) returning id",
        country=world.country,
        id=UUID(body["id"]),
        kind=body["kind"],
        weapon=weapon.weapon_id,
        bytes=bytes_,
        hash=leaf_hash(bytes_),
    )


def test_events_of_the_first_schema_and_of_a_process_are_told(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    (weapon,) = world.register()
    keeper = world.actor("keeper")
    new = json.loads(
        make_event(
            keeper, "label.made", clock.now(), weapon_id=weapon.weapon_id, facts={"code": "WK7M3ZP0WQX"}
        ).canonical
    )
    author = {name: value for name, value in new["actor"].items() if name != "via"}
    put_event(owner_engine, world, weapon, {**new, "schema": 1, "actor": author})
    put_event(owner_engine, world, weapon, {**new, "id": str(new_id()), "actor": {"process": "sequencer"}})
    _, old, process = history(client, world, weapon.weapon_id)
    assert old["text"] == process["text"] == "Étiquette faite", "the sentence says which; a title does not say it twice"
    assert old["sentence"] == process["sentence"] == "Étiquette WK7M3ZP0WQX faite pour cette arme."
    assert (old["actor"]["name"], old["actor"]["via"], old["clock"]) == ("SGT ESSAI-KEEPER", None, None)
    assert (process["actor"]["name"], process["actor"]["unit_name"]) == (None, None)
    assert process["actor"]["text"] == "programme du registre (mise en ordre du journal)"


def test_an_instant_is_told_in_the_time_of_the_country(
    client: httpx.Client, new_world: Callable[[str], World], owner_engine: Engine
) -> None:
    niger = new_world("NE")  # an hour before UTC
    (weapon,) = niger.register()
    actor = replace(niger.actor("keeper"), via=Via("device", new_id(), datetime(2026, 3, 1, 23, 30, tzinfo=UTC)))
    event = make_event(actor, "label.made", clock.now(), weapon_id=weapon.weapon_id, facts={"code": "WK7M3ZP0WQX"})
    put_event(owner_engine, niger, weapon, json.loads(event.canonical))
    entry = history(client, niger, weapon.weapon_id)[-1]
    assert entry["clock"]["text"].startswith("heure de l'appareil 02/03/2026 à 00\u00a0h\u00a030, reçu ")


def test_an_entry_is_recorded_then_sealed_then_witnessed_to_who_may_read_it(
    fresh_database: Database, tmp_path: Path
) -> None:
    app, sequencer = (make_engine(fresh_database.urls[role]) for role in ("salw_app", "salw_sequencer"))
    world = build_world(app)
    (weapon,) = world.register()

    with (
        writes.serving(fresh_database.urls) as address,
        httpx.Client(base_url=address, timeout=30) as client,
    ):

        def proofs(job: str, **query: Any) -> list[str | None]:
            shown = [entry["proof"] for entry in history(client, world, weapon.weapon_id, job, **query)]
            return [proof["name"] if proof else None for proof in shown]

        assert proofs("auditor") == ["enregistré"]
        seal_now(sequencer, make_sealer(tmp_path))
        issue(client, world, [weapon])
        assert proofs("auditor") == ["scellé", "enregistré"]
        assert proofs("keeper") == [None, None], "three states of proof are no use to who keeps a store"
        with sequencer.begin() as db:
            run(
                db,
                "insert into witnessed (country, log_id, size) select country, log_id, max(size) from checkpoint "
                "where country = %(c)s group by country, log_id",
                {"c": world.country},
            )
        assert proofs("commander", language="en") == ["witnessed", "recorded"]
        assert proofs("auditor") == ["attesté par témoins", "enregistré"]
        (log,) = client.get("/logs", headers=world["commission_reader"].headers).json()
        assert (log["number"], log["origin"], log["first_index"]) == (1, "registre.example/bf/2026", 0)
        assert log["sealed"] == log["witnessed"] > 20
        assert client.get("/logs", headers=world["keeper"].headers).status_code == 403
    app.dispose()
    sequencer.dispose()


def test_an_event_edited_in_the_database_is_told_as_an_alarm_and_never_as_sealed(
    fresh_database: Database, tmp_path: Path
) -> None:
    app, sequencer, superuser = (
        make_engine(fresh_database.urls[role]) for role in ("salw_app", "salw_sequencer", "postgres")
    )
    world = build_world(app)
    (weapon,) = world.register()
    sealer = make_sealer(tmp_path)
    with (
        writes.serving(fresh_database.urls) as address,
        httpx.Client(base_url=address, timeout=30) as client,
    ):
        issue(client, world, [weapon])
        seal_now(sequencer, sealer)

        def proofs(job: str = "auditor", **query: Any) -> list[str | None]:
            shown = [entry["proof"] for entry in history(client, world, weapon.weapon_id, job, **query)]
            return [proof["state"] if proof else None for proof in shown]

        def page(language: str) -> str:
            token = world["auditor"].headers["Authorization"].removeprefix("Bearer ")
            answer = httpx.get(
                f"{address.removesuffix('/v1')}/armes/{weapon.weapon_id}/historique",
                params={"language": language},
                headers={"Cookie": f"salw_session={token}", "Accept": "text/html"},
            )
            assert answer.status_code == 200, answer.text
            return html.unescape(answer.text).replace("\u00a0", " ")

        assert proofs() == ["sealed", "sealed"]
        assert 'role="alert"' not in page("fr")
        text = "convert_from(canonical, 'UTF8')"
        edit = f"update event set canonical = convert_to(replace({text}, %(old)s, %(new)s), 'UTF8')"
        said = {"old": '"via":', "new": '"vib":', "weapon": weapon.weapon_id}
        of_issue = "where weapon_id = %(weapon)s and kind = 'weapon.issued'"
        with superuser.begin() as db:
            run(db, "set local session_replication_role = replica")
            run(db, "alter table event drop constraint ck_event_leaf_hash_is_of_canonical")
            run(db, f"{edit} {of_issue}", said)
        assert proofs() == ["sealed", "altered"]
        with superuser.begin() as db:
            run(db, "set local session_replication_role = replica")
            run(db, f"update event set leaf_hash = sha256('\\x00'::bytea || canonical) {of_issue}", said)
        assert proofs() == ["sealed", "altered"], "the hash beside the bytes is as easily written as they are"
        assert proofs("keeper") == [None, None]
        names = [entry["proof"]["name"] for entry in history(client, world, weapon.weapon_id, "auditor")]
        assert names == ["scellé", "MODIFIÉ\u00a0: ne correspond pas à ce qui a été scellé"]
        assert "ALERTE : un événement au moins de cette page" in page("fr")
        assert page("fr").count(".tlog-proof") == 1, "no proof is offered of what does not match it"
        assert "have the operator run the verification (salw ledger verify)" in page("en")
    for engine in (app, sequencer, superuser):
        engine.dispose()


def test_a_program_reads_the_state_of_proof_only_with_the_permission_for_it(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register()
    for permissions, shown in ((["weapon:read"], False), (["weapon:read", "ledger:read"], True)):
        body = {"name": "Vérificateur", "permissions": permissions, "days": 1}
        token = client.put(f"/tokens/{new_id()}", json=body, headers=world["auditor"].headers).json()
        answer = client.get(
            f"/weapons/{weapon.weapon_id}/history", headers={"Authorization": f"Bearer {token['token']}"}
        )
        assert [entry["proof"] is not None for entry in answer.json()["items"]] == [shown]
