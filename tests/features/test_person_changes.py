"""A person is corrected, promoted and moved: once, by another one, without his weapons, and what he was stays told."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Engine

import writes
from access_recipes import version_of
from desk import Desk, hidden, words
from entrance import as_owner, code_of, events
from erasing import carry_out, ordered
from nation import somebody
from reporting import unit_uuid
from salw.access.operations.person_changes import change_person
from salw.access.person_rules import PersonChange
from salw.core import clock
from salw.core.db import run
from salw.core.ids import new_id
from together import at_once, until_it_waits
from world import World


def change(client: httpx.Client, world: World, person: UUID, *, job: str = "administrator", **more: Any) -> Any:
    """Promote somebody of Alpha, or what `more` says."""
    body = {
        "id": str(new_id()),
        "version": str(version_of(world, person)),
        "reason": "promotion",
        "unit": unit_uuid(world, world.alpha),
        "force": "AT",
        "matricule": f"N{person.hex[-12:]}",
        "rank": "SCH",
        "family_name": "ESSAI-QUELQU'UN",
        "given_names": "Personne",
        **more,
    }
    return client.post(f"/people/{person}/versions", json=body, headers=world[job].headers)


def found(client: httpx.Client, world: World, person: UUID, job: str) -> dict[str, Any] | None:
    """Return a person as somebody finds him by his number."""
    items = client.get("/people", params={"matricule": f"N{person.hex[-12:]}"}, headers=world[job].headers).json()[
        "items"
    ]
    return items[0] if items else None


def test_a_man_is_promoted_once_and_two_who_change_him_at_once_do_not_overwrite_one_another(
    client: httpx.Client, world: World
) -> None:
    him = somebody(world).person_id
    seen, act = str(version_of(world, him)), str(new_id())
    made = change(client, world, him, id=act, version=seen)
    assert made.status_code == 200, made.text
    assert change(client, world, him, id=act, version=seen).json() == made.json(), "a repeat gets the first answer"
    assert code_of(change(client, world, him, id=act, version=seen, rank="ADJ")) == (409, "request.id_reused")
    assert code_of(change(client, world, him, version=seen, rank="ADJ")) == (409, "person.version_conflict")
    assert code_of(change(client, world, him)) == (409, "person.unchanged")
    shown = found(client, world, him, "administrator")
    assert shown
    assert (shown["rank"], shown["version"]) == ("SCH", made.json()["version"])
    (told,) = (text for text in events(world, "person.changed") if str(him) in text)
    assert "SCH" not in told
    assert "ESSAI" not in told
    seen = made.json()["version"]
    ranks = [partial(change, client, world, him, version=seen, rank=rank) for rank in ("ADJ", "ADC")]
    assert sorted(answer.status_code for answer in at_once(*ranks)) == [200, 409]
    own = world["administrator"].person_id
    assert code_of(change(client, world, own)) == (403, "person.own")
    assert code_of(change(client, world, him, job="keeper")) == (403, "access.not_permitted")
    taken = change(client, world, somebody(world).person_id, matricule=f"N{him.hex[-12:]}")
    assert code_of(taken) == (409, "person.matricule_taken")


def test_a_man_leaves_his_unit_without_its_weapons_and_is_found_in_the_new_one_with_what_he_was(
    client: httpx.Client, world: World, owner_engine: Engine, urls: dict[str, str]
) -> None:
    him, bravo = somebody(world).person_id, unit_uuid(world, world.bravo)
    to, moving = {"person": str(him)}, {"reason": "transfer", "unit": bravo}
    weapons, (his,) = world.register(2), world.register()
    writes.done(client, writes.issue(client, world, weapons, to))
    assign = {"to": to, "weapons": writes.listed([his])}
    head = world["keeper"].headers
    assert client.put(f"/assignments/{new_id()}", json=assign, headers=head).status_code == 200
    refused = change(client, world, him, **moving)
    assert code_of(refused) == (409, "person.still_answers")
    assert refused.json()["details"] == {"weapons": 2, "assigned": 1, "posts": 0}
    chief = change(client, world, world["soldier"].person_id, **moving)
    assert chief.json()["details"] == {"weapons": 0, "assigned": 0, "posts": 1}
    with pytest.raises(Exception, match="has weapons of the unit he leaves"):
        as_owner(owner_engine, "update person set unit_id = %(u)s where id = %(p)s", u=world.bravo, p=him)
    writes.done(client, writes.return_(client, world, writes.later(weapons)))
    client.put(f"/assignments/{new_id()}", json={**assign, "to": None}, headers=head)

    # An issue while he is being moved waits for it, and finds nobody.
    issue = writes.issue(client, world, world.register(), to)
    with ThreadPoolExecutor(1) as pool:
        with world.transaction() as db:
            change_person(
                db,
                actor=world.founder,
                now=clock.now(),
                person_id=him,
                seen=version_of(world, him),
                reason=PersonChange.TRANSFER,
                force_code="AT",
                unit_uuid=UUID(bravo),
                matricule=f"N{him.hex[-12:]}",
                rank="CPL",
                family_name="ESSAI-NOUVEAU",
                given_names="Personne",
                sex=None,
            )
            issued = pool.submit(partial(issue.send, client))
            until_it_waits(urls, issued)
            assert not issued.done()
        assert code_of(issued.result()) == (404, "person.not_found")
    assert found(client, world, him, "keeper") is None
    shown = found(client, world, him, "keeper_bravo")
    assert shown
    assert (shown["unit_id"], shown["family_name"]) == (bravo, "ESSAI-NOUVEAU")
    past = client.get(f"/weapons/{weapons[0].weapon_id}/history", headers=world["auditor"].headers).json()["items"]
    names = {place["name"] for entry in past for place in (entry["source"], entry["destination"]) if place}
    assert "SGT ESSAI-QUELQU'UN" in names, "what he was called when he drew it"


def test_an_erasure_takes_what_he_was_called_before_with_what_others_wrote_of_it(
    client: httpx.Client, world: World, urls: dict[str, str], owner_engine: Engine
) -> None:
    him, rare = somebody(world), f"Nana{new_id().hex[-8:]}"
    for number, name in (("A", rare), ("B", "ESSAI-AUTRE")):
        made = change(client, world, him.person_id, family_name=name, matricule=f"{number}{him.person_id.hex[-12:]}")
        assert made.status_code == 200, made.text
    reading = {"unit": unit_uuid(world, world.bravo), "reason": f"Arme remise à Personne {rare}", "hours": 1}
    assert client.put(f"/emergency-reads/{new_id()}", json=reading, headers=world["commander"].headers).is_success
    with world.transaction() as db:
        run(db, "update account set disabled_at = now() where id = %(id)s", {"id": him.account_id})
    assert carry_out(urls, ordered(client, world, him.person_id)).texts == 1
    left = as_owner(
        owner_engine,
        "select (select count(*) from personal_value where value::text ~ %(n)s or value->>'matricule' ~ %(m)s) "
        "as names, "
        "(select count(*) from person_version o join personal_value v on v.id = o.value_id "
        "  where o.person_id = %(p)s and v.salt is null and v.remains ? 'rank') as former, "
        "(select count(*) from answer where operation = 'person.version' and content->>'id' = %(p)s::text "
        "  and body_hash <> '') as hashes",
        n=rare,
        m=him.person_id.hex[-12:],
        p=him.person_id,
    )
    assert dict(left[0]) == {"names": 0, "former": 2, "hashes": 0}
    assert code_of(change(client, world, him.person_id)) == (409, "person.identity_erased")


def test_the_page_changes_somebody_once_and_says_what_stands_in_the_way(
    service: str, client: httpx.Client, world: World
) -> None:
    him = somebody(world).person_id
    admin, page = Desk(service, world, "administrator"), f"/personnes/{him}/modifier"
    assert page in admin.get(f"/administration/people/{him}")
    assert Desk(service, world, "keeper").ask(page).status_code == 403
    form = admin.get(page)
    typed: dict[str, Any] = {
        **hidden(form),
        "reason": "",
        "unit": unit_uuid(world, world.alpha),
        "force": "AT",
        "rank": "SCH",
        "family_name": "ESSAI-QUELQU'UN",
        "given_names": "Personne",
    }
    assert 'value="ESSAI-QUELQU&#39;UN"' in form
    missing = admin.send(page, 422, **typed)
    assert "Motif" in words(missing)
    assert 'value="SCH"' in missing, "nothing typed is lost"
    typed["reason"] = "promotion"
    where = admin.send(page, 303, **typed)
    assert admin.send(page, 303, **typed) == where, "the same press is one change"
    assert "Modification enregistrée" in words(admin.get(where))
    late = admin.send(page, 409, **{**typed, "id": str(new_id()), "rank": "ADJ"})
    assert "modifiée entre-temps" in words(late)
    back = admin.send(page, 409, **{**typed, "rank": "ADJ"})  # by the browser's button to the form that was saved
    assert "déjà été enregistré une fois" in words(back)
    assert 'value="ADJ"' in back, "nothing typed is lost"
    assert "person_changed" in admin.send(page, 303, **{**typed, "rank": "ADJ", **hidden(back)})
    writes.done(client, writes.issue(client, world, None, {"person": str(him)}))
    moving = {**typed, **hidden(admin.get(page)), "reason": "transfer", "unit": unit_uuid(world, world.bravo)}
    assert "armes perçues : 2" in words(admin.send(page, 409, **moving))
    own = admin.send(f"/personnes/{world['administrator'].person_id}/modifier", 403, **{**typed, "id": str(new_id())})
    assert "Nul ne modifie sa propre inscription" in own
