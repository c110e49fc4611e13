"""`salw witness`: two nodes that no network joins, and the files that a stick carries between them."""

from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from cluster import Run, drop
from nodes import Node, is_sealed
from salw.core.db import make_engine
from salw.core.embedded import Cluster
from salw.ledger.notes import verified
from salw.ledger.witness_rules import read_answer
from starter import run_program
from world import World, build_world


class Pair:
    """Burkina Faso, whose log is attested, and Mali, who attests it; an army that writes at home."""

    def __init__(self, home: Node, away: Node, world: World) -> None:
        self.home, self.away, self.world = home, away, world

    def at_home(self, *words: str) -> CompletedProcess[str]:
        return run_program("witness", *words, environment=self.home.environment)

    def sign(self, asked: Path, answer: Path) -> CompletedProcess[str]:
        return run_program("witness", "sign", str(asked), "--out", str(answer), environment=self.away.environment)

    def write(self, weapons: int) -> None:
        self.world.register(weapons)
        self.world.engine.dispose()
        done = run_program("ledger", "sequence", "--once", environment=self.home.environment)
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[-1].startswith("Événements mis en ordre")
        assert is_sealed(self.home.standing)


@pytest.fixture
def pair(run: Run, cluster: Cluster, worker_id: str, tmp_path: Path) -> Iterator[Pair]:
    databases = [run.copy(cluster, f"salw_{worker_id}_stick_{country}") for country in ("BF", "ML")]
    home, away = (Node.make(db.name[-2:], db, tmp_path / db.name[-2:]) for db in databases)
    home.trust([away], "all", by_network=False)
    away.trust([home], "all", by_network=False)
    engine = make_engine(home.database.urls["salw_app"], pool_size=1)
    yield Pair(home, away, build_world(engine, "BF"))
    engine.dispose()
    for database in databases:
        drop(cluster, database)


def told(done: CompletedProcess[str], code: str) -> str:
    """Return the one line of a refusal, which names its code."""
    (line,) = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (1, "")
    assert line.endswith(f"[{code}]")
    return line


def test_a_log_is_attested_by_stick(pair: Pair, tmp_path: Path) -> None:
    pair.write(3)
    asked, answer = tmp_path / "demande-1", tmp_path / "reponse-1"
    done = pair.at_home("request", "--log", "bf", "--out", str(asked))
    sealed = pair.home.standing.sealed
    assert done.stdout == f"Journal journal.bf/2026\u00a0: demande pour {sealed} événements, depuis 0\n"
    pair.write(2)  # the log goes on while the stick travels
    assert pair.sign(asked, answer).stdout == f"Journal journal.bf/2026, {sealed} événements\u00a0: signé\n"
    note = read_answer(answer.read_bytes()).note
    assert note is not None
    assert len(verified(note, [pair.home.log_key, pair.away.witness_key])) == 2, "a checkpoint as anybody reads it"
    done = pair.at_home("accept", str(answer))
    assert done.stdout.splitlines() == [
        f"Journal journal.bf/2026, {sealed} événements\u00a0: signature du témoin ml conservée",
        "Attesté\u00a0: assez de témoins ont signé",
    ]
    assert (standing := pair.home.standing).witnessed == sealed < standing.sealed
    assert pair.at_home("accept", str(answer)).returncode == 0, "a second time does no harm"

    second, back = tmp_path / "demande-2", tmp_path / "reponse-2"
    pair.at_home("request", "--log", "BF", "--out", str(second))
    assert second.read_text().startswith(f"old {sealed}\n"), "from what the witness has signed"
    assert pair.sign(second, back).returncode == 0
    assert pair.at_home("accept", str(back)).returncode == 0
    assert pair.home.standing.witnessed == standing.sealed


def test_a_refusal_says_what_to_do_on_both_sides(pair: Pair, tmp_path: Path) -> None:
    files = iter(tmp_path / f"fichier-{n}" for n in range(20))
    done = pair.at_home("request", "--log", "BF", "--out", str(next(files)))
    assert "rien de scellé" in told(done, "witness.nothing_sealed")
    pair.write(3)
    sealed = pair.home.standing.sealed
    first, answer = next(files), next(files)
    pair.at_home("request", "--log", "BF", "--out", str(first))
    assert "existe déjà" in told(pair.at_home("request", "--log", "BF", "--out", str(first)), "program.file_exists")
    pair.sign(first, answer)  # and the answer is lost on its way
    pair.write(1)
    again, refused = next(files), next(files)
    pair.at_home("request", "--log", "BF", "--out", str(again))
    told(pair.sign(again, refused), "witness.seen_otherwise")
    assert refused.read_text().splitlines()[1:3] == ["status 409", f"size {sealed}"]
    assert f"--old {sealed}" in told(pair.at_home("accept", str(refused)), "witness.seen_otherwise")
    better, good = next(files), next(files)
    pair.at_home("request", "--log", "BF", "--old", str(sealed), "--out", str(better))
    assert pair.sign(better, good).returncode == 0
    assert pair.at_home("accept", str(good)).returncode == 0

    broken, spoilt = next(files), next(files)
    broken.write_text(better.read_text()[:40])
    told(pair.sign(broken, spoilt), "witness.malformed")
    line = told(pair.at_home("accept", str(spoilt)), "witness.answered_unread")
    assert "Le témoin ml" in line, "whose answer it is"
    assert "salw witness request" in line, "and what to do"
    told(pair.at_home("accept", str(better)), "witness.answer_malformed")
    unknown = pair.at_home("request", "--log", "XX", "--out", str(next(files)))
    assert (unknown.returncode, "[usage.country_unknown]" in unknown.stderr) == (2, True)
    words = ("request", "--log", "BF", "--witness", "ne", "--out", str(next(files)))
    told(pair.at_home(*words), "witness.not_in_policy")


def test_an_answer_can_show_that_an_old_backup_was_restored(pair: Pair, tmp_path: Path) -> None:
    """The stick comes back to a node that has lost the very checkpoint it carries."""
    pair.write(3)
    old = pair.home.standing.sealed
    pair.write(4)
    asked, answer = tmp_path / "demande", tmp_path / "reponse"
    pair.at_home("request", "--log", "BF", "--out", str(asked))
    pair.sign(asked, answer)
    lost = pair.home.standing.sealed
    engine = make_engine(pair.home.database.urls["postgres"], pool_size=1)
    with engine.begin() as db:
        db.exec_driver_sql("set local session_replication_role = replica")
        db.exec_driver_sql(f"delete from checkpoint where size > {old}")
        db.exec_driver_sql(f"delete from leaf where idx >= {old}")
    engine.dispose()
    line = told(pair.at_home("accept", str(answer)), "ledger.behind_witness")
    assert f"a signé {lost} événements" in line
    assert "Restaurer une sauvegarde plus récente" in line
    assert (halt := pair.home.standing.halt) is not None
    assert halt["code"] == "ledger.behind_witness"
