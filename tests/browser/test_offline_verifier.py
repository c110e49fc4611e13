"""The page that checks bundles, from a file, in a browser that reaches nobody: it says what the program says."""

import base64
import hashlib
from collections.abc import Callable, Iterator, Sequence
from importlib.resources import files
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine

from bundling import DAMAGES, STRANGERS, bundle, junk, story, trusting
from salw.core import clock
from salw.ledger.checkpoints import Checkpoint, read_checkpoint
from salw.ledger.leading import Sealer
from salw.ledger.notes import Note, Verifier, read_note
from salw.proofs.bundles.archive import read_archive
from salw.proofs.bundles.page import make_page
from salw.proofs.bundles.verifying import verify_bundle
from salw_cli.verdicts import tell
from sealing import make_sealer, seal_now
from world import World

pytestmark = pytest.mark.chromium

PHONE, SCREEN = (360, 740), (1280, 800)
# As the page hands a file to its pure part, and what comes of it.
CHECK = """([data, keys]) => {
    const verdict = Salw.verify(Salw.base64(data), Salw.readKeys(keys).keys);
    const told = list => list.map(p => [p.code, p.where]);
    return {problems: told(verdict.problems), misfits: told(verdict.misfits), remarks: told(verdict.remarks),
            named: verdict.head === null ? null : verdict.sealedName(), numbers: verdict.numbers,
            proven: verdict.events.map(e => e.proven),
            signers: verdict.logs.map(l => l.signers.map(s => [s.name, s.trust, s.time])),
            sizes: verdict.logs.map(l => Object.keys(l.sizes).map(Number)), values: verdict.values};
}"""


@pytest.fixture
def sealer(tmp_path: Path) -> Sealer:
    return make_sealer(tmp_path)


@pytest.fixture
def open_file(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Return the way to open the page from a file, with no network; it asks for nothing and complains of nothing."""
    path = tmp_path / "VERIFIER.html"
    path.write_bytes(make_page())
    contexts, complaints, asked = [], [], []

    def open_page(size: tuple[int, int] = SCREEN) -> Page:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, offline=True)
        contexts.append(context)
        context.on("request", lambda request: asked.append(request.url))
        context.on("console", lambda message: complaints.append(message.text))
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        page = context.new_page()
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
    assert set(asked) <= {path.as_uri()}


@pytest.fixture
def whole(client: httpx.Client, world: World, sequencer_engine: Engine, sealer: Sealer) -> bytes:
    """Return a bundle with names and an earlier size of the log."""
    weapon = story(client, world).weapon_id
    seal_now(sequencer_engine, sealer)
    world.register(1)
    seal_now(sequencer_engine, sealer)
    return bundle(client, world, weapon=weapon, names=True, log_size=1)


def give(page: Page, data: bytes, keys: str = "", printed: str = "", number: str = "") -> None:
    page.set_input_files("#file", {"name": "dossier.zip", "mimeType": "application/zip", "buffer": data})
    page.fill("#keys", keys)
    page.fill("#printed", printed)
    page.fill("#number", number)
    page.click("#form button[type=submit]")
    expect(page.locator(".verdict")).to_be_visible()


def judged_by_program(data: bytes, keys: Sequence[Verifier]) -> dict[str, object]:
    verdict = verify_bundle(data, keys)
    return {
        "problems": [[p.code, p.where] for p in verdict.problems],
        "misfits": [[p.code, p.where] for p in verdict.misfits],
        "remarks": [[p.code, p.where] for p in verdict.remarks],
        "named": verdict.sealed_name if verdict.head else None,
        "numbers": verdict.numbers,
        "proven": [e.proven for e in verdict.events],
        "signers": [[[s.name, str(s.trust), s.time] for s in log.signers] for log in verdict.logs],
        "sizes": [sorted(log.sizes) for log in verdict.logs],
        "values": verdict.values,
    }


def test_page_and_program_find_the_same_in_every_damaged_bundle(
    whole: bytes, sealer: Sealer, open_file: Callable[..., Page]
) -> None:
    page, keys = open_file(), trusting(sealer)
    other = [Verifier("registre.example/ml/1", keys[0].algorithm, keys[0].public_key)]
    damaged = {name: damage.do(whole) for name, damage in (DAMAGES | STRANGERS).items()} | dict(junk(whole))
    for name, data in {"nothing": whole, **damaged}.items():
        for held in (keys, [], other) if name == "nothing" else (keys, []):
            asked = [base64.b64encode(data).decode(), "\n".join(key.text for key in held)]
            found, expected = page.evaluate(CHECK, asked), judged_by_program(data, held)
            assert found == expected, name
    sound = judged_by_program(whole, keys)
    assert (sound["problems"], sound["misfits"], sound["remarks"]) == ([], [], [])
    assert sound["named"]


def test_a_sound_bundle_is_told_as_a_story_in_two_languages(
    whole: bytes, sealer: Sealer, open_file: Callable[..., Page]
) -> None:
    page, (key,) = open_file(PHONE), trusting(sealer)
    give(page, whole, key.text)
    expect(page.locator(".verdict.good")).to_contain_text("INTACT, et signé par une clé que vous connaissez")
    assert page.locator("ol.time .what").all_inner_texts() == ["Prise en charge", "Perception", "Réintégration"]
    expect(page.locator("ol.time")).to_contain_text("De : Armurerie keeper")
    page.click("#language")
    expect(page.locator(".verdict.good")).to_contain_text("INTACT, and signed by a key that you know")
    assert page.locator("ol.time .what").all_inner_texts() == ["Taken on charge", "Issue", "Return"]
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    give(page, whole)
    expect(page.locator(".verdict.warn")).to_contain_text("compare it with the paper")
    # The page in the bundle is the page that the service gives.
    assert read_archive(whole)["VERIFIER.html"] == make_page()


def test_page_and_program_mark_alike_what_is_proven_and_what_the_register_only_says(
    client: httpx.Client, world: World, whole: bytes, sealer: Sealer, open_file: Callable[..., Page]
) -> None:
    page, keys = open_file(), trusting(sealer)
    today = world.founder.today.isoformat()
    store = bundle(client, world, store=world.store_alpha, from_=today, to=today)
    for data in (whole, store, DAMAGES["a byte of an event"].do(whole)):
        give(page, data, keys[0].text)
        events = page.locator("ol.time > li").all()
        shown = [" · ".join(event.locator(":scope > div").all_inner_texts()) for event in events]
        told = list(tell(verify_bundle(data, keys), "", brought=True, told=()))
        assert shown
        assert [line.strip() for line in told if " du journal\u00a0: " in line] == shown
        assert sum("NON PROUVÉ" in line for line in shown) == (data not in (whole, store))
        mark = "* nom ou fonction selon le registre"
        assert page.locator("#result").inner_text().count(mark) == 1 == sum(mark in line for line in told)
        for line in shown:
            assert line.count("\u00a0*") == line.count("Bataillon d'essai"), "every name of a unit is marked"


RED_WORDS = {
    "a byte of an event": "MODIFIÉ, ou pas à sa place",
    "two events swapped": "MODIFIÉ, ou pas à sa place",
    "two events swapped with their proofs": "pas à sa place dans le dossier",
    "a hash of the proofs": "MODIFIÉ, ou pas à sa place",
    "the size in the checkpoint": "SIGNATURE FAUSSE",
    "the signature": "SIGNATURE FAUSSE",
    "the end cut off": "n'est pas entier",
    "the key of another": "C'est un autre journal, ou une autre clé",
}


def test_damage_is_told_in_red_words(whole: bytes, sealer: Sealer, open_file: Callable[..., Page]) -> None:
    page, (key,) = open_file(), trusting(sealer)
    for damage, words in RED_WORDS.items():
        give(page, DAMAGES[damage].do(whole), key.text)
        expect(page.locator(".problem").first).to_contain_text(words)
        expect(page.locator(".verdict.bad")).to_contain_text("ABÎMÉ OU MODIFIÉ")


def test_the_checkpoint_of_a_report_is_held_against_the_bundle(
    whole: bytes, sealer: Sealer, open_file: Callable[..., Page]
) -> None:
    page, (key,) = open_file(), trusting(sealer)
    note = read_archive(whole)["1/checkpoint"].decode()
    give(page, whole, key.text, note.replace("\n", " \r\n").replace("— ", "-- "))
    expect(page.locator("#result")).to_contain_text("son point de contrôle est prouvé par ce dossier")
    give(page, whole, key.text, note.replace(note.split("\n")[2], base64.b64encode(bytes(32)).decode()))
    expect(page.locator(".problem").last).to_contain_text("SIGNATURE FAUSSE sur le point de contrôle imprimé")
    expect(page.locator(".verdict.warn")).to_contain_text("Le dossier est intact")
    (signer,) = sealer.signers_of("BF")
    head = read_checkpoint(read_note(note.encode()).text)
    forked = Checkpoint(head.origin, head.size, bytes(32)).text
    give(page, whole, key.text, str(Note(forked, (signer.sign(forked, clock.now()),))))
    expect(page.locator(".problem").last).to_contain_text("ALERTE")
    give(page, whole, "pas une clé", "")
    expect(page.locator("#result")).to_contain_text("Cette ligne n'est pas une clé")
    give(page, whole, key.text, number="BF-1-DEADBEEF")
    expect(page.locator("#result")).to_contain_text("Le CONTENU de l'état")
    for number, words in {
        "ML-1-DEADBEEF": "d'un autre pays",
        "BF-99-DEADBEEF": "--log-size 99",
        "ZZZ": "illisible",
    }.items():
        give(page, whole, key.text, number=number)
        expect(page.locator(".problem")).to_contain_text(words)
        expect(page.locator(".verdict.warn")).to_contain_text("ne se vérifie pas avec ce que vous avez donné")


def test_a_stranger_in_a_bundle_is_no_silent_green(
    whole: bytes, sealer: Sealer, open_file: Callable[..., Page]
) -> None:
    page, (key,) = open_file(), trusting(sealer)
    number = verify_bundle(whole).sealed_name
    give(page, DAMAGES["the number of the weapon"].do(whole), key.text)
    assert page.locator("#result h2").inner_text() == f"Arme {number}"
    give(page, STRANGERS["a file"].do(whole), key.text)
    expect(page.locator(".verdict.warn")).to_contain_text("INTACT")
    expect(page.locator(".remark").first).to_contain_text("ATTESTATION.txt ne fait pas partie du dossier")


def test_what_others_wrote_is_as_they_published_it() -> None:
    vendor = files("salw.proofs.bundles.page").joinpath("vendor")
    table = vendor.joinpath("README.md").read_text("utf-8")
    scripts = [file for file in vendor.iterdir() if file.name.endswith(".js")]
    assert len(scripts) == 2
    for file in scripts:
        assert f"| `{file.name}` |" in table
        assert hashlib.sha256(file.read_bytes()).hexdigest() in table
