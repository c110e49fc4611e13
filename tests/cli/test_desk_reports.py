"""`salw report situation`, `issues`, `day`, `journal`, `card`, `inventory`, as a person types them."""

from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import Engine

from program import give_account, salw
from reporting import look, unit_uuid
from salw.ledger.sequencer import drain
from world import World


def test_each_is_written_as_a_file_and_a_refusal_writes_none(
    urls: Mapping[str, str], world: World, sequencer_engine: Engine, tmp_path: Path
) -> None:
    world.register(2)
    drain(sequencer_engine)
    account, day = give_account(world, "auditor"), world.founder.today.isoformat()
    store, period = ("--store", str(world.store_alpha)), ("--from", day, "--to", day)
    for command in (
        ("situation", "--unit", unit_uuid(world, world.alpha), "--alone"),
        ("journal", *store, *period),
        ("card", "--holder", str(world.post_alpha)),
        ("card", "--person", str(world["soldier"].person_id)),
    ):
        out = tmp_path / f"{command[0]}{command[1]}.csv"
        told = salw(urls, "report", *command, "--format", "csv", "--out", str(out), "--account", account)
        assert told.returncode == 0, told.stderr
        assert out.read_bytes().startswith(b"\xef\xbb\xbf")
        assert "SHA-256" in told.stdout
    out = tmp_path / "tome.pdf"
    told = salw(urls, "report", "inventory", *store, "--volume", "2", "--out", str(out), "--account", account)
    assert (told.returncode, "[report.no_such_volume]" in told.stderr, out.exists()) == (1, True, False)
    noted = look(
        world, "select permission, code from access_attempt where record_id = %(id)s", id=world["soldier"].person_id
    )
    assert noted == [{"permission": "report:export", "code": "read.person"}]
