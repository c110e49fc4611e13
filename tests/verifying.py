"""Verifying a test's database as the auditor, and what comes out of it."""

from pathlib import Path

from sqlalchemy import Engine

from salw.ledger.published import Published
from salw.proofs.verification.trust import Outside, Trust
from salw.proofs.verification.verifying import Verification, verify


def verify_now(
    auditor: Engine, folder: Path, *, country: str = "BF", trust: Trust | None = None, given: tuple[Outside, ...] = ()
) -> Verification:
    """Verify a country, with the checkpoints that a sealer published into `folder`."""
    published = Published(folder / "checkpoints")
    return verify(auditor, country, trust=trust or Trust(), published=published, given=given)


def codes(done: Verification) -> list[str]:
    """Return the codes of what was found, in the order of the log."""
    return [found.code for found in done.breaks]
