"""One-time codes and recovery codes: enrolled once, accepted once, and never without what was proven before."""

import base64
import hashlib
import re
from datetime import timedelta

import httpx
import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import Engine

from proving import (
    PASSWORD,
    as_owner,
    bearer,
    begin_totp,
    code_of,
    confirm,
    enrol_totp,
    give_password,
    half_session,
    let_proofs_age,
    one_is_let_in,
    refused,
    wrong_code,
)
from salw.access.guard import PROOF_LASTS
from salw.core.ids import new_id
from together import at_once
from world import World

STEP_TWO = "/sessions/current/second-factor"
PROOF = "/sessions/current/proof"


def enrolled(client: httpx.Client, world: World, job: str = "keeper") -> tuple[str, list[str]]:
    """Return the secret and the recovery codes of a member who has enrolled a generator."""
    secret, answer = enrol_totp(client, half_session(world, job))
    codes = answer["recovery_codes"]
    assert isinstance(codes, list)
    return secret, codes


def events(owner_engine: Engine, world: World, job: str = "keeper") -> list[str]:
    """Return the events that a member made about his factors, in order."""
    rows = as_owner(
        owner_engine,
        "select kind, convert_from(canonical, 'UTF8') as told from event where kind ~ '^(factor|recovery)' "
        "and convert_from(canonical, 'UTF8') like %(person)s order by id",
        person=f'%"person":"{world[job].person_id}"%',
    )
    return [str(row["kind"]) for row in rows]


def test_half_a_session_becomes_a_full_one_when_the_first_factor_is_enrolled(
    client: httpx.Client, world: World
) -> None:
    half = half_session(world, "keeper")
    refused(client.get("/stores", headers=half), 401, "session.second_factor_required")
    shown = begin_totp(client, half)
    refused(client.get("/stores", headers=half), 401, "session.second_factor_required")
    answer = confirm(client, half, shown)
    session = answer.json()["session"]
    assert session["token"] in answer.headers["set-cookie"]
    assert client.get("/stores", headers=bearer(session["token"])).status_code == 200
    refused(client.get("/me", headers=half), 401, "session.required")


def test_the_symbol_says_what_an_application_needs(client: httpx.Client, world: World) -> None:
    shown = begin_totp(client, half_session(world, "keeper"))
    label = re.escape(f"salw:keeper-{world['keeper'].account_id}%40bf")
    assert re.fullmatch(rf"otpauth://totp/{label}\?secret={shown['secret']}&issuer=salw", shown["uri"])
    assert shown["qr_svg"].startswith("<svg ")
    assert "script" not in shown["qr_svg"]


def test_a_repeat_before_the_confirmation_shows_the_same_secret(client: httpx.Client, world: World) -> None:
    half, factor = half_session(world, "keeper"), new_id()
    assert begin_totp(client, half, factor) == begin_totp(client, half, factor)


def test_a_generator_begun_and_left_gives_way_to_the_next(client: httpx.Client, world: World) -> None:
    half = half_session(world, "keeper")
    left, taken = begin_totp(client, half), begin_totp(client, half)
    refused(confirm(client, half, left), 404, "factor.not_found")
    assert confirm(client, half, taken).status_code == 200


def test_an_id_of_somebody_else_is_not_taken_over(client: httpx.Client, world: World) -> None:
    shown = begin_totp(client, half_session(world, "keeper"))
    other = half_session(world, "armourer")
    body = {"id": shown["id"], "name": "Téléphone"}
    refused(client.post("/factors/totp", json=body, headers=other), 409, "request.id_reused")
    refused(confirm(client, other, shown), 404, "factor.not_found")


def test_a_wrong_code_confirms_nothing(client: httpx.Client, world: World) -> None:
    half = half_session(world, "keeper")
    shown = begin_totp(client, half)
    body = {"code": wrong_code(shown["secret"])}
    answer = client.post(f"/factors/{shown['id']}/confirmation", json=body, headers=half)
    refused(answer, 401, "session.wrong_proof")
    assert confirm(client, half, shown).status_code == 200


def test_a_confirmed_factor_is_confirmed_once(client: httpx.Client, world: World) -> None:
    half = half_session(world, "keeper")
    shown = begin_totp(client, half)
    full = bearer(confirm(client, half, shown).json()["session"]["token"])
    refused(confirm(client, full, shown, later=0), 409, "factor.confirmed_already")
    body = {"id": shown["id"], "name": "Téléphone"}
    refused(client.post("/factors/totp", json=body, headers=full), 409, "factor.confirmed_already")


def test_who_has_only_the_password_brings_no_factor_of_his_own_beside_the_owners(
    client: httpx.Client, world: World
) -> None:
    enrolled(client, world)
    thief = half_session(world, "keeper")
    body = {"id": str(new_id()), "name": "Téléphone"}
    refused(client.post("/factors/totp", json=body, headers=thief), 401, "session.second_factor_required")
    challenge = client.post("/challenges", json={"purpose": "enrolment"}, headers=thief)
    refused(challenge, 401, "session.second_factor_required")


def test_of_two_first_factors_at_once_one_is_enrolled(client: httpx.Client, world: World) -> None:
    halves = [half_session(world, "keeper") for _ in range(2)]
    first = begin_totp(client, halves[0])
    code = {"code": code_of(first["secret"])}

    def send(half: dict[str, str]) -> int:
        return client.post(f"/factors/{first['id']}/confirmation", json=code, headers=half).status_code

    assert sorted(at_once(*(lambda h=h: send(h) for h in halves))) == [200, 409]


def test_a_code_lets_in_once_and_its_replay_does_not(client: httpx.Client, world: World) -> None:
    secret, _ = enrolled(client, world)
    code = {"code": code_of(secret)}
    answer = client.post(STEP_TWO, json=code, headers=half_session(world, "keeper"))
    assert client.get("/stores", headers=bearer(answer.json()["token"])).status_code == 200
    refused(client.post(STEP_TWO, json=code, headers=half_session(world, "keeper")), 401, "session.wrong_proof")


def test_the_code_of_the_enrolment_does_not_log_in(client: httpx.Client, world: World) -> None:
    half = half_session(world, "keeper")
    shown = begin_totp(client, half)
    code = {"code": code_of(shown["secret"])}
    assert client.post(f"/factors/{shown['id']}/confirmation", json=code, headers=half).status_code == 200
    refused(client.post(STEP_TWO, json=code, headers=half_session(world, "keeper")), 401, "session.wrong_proof")


def test_an_earlier_step_than_the_last_one_is_not_accepted_any_more(client: httpx.Client, world: World) -> None:
    secret, _ = enrolled(client, world)
    late, early = code_of(secret, later=1), code_of(secret)
    assert client.post(STEP_TWO, json={"code": late}, headers=half_session(world, "keeper")).status_code == 200
    answer = client.post(STEP_TWO, json={"code": early}, headers=half_session(world, "keeper"))
    refused(answer, 401, "session.wrong_proof")


@pytest.mark.parametrize("later", [-3, 3])
def test_a_code_beyond_the_window_is_not_accepted(client: httpx.Client, world: World, later: int) -> None:
    secret, _ = enrolled(client, world)
    code = {"code": code_of(secret, later=later)}
    refused(client.post(STEP_TWO, json=code, headers=half_session(world, "keeper")), 401, "session.wrong_proof")


def test_of_one_code_sent_by_many_at_once_one_is_accepted(client: httpx.Client, world: World) -> None:
    secret, _ = enrolled(client, world)
    code = {"code": code_of(secret)}
    halves = [half_session(world, "keeper") for _ in range(4)]
    answers = at_once(*(lambda h=h: client.post(STEP_TWO, json=code, headers=h) for h in halves))
    one_is_let_in(answers)


def test_half_a_session_sent_twice_at_once_opens_one_full_one(client: httpx.Client, world: World) -> None:
    secret, codes = enrolled(client, world)
    half = half_session(world, "keeper")
    proofs: list[dict[str, str]] = [{"code": code_of(secret)}, {"recovery_code": codes[0]}]
    answers = at_once(*(lambda p=p: client.post(STEP_TWO, json=p, headers=half) for p in proofs))
    one_is_let_in(answers)
    refused(client.get("/me", headers=half), 401, "session.required")


def test_somebody_elses_code_opens_nothing(client: httpx.Client, world: World) -> None:
    enrolled(client, world)
    secret, codes = enrolled(client, world, "armourer")
    for proof in ({"code": code_of(secret)}, {"recovery_code": codes[0]}):
        answer = client.post(STEP_TWO, json=proof, headers=half_session(world, "keeper"))
        refused(answer, 401, "session.wrong_proof")


def test_guesses_are_counted_and_wait(client: httpx.Client, world: World) -> None:
    secret, _ = enrolled(client, world)
    guesses = [
        client.post(STEP_TWO, json={"code": wrong_code(secret)}, headers=half_session(world, "keeper"))
        for _ in range(5)
    ]
    assert {g.status_code for g in guesses} == {401}
    answer = client.post(STEP_TWO, json={"code": code_of(secret)}, headers=half_session(world, "keeper"))
    refused(answer, 429, "session.too_many_attempts")


def test_a_right_proof_forgives_the_wrong_ones_before(client: httpx.Client, world: World) -> None:
    secret, codes = enrolled(client, world)
    for recovery in codes[:3]:
        for _ in range(3):
            answer = client.post(STEP_TWO, json={"code": wrong_code(secret)}, headers=half_session(world, "keeper"))
            refused(answer, 401, "session.wrong_proof")
        answer = client.post(STEP_TWO, json={"recovery_code": recovery}, headers=half_session(world, "keeper"))
        assert answer.status_code == 200


def test_the_first_factor_brings_ten_recovery_codes_and_the_next_brings_none(
    client: httpx.Client, world: World
) -> None:
    half = half_session(world, "keeper")
    _, answer = enrol_totp(client, half)
    codes = answer["recovery_codes"]
    assert isinstance(codes, list)
    assert len(set(codes)) == 10
    assert all(re.fullmatch("[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}", code) for code in codes)
    session = answer["session"]
    assert isinstance(session, dict)
    _, again = enrol_totp(client, bearer(session["token"]))
    assert (again["recovery_codes"], again["session"]) == ([], None)


def test_a_recovery_code_serves_once_however_it_is_typed(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    _, codes = enrolled(client, world)
    typed = f" {codes[0].lower().replace('-', ' ').replace('0', 'o').replace('1', 'l')} "
    answer = client.post(STEP_TWO, json={"recovery_code": typed}, headers=half_session(world, "keeper"))
    full = bearer(answer.json()["token"])
    assert client.get("/factors", headers=full).json()["recovery_codes_left"] == 9
    again = client.post(STEP_TWO, json={"recovery_code": codes[0]}, headers=half_session(world, "keeper"))
    refused(again, 401, "session.wrong_proof")
    assert events(owner_engine, world) == ["factor.added", "recovery_codes.made", "recovery_code.used"]


def test_of_one_recovery_code_sent_by_many_at_once_one_is_accepted(client: httpx.Client, world: World) -> None:
    _, codes = enrolled(client, world)
    halves = [half_session(world, "keeper") for _ in range(4)]
    body = {"recovery_code": codes[0]}
    answers = at_once(*(lambda h=h: client.post(STEP_TWO, json=body, headers=h) for h in halves))
    one_is_let_in(answers)


def test_new_recovery_codes_end_the_old_ones(client: httpx.Client, world: World, owner_engine: Engine) -> None:
    _, old = enrolled(client, world)
    full = half_session(world, "keeper", full=True)
    new = client.post("/recovery-codes", headers=full).json()["recovery_codes"]
    assert not set(old) & set(new)
    refused(
        client.post(STEP_TWO, json={"recovery_code": old[0]}, headers=half_session(world, "keeper")),
        401,
        "session.wrong_proof",
    )
    answer = client.post(STEP_TWO, json={"recovery_code": new[0]}, headers=half_session(world, "keeper"))
    assert answer.status_code == 200
    assert events(owner_engine, world)[-2:] == ["recovery_codes.made", "recovery_code.used"]


def test_of_two_papers_made_at_once_one_counts(client: httpx.Client, world: World) -> None:
    enrolled(client, world)
    full = half_session(world, "keeper", full=True)
    papers = at_once(*[lambda: client.post("/recovery-codes", headers=full).json()["recovery_codes"]] * 3)
    assert client.get("/factors", headers=full).json()["recovery_codes_left"] == 10
    kept = [client.post(STEP_TWO, json={"recovery_code": p[0]}, headers=half_session(world, "keeper")) for p in papers]
    assert sorted(answer.status_code for answer in kept) == [200, 401, 401]


def test_the_paper_of_factors_that_were_taken_away_opens_nothing(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    _, codes = enrolled(client, world)
    as_owner(
        owner_engine,
        "update factor set removed_at = now(), sealed_secret = null where account_id = %(account)s",
        account=world["keeper"].account_id,
    )
    answer = client.post(STEP_TWO, json={"recovery_code": codes[0]}, headers=half_session(world, "keeper"))
    refused(answer, 401, "session.wrong_proof")


def test_what_lets_in_changes_only_after_a_fresh_proof(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    enrolled(client, world)
    full = half_session(world, "keeper", full=True)
    (factor,) = client.get("/factors", headers=full).json()["factors"]
    let_proofs_age(owner_engine, world["keeper"], PROOF_LASTS + timedelta(seconds=1))
    totp = {"id": str(new_id()), "name": "Autre téléphone"}
    for answer in (
        client.post("/factors/totp", json=totp, headers=full),
        client.post("/challenges", json={"purpose": "enrolment"}, headers=full),
        client.post("/recovery-codes", headers=full),
        client.delete(f"/factors/{factor['id']}", headers=full),
    ):
        refused(answer, 403, "session.proof_required")


def test_half_a_session_takes_nothing_away(client: httpx.Client, world: World) -> None:
    enrolled(client, world)
    half = half_session(world, "keeper")
    (factor,) = client.get("/factors", headers=half).json()["factors"]
    refused(client.delete(f"/factors/{factor['id']}", headers=half), 401, "session.second_factor_required")
    refused(client.post("/recovery-codes", headers=half), 401, "session.second_factor_required")
    refused(
        client.post(PROOF, json={"password": PASSWORD, "code": "123456"}, headers=half),
        401,
        "session.second_factor_required",
    )


def test_the_last_factor_stays(client: httpx.Client, world: World, owner_engine: Engine) -> None:
    secret, _ = enrolled(client, world)
    full = half_session(world, "keeper", full=True)
    (first,) = client.get("/factors", headers=full).json()["factors"]
    refused(client.delete(f"/factors/{first['id']}", headers=full), 409, "factor.last_one")
    enrol_totp(client, full)
    for _ in range(2):
        assert client.delete(f"/factors/{first['id']}", headers=full).status_code == 204
    (second,) = client.get("/factors", headers=full).json()["factors"]
    refused(client.delete(f"/factors/{second['id']}", headers=full), 409, "factor.last_one")
    refused(
        client.post(STEP_TWO, json={"code": code_of(secret)}, headers=half_session(world, "keeper")),
        401,
        "session.wrong_proof",
    )
    told = ["factor.added", "recovery_codes.made", "factor.added", "factor.removed"]
    assert events(owner_engine, world) == told


def test_of_the_last_two_factors_removed_at_once_one_stays(client: httpx.Client, world: World) -> None:
    enrolled(client, world)
    full = half_session(world, "keeper", full=True)
    enrol_totp(client, full)
    ids = [f["id"] for f in client.get("/factors", headers=full).json()["factors"]]
    answers = at_once(*(lambda i=i: client.delete(f"/factors/{i}", headers=full) for i in ids))
    assert sorted(a.status_code for a in answers) == [204, 409]


def test_a_factor_of_somebody_else_is_not_found(client: httpx.Client, world: World) -> None:
    enrolled(client, world)
    (factor,) = client.get("/factors", headers=half_session(world, "keeper")).json()["factors"]
    other = half_session(world, "armourer", full=True)
    assert client.get("/factors", headers=other).json()["factors"] == []
    refused(client.delete(f"/factors/{factor['id']}", headers=other), 404, "factor.not_found")


def test_there_are_eight_factors_at_most(client: httpx.Client, world: World) -> None:
    enrolled(client, world)
    full = half_session(world, "keeper", full=True)
    for _ in range(7):
        enrol_totp(client, full)
    body = {"id": str(new_id()), "name": "Encore un"}
    refused(client.post("/factors/totp", json=body, headers=full), 409, "factor.too_many")


def test_a_full_session_has_no_second_step(client: httpx.Client, world: World) -> None:
    full = half_session(world, "keeper", full=True)
    refused(client.post(STEP_TWO, json={"code": "123456"}, headers=full), 409, "session.full_already")


def test_the_proof_is_fresh_again_by_password_and_code(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    give_password(world, "keeper")
    secret, codes = enrolled(client, world)
    full = half_session(world, "keeper", full=True)
    let_proofs_age(owner_engine, world["keeper"], timedelta(minutes=20))
    refused(client.post("/recovery-codes", headers=full), 403, "session.proof_required")
    for wrong in (
        {"password": "un autre mot de passe", "code": code_of(secret)},
        {"password": PASSWORD, "code": wrong_code(secret)},
        {"password": PASSWORD, "recovery_code": "AAAA-BBBB-CCCC-DDDD"},
    ):
        refused(client.post(PROOF, json=wrong, headers=full), 401, "session.wrong_proof")
    answer = client.post(PROOF, json={"password": PASSWORD, "code": code_of(secret)}, headers=full)
    assert answer.json()["token"] in answer.headers["set-cookie"]
    fresh = bearer(answer.json()["token"])
    assert client.post("/recovery-codes", headers=fresh).status_code == 200
    refused(client.get("/me", headers=full), 401, "session.required")
    assert codes


@pytest.mark.parametrize("body", [{}, {"password": PASSWORD}, {"code": "123456"}, {"recovery_code": "A"}])
def test_half_a_proof_is_none_and_is_not_counted(client: httpx.Client, world: World, body: dict[str, str]) -> None:
    enrolled(client, world)
    full = half_session(world, "keeper", full=True)
    for _ in range(6):
        refused(client.post(PROOF, json=body, headers=full), 422, "session.proof_incomplete")


def test_an_account_of_the_demonstration_proves_its_password_alone_until_it_has_a_factor(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    give_password(world, "keeper")
    as_owner(owner_engine, "update account set demo = true where id = %(id)s", id=world["keeper"].account_id)
    full = half_session(world, "keeper", full=True)
    refused(client.post(PROOF, json={"password": "faux"}, headers=full), 401, "session.wrong_proof")
    fresh = bearer(client.post(PROOF, json={"password": PASSWORD}, headers=full).json()["token"])
    enrol_totp(client, fresh)
    refused(client.post(PROOF, json={"password": PASSWORD}, headers=fresh), 422, "session.proof_incomplete")
    (factor,) = client.get("/factors", headers=fresh).json()["factors"]
    assert client.delete(f"/factors/{factor['id']}", headers=fresh).status_code == 204


def test_no_secret_stands_in_an_event_or_unsealed_in_a_table(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    secret, codes = enrolled(client, world)
    rows = as_owner(
        owner_engine,
        "select convert_from(canonical, 'UTF8') as told from event where convert_from(canonical, 'UTF8') like %(a)s",
        a=f"%{world['keeper'].account_id}%",
    )
    told = " ".join(str(row["told"]) for row in rows)
    assert "factor.added" in told
    assert not [text for text in (secret, *codes, "Téléphone") if text in told]
    kept = as_owner(
        owner_engine,
        "select f::text as row from factor f where account_id = %(a)s "
        "union all select r::text from recovery_code r where account_id = %(a)s "
        "union all select content::text from answer",
        a=world["keeper"].account_id,
    )
    plain = " ".join(str(row["row"]) for row in kept)
    for text in (secret, base64.b32decode(secret).hex(), *codes, *(c.replace("-", "") for c in codes)):
        assert text not in plain


def test_a_program_keeps_no_factors(client: httpx.Client, world: World, owner_engine: Engine) -> None:
    as_owner(
        owner_engine,
        "insert into api_token (country, token_hash, id, account_id, name, permissions, created_at, expires_at) values "
        "('BF', %(hash)s, %(id)s, %(account)s, 'essai', '{session:own}', now(), now() + interval '1 day')",
        hash=hashlib.sha256(f"secret-{world.alpha}".encode()).digest(),
        id=new_id(),
        account=world["keeper"].account_id,
    )
    program = bearer(f"bf.secret-{world.alpha}")
    assert client.get("/me", headers=program).status_code == 200
    for path, body in (
        ("/factors/totp", {"id": str(new_id()), "name": "Robot"}),
        (f"/factors/{new_id()}/confirmation", {"code": "123456"}),
        ("/challenges", {"purpose": "enrolment"}),
        ("/challenges", {"purpose": "proof"}),
        ("/recovery-codes", None),
        (STEP_TWO, {"code": "123456"}),
        (PROOF, {"password": PASSWORD, "code": "123456"}),
    ):
        refused(client.post(path, json=body, headers=program), 403, "access.not_by_token")
    refused(client.delete(f"/factors/{new_id()}", headers=program), 403, "access.not_by_token")


def test_the_symbol_is_read_by_somebody_elses_decoder(client: httpx.Client, world: World) -> None:
    shown = begin_totp(client, half_session(world, "keeper"))
    size = int(re.findall(r'viewBox="0 0 (\d+) ', shown["qr_svg"])[0])
    picture = Image.new("L", (size, size), 255)
    for x, y in re.findall(r"M(\d+),(\d+)H", shown["qr_svg"]):
        picture.putpixel((int(x), int(y)), 0)
    found = zxingcpp.read_barcode(picture.resize((size * 4, size * 4), Image.Resampling.NEAREST))
    assert found is not None
    assert found.text == shown["uri"]
