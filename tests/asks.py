"""What is asked of each route in the tests of access: one request, and the ways to make it.

A recipe makes what it needs **there**, in the place asked about, through the real operations and as the staff of that
place, and returns one request that would succeed for whoever may make it. Recipes that mix also need something of
one's **own** unit. The recipes of the single features stand in `recipes.py`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import Engine

import writes
from salw.core.ids import new_id
from salw.core.pages import PAGE_SIZE_MAX, encode_cursor
from salw.custody.rules import Expected
from world import Member, World

UUID_TEXT = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Scene:
    """Who asks about which place, and his own unit."""

    client: httpx.Client
    own: World
    there: World
    asker: Member | None
    sequencer: Engine | None = None  # for what is asked of a sealed log

    @property
    def pair(self) -> World:
        """Return a world whose Alpha is the place asked about and whose Bravo is one's own unit.

        Mutations between one's own unit and itself, or a unit of another country, are mutations to the depot.
        """
        if self.own is self.there or self.own.country != self.there.country:
            return self.there
        return paired(self.there, self.own)

    @property
    def pair_back(self) -> World:
        """Return the same the other way round: from one's own unit to the place asked about."""
        if self.own is self.there or self.own.country != self.there.country:
            return self.there
        return paired(self.own, self.there)


def paired(sender: World, receiver: World) -> World:
    """Return a world whose Alpha is the sender and whose Bravo is the receiver, for mutations from one to the other."""
    bravo = {f"{job}_bravo": receiver[job] for job in ("keeper", "commander", "soldier")}
    return replace(sender, bravo=receiver.alpha, store_bravo=receiver.store_alpha, cast={**sender.cast, **bravo})


@dataclass(frozen=True)
class Ask:
    """One request.

    `theirs` are the words that name the thing asked about, each with one that nothing ever bore: so asked, the request
    must be answered the same to whoever may not know of the thing. `shows` is what only who is let in may be told.
    `headers` are the recipe's own where the asker's session must not be used.
    """

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    theirs: Mapping[str, str] = field(default_factory=dict)
    shows: tuple[str, ...] = ()
    headers: Mapping[str, str] | None = None
    content: bytes | None = None  # what is sent as it is, in the place of a body

    def send(self, client: httpx.Client, headers: Mapping[str, str]) -> httpx.Response:
        """Send it, as who has these headers and nobody else: a cookie that an earlier answer set stays out of it."""
        client.cookies.clear()
        kind = {"Content-Type": "application/octet-stream"} if self.content is not None else {}
        return client.request(
            self.method,
            self.path,
            json=self.body,
            content=self.content,
            params=self.params,
            headers={**(self.headers or headers), **kind},
        )

    def of_nothing(self) -> tuple["Ask", Mapping[str, str]]:
        """Return the same request about things that never existed, and the word that stands for each in both.

        Without `theirs` every identifier of the request is replaced.
        """
        text = f"{self.path} {self.body} {self.params}"
        never = dict(self.theirs) or {found: str(new_id()) for found in UUID_TEXT.findall(text)}
        words = {}
        for place, (known, unknown) in enumerate(never.items()):
            words[known] = words[unknown] = f"<{place}>"
        asked = replace(
            self, path=_swap(self.path, never), body=_swap(self.body, never), params=_swap(self.params, never)
        )
        return asked, words


def _swap(value: Any, words: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for known, unknown in words.items():
            value = value.replace(known, unknown)
        return value
    if isinstance(value, Mapping):
        return {key: _swap(part, words) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_swap(part, words) for part in value]
    return value


Recipe = Callable[[Scene], Ask]


def asked(write: writes.Write, **more: Any) -> Ask:
    """Return a prepared write as a request of whoever asks."""
    return Ask(write.method, write.path, write.body, **more)


def of(write: Callable[[httpx.Client, World], writes.Write]) -> Recipe:
    """Return a write of `tests/writes.py` in the place asked about."""
    return lambda scene: asked(write(scene.client, scene.there))


def never(*ids: object) -> dict[str, str]:
    """Return identifiers with others in their place that nothing ever bore."""
    return {str(known): str(new_id()) for known in ids}


def plain(method: str, path: str, body: Mapping[str, Any] | None = None) -> Recipe:
    """Return a request that names nothing of anybody's."""
    return lambda _: Ask(method, path, body)


def listing(path: str, thing: Callable[[Scene], object]) -> Recipe:
    """Return a list that holds a thing of the place for who may see it, from just before that thing."""

    def recipe(scene: Scene) -> Ask:
        found = UUID(str(thing(scene)))
        before = encode_cursor(UUID(int=found.int - 1))
        return Ask("GET", path, params={"limit": PAGE_SIZE_MAX, "cursor": before}, shows=(str(found),))

    return recipe


def reading(path: str, thing: Callable[[Scene], object], **params: str) -> Recipe:
    """Return a thing of the place read by its id, which stands in the path as `{}`."""

    def recipe(scene: Scene) -> Ask:
        return Ask("GET", path.format(thing(scene)), params=params)

    return recipe


def searching(path: str, parameter: str, word: Callable[[Scene], tuple[str, str, object]]) -> Recipe:
    """Return a list narrowed by a word: `word` makes the word, one that nothing bears, and the id it finds."""

    def recipe(scene: Scene) -> Ask:
        known, unknown, found = word(scene)
        return Ask("GET", path, params={parameter: known}, theirs={known: unknown}, shows=(str(found),))

    return recipe


def listed(found: Expected) -> Mapping[str, Any]:
    """Say that the weapons of a body are this one alone."""
    return {"weapons": writes.listed([found])}


def mixed(
    write: Callable[..., writes.Write], thing: Callable[[Scene], object], change: Callable[[Any], Mapping[str, Any]]
) -> Recipe:
    """Return a write of one's own unit in whose body one thing is of the place: `change` says where it stands.

    `thing` makes it and returns its id (a weapon at its version, for a list of weapons).
    """

    def recipe(scene: Scene) -> Ask:
        found = thing(scene)
        own = write(scene.client, scene.own)
        name = found.weapon_id if isinstance(found, Expected) else found
        return Ask(own.method, own.path, {**own.body, **change(found)}, theirs=never(name))

    return recipe


def used_id(write: Callable[[httpx.Client, World], writes.Write]) -> Recipe:
    """Return a write in the place under an id that another one there bears already."""

    def recipe(scene: Scene) -> Ask:
        used = writes.done(scene.client, write(scene.client, scene.there)).path
        return replace(asked(write(scene.client, scene.there)), path=used)

    return recipe
