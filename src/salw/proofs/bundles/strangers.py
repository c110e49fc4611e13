"""What lies in a bundle and is no part of what it proves: files that we never write, texts that are not ours. Pure."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from salw.proofs.bundles.contents import (
    ANCHORS,
    CHECKPOINT,
    EVENTS,
    HEAD,
    LABELS,
    PAGE,
    POLICY,
    PROOFS,
    README,
    VALUES,
)
from salw.proofs.bundles.page import make_page
from salw.proofs.bundles.readme import Told, make_readme, write_readme


def find_strangers(files: Mapping[str, bytes], head: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield a code without its family and a name, for each file of a sound bundle that somebody else may have written.

    The page and the text are held against those of this program: another version of it writes others.
    """
    folders = [f"{part['log']}/" for part in head["logs"]]
    ours = {README, PAGE, HEAD, POLICY, VALUES, LABELS}
    ours |= {folder + name for folder in folders for name in (CHECKPOINT, EVENTS, PROOFS, ANCHORS)}
    for name in sorted(files):
        if name not in ours:
            yield "extra_file", name
    if PAGE in files and files[PAGE] != make_page():
        yield "other_page", PAGE
    told = Told(
        kind=head["subject"]["kind"],
        name=head["subject"]["name"],
        country=head["country"],
        count=sum(files[folder + EVENTS].count(b"\n") for folder in folders),
        unsealed=head["unsealed"],
        notes=tuple(files[folder + CHECKPOINT].decode() for folder in folders),
    )
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items() if name != README}
    if README in files and files[README] != write_readme(make_readme(told, digests)):
        yield "other_readme", README
