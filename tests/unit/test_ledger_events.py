"""The bytes of an event: made once, canonical, hashed as stored, without a name in them."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salw.core.actor import Actor, Via
from salw.core.errors import Unacceptable
from salw.core.ids import new_id
from salw.ledger.events import commit_to, make_event

NOW = datetime(2026, 11, 22, 6, 45, tzinfo=UTC)
ACTOR = Actor("BF", UUID(int=1), UUID(int=2), bytes(32), (), (), date(2026, 11, 22), "Africa/Ouagadougou")
names = st.text(st.characters(max_codepoint=127))  # what facts are called is ours to choose
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)


@given(facts=st.dictionaries(names, json_values, max_size=5))
def test_the_bytes_do_not_depend_on_the_order_in_which_facts_were_told(facts: dict[str, object]) -> None:
    backwards = dict(reversed(facts.items()))
    one = make_event(ACTOR, "weapon.issued", NOW, facts=facts, event_id=UUID(int=3))
    other = make_event(ACTOR, "weapon.issued", NOW, facts=backwards, event_id=UUID(int=3))
    assert one.canonical == other.canonical
    assert json.loads(one.canonical)["facts"] == facts


@given(facts=st.dictionaries(names, json_values, max_size=5))
def test_the_leaf_is_the_hash_of_the_stored_bytes_after_a_zero_byte(facts: dict[str, object]) -> None:
    event = make_event(ACTOR, "weapon.issued", NOW, weapon_id=UUID(int=9), facts=facts)
    assert event.leaf_hash == hashlib.sha256(b"\x00" + event.canonical).digest()


def test_an_event_says_who_what_when_and_where() -> None:
    body = json.loads(make_event(ACTOR, "weapon.issued", NOW, weapon_id=UUID(int=9), facts={"seq": 2}).canonical)
    assert body["schema"] == 2
    assert (body["country"], body["kind"], body["at"]) == ("BF", "weapon.issued", "2026-11-22T06:45:00.000000Z")
    assert body["actor"] == {"person": str(UUID(int=1)), "commitment": "00" * 32, "via": {"kind": "program"}}
    assert (body["weapon"], body["facts"]) == (str(UUID(int=9)), {"seq": 2})


@pytest.mark.parametrize(
    ("via", "told"),
    [
        (Via("session"), {"kind": "session"}),
        (Via("token", UUID(int=4)), {"kind": "token", "id": str(UUID(int=4))}),
        (
            Via("device", UUID(int=5), NOW),
            {"kind": "device", "id": str(UUID(int=5)), "at": "2026-11-22T06:45:00.000000Z"},
        ),
    ],
)
def test_an_event_says_by_what_means_somebody_acted(via: Via, told: dict[str, str]) -> None:
    body = json.loads(make_event(replace(ACTOR, via=via), "weapon.issued", NOW, facts={}).canonical)
    assert body["actor"]["via"] == told


def test_a_commitment_does_not_give_its_value_away_and_is_opened_by_its_salt() -> None:
    value = {"rank": "SGT", "family_name": "ESSAI"}
    one, other = commit_to(value), commit_to(value)
    assert one.digest != other.digest, "without a salt, a short list of names would open it"
    assert b"ESSAI" not in one.digest
    canonical = b'{"family_name":"ESSAI","rank":"SGT"}'
    assert hashlib.sha256(one.salt + canonical).digest() == one.digest


def test_identifiers_are_version_7_and_sort_by_time() -> None:
    ids = [new_id() for _ in range(100)]
    assert {i.version for i in ids} == {7}
    assert {i.variant for i in ids} == {"specified in RFC 4122"}
    assert len(set(ids)) == 100
    milliseconds = [i.int >> 80 for i in ids]
    assert milliseconds == sorted(milliseconds)


def test_an_event_too_long_for_an_entry_of_the_log_is_refused() -> None:
    make_event(ACTOR, "weapon.registered", NOW, facts={"text": "x" * 65_000})
    with pytest.raises(Unacceptable) as refused:
        make_event(ACTOR, "weapon.registered", NOW, facts={"text": "x" * 65_500})
    assert refused.value.code == "ledger.too_much_at_once"
