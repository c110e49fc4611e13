"""The oracle: proof bundles, and the page that checks them."""

from collections.abc import Callable

import recipes
from asks import Ask, Recipe, Scene, plain
from oracle.table import ANYWHERE, AUTHORITIES, STOCKTAKE, STORE, WEAPON, Line
from salw.access.rules import Role

# What a recipe makes is recorded and not yet sealed: who is let in is told that, and nobody else.
_NOT_YET = dict.fromkeys((*AUTHORITIES, Role.AUDITOR), "bundle.not_sealed")


def _of(subject: str, thing: Callable[[Scene], object]) -> Recipe:
    def recipe(scene: Scene) -> Ask:
        return Ask("GET", "/ledger/bundles", params={subject: str(thing(scene))})

    return recipe


LINES: tuple[Line, ...] = (
    *(
        Line("GET /v1/ledger/bundles", "ledger:bundle", _of(subject, thing), outside, about=about, inside=_NOT_YET)
        for subject, thing, outside, about in (
            ("weapon", recipes.weapon, WEAPON, "of a weapon"),
            ("store", lambda scene: scene.there.register() and scene.there.store_alpha, STORE, "of a store"),
            ("stocktake", recipes.closed_check, STOCKTAKE, "of a check"),
        )
    ),
    Line("GET /v1/ledger/verifier.html", "session:own", plain("GET", "/ledger/verifier.html"), ANYWHERE),
)
