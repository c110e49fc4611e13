"""Files over HTTP, and the photos of weapons among them."""

import json
import socket
from collections.abc import Callable
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import psycopg
import pytest
from sqlalchemy import Engine

import moving
from filing import PAPER, keep, picture, put_file, put_photo
from reporting import code, events_of, look, unit_uuid
from salw.core.db import run
from salw.core.ids import new_id
from world import World

PLACE = b"12.6392 N, 8.0029 W"


def get_file(client: httpx.Client, world: World, file: object, job: str = "keeper") -> httpx.Response:
    return client.get(f"/files/{file}", headers=world[job].headers)


def test_a_picture_is_kept_once_without_its_metadata_and_shown_so_that_nothing_runs(
    client: httpx.Client, world: World
) -> None:
    content, file = picture(comment=PLACE), new_id()
    first = put_file(client, world, content, file)
    assert first.json() == {"id": str(file), "media_type": "image/png", "size": len(content) - len(PLACE) - 20}
    assert put_file(client, world, content, file).json() == first.json()
    assert put_file(client, world, content).json() == first.json()  # the same bytes are the same file
    assert code(put_file(client, world, picture(), file)) == (409, "request.id_reused")
    shown = get_file(client, world, file)
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/png")
    assert PLACE not in shown.content
    assert len(shown.content) == first.json()["size"]
    assert shown.headers["content-disposition"] == f'attachment; filename="{file}.png"'
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert shown.headers["content-security-policy"].startswith("default-src 'none'; ")
    assert shown.headers["content-security-policy"].endswith("; sandbox")
    rows = look(world, "select canonical from event where kind = 'file.kept'")
    told = [json.loads(bytes(row["canonical"]))["facts"] for row in rows]
    (facts,) = [one for one in told if one["file"] == str(file)]
    assert set(facts) == {"file", "unit", "media_type", "size", "file_commitment"}


def test_only_pictures_and_papers_of_a_size_are_kept_and_by_whom_it_is_meant(
    client: httpx.Client, world: World, new_world: Callable[[str], World]
) -> None:
    assert code(put_file(client, world, b"<html><script>alert(1)</script></html>")) == (422, "file.unknown_kind")
    assert code(put_file(client, world, picture()[:-9])) == (422, "file.broken")
    assert code(put_file(client, world, PAPER + bytes(4 * 1024 * 1024))) == (413, "request.too_large")
    paper = keep(client, world, PAPER)
    assert get_file(client, world, paper).content == PAPER
    assert code(put_file(client, world, picture(), job="auditor")) == (403, "access.not_permitted")
    assert code(put_file(client, world, picture(), job="keeper_bravo")) == (404, "unit.not_found")
    abroad = new_world("ML")
    for who, job in ((world, "keeper_bravo"), (abroad, "auditor")):
        assert code(get_file(client, who, paper, job)) == (404, "file.not_found")
    assert get_file(client, world, paper, "auditor").status_code == 200
    assert code(get_file(client, world, paper, "commission")) == (403, "access.not_permitted")


def test_a_file_that_breaks_off_half_way_leaves_nothing(client: httpx.Client, world: World, service: str) -> None:
    content, file = picture() + bytes(50_000), new_id()
    at = urlsplit(service)
    said = (
        f"PUT /v1/files/{file}?unit={unit_uuid(world, world.alpha)} HTTP/1.1\r\nHost: {at.netloc}\r\n"
        f"Authorization: {world['keeper'].headers['Authorization']}\r\nContent-Type: application/octet-stream\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    with socket.create_connection((at.hostname, at.port)) as line:
        line.sendall(said.encode() + content[:30_000])
    assert code(get_file(client, world, file)) == (404, "file.not_found")
    assert put_file(client, world, content, file).status_code == 200  # sent again, whole
    assert get_file(client, world, file).status_code == 200


def test_nobody_changes_a_kept_file(client: httpx.Client, world: World, owner_engine: Engine) -> None:
    file = keep(client, world)
    for change in ("update file set bytes = '\\x00', size = 1", "delete from file", "update file set sha256 = null"):
        with owner_engine.connect() as db:
            run(db, "set local role salw_owner")
            with pytest.raises(psycopg.Error, match="never changed or deleted"):
                run(db, f"{change} where id = %(id)s", {"id": file})


def test_a_photo_goes_with_its_weapon_and_is_hidden_never_deleted(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register()
    file = keep(client, world)
    added = put_photo(client, world, weapon.weapon_id, file)
    assert added.status_code == 200, added.text
    assert code(put_photo(client, world, weapon.weapon_id, file)) == (409, "photo.known")
    paper = keep(client, world, PAPER)
    assert code(put_photo(client, world, weapon.weapon_id, paper)) == (422, "file.not_a_picture")
    transfer, sent = moving.dispatch(client, world, [weapon])
    moving.receive(client, world, transfer, sent)
    # Bravo has the weapon now: it sees the photo that Alpha took, and hides it.
    photos = f"/weapons/{weapon.weapon_id}/photos"
    (shown,) = client.get(photos, headers=world["keeper_bravo"].headers).json()["photos"]
    assert (shown["kind"], shown["file"], shown["hidden_at"]) == ("mark", file, None)
    assert get_file(client, world, file, "keeper_bravo").status_code == 200
    hide = f"/photos/{shown['id']}/hiding"
    reason = {"id": str(new_id()), "reason": "Photo d'une autre arme"}
    assert code(client.post(hide, json=reason, headers=world["keeper"].headers)) == (404, "photo.not_found")
    for _ in range(2):
        hidden = client.post(hide, json=reason, headers=world["keeper_bravo"].headers)
        assert hidden.json() == {"id": shown["id"], "hidden": True}, hidden.text
    again = client.post(hide, json={**reason, "id": str(new_id())}, headers=world["keeper_bravo"].headers)
    assert code(again) == (409, "photo.hidden")
    (shown,) = client.get(photos, headers=world["keeper_bravo"].headers).json()["photos"]
    assert (shown["hidden_at"] is not None, shown["reason"]) == (True, "Photo d'une autre arme")
    assert events_of(world, UUID(str(weapon.weapon_id)))[-1] == "weapon.photo_hidden"
