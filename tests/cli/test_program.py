"""What the program says when it cannot work, in a line that tells what to do."""

from collections.abc import Mapping

import pytest
from sqlalchemy.engine import make_url

from program import salw


def on_database(name: str, urls: Mapping[str, str]) -> dict[str, str]:
    return {role: make_url(url).set(database=name).render_as_string(hide_password=False) for role, url in urls.items()}


@pytest.mark.parametrize("command", [("db", "check"), ("demo",), ("summary", "cross-border", "--account", "a@bf")])
def test_a_database_that_does_not_exist_is_told_in_a_line(urls: Mapping[str, str], command: tuple[str, ...]) -> None:
    told = salw(on_database("nowhere", urls), *command)
    assert told.returncode == 3
    assert "nowhere" in told.stderr
    assert told.stderr.strip().endswith("salw db upgrade [program.database_not_ready]")
    assert len(told.stderr.strip().splitlines()) == 1


def test_a_database_without_our_schema_is_told_in_a_line(urls: Mapping[str, str]) -> None:
    told = salw(on_database("postgres", urls), "summary", "cross-border", "--account", "a@bf")
    assert (told.returncode, len(told.stderr.strip().splitlines())) == (3, 1)
    assert "[program.database_not_ready]" in told.stderr
