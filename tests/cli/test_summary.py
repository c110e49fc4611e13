"""What `salw summary cross-border` prints."""

import pytest

from salw.custody.rules import State
from salw.summaries.rules import Cell, Detail, add_up
from salw.summaries.schemas import CountryOut, CrossBorderOut, ForceOut, OmittedForceOut, totals_out
from salw_cli import summary


def test_the_table_says_the_quarter_and_what_is_withheld_in_the_words_of_statistics(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    totals = totals_out(add_up([Cell("AT", "SA-ASR", State.IN_STORE, None, None, None, 0, 0)]))
    summary._print(CrossBorderOut(quarter="2026Q4", countries=[], side_by_side=[], totals=totals))
    told = capsys.readouterr().out
    assert "Armes publiées, 4e trimestre 2026" in told
    assert told.count("masqués (secret statistique)") == 2


def test_what_a_force_does_not_show_its_commission_is_said_under_the_table(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    totals = totals_out(add_up([Cell("AT", "SA-ASR", State.IN_STORE, 20, None, None, 0, 0, marking=False)]))
    army = ForceOut(
        code="AT", name_fr="armée de terre", name_en="army", detail=Detail.EXACT, marking=False, totals=totals
    )
    country = CountryOut(
        code="BF",
        name_fr="Burkina Faso",
        name_en="Burkina Faso",
        published=True,
        release=None,
        forces=[army],
        left_out=[OmittedForceOut(code="PN", name_fr="police nationale", name_en="national police")],
        cells=[],
        totals=totals,
    )
    summary._print(CrossBorderOut(quarter="2026Q4", countries=[country], side_by_side=[], totals=totals))
    told = capsys.readouterr().out
    assert "Burkina Faso, marquage et étiquetage non montrés à la commission : armée de terre" in told
    assert "Burkina Faso, rien n'est montré à la commission, donc rien n'est publié : police nationale" in told
    assert "au moins" not in told
