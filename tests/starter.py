"""Starts the program in a process that has imported it already: importing it anew takes longer than most tests.

Its words, environment, folder, exit code and what it reads and writes are those of a process of its own.
"""

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Mapping
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory

from salw_cli.commands import COMMANDS

_context = multiprocessing.get_context("forkserver")
_modules = ["main", "refusals", *{module for module, *_ in COMMANDS.values()}]
_context.set_forkserver_preload([f"salw_cli.{module}" for module in _modules])
_PATIENCE_S = 120


def run_program(
    *words: str, environment: Mapping[str, str], cwd: Path | None = None, typed: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run `salw WORDS` to its end, with nothing but this environment and with `typed` as what it reads."""
    with TemporaryDirectory() as kept:
        folder = Path(kept)
        process = start_program(*words, environment=environment, folder=folder, cwd=cwd, typed=typed)
        process.join(_PATIENCE_S)
        if process.exitcode is None:
            process.kill()
            process.join()
        status = process.exitcode
        process.close()
        told = [folder.joinpath(name).read_text("utf-8") for name in ("stdout", "stderr")]
    assert status is not None
    return subprocess.CompletedProcess(words, status, *told)


def start_program(
    *words: str, environment: Mapping[str, str], folder: Path, cwd: Path | None = None, typed: str = ""
) -> BaseProcess:
    """Start `salw WORDS`; what it reads and writes are the files `stdin`, `stdout` and `stderr` of `folder`."""
    folder.joinpath("stdin").write_text(typed, "utf-8")
    process = _context.Process(target=_be_the_program, args=(words, dict(environment), cwd or Path.cwd(), folder))
    process.start()
    return process


def _be_the_program(words: tuple[str, ...], environment: Mapping[str, str], cwd: Path, folder: Path) -> None:
    os.setsid()  # no terminal of the person who runs the tests
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        file = folder.joinpath(name).open(mode, encoding="utf-8")
        os.dup2(file.fileno(), number)
        setattr(sys, name, file)
    sys.argv = ["salw", *words]
    # Not at the top: the tests themselves need not import the program.
    from hashing import hash_cheaply
    from salw_cli.main import main

    hash_cheaply()
    main()
