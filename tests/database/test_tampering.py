"""Whoever holds the database can change any row; what he changed is found and named."""

import json
import random
import secrets
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import psycopg
import pytest

from attesting import make_signer
from cluster import Run, drop
from flipping import ALL, COVERED, KINDS, count, covered, flip, known
from program import bare_environment
from salw.core.db import run as execute
from salw.core.embedded import Cluster
from salw.ledger import merkle
from salw.ledger.checkpoints import Checkpoint, Request
from salw.ledger.notes import Algorithm, Note
from salw.ledger.policy import NONE, Policy, Witness
from salw.ledger.reopening import get_halted_head, reopen
from salw.ledger.trees import LogId, compute
from salw.ledger.witness_rules import CONFLICT, INCONSISTENT, Seen, judge_growth, judge_signature
from salw.proofs.verification.trust import Source, Trust
from salw.proofs.verification.words import sentence
from sealing import checkpoints, cosign, make_keys, make_sealer, seal_now
from starter import run_program
from tampering import BF_LOG, TABLES, Register, make_register
from tampering_cases import ALTERING, LAST, TAMPERING
from verifying import codes


@pytest.fixture(scope="module")
def register(
    run: Run, cluster: Cluster, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Register]:
    made = run.copy(cluster, f"salw_{worker_id}_tampering")
    built = make_register(made, tmp_path_factory.mktemp("tampering"))
    yield built
    for engine in built.engines.values():
        engine.dispose()
    drop(cluster, made)


def test_an_untouched_register_is_whole(register: Register) -> None:
    done = register.verify()
    assert (done.count, done.breaks) == (0, [])
    assert done.queued == 2
    assert done.events > 270
    assert done.logs[0].checkpoints == 4


@pytest.mark.parametrize("name", TAMPERING)
def test_tampering_is_found_and_named(register: Register, name: str) -> None:
    statements, due = TAMPERING[name]
    with register.put_back():
        register.as_superuser(*statements)
        done = register.verify()
    found = {one.code for one in done.breaks}
    assert set(due) <= found, [(b.code, b.idx, dict(b.details)) for b in done.breaks[:6]]
    assert done.breaks[0].code in due, [(b.code, b.idx, dict(b.details)) for b in done.breaks[:6]]
    for language in ("fr", "en"):
        for one in done.breaks:
            said = sentence(one, language, done.numbers)
            assert "{" not in said, said


@pytest.mark.parametrize("name", ALTERING)
def test_a_schema_that_was_altered_hides_nothing(register: Register, name: str) -> None:
    statements, undoing, due = ALTERING[name]
    kept = register.one("select pg_get_functiondef('values_not_committed_to()'::regprocedure)")
    try:
        with register.put_back():
            register.as_superuser(*statements)
            register.engines["salw_auditor"].dispose()  # what is set for a role holds for new connections
            done = register.verify()
    finally:
        register.as_superuser(*undoing, kept)
        register.engines["salw_auditor"].dispose()
    assert set(due) <= set(codes(done)), [(b.code, dict(b.details)) for b in done.breaks[:6]]
    assert done.breaks[0].code in due


def test_what_was_put_back_is_whole_again(register: Register) -> None:
    assert register.verify().count == 0


# A sealed issue gets a paper of another day, with everything that tells of it made to match.
ISSUES = "(select event_id from movement where country = 'BF' and kind = 'issue')"
REWRITTEN = (
    "update document set dated_on = '2026-01-01' where country = 'BF' "
    "and id in (select document_id from movement where country = 'BF' and kind = 'issue')",
    "update event set canonical = convert_to(regexp_replace(convert_from(canonical, 'UTF8'), "
    '\'"dated_on":"[^"]*"\', \'"dated_on":"2026-01-01"\'), \'UTF8\') '
    f"where country = 'BF' and id in {ISSUES}",
    r"update event set leaf_hash = sha256('\x00'::bytea || canonical) where country = 'BF'",
    "update leaf l set leaf_hash = e.leaf_hash from event e where (e.country, e.id) = (l.country, l.event_id)",
)
# The last movement that was sealed, as if it had never been.
CUT = (
    "delete from event_queue where country = 'BF'",
    "create temp table gone on commit drop as select event_id from leaf where country = 'BF' order by idx desc limit 1",
    "delete from leaf where event_id in (select event_id from gone)",
    "delete from event e where country = 'BF' and not exists (select from leaf l where l.event_id = e.id)",
    "delete from movement m where country = 'BF' and not exists (select from event e where e.id = m.event_id)",
    "delete from passage p where country = 'BF' and not exists (select from movement m where "
    "m.weapon_id = p.weapon_id)",
    "delete from custody c where country = 'BF' and not exists (select from movement m where "
    "m.weapon_id = c.weapon_id)",
    "delete from weapon w where country = 'BF' and not exists (select from movement m where m.weapon_id = w.id)",
)


@pytest.mark.parametrize(("change", "code"), [(REWRITTEN, "verify.not_as_given"), (CUT, "verify.behind_given")])
def test_a_history_made_to_match_with_the_real_key_shows_to_whoever_kept_a_checkpoint(
    register: Register, change: tuple[str, ...], code: str
) -> None:
    with register.put_back():
        kept = register.on_paper()
        register.as_superuser(*change)
        register.rebuild()
        assert codes(register.verify()) == [], "within the database everything agrees again"
        done = register.verify(given=(kept,))
        assert codes(done) == [code]
        assert done.breaks[0].details["size"] == kept.checkpoint.size
        seen = Seen(kept.checkpoint.size, kept.checkpoint.root)
        now = register.on_paper()
        status = CONFLICT
        if code == "verify.not_as_given":
            # It grows on, with the honest proof of a dishonest tree.
            register.world.register(1)
            register.seal()
            now, status = register.on_paper(), INCONSISTENT
        path = ()
        if now.checkpoint.size > seen.size:
            with register.engines["salw_sequencer"].begin() as db:
                grown = partial(merkle.prove_consistency, old=seen.size, size=now.checkpoint.size)
                path = tuple(compute(db, LogId("BF", 1), grown))
        asked = Request(min(seen.size, now.checkpoint.size), path, now.note, now.checkpoint)
        assert judge_signature(asked, [s.verifier for s in register.sealer.signers_of("BF")]) is None
        answer = judge_growth(asked, seen)
        assert answer is not None, "no witness that saw the true one signs it"
        assert answer.status == status


def test_a_checkpoint_by_another_key_is_not_believed(register: Register, tmp_path: Path) -> None:
    with register.put_back():
        other = tmp_path / "other"
        other.mkdir()
        (forger,) = make_keys(other, ["BF"])["BF"]
        newest = checkpoints(register.engines["salw_sequencer"], register.sealer)[-1]
        told = Checkpoint(newest.origin, newest.size, newest.root)
        note = Note(told.text, (forger.sign(told.text, register.sealer.now()),))
        register.as_superuser(
            "update checkpoint set note = %(note)s where country = 'BF' and size = %(size)s",
            note=str(note),
            size=told.size,
        )
        assert codes(register.verify()) == ["verify.checkpoint_not_signed"]
        register.as_superuser(
            "insert into log_key (country, log_id, key) values ('BF', 1, %(key)s)", key=forger.verifier.text
        )
        by_database = register.verify()
        assert codes(by_database) == [], "whoever holds the database can also put a key into it"
        assert by_database.logs[0].source is Source.DATABASE
        mine = Trust(keys=tuple(s.verifier for s in register.sealer.signers_of("BF")))
        done = register.verify(trust=mine)
        assert codes(done) == ["verify.checkpoint_not_signed"]
        assert done.logs[0].source is Source.GIVEN


def test_a_log_that_was_never_sealed_is_verified_without_seals(register: Register) -> None:
    with register.put_back():
        register.as_superuser(
            "delete from tile where country = 'BF'",
            "delete from checkpoint where country = 'BF'",
            "update log set origin = null where country = 'BF'",
        )
        done = register.verify()
        assert codes(done) == []
        assert done.logs[0].sealed is None


def cut_behind_what_was_published(register: Register) -> None:
    """Take the last movement away and seal what is left, with the published checkpoint as it was."""
    path = register.sealer.published.path_of(BF_LOG)
    published = path.read_bytes()
    register.as_superuser(*CUT)
    register.rebuild()
    path.write_bytes(published)


def test_a_loss_that_a_new_log_tells_of_is_said_and_is_no_break(register: Register, tmp_path: Path) -> None:
    with register.put_back():
        cut_behind_what_was_published(register)
        register.seal()
        assert codes(register.verify()) == ["verify.behind_published"]
        with register.engines["salw_sequencer"].begin() as db:
            head = get_halted_head(db, "BF")
            reopen(db, head=head, published=register.sealer.published, order="Ordre 7", now=register.sealer.now())
        later = make_keys(tmp_path, ["BF"], name="registre.example/bf/2027")
        register.world.register(3)
        seal_now(register.engines["salw_sequencer"], make_sealer(register.folder, later))
        done = register.verify()
        assert codes(done) == []
        assert [(log.origin, log.lost) for log in done.logs] == [(BF_LOG, 1), ("registre.example/bf/2027", None)]
        assert done.logs[1].sealed is not None

        signer, told = register.sealer.signers_of("BF")[0], Checkpoint(BF_LOG, done.logs[0].size + 9, bytes(32))
        more = Note(told.text, (signer.sign(told.text, register.sealer.now()),))
        register.sealer.published.write(BF_LOG, more)
        assert codes(register.verify()) == ["verify.lost_more_than_told"]


@pytest.mark.parametrize("sealed", ["no event", "an event, unsealed"])
def test_a_log_that_says_nothing_of_the_cut_before_it_hides_none(register: Register, sealed: str) -> None:
    with register.put_back():
        cut_behind_what_was_published(register)
        if sealed == "no event":
            register.as_superuser(
                "insert into log (country, id, origin, first_idx) "
                "select country, 2, null, max(idx) + 1 from leaf where country = 'BF' group by country"
            )
        else:
            register.seal()
            with register.engines["salw_sequencer"].begin() as db:
                head = get_halted_head(db, "BF")
                reopen(db, head=head, published=register.sealer.published, order="Ordre 7", now=register.sealer.now())
        assert codes(register.verify()) == ["verify.log_without_reopening"]


@pytest.fixture
def attested(register: Register, tmp_path: Path) -> Iterator[tuple[Trust, Checkpoint]]:
    """Give the newest checkpoint, which a witness that is known signed, and who verifies believes."""
    mali = make_signer(tmp_path, "temoin.mali/1", Algorithm.COSIGNATURE)
    with register.put_back():
        head = checkpoints(register.engines["salw_sequencer"], register.sealer)[-1]
        cosign(register.engines["salw_sequencer"], head, [mali])
        yield Trust(policy=Policy((), (Witness("mali", mali.verifier, None),), (), NONE)), head


def test_what_a_witness_signed_is_not_dated_later(register: Register, attested: tuple[Trust, Checkpoint]) -> None:
    trust, head = attested
    keys = Trust(tuple(key for log in register.verify().logs for key in log.keys), trust.policy)
    assert codes(register.verify(trust=keys)) == []
    later = "now() + interval '6 minutes'"
    register.as_superuser(f"update leaf set sequenced_at = {later} where country = 'BF' and idx >= {head.size - 3}")
    assert "verify.dated_after_witnessed" in codes(register.verify(trust=keys))


def test_what_only_a_stranger_signed_is_not_witnessed(
    register: Register, attested: tuple[Trust, Checkpoint], tmp_path: Path
) -> None:
    trust, head = attested
    keys = Trust(tuple(key for log in register.verify().logs for key in log.keys), trust.policy)
    register.as_superuser("delete from cosignature", "delete from witnessed")
    earlier, stranger = checkpoints(register.engines["salw_sequencer"], register.sealer)[-2], "temoin.mali/1"
    cosign(register.engines["salw_sequencer"], earlier, [make_signer(tmp_path, stranger, Algorithm.COSIGNATURE)])
    assert codes(register.verify()) == []
    assert codes(register.verify(trust=keys)) == ["verify.witnessed_by_nobody_known"]
    # A witness that is known has seen, with what it signs later, that it goes on from there.
    known = make_signer(tmp_path, "temoin.niger/1", Algorithm.COSIGNATURE)
    cosign(register.engines["salw_sequencer"], head, [known])
    more = replace(keys, policy=replace(trust.policy, witnesses=(Witness("niger", known.verifier, None),)))
    assert codes(register.verify(trust=more)) == []


def run_verify(register: Register, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `salw ledger verify` as on the node of the register."""
    environment = {
        **bare_environment(),
        "SALW_AUDITOR_URL": register.urls["salw_auditor"],
        "SALW_DATABASE_URL": register.urls["salw_app"],
        "SALW_DATA_DIR": str(register.folder),
    }
    return run_program("ledger", "verify", *words, environment=environment)


def test_the_program_names_the_break_and_says_whom_it_believed(register: Register, tmp_path: Path) -> None:
    verify = partial(run_verify, register)
    whole = verify()
    assert (whole.returncode, whole.stderr) == (0, "")
    (key,) = (signer.verifier.text for signer in register.sealer.signers_of("BF"))
    assert key in whole.stdout
    assert "faute de --key" in whole.stdout
    assert whole.stdout.endswith("BF\u00a0: aucune rupture\n")
    paper = tmp_path / "papier.txt"
    paper.write_bytes(register.sealer.published.path_of(BF_LOG).read_bytes())
    believed = verify("--country", "bf", "--key", key, "--checkpoint", str(paper), "--json")
    assert believed.returncode == 0, believed.stderr
    told = json.loads(believed.stdout)
    assert (told[0]["whole"], told[0]["logs"][0]["keys_given"], told[0]["breaks"]) == (True, True, [])
    assert told[0]["logs"][0]["published_size"] == told[0]["logs"][0]["size"]
    with register.put_back():
        number = register.one(f"select registry_number from weapon where id = {LAST}")
        register.as_superuser(*TAMPERING["the newest movement is deleted and custody set back"][0])
        broken, every = verify(), verify("--all")
    assert broken.returncode == every.returncode == 1
    assert (broken.stderr, every.stderr) == ("", ""), "what was found is the answer: it goes where the answer goes"
    found, read = broken.stdout.splitlines()[:2]
    assert number in found
    assert found.endswith("[verify.movement_missing]")
    assert read.startswith("BF\u00a0:")
    assert "RUPTURE" in broken.stdout
    assert "--all" not in every.stdout
    assert every.stdout.startswith(found + "\n")
    other = verify("--key", key.replace(BF_LOG, "autre"))
    assert (other.returncode, "[verify.key_malformed]" in other.stderr) == (2, True)
    paper.write_text(paper.read_text("utf-8").replace(BF_LOG, "autre.example/bf"), "utf-8")
    deleted = verify("--checkpoint", str(paper))
    assert (deleted.returncode, "[verify.given_of_no_log]" in deleted.stdout) == (1, True)
    paper.write_text("rien")
    for words, said in (
        (("--checkpoint", str(paper)), "[verify.checkpoint_file]"),
        (("--policy", str(paper)), "ligne inconnue"),
        (("--country", "fr"), "pays inconnu\u00a0: fr\u00a0; attendu\u00a0: BF, ML, NE"),
    ):
        wrong = verify(*words)
        assert (wrong.returncode, wrong.stdout, said in wrong.stderr) == (2, "", True), wrong.stderr
    empty = verify("--country", "ml")
    assert (empty.returncode, "aucun événement n'a jamais été écrit" in empty.stdout) == (2, True)
    stranger = verify("--key", make_keys(tmp_path, ["BF"], name="autre.example/bf")["BF"][0].verifier.text)
    assert (stranger.returncode, "Aucune des clés données n'est de ce journal" in stranger.stdout) == (1, True)


def test_a_halted_log_is_said_to_be_halted(register: Register) -> None:
    with register.put_back():
        register.as_superuser(
            "insert into sealing_halt (country, log_id, code, details) "
            "values ('BF', 1, 'ledger.behind_published', '{}')"
        )
        done = run_verify(register)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Ce journal est arrêté\u00a0: ledger.behind_published" in done.stdout


def test_a_database_that_lost_everything_does_not_come_out_clean(register: Register, tmp_path: Path) -> None:
    paper = tmp_path / "papier.txt"
    paper.write_bytes(register.sealer.published.path_of(BF_LOG).read_bytes())
    with register.put_back():
        register.as_superuser(*(f"delete from {table} where country = 'BF'" for table in TABLES))
        emptied = run_verify(register, "--all", "--checkpoint", str(paper))
        register.sealer.published.path_of(BF_LOG).unlink()
        on_paper = run_verify(register, "--checkpoint", str(paper))
    assert emptied.returncode == on_paper.returncode == 1
    assert "[verify.published_of_no_log]" in emptied.stdout
    assert "[verify.given_of_no_log]" in emptied.stdout
    assert "[verify.given_of_no_log]" in on_paper.stdout


def turn(register: Register, table: str, column: str, draw: random.Random) -> None:
    """Change one value of a column a little, and expect verification to say so."""
    kind = register.one(KINDS, t=table, c=column)
    rows = register.one(count(table, column, kind))
    if not rows:
        return
    values = {"draw": draw.randrange(1 << 16), "bit": draw.randrange(8), "row": draw.randrange(rows)}
    with register.put_back():
        try:
            register.as_superuser(flip(table, column, kind), **values)
        except (psycopg.errors.UniqueViolation, psycopg.errors.CheckViolation):
            return  # not even a superuser could, with the keys in place
        assert register.verify().count, (table, column, values)


def test_any_small_change_of_what_the_trail_covers_is_found(register: Register) -> None:
    seed = secrets.randbits(32)
    draw = random.Random(seed)
    for table, column in draw.sample(covered(), 8):
        turn(register, table, column, draw)


@pytest.mark.soak
def test_every_column_that_the_trail_covers(register: Register) -> None:
    draw = random.Random(1)
    for table, column in covered():
        for _ in range(4):
            turn(register, table, column, draw)


def test_every_column_is_classed_as_covered_or_not(register: Register) -> None:
    with register.superuser.begin() as db:
        for table in COVERED:
            assert {row["c"] for row in execute(db, ALL, {"t": table})} == known(table), table
