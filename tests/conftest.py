"""What every test may ask for: a real PostgreSQL, and plain words where the machine lacks a tool."""

import ctypes.util
import gc
import os
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import IO, Any

import pytest
import structlog

from cluster import Database, Run, begin_run, drop
from salw.core.embedded import Cluster

pytest_plugins = ["service_fixtures", "hashing"]

# marker: (what to look for, the Debian package that has it)
TOOLS: dict[str, tuple[tuple[str, ...], str]] = {
    "chromium": (("chromium", "chromium-browser", "google-chrome"), "chromium"),
    "poppler": (("pdftoppm",), "poppler-utils"),
    "zbar": ((), "libzbar0"),
}
_run = pytest.StashKey[Run]()
_alive = pytest.StashKey[IO[bytes]]()


def lacking() -> dict[str, str]:
    """Return the markers whose tool this machine lacks, each with the package to install."""
    found = {marker: any(shutil.which(name) for name in names) for marker, (names, _) in TOOLS.items()}
    found["zbar"] = ctypes.util.find_library("zbar") is not None
    return {marker: package for marker, (_, package) in TOOLS.items() if not found[marker]}


def required() -> bool:
    """Return whether a missing tool fails the run instead of leaving tests out."""
    return os.environ.get("SALW_TEST_REQUIRE") == "all"


def install_line(packages: list[str]) -> str:
    """Return the line that installs what is missing on Debian and Ubuntu."""
    return "sudo apt-get install -y " + " ".join(sorted(packages))


def pytest_configure(config: pytest.Config) -> None:
    # No test asks whom an authority vouches for, and to read of all authorities takes each new client 25 ms.
    os.environ.pop("SSL_CERT_FILE", None)
    os.environ["SSL_CERT_DIR"] = os.devnull
    # Where the environment forbids to keep what was compiled, each start of the program compiles all of it once more.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    # Tests break the service on purpose: drawn as structlog does by itself, each traceback takes a second.
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], plain])
    given = getattr(config, "workerinput", None)
    if given is not None:
        config.stash[_run] = Run(Path(given["salw_run"]))
        return
    config.stash[_run], config.stash[_alive] = begin_run()
    # A polite kill must also stop the server: Python would end without running any of this.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell each xdist worker the folder of the run."""
    node.workerinput["salw_run"] = str(node.config.stash[_run].folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    if _alive in config.stash:
        config.stash[_run].end()
        config.stash[_alive].close()


# Files whose fixture takes longer than most of their tests: at the head of the list they go to one worker. (By file, or
# by group, xdist loses tests that bear one name: those of every route do.) One test of two minutes is there too: begun
# late, it would go on alone while the other worker has nothing left.
LONG_SET_UP = {"test_make_run", "test_demo", "test_two_countries"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave long loops to `make soak`, leave out what the machine cannot run, begin with what is set up at length."""
    items.sort(key=lambda item: item.path.stem not in LONG_SET_UP)
    if "soak" not in str(config.getoption("-m")):
        soak = [item for item in items if item.get_closest_marker("soak")]
        if soak:
            config.hook.pytest_deselected(items=soak)
            items[:] = [item for item in items if item not in soak]
    missing = lacking()
    for item in items:
        for marker, package in missing.items():
            if item.get_closest_marker(marker) and not required():
                item.add_marker(pytest.mark.skip(reason=f"needs {package}: {install_line([package])}"))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Let the garbage collector rest meanwhile: nothing of what is made goes away, and it would look at all of it."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_finish() -> None:
    """Let the garbage collector leave alone what lives to the end: half a million objects, 0.3 s each time it looks."""
    gc.collect()
    gc.freeze()


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, package in lacking().items() if required() else ():
        if item.get_closest_marker(marker):
            pytest.fail(f"SALW_TEST_REQUIRE=all, and {package} is missing: {install_line([package])}", False)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Name other people's verifiers that ran, and the groups that were left out, with the line that installs both."""
    missing = lacking()
    cases: Counter[str] = Counter()
    for report in terminalreporter.stats.get("passed", []):
        told = [value for name, value in getattr(report, "user_properties", ()) if name in ("verifier", "checks")]
        for verifier, checks in zip(told[::2], told[1::2], strict=True):
            cases[str(verifier)] += int(checks)
    for verifier, checks in cases.items():
        terminalreporter.write_line(f"ran: {checks} checks of our logs by {verifier}")
    reports = [*terminalreporter.stats.get("skipped", []), *terminalreporter.stats.get("error", [])]
    left_out = {marker: len({r.nodeid for r in reports if marker in getattr(r, "keywords", ())}) for marker in missing}
    for marker, number in left_out.items():
        if number:
            terminalreporter.write_line(f"not run: {number} tests of the group {marker}", yellow=True)
    if any(left_out.values()):
        packages = [missing[marker] for marker, number in left_out.items() if number]
        terminalreporter.write_line(f"to run them: {install_line(packages)}", yellow=True)


@pytest.fixture(scope="session")
def run(pytestconfig: pytest.Config) -> Run:
    """Return the folder and the locks of this test run."""
    return pytestconfig.stash[_run]


@pytest.fixture(scope="session")
def cluster(run: Run) -> Iterator[Cluster]:
    """Return the one PostgreSQL server of the run, shared by all workers; the last to leave stops it."""
    shared = run.cluster()
    yield shared
    shared.stop()


@pytest.fixture(scope="session")
def database(run: Run, cluster: Cluster, worker_id: str) -> Iterator[Database]:
    """Return this worker's own migrated database, made once."""
    made = run.copy(cluster, f"salw_{worker_id}")
    yield made
    drop(cluster, made)


@pytest.fixture(scope="session")
def urls(database: Database) -> Mapping[str, str]:
    """Return the URL of each role in this worker's database."""
    return database.urls


_numbers = count(1)


@pytest.fixture
def fresh_database(run: Run, cluster: Cluster, worker_id: str) -> Iterator[Database]:
    """Return a database that no other test touches, for tests that really commit; dropped afterwards."""
    made = run.copy(cluster, f"salw_{worker_id}_{next(_numbers)}")
    yield made
    drop(cluster, made)


@pytest.fixture(scope="session")
def soak_seconds() -> int:
    """Return how long a soak goes on: `SALW_SOAK_SECONDS`, ten minutes unless told otherwise."""
    return int(os.environ.get("SALW_SOAK_SECONDS", "600"))
