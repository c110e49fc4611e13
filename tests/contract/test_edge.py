"""What lies around every request: headers of answers, where writes may come from, and how much a body may be."""

import asyncio
import json
import socket
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Message, Receive, Scope, Send

from program import PASSWORD, give_account
from salw.access.guard import COOKIE
from salw.core.edge import BODY_SIZE_MAX, LARGE_BODY, Edge, comes_from_elsewhere
from salw.core.ids import new_id
from salw.web.assets import static_address
from service_fixtures import make_service
from world import World

ELSEWHERE = "https://ailleurs.example"
ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}


def over_https(urls: Mapping[str, str], path: str) -> httpx.Response:
    app = make_service(urls)

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://here") as client:
            return await client.get(path)

    answer = asyncio.run(ask())
    for engine in app.state.engines.values():
        engine.dispose()
    return answer


@pytest.mark.parametrize("path", ["/", "/v1/me", "/v1/nope", "/healthz", "/openapi.json", "/static/style.css", "/nope"])
def test_every_answer_carries_the_headers_that_keep_a_browser_in_check(service: str, path: str) -> None:
    answer = httpx.get(service + path, timeout=60)
    assert {name: answer.headers[name] for name in ALWAYS} == ALWAYS
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert policy.count("script-src") <= 1
    assert "script-src" not in policy or "script-src 'self';" in policy, "a page runs our own modules and no others"
    assert "camera=()" in answer.headers["permissions-policy"]
    for name in (*ALWAYS, "content-security-policy", "cache-control"):
        assert len(answer.headers.get_list(name)) == 1, name


def test_only_over_https_a_browser_is_told_to_stay_there(service: str, urls: Mapping[str, str]) -> None:
    plain = httpx.get(service + "/healthz", timeout=60)
    assert "strict-transport-security" not in plain.headers
    answer = over_https(urls, "/healthz")
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/", "/v1/me", static_address("style.css")])
def test_no_browser_keeps_anything(service: str, path: str) -> None:
    assert httpx.get(service + path, timeout=60).headers["cache-control"] == "no-store"


HERE = (b"host", b"registre.test")
COOKIES = (b"cookie", b"salw_session=bf.x")
FORM = (b"content-type", b"application/x-www-form-urlencoded")
JSON = (b"content-type", b"application/json")


@pytest.mark.parametrize(
    ("headers", "elsewhere"),
    [
        ([HERE, COOKIES, (b"sec-fetch-site", b"same-origin")], False),
        ([HERE, COOKIES, (b"origin", b"http://registre.test")], False),
        ([HERE, JSON], False),
        ([HERE], False),
        ([HERE, COOKIES, JSON], False),
        ([HERE, COOKIES], True),
        ([HERE, COOKIES, FORM], True),
        ([HERE, COOKIES, (b"authorization", b"Bearer bf.x")], False),
        ([HERE, COOKIES, (b"authorization", b"Basic eDp4")], True),
        ([HERE, COOKIES, JSON, (b"origin", b"https://ailleurs.example")], True),
        ([HERE, FORM], True),
        ([HERE, (b"content-type", b"Text/Plain; charset=utf-8")], True),
        ([HERE, COOKIES, (b"sec-fetch-site", b"same-site")], True),
        ([HERE, COOKIES, (b"sec-fetch-site", b"cross-site"), (b"origin", b"http://registre.test")], True),
        ([HERE, (b"sec-fetch-site", b"none")], True),
        ([HERE, JSON, (b"origin", b"https://ailleurs.example")], True),
        ([HERE, COOKIES, (b"origin", b"null")], True),
        ([HERE, COOKIES, (b"origin", b"http://registre.test.ailleurs.example")], True),
        ([HERE, COOKIES, (b"origin", b"http://registre.test:8080")], True),
        ([COOKIES, (b"origin", b"")], True),
    ],
)
def test_what_writes_is_taken_from_our_own_pages_and_from_programs(
    headers: list[tuple[bytes, bytes]], elsewhere: bool
) -> None:
    assert comes_from_elsewhere("POST", headers) is elsewhere
    assert comes_from_elsewhere("DELETE", headers) is elsewhere
    assert comes_from_elsewhere("GET", headers) is False


def test_a_cookie_alone_writes_nothing_from_another_site_and_a_bearer_does(
    client: httpx.Client, service: str, world: World
) -> None:
    (weapon,) = world.register()
    body = {
        "store": str(world.store_alpha),
        "to": {"person": str(world["soldier"].person_id)},
        "weapons": [{"weapon": str(weapon.weapon_id), "version": 1}],
    }
    cookie = {"Cookie": f"{COOKIE}={world['keeper'].token}"}
    issue = f"/issues/{new_id()}"
    assert client.delete("/sessions/current", headers=cookie).status_code == 403
    for strange in ({"Origin": ELSEWHERE}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
        refused = client.put(issue, json=body, headers={**cookie, **strange})
        assert (refused.status_code, refused.json()["code"]) == (403, "request.wrong_origin")
        assert client.delete("/sessions/current", headers={**cookie, **strange}).status_code == 403
    assert client.get(f"/weapons/{weapon.weapon_id}", headers=world["keeper"].headers).json()["version"] == 1
    assert client.put(issue, json=body, headers={**cookie, "Origin": service}).status_code == 200
    program = {**world["keeper"].headers}
    assert client.put(issue, json=body, headers=program).status_code == 200


def test_nobody_is_logged_in_from_another_site_through_the_interface_either(client: httpx.Client, world: World) -> None:
    body = {"account": give_account(world, "keeper"), "password": PASSWORD}
    for strange in ({"Origin": ELSEWHERE}, {"Sec-Fetch-Site": "cross-site"}):
        answer = client.post("/sessions", json=body, headers=strange)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers
    plain = {"Content-Type": "text/plain"}
    assert client.post("/sessions", content=json.dumps(body), headers=plain).status_code == 403


def send_raw(service: str, head: str, *, then: bytes = b"") -> str:
    """Send a request word by word and return the whole answer, which must end the connection."""
    address = urlsplit(service)
    with socket.create_connection((address.hostname, address.port), timeout=30) as line:
        line.sendall(head.replace("\n", "\r\n").encode() + then)
        said = b""
        while piece := line.recv(65536):
            said += piece
    return said.decode()


def test_a_body_that_is_announced_too_large_is_refused_before_it_is_sent(service: str) -> None:
    head = f"POST /v1/sessions HTTP/1.1\nHost: x\nContent-Type: application/json\nContent-Length: {10**30}\n\n"
    begun = time.monotonic()
    answer = send_raw(service, head.replace(str(10**30), str(10**12)))
    assert answer.startswith("HTTP/1.1 413 ")
    assert '"request.too_large"' in answer
    assert time.monotonic() - begun < 10


def test_a_body_of_unknown_length_is_cut_off_at_the_limit(service: str) -> None:
    head = "POST /v1/sessions HTTP/1.1\nHost: x\nContent-Type: application/json\nTransfer-Encoding: chunked\n\n"
    size = BODY_SIZE_MAX + 1
    answer = send_raw(service, head, then=f"{size:x}\r\n".encode() + b" " * size + b"\r\n")
    assert answer.startswith("HTTP/1.1 413 ")


def test_a_route_that_takes_long_lists_takes_a_larger_body_and_says_so(
    client: httpx.Client, service: str, world: World
) -> None:
    document = httpx.get(service + "/openapi.json", timeout=60).json()
    large = {
        f"{method.upper()} {path}"
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if "x-body-size-max" in operation
    }
    assert large == {
        "PUT /v1/files/{file_id}",  # a photo or a page that was scanned
        "PUT /v1/reliefs/{relief_id}",
        "POST /v1/stocktakes/{stocktake_id}/counts",
        "POST /v1/witness/add-checkpoint",  # a note and a proof: less than what others send
    }
    headers = {**world["keeper"].headers, "Content-Type": "application/json"}
    for size, status in ((BODY_SIZE_MAX + 100, 422), (LARGE_BODY["x-body-size-max"] + 1, 413)):
        answer = client.put(f"/reliefs/{new_id()}", content=b" " * (size - 2) + b"{}", headers=headers)
        assert answer.status_code == status


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 500_000 + b"]" * 500_000,
        b'{"account":' * 50_000,
        b'{"account": ' + b"9" * 100_000 + b', "password": "x"}',
        b'{"account": 1e999999, "password": NaN}',
        b'{"account": -Infinity, "password": 1e-999}',
        b'"\xff\xfe"',
        b'{"account": "\\ud800", "password": "\\udfff"}',
        b"",
    ],
    ids=["deep", "deep and unfinished", "long number", "endless", "infinite", "no UTF-8", "half a pair", "empty"],
)
@pytest.mark.parametrize("path", ["/sessions", "/scans"])
def test_no_body_however_strange_breaks_the_service(client: httpx.Client, world: World, path: str, body: bytes) -> None:
    headers = {**world["keeper"].headers, "Content-Type": "application/json"}
    answer = client.post(path, content=body, headers=headers)
    assert answer.status_code in (400, 401, 422), answer.text
    assert answer.json()["code"] in ("request.malformed", "session.wrong_credentials")


def slow_answer(pieces: list[Message], wait_s: float, patience_s: float) -> tuple[int, dict[bytes, bytes]]:
    """Let a service read a body that comes piece by piece, and return what it answers."""

    async def service(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        await PlainTextResponse(str(len(await request.body())))(scope, receive, send)

    def on_error(request: Request, error: Exception) -> Response:
        return PlainTextResponse("", status_code=getattr(error, "status_code", 500))

    answers: list[Message] = []

    async def receive() -> Message:
        if not pieces:
            await asyncio.Event().wait()
        await asyncio.sleep(wait_s)
        return pieces.pop(0)

    async def send(message: Message) -> None:
        answers.append(message)

    scope: Scope = {"type": "http", "method": "POST", "scheme": "http", "path": "/", "headers": []}
    asyncio.run(Edge(service, on_error, patience_s=patience_s)(scope, receive, send))
    return answers[0]["status"], dict(answers[0]["headers"])


def piece(size: int, *, more: bool = True) -> Message:
    return {"type": "http.request", "body": b"x" * size, "more_body": more}


def test_a_body_that_stops_coming_is_given_up_and_its_connection_closed() -> None:
    status, headers = slow_answer([piece(1)], wait_s=0, patience_s=0.05)
    assert status == 408
    assert headers[b"connection"] == b"close"


def test_a_body_that_drips_is_given_up_and_one_that_flows_is_not() -> None:
    dripping = [piece(1) for _ in range(1000)]
    assert slow_answer(dripping, wait_s=0.01, patience_s=0.05)[0] == 408
    flowing = [*(piece(100) for _ in range(10)), piece(0, more=False)]
    status, headers = slow_answer(flowing, wait_s=0.02, patience_s=0.1)
    assert status == 200
    assert b"connection" not in headers
