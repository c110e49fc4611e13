"""What every page brings along: its weight over a bad line, and no English word of the components on a French page."""

import gzip
import re
from importlib.resources import files

import httpx
import pytest

from salw.web.assets import assets
from world import Member, World

COLD_MOST, WARM_MOST = 250_000, 30_000  # bytes on the line
PAGES = (
    *(("keeper", path) for path in ("/", "/armes", "/armes?q=0", "/recherche?q=0", "/access", "/access/password")),
    *(("keeper", path) for path in ("/access/factors/new", "/access/tokens/new", "/devices", "/nope", "/?since=x")),
    *(("administrator", path) for path in ("/administration", "/administration/people/new?x=1")),
    *(("commander", path) for path in ("/devices", "/devices/invitation", "/emergency-reads", "/emergency-reads/new")),
    *(("auditor", path) for path in ("/", "/journal")),
    ("commission", "/"),
)


def ask(service: str, member: Member, path: str) -> httpx.Response:
    token = member.headers["Authorization"].removeprefix("Bearer ")
    headers = {"Cookie": f"salw_session={token}", "Accept": "text/html", "Accept-Encoding": "gzip"}
    return httpx.get(service + path, headers=headers, timeout=60)


def taken(answer: httpx.Response) -> int:
    """Return the bytes of a body as they came over the line."""
    return int(answer.headers["content-length"])


def built_in_texts() -> set[str]:
    """Return what the components say by themselves, in English, wherever a page brings no text of its own."""
    texts: set[str] = set()
    for component in files("govuk_frontend_jinja").joinpath("templates", "components").iterdir():
        source = component.joinpath("macro.html").read_text("utf-8")
        texts |= set(re.findall(r"""(?:\bor|default\()\s*["']([A-Z][A-Za-z ]{3,})["']""", source))
    same = {"Menu", "Page "}  # words of both languages
    return (texts - same) | {"Skip to main content", "There is a problem", "Error:"}


@pytest.mark.parametrize("job", ["keeper", "commission"])
def test_a_first_page_is_light_and_the_next_ones_are_lighter(service: str, world: World, job: str) -> None:
    page = ask(service, world[job], "/")
    addresses = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text))
    files_ = {address: httpx.get(service + address, timeout=60) for address in addresses}
    for imported in ("keys.js", "sent.js"):  # what a script asks for beside itself
        address = next(a for a in addresses if a.endswith("/start.js")).replace("start.js", imported)
        files_[address] = httpx.get(service + address, timeout=60)
    assert {a.status_code for a in files_.values()} == {200}
    kept = {a for a, answer in files_.items() if "immutable" in answer.headers["cache-control"]}
    assert {a.rpartition("/")[2] for a in kept} == {"govuk-frontend.min.css", "govuk-frontend.min.js"}
    cold = taken(page) + sum(map(taken, files_.values()))
    warm = taken(page) + sum(taken(files_[a]) for a in files_.keys() - kept)
    assert cold < COLD_MOST, cold
    assert warm < WARM_MOST, warm


@pytest.mark.parametrize(("job", "path"), PAGES)
def test_no_english_word_of_the_components_stands_on_a_french_page(
    service: str, world: World, job: str, path: str
) -> None:
    texts = built_in_texts()
    assert len(texts) > 8
    html = ask(service, world[job], path).text
    assert "<html" in html
    assert [text for text in texts if text in html] == []


def test_files_come_compressed_to_whoever_reads_them_so_and_plain_to_others(service: str) -> None:
    address = next(iter(re.findall(r'"(/static/[^"]+style\.css)"', httpx.get(service + "/", timeout=60).text)))
    plain = httpx.get(service + address, headers={"accept-encoding": "identity"}, timeout=60)
    assert "content-encoding" not in plain.headers
    assert plain.content == assets()["style.css"].body == gzip.decompress(assets()["style.css"].compressed)
    old = re.sub(r"/static/[0-9a-f]+/", "/static/000000000000/", address).replace(
        "style.css", "vendor/govuk-frontend.min.css"
    )
    assert httpx.get(service + old, timeout=60).headers["cache-control"] == "no-store"
