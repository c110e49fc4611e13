"""What a file is, by its bytes and never by its name, and a picture without what its camera wrote into it. Pure.

A picture is taken apart into the pieces that its format is made of, and put together from those alone that a decoder
needs to draw it: no place, time, camera, thumbnail, profile, second picture, or anything that comes after its end.
Nothing is compressed again, so it decodes to the same picture. The one thing kept of the metadata is which way up it
is, without which a telephone's photo lies on its side.

JPEG: ITU T.81 annex B, Exif 2.32; PNG: third edition (W3C 2025); WebP: RFC 9649; PDF: ISO 32000-2, 7.5.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from salw.core.errors import Unacceptable

JPEG, PNG, WEBP, PDF = "image/jpeg", "image/png", "image/webp", "application/pdf"
PICTURES = frozenset({JPEG, PNG, WEBP})
# What the camera of a good telephone makes at its finest; drawn, it takes 200 MB.
POINTS_MOST = 50_000_000

_PNG_BEGINS = b"\x89PNG\r\n\x1a\n"
# Beside the critical chunks: transparency, how bright and how large it is. A profile of colours may say whose it is.
_PNG_KEPT = frozenset(
    {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"bKGD", b"pHYs"}
)
_WEBP_KEPT = frozenset({b"VP8 ", b"VP8L", b"ALPH"})
_WEBP_MOVES = frozenset({b"ANIM", b"ANMF"})
_HAS_ALPHA, _HAS_EXIF = 0x10, 0x08

_SOI, _EOI, _SOS, _APP0, _APP1, _APP14 = 0xD8, 0xD9, 0xDA, 0xE0, 0xE1, 0xEE
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Frames, tables, restart intervals, number of lines, scans.
_JPEG_KEPT = _FRAMES | {0xC4, 0xCC, 0xDB, 0xDC, 0xDD, _SOS}
_EXIF = b"Exif\x00\x00"
_ORIENTATION = 0x0112
_UPRIGHT = 1


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as it is kept."""

    media_type: str
    content: bytes


class _BrokenError(Exception):
    """The bytes end too early, or are not what the format says."""


def strip(content: bytes) -> Kept:
    """Return what a file is and the bytes to keep.

    Raises `file.unknown_kind`, `file.broken`, `file.too_many_points`.
    """
    try:
        if content.startswith(b"\xff\xd8\xff"):
            return Kept(JPEG, _strip_jpeg(content))
        if content.startswith(_PNG_BEGINS):
            return Kept(PNG, _strip_png(content))
        if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
            return Kept(WEBP, _strip_webp(content))
        if content.startswith((b"%PDF-1.", b"%PDF-2.")):
            return Kept(PDF, _checked_pdf(content))
    except (_BrokenError, struct.error):
        raise Unacceptable("file.broken") from None
    raise Unacceptable("file.unknown_kind")


def _strip_jpeg(content: bytes) -> bytes:
    head, drawn, framed = bytearray(b"\xff\xd8"), bytearray(), False
    upright = _UPRIGHT
    for marker, body, scan in _segments(content):
        if marker == _APP0 and body.startswith(b"JFIF\x00") and len(body) >= 12:
            head += _segment(_APP0, body[:12] + b"\x00\x00")  # density stays, the thumbnail goes
        elif marker == _APP1 and body.startswith(_EXIF):
            upright = _orientation(body[len(_EXIF) :]) or upright
        elif (marker == _APP14 and body.startswith(b"Adobe")) or marker in _JPEG_KEPT:
            if marker in _FRAMES:
                framed, (height, width) = True, struct.unpack_from(">HH", body, 1)
                _check_points(width, height or 0xFFFF)  # 0: a later marker says how many lines
            drawn += _segment(marker, body) + scan
    if not framed or not drawn:
        raise _BrokenError
    if upright != _UPRIGHT:
        head += _segment(_APP1, _EXIF + _tiff(upright))
    return bytes(head + drawn) + b"\xff\xd9"


def _segments(content: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield marker, body and what a scan draws, up to the end of the picture, which must come after a scan."""
    at, scanned = 2, False
    while True:
        if content[at : at + 1] != b"\xff":
            raise _BrokenError
        while content[at : at + 1] == b"\xff":  # any number of them may stand before a marker
            at += 1
        marker = content[at] if at < len(content) else _SOI
        if marker == _EOI and scanned:
            return
        if marker in (0x00, 0x01, _SOI, _EOI) or 0xD0 <= marker <= 0xD7 or marker < 0xC0:
            raise _BrokenError
        (length,) = struct.unpack_from(">H", content, at + 1)
        end = at + 1 + length
        if length < 2 or end > len(content):
            raise _BrokenError
        body, at = content[at + 3 : end], end
        if marker == _SOS:
            scanned, at = True, _end_of_scan(content, end)
        yield marker, body, content[end:at] if marker == _SOS else b""


def _end_of_scan(content: bytes, at: int) -> int:
    """Return where the next marker stands: within a scan there are only stuffed bytes and restarts."""
    while True:
        at = content.find(b"\xff", at)
        if at < 0 or at + 1 >= len(content):
            raise _BrokenError
        if content[at + 1] == 0x00 or 0xD0 <= content[at + 1] <= 0xD7:
            at += 2
        else:
            return at


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _strip_png(content: bytes) -> bytes:
    kept, at = bytearray(_PNG_BEGINS), len(_PNG_BEGINS)
    kinds: list[bytes] = []
    while not kinds or kinds[-1] != b"IEND":
        length, kind = struct.unpack_from(">I4s", content, at)
        body = content[at + 8 : at + 8 + length]
        (crc,) = struct.unpack_from(">I", content, at + 8 + length)
        if zlib.crc32(kind + body) != crc:
            raise _BrokenError
        kinds.append(kind)
        at += 12 + length
        if kind == b"IHDR":
            _check_points(*struct.unpack_from(">II", body))
        if kind in _PNG_KEPT:
            kept += _png_chunk(kind, body)
        elif kind == b"eXIf" and (turned := _orientation(body) or _UPRIGHT) != _UPRIGHT:
            kept += _png_chunk(kind, _tiff(turned))
        elif kind[0:1].isupper():  # critical, and none that we know
            raise _BrokenError
    if kinds[0] != b"IHDR" or b"IDAT" not in kinds:
        raise _BrokenError
    return bytes(kept)


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _strip_webp(content: bytes) -> bytes:
    end = 8 + int(struct.unpack_from("<I", content, 4)[0])
    if end > len(content):
        raise _BrokenError
    head, drawn, turned, at = b"", bytearray(), _UPRIGHT, 12
    pictures = 0
    while at < end:
        kind, length = struct.unpack_from("<4sI", content, at)
        body = content[at + 8 : at + 8 + length]
        if len(body) != length or at + 8 + length > end or kind in _WEBP_MOVES:
            raise _BrokenError
        at += 8 + length + length % 2
        _check_points(*_webp_sides(kind, body))
        if kind == b"VP8X":
            head = body
        elif kind == b"EXIF":
            turned = _orientation(body.removeprefix(_EXIF)) or _UPRIGHT
        elif kind in _WEBP_KEPT:
            pictures += kind != b"ALPH"
            drawn += _webp_chunk(kind, body)
    if pictures != 1 or (head and len(head) != 10):
        raise _BrokenError
    exif = b""
    if head:
        flags = head[0] & _HAS_ALPHA
        if turned != _UPRIGHT:
            flags, exif = flags | _HAS_EXIF, _webp_chunk(b"EXIF", _tiff(turned))
        drawn = bytearray(_webp_chunk(b"VP8X", bytes([flags]) + head[1:])) + drawn
    chunks = bytes(drawn) + exif
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP" + chunks


def _webp_sides(kind: bytes, body: bytes) -> tuple[int, int]:
    """Return width and height as a chunk says them, nothing where it is none that does."""
    if kind == b"VP8X":
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", body, 6)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":
        (sides,) = struct.unpack_from("<I", body, 1)
        return (sides & 0x3FFF) + 1, (sides >> 14 & 0x3FFF) + 1
    return 0, 0


def _webp_chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\x00" * (len(body) % 2)


def _check_points(width: int, height: int) -> None:
    """Refuse a picture whose drawing would take a telephone's memory, however few bytes it came in."""
    if width * height > POINTS_MOST:
        raise Unacceptable("file.too_many_points", millions=POINTS_MOST // 1_000_000)


def _orientation(tiff: bytes) -> int | None:
    """Return which way up a picture is, from its Exif: 1 to 8, None where that is not said in a way that counts."""
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(tiff[:4])
    if order is None:
        return None
    try:
        (at,) = struct.unpack_from(order + "I", tiff, 4)
        (entries,) = struct.unpack_from(order + "H", tiff, at)
        for entry in range(entries):
            tag, kind, count, value = struct.unpack_from(order + "HHIH", tiff, at + 2 + 12 * entry)
            if (tag, kind, count) == (_ORIENTATION, 3, 1):
                return int(value) if 1 <= value <= 8 else None
    except struct.error:
        return None
    return None


def _tiff(orientation: int) -> bytes:
    """Return Exif that says which way up, and nothing else."""
    return b"MM\x00*" + struct.pack(">IHHHIHHI", 8, 1, _ORIENTATION, 3, 1, orientation, 0, 0)


def _checked_pdf(content: bytes) -> bytes:
    """Return a paper as it came: its pictures are compressed within it, and taking it apart would be guessing."""
    if b"startxref" not in content[-2048:] or b"%%EOF" not in content[-1024:]:
        raise _BrokenError
    return content
