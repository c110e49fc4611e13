"""`salw stocktake`, as a person types it."""

import json
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError

from counting import label
from program import give_account, salw
from salw.core.ids import new_id
from salw.stocktakes.schemas import TotalsOut
from salw_cli.usage import line_of_body
from world import World


@pytest.fixture
def accounts(world: World) -> dict[str, str]:
    """Return the log-ins of Alpha's storekeeper and commander, with a password."""
    return {job: give_account(world, job) for job in ("keeper", "commander")}


def test_a_check_from_opening_to_closure(
    urls: Mapping[str, str], world: World, accounts: dict[str, str], tmp_path: Path
) -> None:
    keeper, commander = ("--account", accounts["keeper"]), ("--account", accounts["commander"])
    weapons = world.register(3, serials=["CLI 1", "CLI 2", "CLI 3"])
    (symbol,) = label(world, weapons[:1])
    opened = salw(
        urls, "stocktake", "open", "--store", str(world.store_alpha), "--mission", "OM 7", *commander, "--json"
    )
    assert opened.returncode == 0, opened.stderr
    check = json.loads(opened.stdout)["id"]
    file = tmp_path / "comptage.csv"
    file.write_text(
        "method;text;counted_at;note\n"
        f"scan;{symbol};2024-11-20T08:00:00;\n"
        "typed;cli-2;2024-11-20T08:01:00;\n"
        "typed;jamais vu 9;2024-11-20T08:02:00;\n"
        "unreadable;;2024-11-20T08:03:00+00:00;rouillée, à droite\n",
        encoding="utf-8-sig",
    )
    for repeated in (0, 4):
        counted = salw(urls, "stocktake", "count", check, str(file), *keeper, "--json")
        assert counted.returncode == 0, counted.stderr
        told = json.loads(counted.stdout)
        assert (told["answers"], told["repeated"]) == ({"recorded": 3, "unknown_code": 1}, repeated)
        assert [(item["line"], item["answer"]) for item in told["look_again"]] == [("4", "unknown_code")]
    assert "dont déjà enregistrés : 4" in salw(urls, "stocktake", "count", check, str(file), *keeper).stdout
    assert "Déficit" not in salw(urls, "stocktake", "show", check, *keeper).stdout
    closed = salw(urls, "stocktake", "close", check, *commander)
    assert (closed.returncode, closed.stderr) == (0, "")
    assert "Concordante : 2\nDéficit : arme manquante : 1" in closed.stdout.replace("\u00a0", " ")
    shown = json.loads(salw(urls, "stocktake", "show", check, *keeper, "--json").stdout)
    assert (shown["status"], shown["totals"]["lines"], shown["mission"]) == ("closed", 5, "OM 7")


def test_an_empty_count_is_closed_only_where_the_command_says_so(
    urls: Mapping[str, str], world: World, accounts: dict[str, str]
) -> None:
    commander = ("--account", accounts["commander"])
    world.register()
    opened = salw(urls, "stocktake", "open", "--store", str(world.store_alpha), *commander, "--json")
    check = json.loads(opened.stdout)["id"]
    refused = salw(urls, "stocktake", "close", check, *commander)
    assert (refused.returncode, "[stocktake.nothing_counted]" in refused.stderr) == (1, True)
    assert salw(urls, "stocktake", "close", check, "--nothing-seen", *commander).returncode == 0


def test_a_check_is_discontinued_with_its_reason(
    urls: Mapping[str, str], world: World, accounts: dict[str, str]
) -> None:
    commander = ("--account", accounts["commander"])
    opened = salw(urls, "stocktake", "open", "--store", str(world.store_alpha), *commander, "--json")
    check = json.loads(opened.stdout)["id"]
    ended = salw(urls, "stocktake", "discontinue", check, "--reason", "Ouvert par erreur", *commander)
    assert (ended.returncode, ended.stdout) == (0, "classé sans suite\n")
    assert "classé sans suite (Ouvert par erreur)" in salw(urls, "stocktake", "show", check, *commander).stdout


def test_a_refusal_is_one_line_and_exit_code_1(urls: Mapping[str, str], world: World, accounts: dict[str, str]) -> None:
    again = ("--store", str(world.store_alpha), "--account", accounts["commander"])
    assert salw(urls, "stocktake", "open", *again).returncode == 0
    refused = salw(urls, "stocktake", "open", *again)
    assert (refused.returncode, len(refused.stderr.strip().splitlines())) == (1, 1)
    assert "[stocktake.already_open]" in refused.stderr
    refused = salw(urls, "stocktake", "open", "--store", str(world.store_alpha), "--account", accounts["keeper"])
    assert refused.returncode == 1
    assert refused.stderr.endswith("[access.not_permitted]\n")
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize("text", [" ", "\u200b", "x" * 1_001])
def test_an_option_that_no_body_takes_is_refused_in_the_words_of_http(
    urls: Mapping[str, str], world: World, accounts: dict[str, str], client: httpx.Client, text: str
) -> None:
    commander, store = ("--account", accounts["commander"]), str(world.store_alpha)
    headers = {**world["commander"].headers, "Accept-Language": "fr"}
    check = str(new_id())
    for words, answer in (
        (
            ("open", "--store", store, "--mission", text),
            client.put(
                f"/stocktakes/{check}", headers=headers, json={"store": store, "kind": "count", "mission": text}
            ),
        ),
        (
            ("discontinue", check, "--reason", text),
            client.post(f"/stocktakes/{check}/discontinuation", headers=headers, json={"id": check, "reason": text}),
        ),
    ):
        (error,) = answer.json()["errors"]
        refused = salw(urls, "stocktake", *words, *commander)
        line = f"{words[-2]}\u00a0: {error['message']} [{answer.json()['code']}]\n"
        assert (refused.returncode, refused.stdout, refused.stderr) == (1, "", line)


def test_a_shape_of_our_own_that_is_wrong_is_no_refusal() -> None:
    with pytest.raises(ValidationError) as ours:
        TotalsOut.model_validate({})
    assert line_of_body(ours.value) is None


@pytest.mark.parametrize(
    ("content", "line", "column"),
    [
        ("text,counted_at\nX,2026-01-01\n", 1, "method"),
        ("method,counted_at,serial\n", 1, "serial"),
        ("method,text,counted_at\ntyped,A1,2026-01-01\ntyped,A2,hier\n", 3, "counted_at"),
        ("method,text,counted_at\nguessed,A1,2026-01-01\n", 2, "method"),
    ],
)
def test_a_wrong_file_is_refused_whole_with_line_and_column(
    urls: Mapping[str, str],
    world: World,
    accounts: dict[str, str],
    tmp_path: Path,
    content: str,
    line: int,
    column: str,
) -> None:
    opened = salw(
        urls, "stocktake", "open", "--store", str(world.store_alpha), "--account", accounts["commander"], "--json"
    )
    check = json.loads(opened.stdout)["id"]
    file = tmp_path / "comptage.csv"
    file.write_text(content, "utf-8")
    refused = salw(urls, "stocktake", "count", check, str(file), "--account", accounts["keeper"])
    assert refused.returncode == 1
    assert f"ligne {line} : colonne {column}" in refused.stderr.replace("\u00a0", " ")
