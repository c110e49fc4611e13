"""Somebody before the pages of the desk, without a browser, and what a page says to him."""

import re
from html import unescape
from uuid import UUID

import httpx

from salw.core.db import run
from world import World


class Desk:
    """Somebody of the cast before his pages, without a browser."""

    def __init__(self, service: str, world: World, job: str) -> None:
        token = world[job].headers["Authorization"].removeprefix("Bearer ")
        self.service = service
        self.headers = {"Cookie": f"salw_session={token}", "Accept": "text/html", "Origin": service}

    def ask(self, path: str) -> httpx.Response:
        return httpx.get(self.service + path, headers=self.headers, timeout=60)

    def get(self, path: str) -> str:
        answer = self.ask(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[-600:])
        return answer.text

    def send(self, path: str, status: int, **fields: object) -> str:
        answer = httpx.post(self.service + path, data=fields, headers=self.headers, timeout=60)
        assert answer.status_code == status, (path, answer.status_code, words(answer.text)[-900:])
        return answer.headers["location"] if status == 303 else answer.text


def words(html: str) -> str:
    """Return what a page says, without its markup."""
    main = html.partition("<main")[2].partition("</main>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main)).replace("&#39;", "'")


def hidden(html: str) -> dict[str, str]:
    """Return the hidden fields of the last form of a page."""
    form = html.rpartition("<form")[2]
    found = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)
    return {name: unescape(value) for name, value in found}


def serials(world: World, ids: list[UUID]) -> list[str]:
    with world.transaction() as db:
        rows = run(db, "select id, serial from weapon where id = any(%(ids)s)", {"ids": ids})
    found = {row["id"]: row["serial"] for row in rows}
    return [found[one] for one in ids]


def matricule(world: World, job: str) -> str:
    with world.transaction() as db:
        return str(
            run(db, "select matricule from person where id = %(id)s", {"id": world[job].person_id})[0]["matricule"]
        )
