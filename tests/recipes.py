"""The recipes of the single features for the tests of access (`asks.py`): things made in a place, and what is asked.

Where a function returns a word, it returns with it one that nothing ever bore, and the id of the thing that it names.
"""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import httpx

import counting
import labelling
import moving
import writes
from asks import Ask, Recipe, Scene, asked, never, paired, reading
from nation import open_store
from program import give_account
from reporting import unit_uuid
from salw.core import clock
from salw.core.db import run
from salw.core.ids import new_id
from salw.core.pages import encode_cursor
from salw.custody.rules import Expected
from salw_labels import draw_many, registry_number
from world import World

Word = tuple[str, str, object]


def weapon(scene: Scene) -> UUID:
    """Make a weapon in the store of the place."""
    return scene.there.register()[0].weapon_id


def last_part(write: writes.Write) -> UUID:
    """Return the id that a write made its thing under."""
    return UUID(write.path.split("/")[2])


def made(write: Callable[[httpx.Client, World], writes.Write]) -> Callable[[Scene], UUID]:
    """Return the way to make a thing in the place and know its id."""
    return lambda scene: last_part(writes.done(scene.client, write(scene.client, scene.there)))


def slip(scene: Scene) -> UUID:
    """Issue weapons of the place; return the slip."""
    return made(writes.issue)(scene)


def documents(scene: Scene) -> Ask:
    """List the documents that the office of the place numbers."""
    found = slip(scene)
    return Ask("GET", "/documents", params={"office": unit_uuid(scene.there, scene.there.alpha)}, shows=(str(found),))


def on_paper(book: object) -> dict[str, object]:
    """Say that an act stands on the first line of a booklet."""
    return {"paper": {"book": str(book), "page": 1, "line": 1}, "occurred_at": "2026-01-02T05:00:00Z"}


def serial_of(scene: Scene) -> Word:
    """Make a weapon; return its serial, one that no weapon bears, and its id."""
    serial, other = (f"ASK{new_id().hex[-10:].upper()}" for _ in range(2))
    return serial, other, scene.there.register(serials=[serial])[0].weapon_id


def number_of(scene: Scene) -> Word:
    """Make a weapon; return its registry number, one that no weapon bears yet, and its id."""
    found = weapon(scene)
    with scene.there.transaction() as db:
        row = run(db, "select registry_number as number from weapon where id = %(id)s", {"id": found})[0]
    return row["number"], registry_number(scene.there.country, 9_000_000 + new_id().int % 900_000), found


def label_of(scene: Scene) -> Word:
    """Make a weapon with a label; return the text of its symbol, that of a label never made, and its id."""
    made_here = scene.there.register()
    never_made = draw_many(1)[0]
    return counting.label(scene.there, made_here)[0], never_made.code + never_made.tail, made_here[0].weapon_id


def matricule_of(scene: Scene) -> Word:
    """Return the number of the soldier of the place, one that nobody bears, and his id."""
    soldier = scene.there["soldier"].person_id
    with scene.there.transaction() as db:
        row = run(db, "select matricule from person where id = %(id)s", {"id": soldier})[0]
    return row["matricule"], f"T{new_id().hex[-8:]}", soldier


def scanning(word: Callable[[Scene], Word], *, typed: bool) -> Recipe:
    """Return a scan of a word, or the same word typed."""

    def recipe(scene: Scene) -> Ask:
        known, unknown, found = word(scene)
        body = {"code": known, "typed": typed}
        return Ask("POST", "/scans", body, theirs={known: unknown}, shows=(str(found),))

    return recipe


def eye_line_of(scene: Scene) -> Word:
    """Return what stands under a symbol for the eye, that of a label never made, and the weapon's id."""
    symbol, other, found = label_of(scene)
    return symbol[1:12], other[1:12], found


def transit(scene: Scene) -> Expected:
    """Send a weapon of the place on its way to one's own unit; return it at its version."""
    return moving.dispatch(scene.client, scene.pair, scene.pair.register())[1][0]


def given_up(scene: Scene) -> UUID:
    """Give a weapon of one's own up to the place; to itself or abroad none is, and it stays on its way to the depot."""
    pair = scene.pair_back
    transfer, sent = moving.dispatch(scene.client, pair, pair.register())
    if pair is not scene.there:
        moving.receive(scene.client, pair, transfer, sent)
    return sent[0].weapon_id


def receipt(scene: Scene) -> Ask:
    """Take in at the place what comes from the depot."""
    pair = paired(_depot(scene.there), scene.there)
    write = writes.receive(scene.client, pair)
    return asked(write)


def _depot(place: World) -> World:
    """Return the depot of a place's country with its staff, as the sender."""
    cast = {job.removesuffix("_bravo"): m for job, m in place.cast.items() if job.endswith("_bravo")}
    return replace(place, alpha=place.bravo, store_alpha=place.store_bravo, cast=cast)


def step_of_sender(scene: Scene) -> Ask:
    """Approve at one's own unit what the place sends there."""
    return asked(writes.approve(scene.client, scene.pair))


def batch(scene: Scene) -> UUID:
    """Make labels of a weapon of the place; return their batch."""
    counting.label(scene.there, scene.there.register())
    with scene.there.transaction() as db:
        rows = run(
            db,
            "select id from label_batch where unit_id = %(unit)s order by recorded_at desc limit 1",
            {"unit": scene.there.alpha},
        )
    found: UUID = rows[0]["id"]
    return found


def labels(scene: Scene) -> Ask:
    """Make labels of a weapon of the place."""
    return Ask("POST", "/label-batches", labelling.batch_body(scene.there.register()))


def new_store(place: World) -> UUID:
    """Open a store of the place that nothing happened in yet: only one check of a store runs at a time."""
    store = new_id()
    with place.transaction() as db:
        open_store(db, place, store)
    return store


def check(scene: Scene, place: World | None = None) -> UUID:
    """Open a check of a new store of a place, by its commander."""
    place = place or scene.there
    return counting.open_check(scene.client, place, store=str(new_store(place)))


def closed_check(scene: Scene) -> UUID:
    """Open a check of a new store of the place and close it."""
    found = check(scene)
    counting.close(scene.client, scene.there, found)
    return found


def opening(scene: Scene) -> Ask:
    """Open a check of a new store of the place."""
    body = {"store": str(new_store(scene.there)), "kind": "count", "mission": "OM 12/2026"}
    return Ask("PUT", f"/stocktakes/{new_id()}", body)


def counts(scene: Scene) -> Ask:
    """Count something on a check of the place."""
    return Ask("POST", f"/stocktakes/{check(scene)}/counts", {"counts": [counting.unreadable()]})


def count_of_theirs(word: Callable[[Scene], Word], method: str) -> Recipe:
    """Return a count, on a check of one's own, of a weapon of the place."""

    def recipe(scene: Scene) -> Ask:
        known, unknown, _ = word(scene)
        count = counting.a_count(known, method)
        path = f"/stocktakes/{check(scene, scene.own)}/counts"
        return Ask("POST", path, {"counts": [count]}, theirs={known: unknown, **never(count["id"])})

    return recipe


def ending(step: str, **said: object) -> Recipe:
    """Return the end of a check of the place."""

    def recipe(scene: Scene) -> Ask:
        return Ask("POST", f"/stocktakes/{check(scene)}/{step}", {"id": str(new_id()), **said})

    return recipe


def wrong_password(scene: Scene) -> Ask:
    """Log in as the keeper of the place, with a password that is not his."""
    login, other = give_account(scene.there, "keeper"), f"keeper-{new_id().hex}@{scene.there.country}"
    return Ask("POST", "/sessions", {"account": login, "password": "pas le sien"}, theirs={login: other})


def of_unit(scene: Scene) -> str:
    """Return the identifier of the unit of the place."""
    return unit_uuid(scene.there, scene.there.alpha)


def this_day() -> str:
    return clock.now().date().isoformat()


def report_of(path: str, thing: Callable[[Scene], object], *, period: bool) -> Recipe:
    """Return a reconciliation of a thing of the place, over today where it is of a period."""
    days = {"from": this_day(), "to": this_day()} if period else {}
    return reading(path, thing, **days)


def entitle(scene: Scene) -> Ask:
    """Say what the unit of the place ought to hold."""
    return asked(writes.entitle(scene.client, scene.there))


def entitlement(scene: Scene) -> str:
    """Say what the unit of the place ought to hold; return the id of a line."""
    write = writes.entitle(scene.client, scene.there)
    return str(write.send(scene.client).json()["lines"][0]["id"])


def a_weapon(scene: Scene) -> Expected:
    """Make a weapon in the store of the place, for a list of weapons."""
    return scene.there.register()[0]


def issued_weapon(scene: Scene) -> Expected:
    """Make a weapon of the place and issue it there."""
    return moving.issue(scene.client, scene.there, scene.there.register())[0]


def soldier(scene: Scene) -> UUID:
    """Return a person of the place."""
    return scene.there["soldier"].person_id


def find(scene: Scene) -> Ask:
    """Write down at one's own unit a weapon found that bears the serial of one lost in the place."""
    serial, other = (f"ASK{new_id().hex[-10:].upper()}" for _ in range(2))
    lost = scene.there.register(serials=[serial])
    writes.done(scene.client, writes.report(scene.client, scene.there, weapons=writes.listed(lost)))
    marks = [{"kind": "factory_serial", "raw": serial}]
    write = writes.report(scene.client, scene.own, "found", store=str(scene.own.store_alpha), marks=marks)
    return asked(write, theirs={serial: other, **never(last_part(write))}, shows=(str(lost[0].weapon_id),))


def register_found(scene: Scene) -> Ask:
    """Take on charge in one's own store a weapon with the serial of one in the place."""
    serial, other, found = serial_of(scene)
    write = writes.register(scene.client, scene.own)
    body = {**write.body, "marks": [{"kind": "factory_serial", "raw": serial}]}
    theirs = {serial: other, **never(last_part(write))}
    return Ask(write.method, write.path, body, theirs=theirs, shows=(str(found),))


def handover(scene: Scene) -> UUID:
    """Change the keeper of a new store of the place, for the old one is missing; return the handover."""
    place, store = scene.there, new_store(scene.there)
    held = place.register(store=store)
    body = {
        "holder": str(store),
        "outgoing": str(place["keeper"].person_id),
        "incoming": str(place["soldier"].person_id),
        "weapons": writes.listed(held),
        "absence": "missing",
    }
    relief = writes.Write("PUT", f"/reliefs/{new_id()}", body, place["commander"].headers)
    writes.done(scene.client, relief)
    with place.transaction() as db:
        found: UUID = run(db, "select id from handover where store_id = %(s)s", {"s": store})[0]["id"]
    return found


def of_store(path: str) -> Recipe:
    """Return a list of what a new store of the place holds: one weapon."""

    def recipe(scene: Scene) -> Ask:
        store = new_store(scene.there)
        found = scene.there.register(store=store)[0].weapon_id
        return Ask("GET", path, params={"store": str(store)}, shows=(str(found),))

    return recipe


def checks_of_store(scene: Scene) -> Ask:
    """List the checks of a new store of the place: one is open."""
    store = new_store(scene.there)
    found = counting.open_check(scene.client, scene.there, store=str(store))
    return Ask("GET", "/stocktakes", params={"store": str(store)}, shows=(str(found),))


def loss_by_count(scene: Scene) -> Ask:
    """Report a loss of the unit of the place by number alone."""
    lines = [{"class_code": "SA-ASR", "quantity": 3}]
    return asked(writes.report(scene.client, scene.there, unit=of_unit(scene), loss_lines=lines))


def on_issue(path: str, **params: object) -> Recipe:
    """Return a reading of a list of weapons on issue, from just before one that somebody of the place has."""

    def recipe(scene: Scene) -> Ask:
        found = issued_weapon(scene).weapon_id
        before = encode_cursor(UUID(int=found.int - 1))
        return Ask("GET", path, params={**params, "limit": 200, "cursor": before}, shows=(str(found),))

    return recipe
