"""Two countries on one node: whatever changes in the other, no answer that one can get changes by a byte.

Everything that the oracle asks (`tests/oracle/`) is asked by the cast of A: every route that reads, with the ids of
A and of B, and every write that is kept out. Then B changes: it does all that B may do with the very things that A
asks about, and takes up A's own identifiers, serials, labels and logins for things of its own. Then A asks again.

The clock stands still while A asks, because a printed report says when it was printed.
"""

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import httpx
import pytest
from sqlalchemy import Engine

from asks import Ask, Scene
from cluster import Database
from commission_recipes import publication
from nation import Nation, build_nation, prove_all, somebody
from oracle import LINES
from oracle.table import ABROAD, ANSWERS, EMPTY, FORCE, HOLDERS, OWN, REFUSED, SISTER, Line
from reporting import unit_uuid
from salw.access.rules import NATIONAL_ROLES, PERMISSIONS, Role
from salw.access.tokens.rules import GRANTABLE
from salw.core import clock
from salw.core.db import make_engine
from salw.core.ids import drawing_from, new_id
from salw.ledger.sequencer import drain
from salw_cli.demo_data.source import SeededSource
from world import World
from writes import serving

PUBLICATION = "POST /v1/summaries/{quarter}/publication"
WIDEST = (Role.AUDITOR, Role.UNIT_COMMANDER, Role.COMMISSION_OFFICER)
# The trace tells of what A itself asks meanwhile; it has a test of its own.
TRACE = "GET /v1/access-attempts"
# What a country publishes is all that its neighbours ever see of it.
CROSSES = ("GET /v1/summaries/cross-border", "GET /")
# A report as a file says what its JSON says (`test_reports.py` and `test_registers.py` hold every form against it), and
# is slow to make: it is asked for by who sees the whole country and by who sees nothing, not by everybody once more.
FILES = ".{form}"
# Its newest checkpoint is handed to whoever asks, and says how long its log is. What it says of earlier sizes stays.
HANDED_OUT = "GET /v1/logs/{country}/{number}/checkpoint"

REQUEST_ID = re.compile(rb'(?<="request_id":")[0-9a-f]{32}')
HEADERS_OF_THEIR_OWN = ("date", "x-request-id")
# Whoever asks: by what name, his post and role in the oracle, whether about all places, his headers.
Asker = tuple[str, str, Role | None, bool, Mapping[str, str]]
Asks = Mapping[tuple[str, str], tuple[Line, Ask]]
Answers = dict[str, tuple[int, bytes, tuple[tuple[str, str], ...]]]


@dataclass(frozen=True)
class Node:
    """The service on a database of its own, and the engines beside it."""

    client: httpx.Client
    app: Engine
    sequencer: Engine
    owner: Engine


@pytest.fixture
def node(fresh_database: Database) -> Iterator[Node]:
    names = ("salw_app", "salw_sequencer", "salw_migrator")
    app, sequencer, owner = (make_engine(fresh_database.urls[name]) for name in names)
    with serving(fresh_database.urls) as address, httpx.Client(base_url=address, timeout=60) as client:
        yield Node(client, app, sequencer, owner)
    for engine in (app, sequencer, owner):
        engine.dispose()


def test_nothing_that_changes_in_one_country_changes_an_answer_in_the_other(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The neighbour's identifiers are drawn first in one half of what is asked, A's own in the other.
    neighbour = settle(node, "NE", "the neighbour's own")
    nation = settle(node, "ML", "A's own")
    theirs = asks_of(node, nation, "A's things", neighbour)
    publish(node, nation)
    askers = askers_of(node, nation)
    prove_all(node.owner)
    drain(node.sequencer)

    moment = clock.now()
    before = collect(node, askers, theirs, moment, monkeypatch)
    changed = change(node, neighbour, {key: ask for key, ask in theirs.items() if key[1] == ABROAD})
    twin = settle(node, "NE", "A's own")
    same = asks_of(node, twin, "A's things")
    assert identifiers(twin, same) == identifiers(nation, theirs)
    changed += change(node, twin, same)
    drain(node.sequencer)
    assert changed > 50
    found = differences(before, collect(node, askers, theirs, moment, monkeypatch))
    assert not found, "\n".join(found)

    publish(node, neighbour)
    after = collect(node, askers, theirs, moment, monkeypatch, only="summar")
    crossed = differences({asked: before[asked] for asked in after}, after)
    assert any(line.startswith(CROSSES) for line in crossed)
    assert [line for line in crossed if not line.startswith(CROSSES)] == []


def test_the_numbers_of_one_country_do_not_count_what_the_other_does(node: Node) -> None:
    nation, neighbour = settle(node, "ML", "one"), settle(node, "NE", "two")

    def next_number() -> int:
        """Take a weapon on charge as A, and return its registry number without country and check character."""
        place = nation.places["alpha"]
        path = f"/weapons/{place.register()[0].weapon_id}"
        card = node.client.get(path, headers=place["keeper"].headers).json()
        return int(card["registry_number"].split("-")[1])

    first = next_number()
    neighbour.places["alpha"].register(7)
    assert next_number() == first + 1


def test_what_is_refused_in_one_country_stands_in_no_trace_of_the_other(node: Node) -> None:
    nation, neighbour = settle(node, "ML", "one"), settle(node, "NE", "two")

    def trace(of: Nation) -> bytes:
        return node.client.get("/access-attempts", headers=of.askers["state", Role.AUDITOR].headers).content

    before, theirs = trace(nation), trace(neighbour)
    refused = node.client.get("/weapons", headers=neighbour.askers["unit", None].headers)
    assert refused.status_code == 403
    nobody = node.client.get("/weapons", headers={"Authorization": f"Bearer ne.{'a' * 43}"})
    assert nobody.status_code == 401
    until = time.monotonic() + 10
    while trace(neighbour).count(b'"code"') < 2 and time.monotonic() < until:
        time.sleep(0.02)
    assert trace(neighbour) != theirs
    assert trace(nation) == before


def settle(node: Node, country: str, seed: str) -> Nation:
    """Build a nation whose identifiers depend on the seed alone."""
    with drawing_from(SeededSource(seed)):
        return build_nation(node.app, country)


def asks_of(node: Node, nation: Nation, seed: str, neighbour: Nation | None = None) -> Asks:
    """Make every request of the oracle about every place, with what it needs there."""
    places: dict[str, World] = {
        OWN: nation.places["alpha"],
        SISTER: nation.places["bravo"],
        FORCE: nation.places["charlie"],
    }
    with drawing_from(SeededSource(seed)):
        made = [
            (line, name, line.recipe(Scene(node.client, places[OWN], place, None, node.sequencer)))
            for line in LINES
            for name, place in places.items()
        ]
    if neighbour is not None:
        abroad = neighbour.places["alpha"]
        made += [
            (line, ABROAD, line.recipe(Scene(node.client, places[OWN], abroad, None, node.sequencer))) for line in LINES
        ]
    return {(str(line), name): (line, ask) for line, name, ask in made}


def identifiers(nation: Nation, asks: Asks) -> list[str]:
    """Return what two countries could both have drawn: of units and people, stores, weapons, labels, serials."""
    people = [str(member.person_id) for member in nation.askers.values()]
    things = [
        str(ask.params.get("q") or ask.path)
        for (_, place), (line, ask) in asks.items()
        if place == OWN
        and line.reads
        and not line.about.endswith("number")
        and "batches" not in line.route
        # The address of a log names its country.
        and "logs" not in line.route
    ]
    return [*people, *things, str(asks["POST /v1/scans of a label", OWN][1].body)]


def collect(
    node: Node, askers: list[Asker], asks: Asks, moment: datetime, monkeypatch: pytest.MonkeyPatch, only: str = ""
) -> Answers:
    """Return all that the nation is answered, or what its commissions are: `only` is part of the lines asked."""
    answers: Answers = {}
    with monkeypatch.context() as standing:
        standing.setattr(clock, "now", lambda: moment)
        # When somebody was last seen stands in some answers: let that be now, of everybody.
        for _, _, _, _, headers in askers:
            for path in ("/me", "/models"):
                node.client.get(path, headers=dict(headers))
        for who, post, role, everywhere, headers in askers:
            for (name, place), (line, ask) in asks.items():
                # A double has the role that is lacking.
                if ask.headers and line.expected(post, role, place) == REFUSED:
                    continue
                if only in name and is_asked(line, post, role, place, everywhere=everywhere):
                    answers[f"{name} / {place} / {who}"] = told(ask.send(node.client, headers))
            home = str(node.client.base_url).removesuffix("v1/")
            cookie = f"salw_session={headers['Authorization'].removeprefix('Bearer ')}"
            answers[f"GET / / {who}"] = told(node.client.get(home, headers={"Cookie": cookie}))
    return answers


def askers_of(node: Node, nation: Nation) -> list[Asker]:
    """Return who asks: every role at a unit and the widest at the head of the state, and who reads beyond his posting.

    One is in the middle of two emergency reads, one is a program with a token.
    """
    found: list[Asker] = [
        (f"{role} at the {post}", post, role, post != "unit", asker.headers)
        for (post, role), asker in nation.askers.items()
        if post == "unit" or (post == "state" and role in WIDEST)
    ]
    alpha = nation.places["alpha"]
    reader = somebody(alpha, Role.AUDITOR)
    for place in ("bravo", "charlie"):
        unit = unit_uuid(alpha, nation.places[place].alpha)
        body = {"unit": unit, "reason": "Arme trouvée au poste de contrôle", "hours": 2}
        answer = node.client.put(f"/emergency-reads/{new_id()}", json=body, headers=reader.headers)
        assert answer.status_code == 200, answer.text
    found.append(("an auditor in emergency reads", "unit", Role.AUDITOR, True, reader.headers))
    owner = nation.askers["state", Role.AUDITOR]
    held = sorted(p.value for p in PERMISSIONS[Role.AUDITOR] & GRANTABLE)
    body = {"name": "Programme d'essai", "permissions": held, "days": 1}
    answer = node.client.put(f"/tokens/{new_id()}", json=body, headers=owner.headers)
    assert answer.status_code == 200, answer.text
    program = {"Authorization": f"Bearer {answer.json()['token']}"}
    # What it reads of other places is what its owner reads of them.
    return [*found, ("a program of an auditor", "state", Role.AUDITOR, False, program)]


def is_asked(line: Line, post: str, role: Role | None, place: str, *, everywhere: bool) -> bool:
    """Say whether a request is asked: what changes nothing, by who may ask it (and once by who may not).

    About itself and about the other country, and by some about all places of their own. What is counted and then
    waited for (a wrong password, code or key) is asked by nobody here: the service would answer that it is too often.
    """
    expected = line.expected(post, role, place)
    if line.route == TRACE or expected.startswith("401") or not (line.reads or post in line.posts):
        return False
    if line.route == HANDED_OUT and place == ABROAD:
        return False
    if line.route.endswith(FILES) and role is not None and (post, role) != ("state", Role.AUDITOR):
        return False
    if not (line.reads or expected.startswith("4")) or (expected == REFUSED and role is not None):
        return False
    return everywhere or place in (OWN, ABROAD)


def told(answer: httpx.Response) -> tuple[int, bytes, tuple[tuple[str, str], ...]]:
    """Return an answer byte for byte, but for the request's own id and the time of the reply."""
    headers = tuple(sorted((k, v) for k, v in answer.headers.items() if k not in HEADERS_OF_THEIR_OWN))
    return answer.status_code, REQUEST_ID.sub(b"", answer.content), headers


def differences(before: Answers, after: Answers) -> list[str]:
    """Return what is answered differently, with both answers from shortly before they part."""
    assert before.keys() == after.keys()
    found = []
    for asked in before:
        one, other = repr(before[asked]), repr(after[asked])
        if one != other:
            same = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
            parts = max(0, same - 100)
            found.append(f"{asked}: {one[parts : parts + 300]} / {other[parts : parts + 300]}")
    return found


def change(node: Node, nation: Nation, asks: Asks) -> int:
    """Let the units of a nation do all that the requests ask for, each by who may; return how much was done."""
    done = 0
    for (name, place), (line, ask) in asks.items():
        if line.reads or line.mixes or line.route == PUBLICATION or place not in (OWN, ABROAD):
            continue
        # What was made to be asked abroad by a double is asked by a double of A.
        if place == ABROAD and ask.headers:
            continue
        for role in sorted(HOLDERS.get(line.permission or "", ())):
            post = "state" if role in NATIONAL_ROLES else line.posts[0]
            answer = ask.send(node.client, nation.askers[post, role].headers)
            expected = line.expected(post, role, OWN)
            assert (answer.status_code < 300) == (expected in (ANSWERS, EMPTY)), (name, place, answer.text)
            done += 1
            break
    return done


def publish(node: Node, nation: Nation) -> None:
    """Publish the running quarter of a nation, of which a force shows itself to its commission."""
    place = nation.places["alpha"]
    answer = publication(Scene(node.client, place, place, None)).send(
        node.client, nation.askers["state", Role.COMMISSION_OFFICER].headers
    )
    assert answer.status_code == 200, answer.text
