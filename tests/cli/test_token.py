"""The program acting by token, in place of an account and its password."""

import hashlib
import secrets
import subprocess
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import Engine

from entrance import as_owner
from program import bare_environment, give_account, salw
from salw.core.ids import new_id
from starter import run_program
from world import World


def token_of(engine: Engine, world: World, job: str, *permissions: str) -> str:
    secret = secrets.token_urlsafe(32)
    as_owner(
        engine,
        "insert into api_token (country, token_hash, id, account_id, name, permissions, created_at, expires_at) "
        "values (%(c)s, %(h)s, %(i)s, %(a)s, 'essai', %(p)s, now(), now() + interval '1 day')",
        c=world.country,
        h=hashlib.sha256(secret.encode()).digest(),
        i=new_id(),
        a=world[job].account_id,
        p=list(permissions),
    )
    return f"{world.country.lower()}.{secret}"


def run_with(urls: Mapping[str, str], token: str, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**bare_environment(), "SALW_DATABASE_URL": urls["salw_app"], "SALW_TOKEN": token}
    return run_program(*words, environment=environment)


def test_a_token_stands_for_account_and_password(
    world: World, urls: Mapping[str, str], owner_engine: Engine, tmp_path: Path
) -> None:
    world.register(1)
    token = token_of(owner_engine, world, "keeper", "label:make")
    words = ("labels", "sheet", "--store", str(world.store_alpha), "--out")
    told = run_with(urls, token, *words, str(tmp_path / "a.pdf"))
    assert told.returncode == 0, told.stderr
    world.register(1)
    file = tmp_path / "token"
    file.write_text(token + "\n", "utf-8")
    told = salw(urls, "--token-file", str(file), *words, str(tmp_path / "b.pdf"))
    assert told.returncode == 0, told.stderr


def test_a_token_does_only_what_it_is_for(
    world: World, urls: Mapping[str, str], owner_engine: Engine, tmp_path: Path
) -> None:
    token = token_of(owner_engine, world, "keeper", "weapon:read")
    words = ("labels", "sheet", "--store", str(world.store_alpha), "--out", str(tmp_path / "a.pdf"))
    told = run_with(urls, token, *words)
    assert (told.returncode, told.stderr.strip().endswith("[access.token_without]")) == (1, True)


def test_what_asks_for_a_fresh_proof_asks_for_the_account_though_a_token_is_there(
    world: World, urls: Mapping[str, str], owner_engine: Engine, tmp_path: Path
) -> None:
    token = token_of(owner_engine, world, "auditor", "report:export", "report:read")
    day = world.founder.today.isoformat()
    words = ("report", "reconciliation", "--store", str(world.store_alpha), "--from", day, "--to", day, "--out")
    told = run_with(urls, token, *words, str(tmp_path / "a.pdf"))
    assert (told.returncode, "SALW_ACCOUNT" in told.stderr) == (2, True)
    file = tmp_path / "token"
    file.write_text(token, "utf-8")
    told = salw(urls, "--token-file", str(file), *words, str(tmp_path / "b.pdf"))
    assert (told.returncode, told.stderr.strip().endswith("[access.not_by_token]")) == (1, True)
    told = salw(urls, *words, str(tmp_path / "c.pdf"), "--account", give_account(world, "auditor"))
    assert told.returncode == 0, told.stderr


def test_an_account_that_must_prove_more_is_told_so_in_a_line(
    world: World, urls: Mapping[str, str], tmp_path: Path
) -> None:
    account = give_account(world, "keeper", demo=False)
    words = ("labels", "sheet", "--store", str(world.store_alpha), "--out", str(tmp_path / "a.pdf"))
    told = salw(urls, *words, "--account", account)
    assert (told.returncode, len(told.stderr.strip().splitlines())) == (1, 1)
    assert told.stderr.strip().endswith("[session.second_factor_required]")
