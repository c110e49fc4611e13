"""The supervisor behind `make run`: database, schema, demo, sequencer and web server, and the end of all.

Exit status: 0 ended by a person, 1 a process ended by itself, 2 a setting or a taken port,
3 no database, 4 schema or demo failed.
"""

import ctypes
import errno
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from types import FrameType

from salw.core.embedded import Cluster
from salw.core.engine import EmbeddedError, explain_os
from salw.core.language import translate
from salw.core.roles import drop_database
from salw.core.settings import Settings, SettingsError, clone_root, load_settings
from salw.core.urls import role_url
from salw.ledger.keyring import LogKeys
from salw_cli.certificate import check_certificate
from salw_cli.starting import DATABASE, UNFINISHED, check_demo_accounts

EXIT_ENDED, EXIT_CHILD, EXIT_SETTING, EXIT_DATABASE, EXIT_PREPARATION = range(5)
DEMO = ("demo", "--weapons", "6000", "--seed", "1", "--if-empty")
SERVICES = (("ledger", "sequence"), ("serve",))  # ended in the other order: first who writes, then who seals
GRACE_SECONDS = 10
DATABASE_CHECK_SECONDS = 2
PR_SET_PDEATHSIG = 1


class RunError(Exception):
    """The service cannot go on; the text is one line. Codes: `run.*`."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


class Supervisor:
    """Starts what the service consists of, watches it, and ends all that it started."""

    def __init__(self, settings: Settings, say: Callable[..., None]) -> None:
        self.settings = settings
        self.say = say
        self.cluster = Cluster(settings.cluster_dir) if settings.embedded else None
        self.children: list[tuple[str, subprocess.Popen[bytes]]] = []
        self.stopping = False

    def run(self) -> int:
        """Do everything until a person or a failure ends it, and return the exit status."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        try:
            if self.cluster is not None:
                self.say("run.starting_database")
                self.cluster.start()
                self._forget_half_a_demo(self.cluster)
            self.say("run.preparing")
            for step in (("db", "upgrade"), DEMO):
                if not self.stopping:
                    self._prepare(step)
            if not self.stopping:
                check_demo_accounts(self.settings, self._app_url())
                for service in SERVICES:
                    self._start(service)
                self._watch()
        finally:
            self._end()
        return EXIT_ENDED

    def _app_url(self) -> str:
        # Not `role_url`: by it this process would hold a second share of the embedded database it is to stop.
        cluster = self.cluster
        return role_url(self.settings, "salw_app") if cluster is None else cluster.url("salw_app", DATABASE)

    def _forget_half_a_demo(self, cluster: Cluster) -> None:
        """Begin again where the demonstration was cut short: half of one looks whole, and cannot be completed."""
        unfinished = self.settings.files_dir / UNFINISHED
        if unfinished.exists():
            self.say("run.demo_again")
            drop_database(cluster.url("postgres", "postgres"), DATABASE)
            unfinished.unlink()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def _start(self, arguments: tuple[str, ...]) -> subprocess.Popen[bytes]:
        """Start `salw ARGUMENTS` in its own session: Ctrl-C reaches only us, and we end all in order."""
        child = subprocess.Popen(  # noqa: S603 - our own program, no shell
            [sys.executable, "-m", "salw_cli.main", *arguments],
            cwd=clone_root(),
            env={**os.environ, "SALW_PORT": str(self.settings.port), "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        self.children.append((" ".join(arguments), child))
        return child

    def _prepare(self, arguments: tuple[str, ...]) -> None:
        child = self._start(arguments)
        while child.poll() is None and not self.stopping:
            time.sleep(0.05)
        if not self.stopping:
            self.children.pop()
            if child.returncode:
                step = " ".join(takewhile(lambda word: not word.startswith("--"), arguments))
                raise self._error("run.step_failed", EXIT_PREPARATION, step=step, status=child.returncode)

    def _watch(self) -> None:
        """Wait for the end; say once that the service answers; bring a database that died back."""
        announced = False
        check_at = time.monotonic() + DATABASE_CHECK_SECONDS
        while not self.stopping:
            if self.cluster is not None:
                self.cluster.check_there()  # before its services end for want of it, and before it is started anew
            for step, child in self.children:
                if child.poll() is not None and not self.stopping:
                    raise self._error("run.child_ended", EXIT_CHILD, step=step, status=child.returncode)
            if not announced and _answers(self.settings):
                announced = True
                self.say("run.ready", address=address_of(self.settings))
            if self.cluster is not None and time.monotonic() > check_at:
                check_at = time.monotonic() + DATABASE_CHECK_SECONDS
                if not self.cluster.is_running():
                    self.cluster.start()
                    self.say("run.database_restarted")
            time.sleep(0.1)

    def _end(self) -> None:
        """End the children in order, then the database; only what we started, by its id."""
        if self.stopping:
            self.say("run.stopping")
        for _, child in reversed(self.children):
            if child.poll() is None:
                child.terminate()
            try:
                child.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        if self.cluster is not None:
            self.cluster.stop()
        if self.cluster is not None and self.stopping:
            self.say("run.stopped", path=self.cluster.home)

    def _error(self, code: str, exit_status: int, /, **details: object) -> RunError:
        return RunError(f"{translate(code, self.settings.language, **details)} [{code}]", exit_status)


def check_port(settings: Settings) -> None:
    """Refuse a port that another program holds, before anything is started.

    Errors: `run.port_taken`; `settings.invalid` for an address that is not this machine's, or a port kept for root.
    """
    host, port = settings.host, settings.port
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
            # As the web server does: a port that an ended program used a moment ago is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except (OSError, UnicodeError) as error:
        number = error.errno if isinstance(error, OSError) else None
        if number == errno.EACCES:
            raise SettingsError("settings.invalid", name="SALW_PORT", reason="settings.reason.forbidden") from None
        if number != errno.EADDRINUSE:
            reason = "settings.reason.address"
            raise SettingsError("settings.invalid", name="SALW_HOST", reason=reason, host=host) from None
        text = translate("run.port_taken", settings.language, host=host, port=port, other=port % 60000 + 1001)
        raise RunError(f"{text} [run.port_taken]", EXIT_SETTING) from None


@contextmanager
def only_one(settings: Settings) -> Iterator[None]:
    """Hold this clone's right to run: two supervisors would number the ledger twice."""
    folder = settings.files_dir
    new = not folder.exists()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if new and os.geteuid() == 0:
        folder.chmod(0o711)  # the account that runs the database passes through to its own folder in here
    path = folder / "run.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            text = translate("run.already_running", settings.language, pid=file.read().strip())
            raise RunError(f"{text} [run.already_running]", EXIT_SETTING) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def address_of(settings: Settings) -> str:
    """Return the address to type into a browser."""
    scheme = "https" if settings.tls_cert else "http"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{scheme}://{host}:{settings.port}"


def run(port: int | None = None) -> int:
    """Run the whole service on `port` (the setting's, if None) and return the exit status of the program."""
    path = Path("?")
    try:
        settings = load_settings() if port is None else load_settings(port=port)
        path = settings.files_dir
        with only_one(settings):
            check_port(settings)
            check_certificate(settings)
            LogKeys(settings)  # a file that others may read is refused here too, in a line and before all else
            return Supervisor(settings, _say_in(settings)).run()
    except RunError as error:
        print(error, file=sys.stderr)
        return error.status
    except SettingsError as error:
        print(error, file=sys.stderr)
        return EXIT_SETTING
    except EmbeddedError as error:
        print(error, file=sys.stderr)
        return EXIT_DATABASE
    except OSError as error:
        print(explain_os(error, path), file=sys.stderr)
        return EXIT_DATABASE


def _say_in(settings: Settings) -> Callable[..., None]:
    def say(code: str, **details: object) -> None:
        print(translate(code, settings.language, **details), flush=True)

    return say


def _answers(settings: Settings) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - compared, not bound
    try:
        with socket.create_connection((host, settings.port), timeout=1):
            return True
    except OSError:
        return False


def _die_with_parent() -> None:
    """Ask the kernel to end this child when the supervisor is killed outright (Linux only).

    By Ctrl-C, which unlike SIGTERM lets every child leave the database on its way out: the last one stops it.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)


if __name__ == "__main__":
    sys.exit(run())
