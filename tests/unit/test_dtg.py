"""Date-time groups of radio messages, as they come and as they must not."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salw.core.dtg import MONTHS, DateTimeGroup, parse_dtg, write_dtg
from salw.core.errors import Unacceptable

READ_AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
NIAMEY = ZoneInfo("Africa/Niamey")  # an hour before UTC
EARLIEST, LATEST = (datetime.fromisoformat(day) for day in ("1980-01-01", "2070-01-01"))
LETTERS = {"Z": 0, "A": 1, "M": 12, "N": -1, "Y": -12}


def read(text: str, read_at: datetime = READ_AT) -> DateTimeGroup:
    return parse_dtg(text, read_at=read_at, local=NIAMEY)


@pytest.mark.parametrize(
    ("text", "kept", "instant"),
    [
        ("221430ZNOV26", "221430ZNOV26", "2026-11-22T14:30+00:00"),
        ("22 1430z Nov. 2026", "221430ZNOV26", "2026-11-22T14:30+00:00"),
        ("221430A NOV 26", "221430ANOV26", "2026-11-22T13:30+00:00"),
        ("221430J NOV 26", "221430JNOV26", "2026-11-22T13:30+00:00"),
        ("221430R NOV 26", "221430RNOV26", "2026-11-22T19:30+00:00"),
        ("280001Z FÉV 26", "280001ZFEB26", "2026-02-28T00:01+00:00"),
        ("150600Z août 25", "150600ZAUG25", "2025-08-15T06:00+00:00"),
        ("221430Z", "221430ZNOV26", "2026-11-22T14:30+00:00"),
        ("311430Z", "311430ZOCT26", "2026-10-31T14:30+00:00"),
        ("251430Z NOV", "251430ZNOV25", "2025-11-25T14:30+00:00"),
        ("290000Z FEB", "290000ZFEB24", "2024-02-29T00:00+00:00"),
        ("010000Z JAN 77", "010000ZJAN77", "1977-01-01T00:00+00:00"),
    ],
)
def test_a_group_is_read_however_it_is_spaced_and_named(text: str, kept: str, instant: str) -> None:
    assert read(text) == DateTimeGroup(kept, datetime.fromisoformat(instant))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "dtg.form"),
        ("221430NOV26", "dtg.form"),
        ("2026-11-22T14:30Z", "dtg.form"),
        ("221430ZNOV266", "dtg.form"),
        ("221430Z26", "dtg.form"),
        ("٢٢1430ZNOV26", "dtg.form"),
        ("222430ZNOV26", "dtg.hour"),
        ("221460ZNOV26", "dtg.hour"),
        ("221430ZNOW26", "dtg.month"),
        ("311430ZNOV26", "dtg.day"),
        ("001430Z", "dtg.day"),
        ("300000Z FEB", "dtg.day"),
    ],
)
def test_what_is_no_group_is_refused_by_what_is_wrong_with_it(text: str, code: str) -> None:
    with pytest.raises(Unacceptable) as refused:
        read(text)
    assert (refused.value.code, refused.value.details) == (code, {"text": text})


@given(
    st.datetimes(EARLIEST, LATEST),
    st.sampled_from(sorted(LETTERS)),
    st.sampled_from(["{}", " {} ", "{}\n"]),
)
def test_what_is_written_reads_as_the_same_minute_in_every_zone(moment: datetime, letter: str, around: str) -> None:
    zoned = moment.replace(second=0, microsecond=0, tzinfo=timezone(timedelta(hours=LETTERS[letter])))
    text = write_dtg(zoned, letter)
    assert text[7:10] == MONTHS[zoned.month - 1]
    # Read within fifty years of it, in full or without its year right after it was sent.
    assert read(around.format(text), datetime(2026, 6, 1, tzinfo=UTC)) == DateTimeGroup(text, zoned)
    assert read(text[:10], zoned + timedelta(days=300)) == DateTimeGroup(text, zoned)
    assert read(text[:7], zoned + timedelta(days=20)) == DateTimeGroup(text, zoned)
