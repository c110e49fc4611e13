"""Checks what our logs hand out with `aics-tlog`, in an environment of its own (Python 3.12 or newer).

Reads a JSON array of cases on standard input and prints an array of verdicts, "" where a case is accepted. Nothing of
the tree or of signatures is worked out here.
"""

import json
import sys
from base64 import b64decode
from typing import Any

import aics_tlog as tlog


class Rejected(Exception):
    """The verifier says no."""


def check(case: dict[str, Any]) -> None:
    """Take a case, or raise whatever the verifier raises."""
    {"note": note, "inclusion": inclusion, "consistency": consistency, "mirror": mirror, "entries": entries}[
        case["check"]
    ](case)


def note(case: dict[str, Any]) -> tlog.Checkpoint:
    """Open a checkpoint with the key of its log, and as many witnesses as are named."""
    log, *witnesses = (tlog.parse_vkey(key) for key in case["keys"])
    read = tlog.parse_note(case["note"])
    verdict = tlog.verify_checkpoint(read, log, witnesses, len(witnesses), expected_origin=log.name)
    if not verdict.ok:
        raise Rejected(verdict.error)
    return tlog.parse_checkpoint(read.text)


def inclusion(case: dict[str, Any]) -> None:
    """Follow the path of an entry."""
    path = [b64decode(hash_) for hash_ in case["path"]]
    if not tlog.verify_leaf_inclusion(
        b64decode(case["entry"]), case["index"], case["size"], path, b64decode(case["root"])
    ):
        raise Rejected("inclusion")


def consistency(case: dict[str, Any]) -> None:
    """Follow the path between two trees."""
    path = [b64decode(hash_) for hash_ in case["path"]]
    if not tlog.verify_consistency(
        case["old"], case["size"], b64decode(case["old_root"]), b64decode(case["root"]), path
    ):
        raise Rejected("consistency")


def mirror(case: dict[str, Any]) -> None:
    """Fetch every tile of a log over HTTP, each held against the signed root."""
    reader = tlog.HttpTileReader(case["address"], proxies={})
    head = note(case)
    tlog.audit_tiles(reader, head.size, head.root, entries=False)


def entries(case: dict[str, Any]) -> None:
    """Read a mirrored folder, tiles and entries, each held against the signed root."""
    head = note(case)
    tlog.audit_tiles(tlog.FileSystemTileReader(case["address"]), head.size, head.root, entries=True)


def verdict(case: dict[str, Any]) -> str:
    """Return why a case is refused, "" where it is accepted."""
    try:
        check(case)
    except (Rejected, ValueError, OSError) as error:
        return str(error) or type(error).__name__
    return ""


if __name__ == "__main__":
    json.dump([verdict(case) for case in json.load(sys.stdin)], sys.stdout)
