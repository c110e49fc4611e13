"""Canonical JSON is what RFC 8785 says, by an implementation that we did not write."""

from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from salw.ledger.canonical import WHOLE_NUMBER_MAX, NotCanonicalError, canonical

names = st.text(st.characters(max_codepoint=127))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-WHOLE_NUMBER_MAX, WHOLE_NUMBER_MAX) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(names, inner, max_size=5),
    max_leaves=30,
)


@given(value=values)
def test_the_bytes_are_those_of_the_reference_implementation(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


def test_every_character_of_the_first_planes_is_written_as_the_reference_does() -> None:
    text = "".join(chr(c) for c in range(0x1_0400) if not 0xD800 <= c <= 0xDFFF)
    assert canonical(text) == rfc8785.dumps(text)


def test_names_are_sorted_and_nothing_is_spaced() -> None:
    assert canonical({"b": [1, True, None], "a": "é", "B": {}}) == '{"B":{},"a":"é","b":[1,true,null]}'.encode()


@pytest.mark.parametrize(
    "value",
    [1.0, 1e400, float("nan"), 2**53, -(2**53), {"é": 1}, {1: 1}, "\ud800", {"a": [{"b": 0.5}]}, b"bytes", {1, 2}],
)
def test_what_others_would_write_or_read_differently_is_refused(value: Any) -> None:
    with pytest.raises(NotCanonicalError):
        canonical(value)
