"""Every write of custody, intake and incidents over HTTP, prepared so that one request is left to send."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import structlog
import uvicorn

from salw.access.factors.rules import Party
from salw.core import clock
from salw.core.db import run
from salw.core.ids import new_id, random_bytes
from salw.custody.rules import Expected
from salw.main import create_app
from service_fixtures import Server, make_service
from world import World

DUE = "2199-12-31"


@contextmanager
def serving(urls: Mapping[str, str], party: Party | None = None) -> Iterator[str]:
    """Serve a database of a test's own, or as a party of a test's own, and give the address of `/v1`.

    Quietly: these tests make the service fail on purpose, and drawing each traceback costs a second.
    """
    configured = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    app = create_app(urls, party) if party else make_service(urls)
    server = Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="on"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the service did not start"
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.should_exit = True
        thread.join()
        structlog.configure(**configured)


@dataclass(frozen=True)
class Write:
    """One request, ready to be sent, as often as one likes."""

    method: str
    path: str
    body: Mapping[str, Any]
    headers: Mapping[str, str]

    def send(self, client: httpx.Client) -> httpx.Response:
        """Send it."""
        return client.request(self.method, self.path, json=self.body, headers=dict(self.headers))


def listed(weapons: list[Expected]) -> list[dict[str, object]]:
    """Return weapons as a body lists them."""
    return [{"weapon": str(w.weapon_id), "version": w.version} for w in weapons]


def later(weapons: list[Expected], by: int = 1) -> list[Expected]:
    """Return the weapons `by` movements later."""
    return [Expected(w.weapon_id, w.version + by) for w in weapons]


def done(client: httpx.Client, write: Write) -> Write:
    """Send a write that must succeed, and return it."""
    answer = write.send(client)
    assert answer.status_code == 200, answer.text
    return write


def register(client: httpx.Client, world: World) -> Write:
    """Take a weapon on charge."""
    body = {
        "store": str(world.store_alpha),
        "origin": "purchase",
        "class_code": "SA-ASR",
        "marks": [{"kind": "factory_serial", "raw": f"TEST{random_bytes(5).hex()}"}],
    }
    return Write("PUT", f"/weapons/{new_id()}", body, world["keeper"].headers)


def issue(client: httpx.Client, world: World, weapons: list[Expected] | None = None, to: object = None) -> Write:
    """Issue weapons of Alpha's store to the soldier."""
    body = {
        "store": str(world.store_alpha),
        "to": to or {"person": str(world["soldier"].person_id)},
        "weapons": listed(weapons or world.register(2)),
    }
    return Write("PUT", f"/issues/{new_id()}", body, world["keeper"].headers)


def return_(client: httpx.Client, world: World, weapons: list[Expected] | None = None) -> Write:
    """Take weapons back into Alpha's store."""
    if weapons is None:
        weapons = world.register(2)
        done(client, issue(client, world, weapons))
        weapons = later(weapons)
    body = {"store": str(world.store_alpha), "weapons": listed(weapons)}
    return Write("PUT", f"/returns/{new_id()}", body, world["keeper"].headers)


def print_book(_client: httpx.Client, world: World, pages: int = 3) -> Write:
    """Print a blank booklet for Alpha's store."""
    return Write(
        "PUT", f"/paper-books/{new_id()}", {"store": str(world.store_alpha), "pages": pages}, world["keeper"].headers
    )


def void_line(client: httpx.Client, world: World) -> Write:
    """Declare the first line of a booklet void."""
    book = done(client, print_book(client, world)).path
    body = {"id": str(new_id()), "lines": [{"page": 1, "line": 1}], "reason": "Ligne mal écrite"}
    return Write("POST", f"{book}/void-lines", body, world["keeper"].headers)


def issue_from_paper(client: httpx.Client, world: World) -> Write:
    """Enter an issue from the second line of a booklet, with rounds beside the weapons."""
    book = done(client, print_book(client, world)).path.rsplit("/", 1)[1]
    sent = issue(client, world)
    more = {
        "occurred_at": "2026-01-02T05:00:00Z",
        "paper": {"book": book, "page": 1, "line": 2},
        "declared": [{"kind": "rounds", "calibre": "7,62x39", "quantity": 90}],
    }
    return Write(sent.method, sent.path, {**sent.body, **more}, sent.headers)


def order(client: httpx.Client, world: World, weapons: list[Expected] | None = None) -> Write:
    """Order a transfer from Alpha to Bravo."""
    body = {
        "from_store": str(world.store_alpha),
        "to_store": str(world.store_bravo),
        "due_on": DUE,
        "weapons": listed(weapons or world.register(2)),
    }
    return Write("PUT", f"/transfers/{new_id()}", body, world["orderer"].headers)


def _step(world: World, transfer: Write, name: str, job: str, **body: object) -> Write:
    return Write("POST", f"{transfer.path}/{name}", {"id": str(new_id()), **body}, world[job].headers)


def approve(client: httpx.Client, world: World, transfer: Write | None = None) -> Write:
    """Approve a transfer."""
    return _step(world, transfer or done(client, order(client, world)), "approval", "commander")


def cancel(client: httpx.Client, world: World) -> Write:
    """Cancel a transfer."""
    return _step(world, done(client, order(client, world)), "cancellation", "orderer")


def dispatch(client: httpx.Client, world: World, transfer: Write | None = None) -> Write:
    """Send out all but the last of an approved transfer of two assigned weapons."""
    if transfer is None:
        weapons = world.register(2)
        done(client, assign(client, world, weapons))
        transfer = done(client, order(client, world, weapons))
        done(client, approve(client, world, transfer))
    return _step(
        world, transfer, "dispatch", "keeper", weapons=transfer.body["weapons"][:-1] or transfer.body["weapons"]
    )


def receive(client: httpx.Client, world: World, sent: Write | None = None) -> Write:
    """Take in what was sent, and close."""
    sent = sent or done(client, dispatch(client, world))
    transfer = Write("PUT", sent.path.removesuffix("/dispatch"), {}, {})
    weapons = [{**w, "version": w["version"] + 1} for w in sent.body["weapons"]]
    return _step(world, transfer, "receipt", "keeper_bravo", weapons=weapons, complete=True)


def propose(client: httpx.Client, world: World, weapons: list[Expected] | None = None) -> Write:
    """Propose a destruction."""
    body = {
        "store": str(world.store_alpha),
        "method": "melting",
        "place": "Fonderie d'essai",
        "authority": "Décision d'essai",
        "weapons": listed(weapons or world.register(2)),
    }
    return Write("PUT", f"/disposals/{new_id()}", body, world["orderer"].headers)


def destroy(client: httpx.Client, world: World, weapons: list[Expected] | None = None) -> Write:
    """Carry out a destruction."""
    proposed = done(client, propose(client, world, weapons))
    body = {"id": str(new_id()), "weapons": proposed.body["weapons"]}
    return Write("POST", f"{proposed.path}/approval", body, world["commander"].headers)


def assign(client: httpx.Client, world: World, weapons: list[Expected] | None = None) -> Write:
    """Assign weapons to the soldier."""
    body = {"to": {"person": str(world["soldier"].person_id)}, "weapons": listed(weapons or world.register(2))}
    return Write("PUT", f"/assignments/{new_id()}", body, world["keeper"].headers)


def unassign(client: httpx.Client, world: World) -> Write:
    """End an assignment."""
    assigned = done(client, assign(client, world))
    return Write("PUT", f"/assignments/{new_id()}", {**assigned.body, "to": None}, assigned.headers)


def relieve(client: httpx.Client, world: World) -> Write:
    """Relieve the soldier of a new post with two weapons."""
    post = UUID(done(client, open_holder(client, world)).path.rsplit("/", 1)[1])
    weapons = world.register(2)
    done(client, issue(client, world, weapons, {"holder": str(post)}))
    body = {
        "holder": str(post),
        "outgoing": str(world["soldier"].person_id),
        "incoming": str(world["armourer"].person_id),
        "weapons": listed(later(weapons)),
    }
    return Write("PUT", f"/reliefs/{new_id()}", body, world["commander"].headers)


def open_holder(client: httpx.Client, world: World) -> Write:
    """Open a post; no two of a unit are called alike."""
    body = {
        "unit": _alpha(world),
        "kind": "post",
        "name": f"Poste d'essai {new_id().hex[-6:]}",
        "answerable": str(world["soldier"].person_id),
    }
    return Write("PUT", f"/holders/{new_id()}", body, world["keeper"].headers)


def rename_holder(client: httpx.Client, world: World) -> Write:
    """Rename a new post."""
    post = done(client, open_holder(client, world)).path
    body = {"id": str(new_id()), "name": f"Poste est {new_id().hex[-6:]}"}
    return Write("POST", f"{post}/renamings", body, world["keeper"].headers)


def close_holder(client: httpx.Client, world: World) -> Write:
    """Close a new post that has nothing."""
    post = done(client, open_holder(client, world)).path
    return Write("POST", f"{post}/closing", {"id": str(new_id())}, world["commander"].headers)


def _alpha(world: World) -> str:
    with world.transaction() as db:
        return str(run(db, "select uuid from unit where id = %(id)s", {"id": world.alpha})[0]["uuid"])


def entitle(_client: httpx.Client, world: World) -> Write:
    """Say what Alpha ought to hold, of a class and of a model."""
    body = {
        "unit": _alpha(world),
        "reference": "TED d'essai n° 12",
        "dated_on": "2026-01-01",
        "from_day": "2026-01-15",
        "lines": [{"class_code": "SA-ASR", "quantity": 120}, {"model": "akm-tula-su", "quantity": 9}],
    }
    return Write("PUT", f"/entitlements/{new_id()}", body, world["accountant"].headers)


def unit_under(parent: str, force: str = "AT") -> dict[str, object]:
    """Return what is said of a new unit under another of the same force."""
    return {
        "parent": parent,
        "force": force,
        "name": "Compagnie d'essai",
        "short_name": "CE",
        "keeps_books": False,
        "started_on": "2026-01-01",
    }


def store_of(unit: str) -> dict[str, object]:
    """Return what is said of a new store of a unit."""
    return {"unit": unit, "name": "Armurerie d'essai", "started_on": "2026-01-01"}


def enter_unit(_client: httpx.Client, world: World) -> Write:
    """Enter a unit under Alpha."""
    return Write("PUT", f"/units/{new_id()}", unit_under(_alpha(world)), world["administrator"].headers)


def open_store(_client: httpx.Client, world: World) -> Write:
    """Open a store of Alpha, kept by the soldier."""
    body = {**store_of(_alpha(world)), "storekeeper": str(world["soldier"].person_id)}
    return Write("PUT", f"/stores/{new_id()}", body, world["administrator"].headers)


def report(client: httpx.Client, world: World, kind: str = "lost", **parts: object) -> Write:
    """Report a loss of two weapons, with words and a number besides; or what else `kind` and `parts` say."""
    if not parts:
        parts = {
            "weapons": listed(world.register(2)),
            "loss_lines": [{"class_code": "SA-ASR", "quantity": 3}],
            "circumstances": "Récit d'essai",
        }
    return Write("PUT", f"/incidents/{new_id()}", {"kind": kind, **parts}, world["keeper"].headers)


def retrieve(client: httpx.Client, world: World) -> Write:
    """Take back a weapon that was written off."""
    decided = done(client, write_off(client, world))
    weapons = [{**w, "version": w["version"] + 1} for w in decided.body["weapons"]]
    return report(client, world, "retrieved", weapons=weapons, store=str(world.store_alpha))


def find(client: httpx.Client, world: World) -> Write:
    """Write down a weapon found."""
    marks = [{"kind": "factory_serial", "raw": f"TEST{random_bytes(5).hex()}"}]
    return report(client, world, "found", store=str(world.store_alpha), marks=marks)


def itemise(client: httpx.Client, world: World) -> Write:
    """Name two weapons of a loss by count."""
    opened = report(client, world)
    line = opened.send(client).json()["loss_lines"][0]["id"]
    body = {"id": str(new_id()), "loss_line": line, "weapons": listed(world.register(2))}
    return Write("POST", f"{opened.path}/weapons", body, opened.headers)


def _decide(world: World, opened: Write, kind: str, **more: object) -> Write:
    body = {"id": str(new_id()), "kind": kind, "weapons": opened.body["weapons"], **more}
    return Write("POST", f"{opened.path}/outcome", body, world["commander"].headers)


def write_off(client: httpx.Client, world: World) -> Write:
    """Write off two weapons of a case."""
    return _decide(world, done(client, report(client, world)), "written_off")


def put_right(client: httpx.Client, world: World) -> Write:
    """Say that two weapons of a case were never lost."""
    return _decide(world, done(client, report(client, world)), "clerical", reason="Erreur d'essai")


def recover(client: httpx.Client, world: World) -> Write:
    """Take two weapons of a case that were on issue back into the store."""
    weapons = world.register(2)
    done(client, issue(client, world, weapons))
    opened = done(client, report(client, world, weapons=listed(later(weapons))))
    return _decide(world, opened, "recovered", store=str(world.store_alpha))


def prepare_list(client: httpx.Client, world: World, weapons: list[Expected] | None = None, **more: object) -> Write:
    """Prepare a list for the soldier, a weapon a line."""
    to = {"person": str(world["soldier"].person_id)}
    lines = [{"to": to, "weapon": str(w.weapon_id)} for w in weapons or world.register(2)]
    body = {"store": str(world.store_alpha), "title": "Patrouille d'essai", "due_back_at": f"{DUE}T18:00:00Z"}
    return Write("PUT", f"/nominal-lists/{new_id()}", {**body, "lines": lines, **more}, world["keeper"].headers)


def change_list(client: httpx.Client, world: World) -> Write:
    """Strike out a line and add the armourer."""
    prepared = done(client, prepare_list(client, world))
    add = [{"to": {"person": str(world["armourer"].person_id)}, "weapon": str(world.register()[0].weapon_id)}]
    body = {"id": str(new_id()), "version": 1, "remove": [1], "add": add}
    return Write("POST", f"{prepared.path}/changes", body, world["keeper"].headers)


def issue_list(client: httpx.Client, world: World, weapons: list[Expected] | None = None, **more: object) -> Write:
    """Issue both weapons of a list."""
    weapons = weapons or world.register(2)
    prepared = done(client, prepare_list(client, world, weapons))
    body = {"id": str(new_id()), "weapons": listed(weapons), **more}
    return Write("POST", f"{prepared.path}/issue", body, world["keeper"].headers)


def return_list(client: httpx.Client, world: World) -> Write:
    """Take one of two weapons of a list back."""
    weapons = world.register(2)
    issued = done(client, issue_list(client, world, weapons))
    body = {"id": str(new_id()), "weapons": listed(later(weapons[:1]))}
    return Write("POST", issued.path.replace("/issue", "/return"), body, world["keeper"].headers)


def muster(client: httpx.Client, world: World) -> Write:
    """Hold a muster: one weapon seen, one reported by radio, whatever else Alpha's users have not presented."""
    weapons = world.register(3)
    done(client, issue(client, world, weapons))
    seen, told, _ = (str(w.weapon_id) for w in weapons)
    now = clock.now().isoformat()
    report_ = {"weapon": told, "how": "radio", "by": str(world["soldier"].person_id), "at": now}
    body = {
        "unit": _alpha(world),
        "held_at": now,
        "presented": [{"weapon": seen, "how": "scan"}],
        "reported": [report_],
        "rest_not_presented": True,
    }
    return Write("PUT", f"/musters/{new_id()}", body, world["commander"].headers)


def open_workshop(client: httpx.Client, world: World) -> Write:
    """Open a workshop of Alpha."""
    opened = open_holder(client, world)
    more = {"kind": "workshop", "name": "Atelier d'essai", "answerable": str(world["armourer"].person_id)}
    return Write(opened.method, opened.path, {**opened.body, **more}, opened.headers)


def work(
    _client: httpx.Client, world: World, weapons: list[Expected] | None = None, kind: str = "inspection", **more: object
) -> Write:
    """Record work on weapons of Alpha, which leaves them serviceable."""
    body = {"kind": kind, "result": "serviceable", "weapons": listed(weapons or world.register(2)), **more}
    return Write("PUT", f"/maintenance/works/{new_id()}", body, world["armourer"].headers)


def finding(
    _client: httpx.Client,
    world: World,
    weapons: list[Expected] | None = None,
    mark: str | None = "4711",
    **read: object,
) -> Write:
    """Record what was read on a part of weapons of Alpha: a bolt that does not match."""
    said = {"part": "bolt", "outcome": "differs", "mark_read": mark, **read}
    body = {"parts": [{**line, **said} for line in listed(weapons or world.register(2))]}
    return Write("PUT", f"/maintenance/findings/{new_id()}", body, world["armourer"].headers)


def plan(_client: httpx.Client, world: World, **line: object) -> Write:
    """Say how often assault rifles of Alpha are inspected."""
    said = line or {"kind": "inspection", "class_code": "SA-ASR", "every_days": 400}
    body = {"unit": _alpha(world), "lines": [said]}
    return Write("PUT", f"/maintenance/plans/{new_id()}", body, world["commander"].headers)


def send_to_workshop(client: httpx.Client, world: World, weapons: list[Expected] | None = None) -> Write:
    """Send weapons of Alpha's store to a new workshop."""
    workshop = done(client, open_workshop(client, world)).path.rsplit("/", 1)[1]
    body = {
        "store": str(world.store_alpha),
        "workshop": workshop,
        "weapons": listed(weapons or world.register(2)),
    }
    return Write("PUT", f"/maintenance/workshop-entries/{new_id()}", body, world["keeper"].headers)


def take_from_workshop(client: httpx.Client, world: World) -> Write:
    """Take weapons back from a workshop."""
    sent = done(client, send_to_workshop(client, world))
    weapons = [{**line, "version": line["version"] + 1} for line in sent.body["weapons"]]
    body = {**sent.body, "weapons": weapons}
    return Write("PUT", f"/maintenance/workshop-exits/{new_id()}", body, sent.headers)


def propose_reform(_client: httpx.Client, world: World, weapons: list[Expected] | None = None) -> Write:
    """Propose weapons of Alpha for reform."""
    body = {"kind": "technical", "reason": "Canon éclaté d'essai", "weapons": listed(weapons or world.register(2))}
    return Write("PUT", f"/maintenance/reforms/{new_id()}", body, world["armourer"].headers)


def decide_reform(client: httpx.Client, world: World) -> Write:
    """Accept one of two weapons proposed, and refuse the other."""
    proposed = done(client, propose_reform(client, world))
    first, second = (line["weapon"] for line in proposed.body["weapons"])
    body = {"id": str(new_id()), "accepted": [first], "refused": [second], "reason": "Avis d'essai"}
    return Write("POST", f"{proposed.path}/decision", body, world["commander"].headers)


# Each with the address it is sent to, as the OpenAPI document names it.
WRITES: dict[str, tuple[str, Callable[[httpx.Client, World], Write]]] = {
    "register": ("PUT /v1/weapons/{weapon_id}", register),
    "entitle": ("PUT /v1/entitlements/{decision_id}", entitle),
    "issue": ("PUT /v1/issues/{issue_id}", issue),
    "return": ("PUT /v1/returns/{return_id}", return_),
    "print_book": ("PUT /v1/paper-books/{book_id}", print_book),
    "void_line": ("POST /v1/paper-books/{book_id}/void-lines", void_line),
    "issue_from_paper": ("PUT /v1/issues/{issue_id}", issue_from_paper),
    "order": ("PUT /v1/transfers/{transfer_id}", order),
    "approve": ("POST /v1/transfers/{transfer_id}/approval", approve),
    "cancel": ("POST /v1/transfers/{transfer_id}/cancellation", cancel),
    "dispatch": ("POST /v1/transfers/{transfer_id}/dispatch", dispatch),
    "receive": ("POST /v1/transfers/{transfer_id}/receipt", receive),
    "propose": ("PUT /v1/disposals/{disposal_id}", propose),
    "destroy": ("POST /v1/disposals/{disposal_id}/approval", destroy),
    "assign": ("PUT /v1/assignments/{assignment_id}", assign),
    "unassign": ("PUT /v1/assignments/{assignment_id}", unassign),
    "relieve": ("PUT /v1/reliefs/{relief_id}", relieve),
    "open_holder": ("PUT /v1/holders/{holder_id}", open_holder),
    "rename_holder": ("POST /v1/holders/{holder_id}/renamings", rename_holder),
    "close_holder": ("POST /v1/holders/{holder_id}/closing", close_holder),
    "prepare_list": ("PUT /v1/nominal-lists/{list_id}", prepare_list),
    "change_list": ("POST /v1/nominal-lists/{list_id}/changes", change_list),
    "issue_list": ("POST /v1/nominal-lists/{list_id}/issue", issue_list),
    "return_list": ("POST /v1/nominal-lists/{list_id}/return", return_list),
    "muster": ("PUT /v1/musters/{muster_id}", muster),
    "open_workshop": ("PUT /v1/holders/{holder_id}", open_workshop),
    "work": ("PUT /v1/maintenance/works/{work_id}", work),
    "finding": ("PUT /v1/maintenance/findings/{finding_id}", finding),
    "plan": ("PUT /v1/maintenance/plans/{request_id}", plan),
    "send_to_workshop": ("PUT /v1/maintenance/workshop-entries/{entry_id}", send_to_workshop),
    "take_from_workshop": ("PUT /v1/maintenance/workshop-exits/{exit_id}", take_from_workshop),
    "propose_reform": ("PUT /v1/maintenance/reforms/{reform_id}", propose_reform),
    "decide_reform": ("POST /v1/maintenance/reforms/{reform_id}/decision", decide_reform),
    "open_store": ("PUT /v1/stores/{store_id}", open_store),
    "report": ("PUT /v1/incidents/{incident_id}", report),
    "retrieve": ("PUT /v1/incidents/{incident_id}", retrieve),
    "find": ("PUT /v1/incidents/{incident_id}", find),
    "itemise": ("POST /v1/incidents/{incident_id}/weapons", itemise),
    "write_off": ("POST /v1/incidents/{incident_id}/outcome", write_off),
    "put_right": ("POST /v1/incidents/{incident_id}/outcome", put_right),
    "recover": ("POST /v1/incidents/{incident_id}/outcome", recover),
}
