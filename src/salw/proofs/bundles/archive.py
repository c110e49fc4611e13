"""The file that a bundle is: a ZIP of stored entries, so that any desktop opens it and a small script reads it. Pure.

Reading is strict. The entries stand one behind the other from the first byte, the directory follows at once and the
file ends with it: what a desktop shows of the file is then all that is in it, and no two readers see two things.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping

_DATE = (1980, 1, 1, 0, 0, 0)  # the same content gives the same file
_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_LOCAL_SIZE, _CENTRAL_SIZE, _END_SIZE = 30, 46, 22


class ArchiveError(ValueError):
    """The file is not a bundle, or not all of one. `code` is `bundle.not_whole_file` or `bundle.file_damaged`."""

    def __init__(self, code: str, where: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.where = where


def write_archive(files: Mapping[str, bytes]) -> bytes:
    """Return the files, by name in ASCII and in their order, as one ZIP without compression."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _DATE)
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return whole.getvalue()


def read_archive(data: bytes) -> dict[str, bytes]:
    """Return the files of a bundle by name. Raises `ArchiveError`, with the file's name where one is damaged."""
    try:
        return _read(data)
    except (struct.error, IndexError, UnicodeDecodeError):
        raise ArchiveError("bundle.not_whole_file") from None


def _read(data: bytes) -> dict[str, bytes]:
    end = len(data) - _END_SIZE
    if end < 0 or data[end : end + 4] != _END:
        raise ArchiveError("bundle.not_whole_file")
    count, size, start = struct.unpack("<HII", data[end + 10 : end + 20])
    if start + size != end or struct.unpack("<H", data[end + 8 : end + 10])[0] != count:
        raise ArchiveError("bundle.not_whole_file")
    files: dict[str, bytes] = {}
    place, expected = start, 0
    for _ in range(count):
        name, content, place, expected = _entry(data, place, expected)
        if name in files:
            raise ArchiveError("bundle.not_whole_file")
        files[name] = content
    if place != end or expected != start:
        raise ArchiveError("bundle.not_whole_file")
    return files


def _entry(data: bytes, place: int, expected: int) -> tuple[str, bytes, int, int]:
    """Return name and content of the entry at a place of the directory, and where the next of both begins."""
    flags, method = struct.unpack("<HH", data[place + 8 : place + 12])
    crc, packed, size, name_size, extra, comment = struct.unpack("<IIIHHH", data[place + 16 : place + 34])
    (offset,) = struct.unpack("<I", data[place + 42 : place + 46])
    plain = data[place : place + 4] == _CENTRAL and not flags and not method and not extra and not comment
    if not plain or packed != size or offset != expected:
        raise ArchiveError("bundle.not_whole_file")
    raw = data[place + _CENTRAL_SIZE : place + _CENTRAL_SIZE + name_size]
    head = data[offset : offset + _LOCAL_SIZE]
    if (
        head[:4] != _LOCAL
        or head[6:10] != b"\0\0\0\0"
        or struct.unpack("<IIIHH", head[14:30])
        != (
            crc,
            size,
            size,
            name_size,
            0,
        )
    ):
        raise ArchiveError("bundle.not_whole_file")
    begin = offset + _LOCAL_SIZE + name_size
    content = data[begin : begin + size]
    if data[offset + _LOCAL_SIZE : begin] != raw or len(content) != size:
        raise ArchiveError("bundle.not_whole_file")
    name = raw.decode("ascii")
    if zlib.crc32(content) != crc:
        raise ArchiveError("bundle.file_damaged", name)
    return name, content, place + _CENTRAL_SIZE + name_size, begin + size
