"""Second factors as pure rules: codes as other people compute them, secrets that open in one place only."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from salw.access.factors import rules
from salw.access.factors.rules import Party, matching_step, recovery_code, recovery_hash, seal, unseal

KEY, NONCE = bytes(range(32)), bytes(12)
ONE, OTHER = UUID(int=1), UUID(int=2)
# RFC 6238, appendix B, SHA-1: seconds and the last six of the eight digits.
VECTORS = (
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
)


@pytest.mark.parametrize(("seconds", "code"), VECTORS)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    now = datetime.fromtimestamp(seconds, UTC)
    assert matching_step(b"12345678901234567890", code, now) == seconds // 30


@pytest.mark.parametrize(("steps", "fits"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_code_fits_one_step_early_or_late(steps: int, fits: bool) -> None:
    now = datetime.fromtimestamp(1234567890 + steps * 30, UTC)
    assert (matching_step(b"12345678901234567890", "005924", now) is not None) == fits


@pytest.mark.parametrize("code", ["", "5924", "0005924", "００５９２４"])
def test_what_is_not_six_digits_fits_nowhere(code: str) -> None:
    assert matching_step(b"12345678901234567890", code, datetime.fromtimestamp(1234567890, UTC)) is None


def test_a_sealed_secret_opens_with_its_key_in_its_row_and_nowhere_else() -> None:
    sealed = seal(KEY, b"secret", NONCE, country="BF", factor_id=ONE)
    assert b"secret" not in sealed
    assert unseal(KEY, sealed, country="BF", factor_id=ONE) == b"secret"
    for key, bytes_, country, factor in (
        (bytes(32), sealed, "BF", ONE),
        (KEY, sealed, "ML", ONE),
        (KEY, sealed, "BF", OTHER),
        (KEY, sealed[:-1] + bytes([sealed[-1] ^ 1]), "BF", ONE),
    ):
        with pytest.raises(ValueError, match="does not open"):
            unseal(key, bytes_, country=country, factor_id=factor)


def test_a_recovery_code_is_eighty_bits_in_fours() -> None:
    assert recovery_code(bytes(10)) == "0000-0000-0000-0000"
    assert recovery_code(b"\xff" * 10) == "ZZZZ-ZZZZ-ZZZZ-ZZZZ"
    assert recovery_code(bytes(9) + b"\x01") == "0000-0000-0000-0001"
    assert recovery_code(b"\x80" + bytes(9)) == "G000-0000-0000-0000"


def test_a_recovery_code_is_the_same_however_it_is_typed_and_for_its_account_only() -> None:
    kept = recovery_hash("BF", ONE, "K0M1-ZP0W-QXAB-C4D5")
    for typed in ("k0m1zp0wqxabc4d5", " KOML zpow QXAB c4d5 ", "K0MI-ZP0W–QXAB—C4D5"):
        assert recovery_hash("BF", ONE, typed) == kept
    assert recovery_hash("BF", OTHER, "K0M1-ZP0W-QXAB-C4D5") != kept
    assert recovery_hash("ML", ONE, "K0M1-ZP0W-QXAB-C4D5") != kept
    assert recovery_hash("BF", ONE, "K0M1-ZP0W-QXAB-C4D6") != kept


def test_the_party_is_the_name_in_its_origin_and_shows_no_key() -> None:
    party = Party("https://registre.example:8443", KEY)
    assert party.id == "registre.example"
    assert str(KEY) not in repr(party)


def test_the_numbers_are_those_that_were_decided() -> None:
    assert (rules.STEP_SECONDS, rules.WINDOW, rules.TOTP_SECRET_BYTES * 8) == (30, 1, 160)
    assert (rules.RECOVERY_CODES, rules.RECOVERY_BYTES * 8) == (10, 80)
    assert (32, timedelta(minutes=5)) == (rules.CHALLENGE_BYTES, rules.CHALLENGE_LASTS)
