"""Which keys this installation signs with: the files that the settings name, or made once beside the embedded database.

The log's keys are read by the sequencer's process alone, the witness's by whoever answers as the witness.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from salw.core.errors import Conflict
from salw.core.ids import random_bytes
from salw.core.settings import Settings, SettingsError
from salw.ledger.notes import Algorithm
from salw.ledger.policy import NOBODY, Policy, PolicyError, read_policy
from salw.ledger.signing import Signer, add_line, new_private_key, read_log_keys, read_witness_key, retire_lines

LOG_KEYS_FILE = "log_keys"
WITNESS_KEY_FILE = "witness_key"
PUBLISHED_FOLDER = "checkpoints"


class LogKeys:
    """The keys of this node's logs. A changed file is read again: a rotation needs no restart.

    A file that others may read by now is refused like any other that cannot be used. Errors:
    `settings.log_keys_missing` where the database is not ours to keep keys beside, and what reading raises.
    """

    def __init__(self, settings: Settings) -> None:
        if settings.log_keys is None and not settings.embedded:
            raise SettingsError("settings.log_keys_missing", name="SALW_LOG_KEYS")
        self._makes = settings.log_keys is None
        self.path = settings.log_keys or settings.cluster_dir / LOG_KEYS_FILE
        self._host = urlsplit(settings.own_origin).netloc
        self._read_at: tuple[int, int, int] | None = None
        self._keys: Mapping[str, Sequence[Signer]] = {}
        self._refresh()

    def signers_of(self, country: str) -> Sequence[Signer]:
        """Return the signers of a country's log, none where the file has none."""
        self._refresh()
        return self._keys.get(country, ())

    def make_for(self, country: str, origin: str | None) -> Sequence[Signer]:
        """Make the key of a log that has none yet, where keys are ours to make, and return its signer.

        `origin` is the name that the log has got by being sealed, None where it was not: its key was in the file once,
        and one of another name could never sign it. Raises `settings.log_key_lost`.
        """
        if not self._makes:
            return ()
        if origin is not None:
            raise SettingsError("settings.log_key_lost", path=self.path, country=country, origin=origin)
        name = f"{self._host}/{country.lower()}/{random_bytes(3).hex()}"
        add_line(self.path, f"{country} {new_private_key(name, Algorithm.ED25519)}")
        return self.signers_of(country)

    def renew(self, country: str, before: str) -> None:
        """See to it that a country's log has keys of another name than `before`. Raises `ledger.no_new_key`.

        The embedded installation makes one; elsewhere the operator has put it into the file.
        """
        names = {signer.verifier.name for signer in self.signers_of(country)}
        if names and before not in names:
            return
        if not self._makes:
            raise Conflict("ledger.no_new_key", path=str(self.path), origin=before)
        if names:
            retire_lines(self.path, country)
        self.make_for(country, None)

    def _refresh(self) -> None:
        if self._makes and not self.path.exists():
            self._read_at, self._keys = None, {}
            return
        try:
            status = self.path.stat()
        except OSError as error:
            raise SettingsError("settings.key_file_unreadable", path=self.path) from error
        # The instant of the last change of its state too: what `chmod` does changes neither of the others.
        read_at = (status.st_ctime_ns, status.st_mtime_ns, status.st_size)
        if read_at != self._read_at:
            self._keys, self._read_at = read_log_keys(self.path), read_at


def witness_key(settings: Settings) -> Signer | None:
    """Return the key that this node witnesses others with; None where it witnesses nobody.

    The embedded installation makes one at first use. Errors: what reading raises.
    """
    if settings.witness_key is not None:
        return read_witness_key(settings.witness_key)
    if not settings.embedded:
        return None
    path = settings.cluster_dir / WITNESS_KEY_FILE
    if not path.exists():
        name = f"{urlsplit(settings.own_origin).netloc}/witness/{random_bytes(3).hex()}"
        add_line(path, new_private_key(name, Algorithm.COSIGNATURE))
    return read_witness_key(path)


def log_policy(settings: Settings) -> Policy:
    """Return whom this node believes; nobody where no file is named. Errors: `settings.policy_line`."""
    if settings.log_policy is None:
        return NOBODY
    try:
        return read_policy(settings.log_policy.read_bytes())
    except PolicyError as error:
        raise SettingsError(
            "settings.policy_line", path=settings.log_policy, line=error.line, reason=error.reason
        ) from None
    except OSError as error:
        raise SettingsError("settings.key_file_unreadable", path=settings.log_policy) from error


def published_folder(settings: Settings) -> Path:
    """Return where checkpoints are kept outside the database."""
    return settings.files_dir / PUBLISHED_FOLDER
