"""Every kind of event that the program writes has its words, found in the source itself."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from salw.core.language import LANGUAGES, Language, catalogue, translate
from salw.custody.rules import LOSSES, HolderKind, MovementKind
from salw.incidents.rules import OutcomeKind
from salw.intake.operations.registration import ORIGINS
from salw.registry.photos.rules import PhotoKind
from salw.scanning.alarms.rules import AlarmKind
from salw.scanning.sentences import sentence
from salw.stocktakes.reconciliation import Outcome

SOURCE = Path(__file__).resolve().parents[2] / "src"
KIND = re.compile(r"[a-z_]+\.[a-z_]+")
# What makes an event of a kind that it is told, and what passes such a kind on.
MAKERS = {"make_event", "make_event_of_the_node", "record_moves", "record_document", "tell", "_tell"}
PASSED_ON = {"kind", "event_kind"}
# Kinds that are told with a weapon, with the facts that choose their sentence.
OF_WEAPONS: dict[str, list[dict[str, str]]] = {
    "weapon.registered": [{"origin": origin} for origin in ORIGINS],
    "weapon.issued": [{"purpose": purpose} for purpose in ("task", "permanent")],
    "weapon.returned": [{}],
    "weapon.dispatched": [{}],
    "weapon.received": [{}],
    "weapon.destroyed": [{}],
    "weapon.written_off": [{"sink": sink} for sink in sorted(LOSSES | {HolderKind.DESTROYED})],
    "weapon.recovered": [{}],
    "weapon.case_opened": [{}],
    "weapon.case_closed": [{"outcome_kind": kind} for kind in OutcomeKind],
    "weapon.retrieved": [{}],
    "weapon.assigned": [{}],
    "weapon.unassigned": [{"because": f"{why}:1"} for why in ("assignment", "transfer", "disposal")],
    "weapon.taken_over": [{}],
    "weapon.presented": [{}],
    "weapon.reported": [{}],
    "weapon.not_presented": [{}],
    "weapon.condition_seen": [{"seen_in": "count", "condition": "to_clean"}],
    "weapon.maintained": [{"work_kind": "repair", "condition": "serviceable"}],
    "weapon.part_checked": [
        {"part": "bolt", "part_outcome": outcome, "mark_read": "4711"} for outcome in ("differs", "matches")
    ],
    "weapon.sent_to_workshop": [{}],
    "weapon.back_from_workshop": [{}],
    "weapon.reform_proposed": [{"reform_kind": "technical"}],
    "weapon.reform_decided": [
        {"reform_kind": "technical", "reform_status": status} for status in ("accepted", "refused")
    ],
    "weapon.photographed": [{"photo_kind": kind} for kind in PhotoKind],
    "weapon.photo_hidden": [{}],
    "label.made": [{}],
    "label.voided": [{}],
    "label.attached": [{}],
    "label.cancelled": [{}],
    "label.reprinted": [{}],
    "label.alarm_raised": [{"alarm_kind": kind} for kind in AlarmKind],
    "label.alarm_closed": [{}],
    "stocktake.difference_found": [{"outcome": outcome} for outcome in Outcome],
    "stocktake.found_under_case": [{}],
}


def calls() -> Iterator[tuple[Path, ast.Call]]:
    """Return every call in our source that makes an event."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = getattr(node.func, "id", getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else ""
            if isinstance(node, ast.Call) and name in MAKERS:
                yield path, node


def arguments(call: ast.Call) -> list[ast.expr]:
    """Return what a call is given, without what the facts hold."""
    return [*call.args, *(k.value for k in call.keywords if k.arg not in ("facts", "weapon_id", "document_kind"))]


def kinds_of(call: ast.Call) -> set[str]:
    """Return the kinds of events that a call names, also where it chooses between two."""
    found = [node for argument in arguments(call) for node in ast.walk(argument) if isinstance(node, ast.Constant)]
    return {n.value for n in found if isinstance(n.value, str) and KIND.fullmatch(n.value)}


def written() -> set[str]:
    """Return every kind of event that the program can write."""
    return {kind for _, call in calls() for kind in kinds_of(call)}


def test_every_call_that_makes_an_event_names_its_kind_or_passes_one_on() -> None:
    silent = [
        (path.name, call.lineno)
        for path, call in calls()
        if not kinds_of(call) and not {a.id for a in arguments(call) if isinstance(a, ast.Name)} & PASSED_ON
    ]
    assert silent == []


def test_every_kind_that_the_program_writes_has_its_words() -> None:
    kinds = written()
    assert {"weapon.issued", "access.digest", "transfer.short", "account.disabled"} <= kinds
    assert len(kinds) > 60
    assert [
        (kind, language)
        for kind in sorted(kinds)
        for language in LANGUAGES
        if f"event.{kind}" not in catalogue(language)
    ] == []


def test_every_kind_that_may_be_about_a_weapon_is_listed_here() -> None:
    moved = {k for _, c in calls() if getattr(c.func, "id", "") == "record_moves" for k in kinds_of(c)}
    named = {k for _, c in calls() if any(k.arg == "weapon_id" for k in c.keywords) for k in kinds_of(c)}
    assert moved | named == set(OF_WEAPONS)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", OF_WEAPONS)
def test_every_kind_about_a_weapon_is_told_in_a_sentence_without_a_hole(kind: str, language: Language) -> None:
    words = ("source", "destination", "source_unit", "holder", "person", "store", "check")
    facts = {
        "due_back_at": "2026-11-28T18:00:00.000000Z",
        "held_at": "2026-11-27T06:00:00.000000Z",
        "code": "K7M3",
        "replaced_by": "W111",
        "method": "melting",
        "incident_kind": "stolen",
    }
    for variant in OF_WEAPONS[kind]:
        for phrases in ({w: w.upper() for w in words}, {w: w.upper() for w in (*words, "awaited")}):
            said = sentence(kind, {**facts, **variant}, phrases, ZoneInfo("Africa/Niamey"), language)
            assert said, (kind, variant)
            assert "{" not in said, said
            assert "told." not in said, said


def test_every_movement_has_its_words() -> None:
    codes = [f"movement.{kind}" for kind in MovementKind]
    assert [code for code in codes if translate(code, "fr") == code or translate(code, "en") == code] == []


def test_what_is_due_back_is_said_in_the_time_of_the_country() -> None:
    facts = {"purpose": "task", "due_back_at": "2026-11-28T23:30:00.000000Z"}
    phrases = {"source": "Armurerie", "destination": "SGT ESSAI"}
    told = {
        language: sentence("weapon.issued", facts, phrases, ZoneInfo("Africa/Niamey"), language)
        for language in LANGUAGES
    }
    assert "29/11/2026 à 00\u00a0h\u00a030" in str(told["fr"])
    assert "29 November 2026 at 00:30" in str(told["en"])
