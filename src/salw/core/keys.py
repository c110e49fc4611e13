"""The key that seals second factors at rest: from the settings, or made once beside the embedded database."""

import base64
import contextlib
import os
import tempfile
from pathlib import Path

from salw.core.ids import random_bytes
from salw.core.settings import FACTOR_KEY_BYTES, Settings, SettingsError, check_private, key_bytes

FACTOR_KEY_FILE = "factor_key"


def factor_key(settings: Settings) -> bytes:
    """Return the key of this installation; the embedded one is made at first use, for its owner alone to read.

    Errors: `settings.factor_key_missing` where the database is not ours to keep a key beside, `settings.loose_file`,
    `settings.invalid`.
    """
    if settings.factor_key is not None:
        return key_bytes(settings.factor_key)
    if not settings.embedded:
        raise SettingsError("settings.factor_key_missing", name="SALW_FACTOR_KEY")
    path = settings.cluster_dir / FACTOR_KEY_FILE
    if not path.exists():
        _make(path)
    check_private(path)
    try:
        return key_bytes(path.read_text("ascii").strip())
    except ValueError:
        raise SettingsError("settings.key_damaged", path=path) from None


def _make(path: Path) -> None:
    """Write a new key; the file is whole or absent, and of two processes at once one makes it for both."""
    descriptor, draft = tempfile.mkstemp(prefix="new-key-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(base64.b64encode(random_bytes(FACTOR_KEY_BYTES)).decode() + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        os.unlink(draft)
