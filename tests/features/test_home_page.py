"""The first page: read by people, without script."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from html import unescape
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import httpx
import pytest
from sqlalchemy import Engine

from counting import close, open_check
from desk import words
from program import PASSWORD, give_account
from salw.access.guard import COOKIE
from salw.commission.rules import Level
from salw.core.db import run
from salw.core.ids import new_id
from salw.core.language import Language, translate
from salw.summaries.rules import Detail
from salw.web.assets import static_address
from service_fixtures import NO_CERTIFICATES, make_service
from world import World


class Outline(HTMLParser):
    """Collects what a reader without eyes goes by: headings, labels, tables, and anything that could run."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, name: str) -> list[dict[str, str | None]]:
        """Return the attributes of every tag of a name."""
        return [attributes for tag, attributes in self.tags if tag == name]


def outline(html: str) -> Outline:
    parser = Outline()
    parser.feed(html)
    return parser


@pytest.fixture
def site(service: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service, verify=NO_CERTIFICATES, timeout=30, headers={"origin": service}) as site:
        yield site


def log_in(site: httpx.Client, account: str, password: str = PASSWORD) -> httpx.Response:
    return site.post("/log-in", data={"account": account, "password": password})


def see(site: httpx.Client, world: World, job: str, language: str = "fr") -> str:
    site.cookies.set(COOKIE, world[job].token)
    answer = site.get("/", params={"language": language})
    assert answer.status_code == 200, answer.text
    return answer.text


def test_a_stranger_sees_what_this_is_and_a_form_in_french(site: httpx.Client) -> None:
    answer = site.get("/", headers={"accept-language": "en"})
    assert answer.status_code == 200
    assert '<html lang="fr"' in answer.text
    seen = outline(answer.text)
    assert len(seen.all("h1")) == 1
    named = {label["for"] for label in seen.all("label")}
    assert {field["id"] for field in seen.all("input")} <= named
    assert "Se connecter" in answer.text


def test_english_is_one_link_away(site: httpx.Client) -> None:
    answer = site.get("/", params={"language": "en"})
    assert '<html lang="en"' in answer.text
    assert "Log in" in answer.text
    assert "Se connecter" not in answer.text


def test_the_link_to_the_other_language_keeps_what_was_chosen(site: httpx.Client, world: World) -> None:
    def other(**query: str) -> str:
        (link,) = (a for a in outline(site.get("/", params=query).text).all("a") if "hreflang" in a)
        return str(link["href"])

    assert other() == "/?language=en"
    site.cookies.set(COOKIE, world["keeper"].token)
    english = other(since="2026-01-02", until="2026-01-31")
    assert english == "/?language=en&since=2026-01-02&until=2026-01-31"
    html = site.get(english).text
    assert [field["value"] for field in outline(html).all("input") if field.get("type") == "date"] == [
        "2026-01-02",
        "2026-01-31",
    ]
    assert re.search(r">\s*From\s*<", html)
    assert re.search(r">\s*To\s*<", html)
    assert other(language="en", quarter="2026Q1") == "/?language=fr&quarter=2026Q1"
    assert other(since='"><b>&x=1', other="1") == "/?language=en&since=%22%3E%3Cb%3E%26x%3D1"


def test_a_page_can_run_nothing_but_our_own_modules(site: httpx.Client, world: World) -> None:
    for html in (site.get("/").text, see(site, world, "commission")):
        seen = outline(html)
        assert [(s["type"], s["src"]) for s in seen.all("script")] == [("module", static_address("start.js"))]
        assert not seen.all("style")
        assert not [a for _, a in seen.tags if "style" in a or any(name.startswith("on") for name in a)]
        assert not [a for _, a in seen.tags for n in ("src", "href") if str(a.get(n, "")).startswith(("http", "//"))]
    policy = site.get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_log_in_by_form_opens_a_session_kept_from_scripts_and_other_sites(site: httpx.Client, world: World) -> None:
    answer = log_in(site, give_account(world, "keeper"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/aujourdhui")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "ESSAI-KEEPER" in site.get("/").text


def test_a_log_in_leads_to_the_desk_or_to_where_one_was_going(site: httpx.Client, world: World) -> None:
    refused = site.get("/armes?state=issued", headers={"accept": "text/html"})
    (address,) = (a["href"] for a in outline(refused.text).all("a") if "next=" in str(a["href"]))
    (form,) = (f["action"] for f in outline(site.get(str(address)).text).all("form") if f.get("method") == "post")
    keeper, commission = (
        {"account": give_account(world, job), "password": PASSWORD} for job in ("keeper", "commission")
    )
    assert site.post(str(form), data={**keeper, "password": "faux"}).text.count(str(form)) == 1
    for asked, typed, goal in (
        (form, keeper, "/armes?state=issued"),
        ("/log-in?next=//ailleurs.test/", keeper, "/aujourdhui"),
        ("/log-in?language=en", commission, "/?language=en"),
    ):
        assert site.post(str(asked), data=typed).headers["location"] == goal


def test_a_wrong_password_is_told_at_the_top_and_keeps_the_account(site: httpx.Client, world: World) -> None:
    answer = log_in(site, "personne@bf", "faux")
    assert answer.status_code == 401
    assert 'role="alert"' in answer.text
    assert 'value="personne@bf"' in answer.text
    assert "faux" not in answer.text
    assert "set-cookie" not in answer.headers


def test_what_is_typed_is_shown_as_text(site: httpx.Client) -> None:
    answer = log_in(site, '"><script>alert(1)</script>@bf', "x")
    assert "<script>" not in answer.text


@pytest.mark.parametrize("origin", ["https://ailleurs.example", "null", ""])
def test_another_site_cannot_log_anybody_in_or_out(site: httpx.Client, service: str, world: World, origin: str) -> None:
    with httpx.Client(
        base_url=service, verify=NO_CERTIFICATES, headers={"origin": origin} if origin else {}
    ) as stranger:
        assert log_in(stranger, give_account(world, "keeper")).status_code == 403
        stranger.cookies.set(COOKIE, world["keeper"].token)
        assert stranger.post("/log-out").status_code == 403
    assert "ESSAI-KEEPER" in see(site, world, "keeper")
    fetched = site.post("/log-in", data={"account": "a@bf"}, headers={"sec-fetch-site": "cross-site"})
    assert fetched.status_code == 403


def test_log_out_ends_the_session_on_the_server(site: httpx.Client, world: World) -> None:
    site.cookies.set(COOKIE, world["armourer"].token)
    assert site.post("/log-out").status_code == 303
    assert "Se connecter" in see(site, world, "armourer")


def test_a_storekeeper_sees_his_store_alone_with_its_reconciliation(site: httpx.Client, world: World) -> None:
    html = see(site, world, "keeper")
    links = [str(a["href"]) for a in outline(html).all("a")]
    own = [link for link in links if f"/v1/stores/{world.store_alpha}/reconciliation.pdf?from=" in link]
    assert len(own) == 1
    assert str(world.store_bravo) not in html
    answer = site.get(own[0])
    assert answer.status_code == 200, answer.text
    assert answer.content.startswith(b"%PDF")


def test_closed_checks_of_one_store_and_day_are_told_apart(
    site: httpx.Client, client: httpx.Client, world: World
) -> None:
    hours = []
    for mission in ("OM <7>", None):
        check = open_check(client, world, mission=mission)
        close(client, world, check)
        answer = client.get(f"/stocktakes/{check}", headers=world["keeper"].headers).json()
        closed_at = datetime.fromisoformat(answer["closed_at"])
        hours.append(closed_at.astimezone(ZoneInfo(world.actor("keeper").time_zone)))
    languages: tuple[tuple[Language, str], ...] = (("fr", "ordre de mission"), ("en", "order of mission"))
    for language, mission in languages:
        html = see(site, world, "keeper", language)
        rows = [unescape(re.sub("<[^>]+>", " ", row)) for row in html.split("<tr>") if "/v1/stocktakes/" in row]
        assert len(rows) == 2
        day, hour, minute = (f"{hours[1]:{part}}" for part in ("%d/%m/%Y", "%H", "%M"))
        assert translate("report.instant", language, day=day, hour=hour, minute=minute) in rows[0]
        assert mission not in rows[0]
        assert f", {mission} OM <7>" in rows[1]
        assert f"{hours[0]:%d/%m/%Y}  " in rows[1], "the day alone"
    # Both are read on the page before they are printed: a check, and the period of its store with both checks.
    links = [str(a["href"]) for a in outline(see(site, world, "keeper")).all("a")]
    reads = [link for link in links if link.startswith("/registres/rapprochement")]
    assert len(reads) == 1 + 2
    read = [words(site.get(link).text) for link in reads]
    assert ["Existants réels" in page for page in read] == [False, True, True]
    assert [page.count("Écarts constatés") for page in read] == [0, 1, 1]
    period = str(site.get(reads[0]).text)
    assert {link in period for link in reads[1:]} == {True}, "a period leads to its checks"
    assert site.get("/registres/rapprochement").headers["location"].startswith("/registres?")
    stranger = site.get(f"/registres/rapprochement?store={world.store_bravo}&since=2026-01-01&until=2026-01-02")
    assert stranger.status_code == 404


def test_a_commission_sees_the_countries_side_by_side_and_no_store(
    site: httpx.Client, client: httpx.Client, world: World
) -> None:
    world.register(12)
    as_officer = world["commission"].headers
    world.show(Level.COUNTS_AND_MARKING)
    client.put("/publication-settings/AT", json={"detail": Detail.EXACT.value}, headers=as_officer)
    quarter = client.get("/summaries/cross-border", headers=as_officer).json()["quarter"]
    client.post(f"/summaries/{quarter}/publication", json={"id": str(new_id())}, headers=as_officer)
    html = see(site, world, "commission")
    for name in ("Burkina Faso", "Mali", "Niger"):
        assert html.count(f'<abbr class="narrow" title="{name}">') == 3, name
    answer = client.get("/summaries/cross-border", headers=as_officer).json()
    total = f"{answer['totals']['weapons']:,}".replace(",", "\u202f")
    assert re.search(rf"Armes publiées</th>.*>{total}</td></tr>", html)
    assert "/v1/stores/" not in html
    assert 'id="by-class"' not in see(site, world, "keeper")


def test_the_page_says_which_forces_show_their_commission_nothing_or_no_marking(
    site: httpx.Client, client: httpx.Client, world: World
) -> None:
    world.register(12)
    as_officer = world["commission"].headers
    client.put("/publication-settings/AT", json={"detail": Detail.EXACT.value}, headers=as_officer)
    quarter = client.get("/summaries/cross-border", headers=as_officer).json()["quarter"]

    def seen(level: Level) -> str:
        world.show(level)
        answer = client.post(f"/summaries/{quarter}/publication", json={"id": str(new_id())}, headers=as_officer)
        assert answer.status_code == 200, answer.text
        return unescape(see(site, world, "commission"))

    unmarked, nothing = (translate(f"web.{code}", "fr", forces="armée de terre") for code in ("unmarked", "left_out"))
    army = r'<tr><th scope="row">armée de terre</th>'
    html = seen(Level.COUNTS_AND_MARKING)
    assert unmarked not in html
    assert nothing not in html
    html = seen(Level.COUNTS)
    assert f"<li>Burkina Faso, {unmarked}</li>" in html
    # The database is every test's: past 999 weapons a figure carries the narrow space of thousands.
    assert re.search(army + r'<td class="n">[1-9][\d\u202f]*</td><td class="n">–</td><td class="n">–</td>', html)
    html = seen(Level.NOTHING)
    assert f"<li>Burkina Faso, {nothing}</li>" in html
    assert re.search(army + r'(<td class="n">–</td>){5}<td>rien n\'est montré à la commission</td>', html)


def test_who_has_no_page_is_told_so(site: httpx.Client, world: World) -> None:
    assert "administrateur de votre pays" in see(site, world, "oversight")


def test_an_account_whose_postings_have_ended_is_no_error(site: httpx.Client, world: World) -> None:
    site.cookies.set(COOKIE, world["soldier"].token)
    assert site.get("/").status_code == 200


def test_the_banner_shows_while_there_are_demo_accounts(site: httpx.Client, world: World, owner_engine: Engine) -> None:
    def banner() -> bool:
        return 'class="demo"' in site.get("/").text

    # Other tests of this database have demonstration accounts of their own: they are none for as long as this runs.
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        others = run(db, "update account set demo = false where demo returning country, id")
    without = banner()
    give_account(world, "auditor")
    shown = banner()
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        for other in others:
            run(db, "update account set demo = true where (country, id) = (%(country)s, %(id)s)", other)
    assert (without, shown) == (False, True)


BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("since=abc&until=", {"since": "abc", "until": ""}),
        ("since=", {"since": ""}),
        ("since=2026-02-03&until=2026-02-01", {"until": "2026-02-01"}),
        ("since=2026-01-01&until=2199-01-01", {"until": "2199-01-01"}),
    ],
)
def test_a_period_that_cannot_be_is_said_at_its_field_and_kept_as_typed(
    site: httpx.Client, world: World, query: str, fields: dict[str, str]
) -> None:
    site.cookies.set(COOKIE, world["keeper"].token)
    answer = site.get(f"/?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (422, "text/html; charset=utf-8")
    seen = outline(answer.text)
    shown = {str(field["id"]): field for field in seen.all("input") if field.get("id")}
    assert {name: field["value"] for name, field in shown.items() if "aria-invalid" in field} == fields
    assert {f"{name}-error" for name in fields} == {
        f["aria-describedby"] for f in shown.values() if "aria-invalid" in f
    }
    assert [a["href"] for a in seen.all("a") if str(a["href"]).startswith("#")][1:] == [f"#{name}" for name in fields]
    assert "Registre des armes légères</title>" in answer.text
    assert "<title>Erreur" in answer.text
    assert "reconciliation.pdf?from=" not in answer.text


def test_a_quarter_that_is_none_is_said_at_its_field(site: httpx.Client, world: World) -> None:
    site.cookies.set(COOKIE, world["commission"].token)
    for typed, said in (("zz", "n'est pas un trimestre"), ("2099Q1", "n'a pas commencé")):
        answer = site.get("/", params={"quarter": typed})
        assert answer.status_code == 422
        assert said in html_text(answer)
        assert "quarter-error" in answer.text
    assert site.get("/", params={"quarter": "2020Q1"}).text.count(" selected>1er trimestre 2020<") == 1


def test_a_field_that_is_not_on_the_readers_page_is_nothing_to_correct(site: httpx.Client, world: World) -> None:
    site.cookies.set(COOKIE, world["oversight"].token)
    assert site.get("/?since=abc&quarter=zz").status_code == 200


def test_a_language_that_no_page_has_is_answered_in_french(site: httpx.Client) -> None:
    answer = site.get("/?language=de")
    assert answer.status_code == 200
    assert '<html lang="fr"' in answer.text


@pytest.mark.parametrize("typed", ["x" * 201, "a\0@bf"])
def test_an_account_that_cannot_be_is_a_wrong_account(site: httpx.Client, typed: str) -> None:
    answer = log_in(site, typed)
    assert answer.status_code == 401
    assert "Compte ou mot de passe incorrect" in answer.text


def html_text(answer: httpx.Response) -> str:
    """Return a page with its characters as they are read."""
    return unescape(answer.text)


def test_an_unknown_page_says_so_and_leads_back_in_the_readers_language(site: httpx.Client) -> None:
    for language, said, back in (("fr", "Aucune page de ce registre", "/"), ("en", "No page", "/?language=en")):
        answer = site.get("/nope", params={"language": language}, headers={**BROWSER, "accept-language": "en"})
        assert (answer.status_code, answer.headers["content-language"]) == (404, language)
        assert said in html_text(answer)
        assert back in [a["href"] for a in outline(answer.text).all("a") if a.get("class") == "way"]
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_program_is_answered_as_a_program(site: httpx.Client) -> None:
    for path in ("/nope", "/v1/nope", "/v1/me"):
        for accept in ("*/*", "application/json", "application/pdf"):
            answer = site.get(path, headers={"accept": accept})
            assert answer.headers["content-type"] == "application/problem+json"


def test_who_writes_under_v1_is_a_program_whatever_it_accepts(site: httpx.Client, world: World) -> None:
    for method, path in (("PUT", f"/v1/issues/{new_id()}"), ("POST", "/v1/sessions"), ("POST", "/v1/nope")):
        answer = site.request(method, path, headers={**BROWSER, **world["keeper"].headers}, json={})
        assert answer.headers["content-type"] == "application/problem+json"
    answer = site.put("/v1/me", headers=BROWSER)
    assert (answer.status_code, answer.headers["content-type"]) == (405, "application/problem+json")


def test_a_link_to_a_report_that_leads_nowhere_is_answered_with_a_page(site: httpx.Client, world: World) -> None:
    def follow(address: str, status: int) -> str:
        answer = site.get(address, headers=BROWSER)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
        assert outline(answer.text).all("h1")
        return html_text(answer)

    days = "from=2026-01-02&to=2026-01-31&language="
    report = f"/v1/stores/{world.store_bravo}/reconciliation.pdf?{days}"
    assert "Se connecter" in follow(f"{report}fr", 401)
    assert ">Log in<" in follow(f"{report}en", 401)
    site.cookies.set(COOKIE, world["keeper"].token)
    assert "Revenir à la première page" in follow(f"{report}fr", 404)
    assert "Revenir à la première page" in follow(f"/v1/stocktakes/{new_id()}/reconciliation.pdf", 404)
    assert "Aucune page de ce registre" in follow("/v1/nope", 404)
    assert "Cette adresse est incomplète" in follow(f"/v1/stores/x/reconciliation.pdf?{days}fr", 422)


def test_a_refusal_and_a_wrong_method_are_pages_too(site: httpx.Client, world: World) -> None:
    site.cookies.set(COOKIE, world["keeper"].token)
    refused = site.post("/log-out", headers={**BROWSER, "origin": "https://ailleurs.example"})
    assert refused.status_code == 403
    assert "La demande ne vient pas de ce site" in html_text(refused)
    wrong = site.put("/", headers=BROWSER)
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET")
    assert "<h1" in wrong.text


def test_where_the_database_is_away_the_page_says_so_with_a_number(urls: Mapping[str, str]) -> None:
    app = make_service(dict.fromkeys(urls, "postgresql+psycopg://nobody@127.0.0.1:9/nowhere"))

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
            return await client.get("/", headers=BROWSER)

    answer = asyncio.run(ask())
    assert answer.status_code == 503
    assert "Le registre ne répond pas en ce moment" in html_text(answer)
    assert answer.headers["x-request-id"] in answer.text
    for engine in app.state.engines.values():
        engine.dispose()


def test_static_files_are_ours_and_nothing_else_is_served(site: httpx.Client) -> None:
    for address in [str(a["href"]) for a in outline(site.get("/").text).all("link")]:
        assert site.get(address).status_code == 200
    assert site.get("/static/..%2froutes.py").status_code == 404
    assert site.get("/static/routes.py").status_code == 404
