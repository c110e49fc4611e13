"""Keys, a folder for published checkpoints, and a sealer, for tests that seal."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine

from cluster import Database
from salw.core import clock
from salw.core.db import make_engine, run
from salw.ledger.checkpoints import Checkpoint, read_checkpoint
from salw.ledger.leading import Chores, Sealer, lead_once
from salw.ledger.notes import Algorithm, read_note, verified
from salw.ledger.published import Published
from salw.ledger.sealing import list_halts, list_heads, seal
from salw.ledger.sequencer import drain
from salw.ledger.signing import Signer, new_private_key, read_log_keys
from salw.ledger.trees import LogId

COUNTRIES = ("BF", "ML", "NE")


def make_keys(
    folder: Path, countries: Sequence[str] = COUNTRIES, *, name: str = "registre.example/{country}/2026"
) -> Mapping[str, Sequence[Signer]]:
    """Write a key file for logs of these countries into `folder` and return its signers."""
    path = folder / "log_keys"
    names = {country: name.format(country=country.lower()) for country in countries}
    lines = [f"{country} {new_private_key(one, Algorithm.ED25519)}\n" for country, one in names.items()]
    path.write_text("".join(lines), "utf-8")
    path.chmod(0o600)
    return read_log_keys(path)


def make_sealer(folder: Path, keys: Mapping[str, Sequence[Signer]] | None = None) -> Sealer:
    """Return a sealer that publishes into `folder`, with keys of its own there unless some are given."""
    known = make_keys(folder) if keys is None else keys
    return Sealer(lambda country: known.get(country, ()), Published(folder / "checkpoints"), clock.now)


def seal_now(sequencer: Engine, sealer: Sealer) -> int:
    """Sequence and seal everything there is, and return how many events were sequenced."""
    return lead_once(sequencer, sealer, Chores())


def checkpoints(sequencer: Engine, sealer: Sealer, country: str = "BF") -> list[Checkpoint]:
    """Return the checkpoints of a country's newest log in order, each with its log's signature verified."""
    with sequencer.begin() as db:
        rows = run(
            db, "select size, root, note from checkpoint where country = %(c)s order by log_id, size", {"c": country}
        )
    keys = [signer.verifier for signer in sealer.signers_of(country)]
    found = []
    for row in rows:
        note = read_note(row["note"].encode())
        assert verified(note, keys)
        checkpoint = read_checkpoint(note.text)
        assert (checkpoint.size, checkpoint.root) == (row["size"], row["root"])
        found.append(checkpoint)
    return found


def seal_log(sequencer: Engine, country: str) -> None:
    """Sequence everything and seal one country's log, with a key of its own for each time: other logs stay as they are.

    The name of the key is that of `make_keys`.
    """
    with TemporaryDirectory() as kept, sequencer.connect() as db:
        folder = Path(kept)
        sealer = make_sealer(folder, make_keys(folder, [country]))
        drain(db)
        while True:
            heads = [head for head in list_heads(db, country) if head.size > head.sealed]
            db.rollback()
            if not heads:
                return
            for head in heads:
                seal(db, head, sealer.signers_of(country), sealer.published, clock.now)


def cosign(sequencer: Engine, head: Checkpoint, witnesses: Sequence[Signer], country: str = "BF") -> None:
    """Keep the signatures of witnesses on a checkpoint of a country's first log, and that they are enough."""
    now = clock.now().replace(microsecond=0)  # a signature tells whole seconds
    with sequencer.begin() as db:
        for witness in witnesses:
            run(
                db,
                "insert into cosignature (country, log_id, size, witness, line, cosigned_at) "
                "values (%(country)s, 1, %(size)s, %(witness)s, %(line)s, %(now)s)",
                {
                    "country": country,
                    "size": head.size,
                    "witness": witness.verifier.text,
                    "line": witness.sign(head.text, now).line,
                    "now": now,
                },
            )
        run(
            db,
            "insert into witnessed (country, log_id, size) values (%(country)s, 1, %(size)s)",
            {"country": country, "size": head.size},
        )


@contextmanager
def engines_of(database: Database, *roles: str) -> Iterator[tuple[Engine, ...]]:
    """Give engines of these roles on a database, and dispose of them at the end."""
    made = tuple(make_engine(database.urls[role]) for role in roles)
    try:
        yield made
    finally:
        for engine in made:
            engine.dispose()


def halts(sequencer: Engine) -> dict[LogId, str]:
    """Return the logs that are halted, each with the code of why."""
    with sequencer.begin() as db:
        return {log: row["code"] for log, row in list_halts(db).items()}
