"""Every route, asked by every role about every place: let in or kept out exactly as the oracle says.

One test a line of `tests/oracle/`, which also says what to do for a new route. Who is kept out must not learn
whether the thing exists: the same request about what never existed gets the same answer, word for word.
"""

import json
import math
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import cycle

import httpx
import pytest
from sqlalchemy import Engine

from asks import Ask, Scene
from nation import Nation, build_nation, prove_all
from oracle import LINES
from oracle.table import (
    ABROAD,
    ANSWERS,
    EMPTY,
    FORCE,
    HOLDERS,
    MENTIONED,
    NO_SESSION,
    OPEN,
    OWN,
    PLACES,
    REFUSED,
    SISTER,
    Line,
)
from salw.access.rules import Permission, Role, roles_with
from salw.main import api_routes, permission_of
from salw_labels import printed_code
from world import Member, World

# What differs between two answers that say the same: the request's id, and numbers that the books give in order.
VOLATILE = re.compile(r'(?<="request_id":")[0-9a-f]{32}|\b[A-Z]{2}-[0-9]{7}-[0-9A-Z]\b|\b[0-9]{6}/[0-9]{4}\b')
HEADERS = ("content-type", "content-language", "www-authenticate", "cache-control", "content-disposition", "allow")
PROVEN_AGAIN_SECONDS = 60  # of the ten minutes that a proof lasts
Said = tuple[int, str, tuple[str | None, ...]]


@dataclass
class Stage:
    """The two nations, the places by their relation to whoever asks, and the requests that wrote nothing."""

    client: httpx.Client
    home: Nation
    places: Mapping[str, World]
    codenames: Mapping[str, str]
    sequencer: Engine
    kept: dict[tuple[str, str], Ask] = field(default_factory=dict)
    proven: float = -math.inf

    def ask(self, line: Line, place: str, asker: Member | None, *, lets_in: bool) -> Ask:
        """Return a request of a line about a place: the same for all who are kept out.

        The first who is let in sends that very request: it succeeds only if those before him changed nothing. What is
        asked by a double of the asker is made anew for each.
        """
        known = (str(line), place)
        ask = self.kept.pop(known, None) if lets_in else self.kept.get(known)
        if ask is None or ask.headers:
            ask = line.recipe(Scene(self.client, self.places[OWN], self.places[place], asker, self.sequencer))
        if not lets_in:
            self.kept[known] = ask
        return ask

    def hidden(self, line: Line, shown_places: frozenset[str]) -> set[str]:
        """Return the words that no answer to who may be told of these places alone may contain, in small letters."""
        out = [place for place in PLACES if place not in shown_places]
        shown = {word for place in out if (str(line), place) in self.kept for word in self.kept[str(line), place].shows}
        return {word.lower() for word in shown | {self.codenames[place] for place in out}}


@pytest.fixture(autouse=True)
def fresh_proofs(stage: Stage, owner_engine: Engine) -> None:
    """Let everybody have proven himself a moment ago, however long the oracle takes."""
    if time.monotonic() > stage.proven + PROVEN_AGAIN_SECONDS:
        prove_all(owner_engine)
        stage.proven = time.monotonic()


@pytest.fixture(scope="module")
def stage(service: str, app_engine: Engine, sequencer_engine: Engine) -> Iterator[Stage]:
    """Build both nations once: the oracle only adds to them."""
    home, abroad = build_nation(app_engine, "BF"), build_nation(app_engine, "ML")
    places = {OWN: home.places["alpha"], SISTER: home.places["bravo"], FORCE: home.places["charlie"]}
    names = {OWN: home.codenames["alpha"], SISTER: home.codenames["bravo"], FORCE: home.codenames["charlie"]}
    with httpx.Client(base_url=service + "/v1", timeout=30) as client:
        yield Stage(
            client,
            home,
            {**places, ABROAD: abroad.places["alpha"]},
            {**names, ABROAD: abroad.codenames["alpha"]},
            sequencer_engine,
        )


def test_every_route_has_a_line_and_every_line_a_route() -> None:
    served = {
        (f"{method} {path}", permission_of(route)) for path, route in api_routes() for method in route.methods or ()
    }
    assert served == {(line.route, line.permission) for line in LINES}
    assert {line.route for line in LINES if line.permission is None} == OPEN.keys()


def test_the_roles_hold_what_the_frozen_table_says() -> None:
    held = {permission.value: set(roles_with(permission)) for permission in Permission}
    assert held == {permission: {role.value for role in roles} for permission, roles in HOLDERS.items()}


@pytest.mark.parametrize("line", LINES, ids=str)
def test_lets_in_and_keeps_out_as_the_oracle_says(line: Line, stage: Stage) -> None:
    wrong: list[str] = []
    refusals = set()
    elsewhere = cycle(line.places[1:] or line.places)
    for (post, role), asker in stage.home.askers.items():
        if post not in line.posts or not worth_asking(line, post, role):
            continue
        nothing: list[Said] = []
        refused = line.expected(post, role, OWN) == REFUSED
        for place in refused_about(line, next(elsewhere)) if refused else line.places:
            expected = line.expected(post, role, place)
            ask = stage.ask(line, place, asker, lets_in=not line.reads and not expected.startswith("4"))
            answer = said(ask.send(stage.client, asker.headers))
            if expected == REFUSED:
                refusals.add(spoken(answer, {}))
            said_wrong = list(complaints(ask, answer, expected))
            if place not in line.in_reach(post, role):
                said_wrong += differences(stage, ask, asker, answer, expected, nothing)
            said_wrong += leaks(stage.hidden(line, line.shown(post, role)), answer)
            for complaint in said_wrong:
                wrong.append(f"{role or 'nobody'} at the {post} about {place}: {complaint}")
    if len(refusals) > 1:
        wrong.append(f"refused in more than one way: {refusals}")
    if line.permission is not None:
        wrong += heard_without_a_session(stage, line)
    assert wrong == []


def worth_asking(line: Line, post: str, role: Role | None) -> bool:
    """Leave out what is the same at every post: a refusal, and what is answered without a session."""
    if line.permission is None:
        return (post, role) == ("unit", None)
    return post == "unit" or line.expected(post, role, OWN) != REFUSED


def heard_without_a_session(stage: Stage, line: Line) -> Iterator[str]:
    """Say what else than that a session is required is answered to the same requests when nobody in particular asks."""
    kept = [stage.kept[str(line), place] for place in PLACES if (str(line), place) in stage.kept]
    asks = kept or [stage.ask(line, OWN, None, lets_in=False)]
    answers = {spoken(said(replace(ask, headers=None).send(stage.client, {})), {}) for ask in asks}
    if len(answers) > 1 or outcome(next(iter(answers))) != NO_SESSION:
        yield f"without a session: {answers}"


def refused_about(line: Line, elsewhere: str) -> tuple[str, ...]:
    """Return where to ask what a role may do nowhere: at home, where it must change nothing, and at one place more.

    Each role has its turn at another place, and all must be refused in the same words. The gate stands before all that
    a route asks for (`test_routes.py`), so it cannot know the place.
    """
    return tuple(dict.fromkeys((OWN, elsewhere)))


def complaints(ask: Ask, answer: Said, expected: str) -> Iterator[str]:
    """Say what of an answer is not as expected."""
    text = answer[1]
    if outcome(answer) != (ANSWERS if expected in (EMPTY, MENTIONED) else expected):
        yield f"expected {expected}, got {outcome(answer)}: {text[:300]}"
    elif expected == ANSWERS and not all(shown in text for shown in ask.shows):
        yield f"does not show {ask.shows}: {text[:300]}"


def differences(
    stage: Stage, ask: Ask, asker: Member, answer: Said, expected: str, nothing: list[Said]
) -> Iterator[str]:
    """Say where an answer about what is out of reach differs from the answer about what never existed.

    `nothing` is what this asker was told of it at the places before: it is asked again where that was something else.
    """
    if expected in (REFUSED, ANSWERS, MENTIONED):
        return
    never, words = ask.of_nothing()
    told = spoken(answer, words)
    if words and told not in nothing:
        nothing.append(spoken(said(never.send(stage.client, asker.headers)), words))
        if told != nothing[-1]:
            yield f"tells what exists: {told} and not {nothing[-1]}"


def leaks(hidden: set[str], answer: Said) -> Iterator[str]:
    """Say which of the hidden words an answer contains."""
    text = answer[1].lower()
    for word in sorted(hidden):
        if word in text:
            yield f"shows {word}: {answer[1][:300]}"


def said(answer: httpx.Response) -> Said:
    """Return what an answer says: status, text, and the headers that depend on what was asked."""
    text = answer.content.decode("latin-1") if answer.content[:2] in (b"PK", b"%P") else answer.text
    return answer.status_code, text, tuple(answer.headers.get(name) for name in HEADERS)


def spoken(answer: Said, words: Mapping[str, str]) -> Said:
    """Return the same with a word of its own for everything that was asked about, and without what is volatile."""
    status, text, headers = answer
    for known, word in words.items():
        # A label is told back as it is printed under its symbol too.
        text = text.replace(known, word).replace(printed_code(known), word)
    return status, VOLATILE.sub("...", text), headers


def outcome(answer: Said) -> str:
    """Return an answer in the words of the oracle."""
    status, text, _ = answer
    if 200 <= status < 300:
        return ANSWERS
    code = str(json.loads(text).get("code"))
    return f"{status} {code}" if status in (401, 403, 404) else code
