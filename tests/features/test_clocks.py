"""A service whose clock is not the database's shows what there is and records nothing."""

from datetime import timedelta

import httpx
import pytest
from sqlalchemy import Engine

from entrance import code_of
from erasing import order
from salw.core import clock
from salw.core.ids import new_id
from salw.ledger.clocks import watch
from world import World


@pytest.mark.parametrize(("ahead", "refused"), [(200, True), (-2_000, True), (60, False), (-600, False)])
def test_nothing_is_recorded_while_clocks_differ_and_all_is_shown(
    client: httpx.Client, world: World, monkeypatch: pytest.MonkeyPatch, ahead: int, refused: bool
) -> None:
    right = clock.now
    monkeypatch.setattr(clock, "now", lambda: right() + timedelta(seconds=ahead))
    person, keeper = world["soldier"].person_id, world["keeper"].headers
    wanted = new_id()
    answer = order(client, world, person, order_id=wanted)
    if refused:
        assert code_of(answer) == (503, "clocks.refused")
    else:
        assert answer.status_code == 200, answer.text
    assert client.get("/me", headers=keeper).status_code == 200
    monkeypatch.undo()
    again = order(client, world, person, order_id=wanted)
    assert again.status_code == 200, "when clocks agree again, the same call goes through"


def test_the_sequencer_says_that_clocks_differ(sequencer_engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    watch(sequencer_engine, clock.now)
    assert "clocks.differ" not in capsys.readouterr().out
    watch(sequencer_engine, lambda: clock.now() - timedelta(seconds=90))
    told = capsys.readouterr().out
    assert "clocks.differ" in told
    assert "-90" in told
