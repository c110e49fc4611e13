"""Passkeys and security keys over HTTP, with an authenticator in software: what is refused, and that it is."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from authenticator import Authenticator, b64, unb64
from proving import (
    PASSWORD,
    as_owner,
    bearer,
    code_of,
    enrol_totp,
    give_password,
    half_session,
    let_proofs_age,
    one_is_let_in,
    refused,
)
from salw.access.factors.rules import Party
from salw.core.ids import new_id
from together import at_once
from world import World
from writes import serving

ORIGIN = "http://localhost:8000"  # of a service that was told no other
STEP_TWO = "/sessions/current/second-factor"
PROOF = "/sessions/current/proof"


def challenge(client: httpx.Client, headers: dict[str, str], purpose: str) -> dict[str, Any]:
    """Return a challenge just given."""
    answer = client.post("/challenges", json={"purpose": purpose}, headers=headers)
    assert answer.status_code == 200, answer.text
    given: dict[str, Any] = answer.json()
    return given


def enrol(client: httpx.Client, headers: dict[str, str], key: Authenticator) -> httpx.Response:
    """Enrol a key."""
    given = challenge(client, headers, "enrolment")
    made = key.create(given["options"])
    body = {"id": str(new_id()), "name": "Clé d'essai", "challenge": given["id"], **made}
    return client.post("/factors/webauthn", json=body, headers=headers)


def assertion(client: httpx.Client, headers: dict[str, str], key: Authenticator, purpose: str) -> dict[str, Any]:
    """Return what the key answers to a challenge of this purpose."""
    given = challenge(client, headers, purpose)
    return {"challenge": given["id"], **key.get(given["options"])}


@pytest.fixture
def key(client: httpx.Client, world: World) -> Authenticator:
    """Return the keeper's key, enrolled."""
    made = Authenticator(ORIGIN)
    answer = enrol(client, half_session(world, "keeper"), made)
    assert answer.status_code == 200, answer.text
    return made


def test_a_first_key_makes_the_session_full_and_brings_recovery_codes(client: httpx.Client, world: World) -> None:
    half = half_session(world, "keeper")
    answer = enrol(client, half, Authenticator(ORIGIN)).json()
    assert len(answer["recovery_codes"]) == 10
    assert client.get("/stores", headers=bearer(answer["session"]["token"])).status_code == 200
    refused(client.get("/me", headers=half), 401, "session.required")


def test_what_is_asked_of_a_browser_is_what_was_decided(client: httpx.Client, world: World) -> None:
    given = challenge(client, half_session(world, "keeper"), "enrolment")
    options = given["options"]
    assert options["rp"] == {"id": "localhost", "name": "salw"}
    assert options["attestation"] == "none"
    assert options["authenticatorSelection"]["userVerification"] == "preferred"
    assert unb64(options["user"]["id"]) == world["keeper"].account_id.bytes
    assert len(unb64(options["challenge"])) == 32


def test_a_key_finishes_the_log_in(client: httpx.Client, world: World, key: Authenticator) -> None:
    for _ in range(2):
        half = half_session(world, "keeper")
        body = {"assertion": assertion(client, half, key, "second_factor")}
        session = client.post(STEP_TWO, json=body, headers=half).json()
        assert client.get("/stores", headers=bearer(session["token"])).status_code == 200


def test_the_options_name_ones_own_keys_only(client: httpx.Client, world: World, key: Authenticator) -> None:
    enrol(client, half_session(world, "armourer"), Authenticator(ORIGIN))
    given = challenge(client, half_session(world, "keeper"), "second_factor")
    assert [c["id"] for c in given["options"]["allowCredentials"]] == [b64(key.credential_id)]


def _other_origin(key: Authenticator) -> None:
    key.origin = "http://localhost.example:8000"


def _other_port(key: Authenticator) -> None:
    key.origin = "http://localhost:8001"


def _other_domain(key: Authenticator) -> None:
    key.rp_id = "example"


def _foreign_frame(key: Authenticator) -> None:
    key.cross_origin = True


def _counter_gone_back(key: Authenticator) -> None:
    key.count -= 2


def _other_private_key(key: Authenticator) -> None:
    key.key = Authenticator(ORIGIN).key


@pytest.mark.parametrize(
    "bend",
    [_other_origin, _other_port, _other_domain, _foreign_frame, _counter_gone_back, _other_private_key],
)
def test_a_bent_assertion_is_refused_for_whatever_reason_alike(
    client: httpx.Client, world: World, key: Authenticator, bend: Callable[[Authenticator], None]
) -> None:
    for _ in range(2):
        half = half_session(world, "keeper")
        body = {"assertion": assertion(client, half, key, "second_factor")}
        assert client.post(STEP_TWO, json=body, headers=half).status_code == 200
    bend(key)
    half = half_session(world, "keeper")
    body = {"assertion": assertion(client, half, key, "second_factor")}
    answer = client.post(STEP_TWO, json=body, headers=half)
    refused(answer, 401, "session.wrong_proof")
    assert "details" not in answer.json()


@pytest.mark.parametrize("bend", [_other_origin, _other_port, _other_domain, _foreign_frame])
def test_a_bent_enrolment_is_refused(client: httpx.Client, world: World, bend: Callable[[Authenticator], None]) -> None:
    made, half = Authenticator(ORIGIN), half_session(world, "keeper")
    bend(made)
    refused(enrol(client, half, made), 401, "session.wrong_proof")
    assert client.get("/factors", headers=half).json()["factors"] == []


@pytest.mark.parametrize("field", ["client_data", "attestation"])
@pytest.mark.parametrize("content", [b"{}", b"\xa0", b"[]", b"null", b"\xff" * 40, b"[" * 2_900, b"\x81" * 2_900])
def test_an_enrolment_of_made_up_bytes_is_refused(
    client: httpx.Client, world: World, field: str, content: bytes
) -> None:
    half = half_session(world, "keeper")
    given = challenge(client, half, "enrolment")
    made = {**Authenticator(ORIGIN).create(given["options"]), field: b64(content)}
    body = {"id": str(new_id()), "name": "Clé", "challenge": given["id"], **made}
    refused(client.post("/factors/webauthn", json=body, headers=half), 401, "session.wrong_proof")


def test_a_key_with_a_name_longer_than_the_standard_allows_is_refused(client: httpx.Client, world: World) -> None:
    half = half_session(world, "keeper")
    refused(enrol(client, half, Authenticator(ORIGIN, credential_id=b"n" * 3_000)), 401, "session.wrong_proof")
    assert enrol(
        client, half, Authenticator(ORIGIN, credential_id=b"n" + world["keeper"].account_id.bytes * 63)
    ).is_success


@pytest.mark.parametrize("field", ["client_data", "authenticator_data", "signature", "credential"])
def test_an_assertion_of_made_up_bytes_is_refused(
    client: httpx.Client, world: World, key: Authenticator, field: str
) -> None:
    half = half_session(world, "keeper")
    body = {"assertion": {**assertion(client, half, key, "second_factor"), field: b64(b"\x00" * 41)}}
    refused(client.post(STEP_TWO, json=body, headers=half), 401, "session.wrong_proof")


def test_a_challenge_serves_once(client: httpx.Client, world: World, key: Authenticator) -> None:
    half = half_session(world, "keeper")
    body = {"assertion": assertion(client, half, key, "second_factor")}
    assert client.post(STEP_TWO, json=body, headers=half).status_code == 200
    again = half_session(world, "keeper")
    refused(client.post(STEP_TWO, json=body, headers=again), 401, "session.wrong_proof")


def test_a_challenge_is_used_up_by_a_wrong_answer_too(client: httpx.Client, world: World, key: Authenticator) -> None:
    half = half_session(world, "keeper")
    given = challenge(client, half, "second_factor")
    right = {"challenge": given["id"], **key.get(given["options"])}
    wrong = {**right, "signature": b64(b"\x00" * 64)}
    refused(client.post(STEP_TWO, json={"assertion": wrong}, headers=half), 401, "session.wrong_proof")
    refused(client.post(STEP_TWO, json={"assertion": right}, headers=half), 401, "session.wrong_proof")


def test_of_one_assertion_sent_by_many_at_once_one_is_accepted(
    client: httpx.Client, world: World, key: Authenticator
) -> None:
    halves = [half_session(world, "keeper") for _ in range(4)]
    body = {"assertion": assertion(client, halves[0], key, "second_factor")}
    answers = at_once(*(lambda h=h: client.post(STEP_TWO, json=body, headers=h) for h in halves))
    one_is_let_in(answers)


def test_a_challenge_lasts_five_minutes(
    client: httpx.Client, world: World, key: Authenticator, owner_engine: Engine
) -> None:
    half = half_session(world, "keeper")
    body = {"assertion": assertion(client, half, key, "second_factor")}
    as_owner(
        owner_engine,
        "update challenge set created_at = created_at - interval '301 s', expires_at = expires_at - interval '301 s' "
        "where id = %(id)s",
        id=body["assertion"]["challenge"],
    )
    refused(client.post(STEP_TWO, json=body, headers=half), 401, "session.wrong_proof")


def test_a_challenge_serves_its_purpose_only(client: httpx.Client, world: World, key: Authenticator) -> None:
    half, full = half_session(world, "keeper"), half_session(world, "keeper", full=True)
    body = {"assertion": assertion(client, full, key, "proof")}
    refused(client.post(STEP_TWO, json=body, headers=half), 401, "session.wrong_proof")
    given = challenge(client, full, "proof")
    made = Authenticator(ORIGIN).create({**challenge(client, full, "enrolment")["options"], **given["options"]})
    enrolment = {"id": str(new_id()), "name": "Clé", "challenge": given["id"], **made}
    refused(client.post("/factors/webauthn", json=enrolment, headers=full), 401, "session.wrong_proof")


def test_a_challenge_serves_its_account_only(client: httpx.Client, world: World, key: Authenticator) -> None:
    other = Authenticator(ORIGIN)
    enrol(client, half_session(world, "armourer"), other)
    keepers, armourers = half_session(world, "keeper"), half_session(world, "armourer")
    body = {"assertion": assertion(client, armourers, other, "second_factor")}
    refused(client.post(STEP_TWO, json=body, headers=keepers), 401, "session.wrong_proof")


def test_somebody_elses_key_opens_nothing(client: httpx.Client, world: World, key: Authenticator) -> None:
    other = Authenticator(ORIGIN)
    enrol(client, half_session(world, "armourer"), other)
    half = half_session(world, "keeper")
    body = {"assertion": assertion(client, half, other, "second_factor")}
    refused(client.post(STEP_TWO, json=body, headers=half), 401, "session.wrong_proof")


def test_a_key_of_somebody_else_is_not_enrolled_again(client: httpx.Client, world: World, key: Authenticator) -> None:
    key.count = 0
    refused(enrol(client, half_session(world, "armourer"), key), 401, "session.wrong_proof")


def test_an_id_is_used_once(client: httpx.Client, world: World, key: Authenticator) -> None:
    half = half_session(world, "armourer")
    (known,) = client.get("/factors", headers=half_session(world, "keeper")).json()["factors"]
    given = challenge(client, half, "enrolment")
    body = {
        "id": known["id"],
        "name": "Clé",
        "challenge": given["id"],
        **Authenticator(ORIGIN).create(given["options"]),
    }
    refused(client.post("/factors/webauthn", json=body, headers=half), 409, "request.id_reused")


def test_a_key_that_is_not_there_is_not_asked_for(client: httpx.Client, world: World) -> None:
    enrol_totp(client, half_session(world, "keeper"))
    answer = client.post("/challenges", json={"purpose": "second_factor"}, headers=half_session(world, "keeper"))
    refused(answer, 409, "factor.no_key")


def test_a_removed_key_opens_nothing(client: httpx.Client, world: World, key: Authenticator) -> None:
    full, half = half_session(world, "keeper", full=True), half_session(world, "keeper")
    (factor,) = client.get("/factors", headers=full).json()["factors"]
    enrol_totp(client, full)
    body = {"assertion": assertion(client, half, key, "second_factor")}
    assert client.delete(f"/factors/{factor['id']}", headers=full).status_code == 204
    refused(client.post(STEP_TWO, json=body, headers=half), 401, "session.wrong_proof")


def test_a_key_that_counts_nothing_goes_on_counting_nothing(client: httpx.Client, world: World) -> None:
    """Passkeys that are kept on several devices cannot count: they say 0 for ever (WebAuthn level 2, 6.1.1)."""
    passkey = Authenticator(ORIGIN)
    enrol(client, half_session(world, "keeper"), passkey)
    for _ in range(2):
        passkey.count = -1
        half = half_session(world, "keeper")
        body = {"assertion": assertion(client, half, passkey, "second_factor")}
        assert client.post(STEP_TWO, json=body, headers=half).status_code == 200


def test_a_key_that_verifies_its_owner_is_a_fresh_proof_alone(
    client: httpx.Client, world: World, key: Authenticator, owner_engine: Engine
) -> None:
    full = half_session(world, "keeper", full=True)
    let_proofs_age(owner_engine, world["keeper"], timedelta(hours=1))
    refused(client.post("/recovery-codes", headers=full), 403, "session.proof_required")
    answer = client.post(PROOF, json={"assertion": assertion(client, full, key, "proof")}, headers=full)
    fresh = bearer(answer.json()["token"])
    assert client.post("/recovery-codes", headers=fresh).status_code == 200


def test_a_key_that_is_only_touched_needs_the_password_with_it(
    client: httpx.Client, world: World, key: Authenticator
) -> None:
    give_password(world, "keeper")
    full = half_session(world, "keeper", full=True)
    key.verifies = False
    alone = {"assertion": assertion(client, full, key, "proof")}
    refused(client.post(PROOF, json=alone, headers=full), 422, "session.proof_incomplete")
    both = {"password": PASSWORD, "assertion": assertion(client, full, key, "proof")}
    assert client.post(PROOF, json=both, headers=full).status_code == 200


def test_challenges_that_serve_nobody_any_more_are_not_kept(
    client: httpx.Client, world: World, key: Authenticator, owner_engine: Engine
) -> None:
    for _ in range(3):
        half = half_session(world, "keeper")
        body = {"assertion": assertion(client, half, key, "second_factor")}
        client.post(STEP_TWO, json=body, headers=half)
    rows = as_owner(
        owner_engine, "select 1 as one from challenge where account_id = %(a)s", a=world["keeper"].account_id
    )
    assert len(rows) == 1


def test_a_service_takes_keys_of_its_own_name_only_and_another_process_with_its_key_takes_them_too(
    urls: Mapping[str, str], world: World
) -> None:
    party = Party("https://registre.example", bytes(range(32)))
    made = Authenticator(party.origin)
    with serving(urls, party) as address, httpx.Client(base_url=address) as client:
        assert challenge(client, half_session(world, "keeper"), "enrolment")["options"]["rp"]["id"] == party.id
        refused(enrol(client, half_session(world, "keeper"), Authenticator(ORIGIN)), 401, "session.wrong_proof")
        assert enrol(client, half_session(world, "keeper"), made).status_code == 200
        secret, _ = enrol_totp(client, half_session(world, "keeper", full=True))
    with serving(urls, party) as address, httpx.Client(base_url=address) as client:
        half = half_session(world, "keeper")
        body = {"assertion": assertion(client, half, made, "second_factor")}
        assert client.post(STEP_TWO, json=body, headers=half).status_code == 200
        code = {"code": code_of(secret)}
        assert client.post(STEP_TWO, json=code, headers=half_session(world, "keeper")).status_code == 200
    with serving(urls, Party(party.origin, bytes(32))) as address, httpx.Client(base_url=address) as client:
        code = {"code": code_of(secret, later=1)}
        answer = client.post(STEP_TWO, json=code, headers=half_session(world, "keeper"))
        refused(answer, 500, "service.unexpected")
