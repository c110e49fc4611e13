"""Texts with their places filled: words for people where programs have codes."""

from datetime import date

import pytest

from salw.core.language import LANGUAGES, Language, catalogue, translate
from salw.custody.transfer_rules import TransferStatus


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fr", "La mutation est close\u00a0; cet acte demande qu'elle soit\u00a0: approuvée, expédiée ou ordonnée"),
        ("en", "The transfer is closed; this step needs one that is: approved, dispatched or ordered"),
    ],
)
def test_a_code_is_written_in_words_and_several_as_a_choice(language: Language, said: str) -> None:
    allowed = ["approved", TransferStatus.DISPATCHED, "ordered"]
    assert translate("transfer.wrong_status", language, status="closed", allowed=allowed) == said


def test_one_of_several_is_written_alone() -> None:
    said = translate("transfer.wrong_status", "fr", status="ordered", allowed=("approved",))
    assert said.endswith("qu'elle soit\u00a0: approuvée")


def test_a_code_of_either_family_is_found() -> None:
    said = [translate("incident.part_not_of_kind", "fr", part="store", kind=kind) for kind in ("lost", "clerical")]
    assert said == [
        "«\u00a0magasin\u00a0» n'a pas sa place ici (perte)",
        "«\u00a0magasin\u00a0» n'a pas sa place ici (erreur d'écriture)",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_of_a_family_stand_inside_a_sentence_and_begin_small(language: Language) -> None:
    kinds = {code: text for code, text in catalogue(language).items() if code.startswith("incident.kind.")}
    assert len(kinds) > 10
    assert {code: text for code, text in kinds.items() if not text[0].islower()} == {}
    said = translate("told.weapon.case_opened", language, incident_kind="stolen", holder="Alpha")
    assert ("(vol)" if language == "fr" else "(stolen)") in said


def test_a_code_without_words_is_written_as_it_is() -> None:
    assert "unheard-of" in translate("transfer.wrong_status", "fr", status="unheard-of", allowed=["approved"])


def test_a_text_whose_places_are_not_given_is_returned_with_them() -> None:
    assert "{status:transfer_status}" in translate("transfer.wrong_status", "fr")


def test_a_day_is_written_as_people_write_it() -> None:
    assert "22/11/2026" in translate("document.in_the_future", "fr", dated_on=date(2026, 11, 22))
