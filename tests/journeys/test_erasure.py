"""A man does all that one can do, is erased, and is nowhere but in the proofs that he did it."""

import csv
import hashlib
import html
import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import pytest
from babel.dates import format_date
from sqlalchemy import Engine

import devices
from counting import a_count, close, count, open_check
from derogating import grant
from entrance import bearer, code_of, log_in
from erasing import REASON, carry_out, order, ordered, traces_in_database, traces_in_files
from moving import listed, moved
from program import salw
from proving import confirm
from reporting import opened, unit_uuid
from salw.access.duties.rules import Duty
from salw.access.names import full_name
from salw.core import clock
from salw.core.db import make_engine, run
from salw.core.embedded import Cluster
from salw.core.errors import Conflict
from salw.core.ids import new_id
from salw.intake.register.operations import import_register, review_register
from salw.intake.register.reading import Source
from world import World

MARK = new_id().hex[-10:]
FAMILY, GIVEN, NUMBER, LOGIN = f"Ouattara{MARK}", f"Siaka{MARK}", f"MLE-{MARK}-7", f"s.ouattara{MARK}"
WORDS = [FAMILY, GIVEN, NUMBER, LOGIN]
SAID = f"le sergent {GIVEN} {FAMILY}"
MAPPING = """
[columns]
serial = "N°"
class = "Type"
[values.class]
fusil = "SA-ASR"
"""


@pytest.fixture
def superuser(urls: Mapping[str, str]) -> Any:
    engine = make_engine(urls["postgres"])
    yield engine
    engine.dispose()


def done(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code in (200, 201), answer.text
    found: dict[str, Any] = answer.json()
    return found


def enter(client: httpx.Client, world: World) -> tuple[UUID, dict[str, Any], httpx.Response]:
    """Enter him, post him, give him an account; return him, what he was entered with, and his first log-in."""
    person, head = new_id(), world["administrator"].headers
    entered = {
        "unit": unit_uuid(world, world.alpha),
        "force": "AT",
        "matricule": NUMBER,
        "rank": "Sergent",
        "family_name": FAMILY,
        "given_names": GIVEN,
        "sex": "m",
    }
    done(client.put(f"/people/{person}", json=entered, headers=head))
    twice = client.put(f"/people/{new_id()}", json=entered, headers=head)
    assert code_of(twice) == (409, "person.matricule_taken")
    posting = {"person": str(person), "role": "storekeeper", "unit": entered["unit"], "started_on": "2026-01-01"}
    done(client.put(f"/postings/{new_id()}", json=posting, headers=head))
    made = done(
        client.put(f"/accounts/{new_id()}", json={"person": str(person), "login": LOGIN}, headers=head),
    )
    assert log_in(client, f"{LOGIN}@bf", "pas le bon").status_code == 401
    first = log_in(client, f"{LOGIN}@bf", made["password"])
    changed = client.post(
        "/me/password", headers=bearer(first), json={"old": made["password"], "new": "huit calebasses au soleil"}
    )
    return person, entered, changed


def come_in(client: httpx.Client, changed: httpx.Response) -> dict[str, str]:
    """Enrol a generator named after himself; return the headers of the full session."""
    half = {**bearer(changed), "User-Agent": f"Telephone de {FAMILY} {GIVEN}"}
    body = {"id": str(new_id()), "name": f"Téléphone de {GIVEN} {FAMILY}"}
    shown = done(client.post("/factors/totp", json=body, headers=half))
    token = done(confirm(client, half, shown))["session"]["token"]
    return {"Authorization": f"Bearer {token}"}


def live(client: httpx.Client, world: World, person: UUID, me: dict[str, str]) -> tuple[UUID, UUID, UUID]:
    """Do all that one can do, and be written of; return his weapon, a case and a check."""
    paper = {"reference": f"Bon de {FAMILY} {GIVEN}"}
    weapons = world.register(2)
    slip = {"store": str(world.store_alpha), "to": {"person": str(person)}, "order": paper}
    held = moved(
        client.put(f"/issues/{new_id()}", json={**slip, "weapons": listed(weapons)}, headers=world["keeper"].headers)
    )
    back = {"store": str(world.store_alpha), "weapons": listed(held), "order": paper}
    moved(client.put(f"/returns/{new_id()}", json=back, headers=me))  # signed by himself
    assert client.get("/access-attempts", headers=me).status_code == 403
    token = {"name": f"Tableur de {FAMILY} {GIVEN}", "permissions": ["weapon:read"], "days": 30}
    client.put(f"/tokens/{new_id()}", json=token, headers=me)
    found = client.get("/people", params={"matricule": NUMBER}, headers=world["auditor"].headers)
    assert found.json()["items"][0]["family_name"] == FAMILY
    # What others wrote of him.
    lost = world.register(1)
    seen_last = f"Vu en dernier par {NUMBER}"
    case = opened(client, world, lost, circumstances=seen_last, message_reference=f"Message {LOGIN}@bf")
    check = open_check(client, world, mission=f"OM de {SAID}")
    count(client, world, check, a_count("TEST112233AA", "typed", note=f"Vu par {SAID}"))
    mine = {"counts": [a_count("TEST445566BB", "typed")]}
    done(client.post(f"/stocktakes/{check}/counts", json=mine, headers=me))
    close(client, world, check)
    read = {"unit": unit_uuid(world, world.bravo), "reason": f"Une arme de {FAMILY}, {GIVEN} est là-bas", "hours": 1}
    done(client.put(f"/emergency-reads/{new_id()}", json=read, headers=world["commander"].headers))
    done(grant(client, world, Duty.GIVER_RECEIVER, reference=f"Note sur {NUMBER}"))
    post = {"unit": unit_uuid(world, world.alpha), "kind": "post", "name": f"Poste {GIVEN} {FAMILY}"}
    post |= {"answerable": str(world["soldier"].person_id)}
    done(client.put(f"/holders/{new_id()}", json=post, headers=world["keeper"].headers))
    done(devices.invite(client, world, name=f"Téléphone {FAMILY.upper()} {GIVEN}"))
    device = devices.enrolled(client, world)
    devices.answers(devices.send(client, world, device, [device.event(note=SAID)]))
    take_on_charge(world)
    return weapons[0].weapon_id, case, check


def take_on_charge(world: World) -> None:
    """Import a register that names him in two cells, and refuses the row of the second line."""
    out = io.StringIO(newline="")
    rows = [["N°", "Type", "Nom", "Prénoms"], [f"DEMO-{new_id().hex}", "fusil", FAMILY, GIVEN]]
    csv.writer(out).writerows([*rows, ["12", "jumelles", f"Mle {NUMBER}", ""]])
    content = out.getvalue().encode()
    with world.transaction() as db:
        reviewed = review_register(
            db,
            actor=world.actor("accountant"),
            now=clock.now(),
            source=Source(f"registre de {FAMILY} {GIVEN}.csv", content, hashlib.sha256(content).digest()),
            mapping_text=f"# tenu par {SAID}\n{MAPPING}",
            store_id=world.store_alpha,
        )
        import_register(db, actor=world.actor("accountant"), now=clock.now(), review=reviewed, partial=True)


def told_by(superuser: Engine, person: UUID) -> dict[UUID, tuple[bytes, bytes]]:
    """Return bytes and leaf of every event that names him."""
    with superuser.begin() as db:
        rows = run(
            db,
            "select id, canonical, leaf_hash from event where position(convert_to(%(p)s, 'UTF8') in canonical) > 0",
            {"p": str(person)},
        )
    return {row["id"]: (bytes(row["canonical"]), bytes(row["leaf_hash"])) for row in rows}


def test_who_is_erased_leaves_no_copy_and_every_proof(
    client: httpx.Client, world: World, superuser: Engine, urls: Mapping[str, str], cluster: Cluster
) -> None:
    person, entered, changed = enter(client, world)
    me = come_in(client, changed)
    weapon, case, check = live(client, world, person, me)
    with superuser.begin() as db:
        run(db, "analyze")
    before = told_by(superuser, person)
    assert len(before) > 8
    assert {"person", "personal_value", "account", "answer", "register_row", "holder", "device_event", "pg_stats"} <= (
        traces_in_database(superuser, WORDS)
    )

    wanted = ordered(client, world, person, reason=f"{REASON} : {SAID}")
    with pytest.raises(Conflict, match="account_open"):
        carry_out(urls, wanted)
    account = client.get("/accounts", params={"person": str(person)}, headers=world["administrator"].headers)
    (own,) = account.json()["items"]
    shut = f"/accounts/{own['id']}/disabling"
    done(client.post(shut, json={"id": str(new_id())}, headers=world["administrator"].headers))
    erased = salw(urls, "users", "erase", "--country", "BF", "--order", str(wanted), "--json")
    assert erased.returncode == 0, erased.stderr
    (told,) = json.loads(erased.stdout)
    assert (told["left_alone"], told["in_log"], told["repeated"]) == (0, 0, False)
    assert told["texts"] >= 6

    assert traces_in_database(superuser, WORDS) == set()
    assert traces_in_files(cluster.home, WORDS) == set()
    after = told_by(superuser, person)
    assert before.items() <= after.items()
    assert [e for e, (told, leaf) in after.items() if leaf != hashlib.sha256(b"\0" + told).digest()] == []
    reads_as_erased(client, world, person, weapon, check)
    assert carry_out(urls, wanted).repeated
    assert told_by(superuser, person) == after
    again = client.put(f"/people/{person}", json=entered, headers=world["administrator"].headers)
    assert code_of(again)[0] == 409
    assert code_of(order(client, world, person)) == (409, "person.identity_erased")
    shown = done(client.get(f"/incidents/{case}", headers=world["keeper"].headers))
    assert (shown["circumstances"], shown["message_reference"]) == (None, "Message […]")


def reads_as_erased(client: httpx.Client, world: World, person: UUID, weapon: UUID, check: UUID) -> None:
    """Hold that he is told by rank, unit and day wherever he was told by name."""
    today = clock.now().astimezone(ZoneInfo("Africa/Ouagadougou")).date()
    french = f"Sergent, Bataillon d'essai Alpha (identité effacée le {today:%d/%m/%Y})"
    english = format_date(today, "d MMMM y", locale="en")
    for language, said in (("fr", f"identité effacée le {today:%d/%m/%Y}"), ("en", f"identity erased on {english}")):
        head = {**world["keeper"].headers, "Accept-Language": language}
        history = client.get(f"/weapons/{weapon}/history", headers=head).json()
        text = json.dumps(history, ensure_ascii=False)
        assert text.count(said) >= 3, text  # he received, gave back, and signed that
        assert f"Sergent ({said})" in text
    people = client.get("/people", params={"limit": 200}, headers=world["administrator"].headers).json()["items"]
    (line,) = [one for one in people if one["id"] == str(person)]
    assert (line["rank"], line["family_name"], line["matricule"]) == ("Sergent", None, None)
    assert line["erased_on"] == today.isoformat()
    assert full_name(line, "fr") == french
    printed = client.get(f"/stocktakes/{check}/reconciliation.xlsx", headers=world["auditor"].headers)
    assert printed.status_code == 200, printed.text
    with zipfile.ZipFile(io.BytesIO(printed.content)) as book:
        text = "".join(html.unescape(book.read(n).decode("utf-8", "replace")) for n in book.namelist())
        assert french in text, text[text.find("ompt") - 100 :][:3000]
    seen = client.get(f"/stocktakes/{check}", headers=world["auditor"].headers).json()
    assert (today.isoformat(), "Sergent") in [(c["erased_on"], c["rank"]) for c in seen["counted_by"]]
