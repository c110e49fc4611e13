"""Files that commands write, and what a person reads when the system says no."""

import os
from collections.abc import Mapping
from errno import EACCES, ENOENT, ENOSPC
from pathlib import Path

import pytest

from program import salw
from salw.core.errors import Unacceptable
from salw_cli.files import refuse_existing, told, write_new


def test_a_file_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "registre.csv"
    path.write_bytes(b"le mien")
    for write in (refuse_existing, lambda p: write_new(p, b"x")):
        with pytest.raises(Unacceptable, match=r"program\.file_exists"):
            write(path)
    assert path.read_bytes() == b"le mien"
    (tmp_path / "lien").symlink_to("nulle-part")
    with pytest.raises(Unacceptable, match=r"program\.file_exists"):
        refuse_existing(tmp_path / "lien")


def test_a_full_disk_leaves_no_half_of_a_file_and_is_told_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fdopen

    def full(descriptor: int, mode: str) -> object:
        real(descriptor, mode).close()
        raise OSError(ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fdopen", full)
    with pytest.raises(OSError, match="No space") as caught:
        write_new(tmp_path / "etat.pdf", b"x")
    assert not (tmp_path / "etat.pdf").exists()
    assert "etat.pdf" in told(caught.value)
    assert told(caught.value).endswith("[program.disk_full]")


@pytest.mark.parametrize(
    ("number", "code"), [(ENOENT, "file_missing"), (EACCES, "file_forbidden"), (9999, "file_error")]
)
def test_what_the_system_says_is_told_in_french_with_a_code_of_ours(number: int, code: str) -> None:
    line = told(OSError(number, "Some English words", "r.csv"))
    assert "English" not in line
    assert "r.csv" in line
    assert line.endswith(f"[program.{code}]")


def test_a_missing_password_file_is_told_in_a_line(urls: Mapping[str, str]) -> None:
    answer = salw(urls, "summary", "cross-border", "--account", "a@bf", "--password-file", "absent")
    assert (answer.returncode, answer.stderr.strip().count("\n")) == (2, 0)
    assert answer.stderr.strip().endswith("absent [program.file_missing]")
