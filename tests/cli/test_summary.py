"""What `salw summary cross-border` prints."""

import pytest

from salw.custody.rules import State
from salw.summaries.rules import Cell, add_up
from salw.summaries.schemas import CrossBorderOut, totals_out
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
