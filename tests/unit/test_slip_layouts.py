"""Every kind of slip, laid out for every country, and layouts that say what nobody knows."""

from dataclasses import replace
from datetime import UTC, date, datetime
from importlib.resources import files
from io import BytesIO
from uuid import UUID

import pytest
from pypdf import PdfReader

from salw.core.language import Language, translate
from salw.custody.declarations.rules import Declared, DeclaredKind, compare
from salw.custody.paper.rules import missing_lines
from salw.documents.rules import DocumentKind
from salw.reports.slips.layouts import layout_of, layouts, read_layouts
from salw.reports.slips.printing import Heading, print_slip
from salw.reports.slips.rules import SLIPS, Line, Party, Person, Sealed, Slip

AT = datetime(2026, 11, 26, 5, 10, tzinfo=UTC)
TITLES = {
    DocumentKind.ISSUE_SLIP: "BON DE PERCEPTION",
    DocumentKind.RETURN_SLIP: "BON DE RÉINTÉGRATION",
    DocumentKind.ENTRY_ORDER: "ORDRE D'ENTRÉE",
    DocumentKind.EXIT_ORDER: "ORDRE DE SORTIE",
    DocumentKind.MOVEMENT_ORDER: "ORDRE DE MOUVEMENT",
}
ACCOUNTANTS = {"BF": "comptable des matières", "ML": "comptable-matières", "NE": "comptable matières"}
SHIPPED = files("salw.reports.slips").joinpath("layouts.toml").read_text("utf-8")
ROUNDS = Declared(DeclaredKind.ROUNDS, "7,62x39", 90)


def a_slip(kind: DocumentKind, country: str, *, force: str | None = None, nominal: bool = False) -> Slip:
    """Return a slip of two weapons; a nominal one has a line for each of two men."""
    man = Person("CPL ESSAI Deux", "M-002")
    lines = [
        Line(UUID(int=n), f"{country}-000000{n}-X", f"SÉRIE-{n}", "AKM", "SA-ASR", "m" if nominal else None, man)
        for n in (1, 2)
    ]
    return Slip(
        id=UUID(int=9),
        country=country,
        force=force,
        kind=kind,
        year=2026,
        number=123,
        dated_on=date(2026, 11, 26),
        occurred_at=AT,
        recorded_at=AT,
        due_back_at=None,
        reference="<b>118/EM</b>",
        signatory=None,
        names={"country": "Pays d'essai", "force": "armée", "office": "EM", "unit": "Bataillon", "store": "Armurerie"},
        giver=Party("Armurerie", "Bataillon", Person("ADJ ESSAI Un", "M-001")),
        receiver=Party("Poste nord", "Bataillon", man),
        lines=lines,
        lines_in_all=3,
        declared=[ROUNDS],
        compared=compare([ROUNDS], [replace(ROUNDS, quantity=60, reason="30 consommées")]),
        paper=None,
        sealed=Sealed(11, 12),
        demo=True,
    )


def printed(slip: Slip, language: Language = "fr") -> str:
    """Return the text of a slip as printed, twice with the same bytes."""
    zone = "Africa/Niamey"
    heading = Heading(language, zone, "ADJ ESSAI Un", AT, ("salw.example/log", 40, "cmFjaW5l"))
    file = print_slip(slip, heading)
    assert file == print_slip(slip, heading)
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(file)).pages)


@pytest.mark.parametrize("country", ["BF", "ML", "NE", "XX"])
@pytest.mark.parametrize("kind", SLIPS)
def test_every_kind_prints_in_the_words_of_every_country(kind: DocumentKind, country: str) -> None:
    told = printed(a_slip(kind, country))
    for said in (TITLES[kind], "000123/2026", "26/11/2026 à 06 h 10", "SÉRIE-2", "M-001", "DÉMONSTRATION", "<b>118/EM"):
        assert said in told.replace("\u00a0", " "), said
    assert "COPIE PARTIELLE" in told
    assert "événements n° 12 à 13" in told
    assert "slip." not in told
    if "accountant" in getattr(layout_of(country, None), kind.value).signatories:
        assert ACCOUNTANTS.get(country, "comptable des matériels") in " ".join(told.split())


def test_a_nominal_slip_has_a_line_to_sign_for_each_man_and_a_return_its_comparison() -> None:
    told = printed(a_slip(DocumentKind.ISSUE_SLIP, "ML", nominal=True))
    assert told.count("CPL ESSAI Deux, M-002") == 2
    assert "Émargement" in told
    assert "ML-0000002-X" in told
    back = printed(a_slip(DocumentKind.RETURN_SLIP, "ML"), "en")
    assert "RETURN SLIP" in back
    assert "30 consommées" in back


@pytest.mark.parametrize("language", ["fr", "en"])
def test_pages_and_papers_call_the_two_numbers_of_a_weapon_by_the_same_words(language: Language) -> None:
    """The glossary: what is engraved is the n° matricule de l'arme, ours is the n° d'enregistrement."""
    columns = layouts()["BF"].columns
    for column, texts in {
        "serial": ("web.desk.serial", "web.arms_serial", "report.column.serial", "booklet.column.serial"),
        "registry_number": ("web.desk.number", "web.arms_number", "report.column.registry_number"),
    }.items():
        said = {translate(text, language).replace("\u00a0", " ") for text in texts}
        assert said == {columns[column].say(language).replace("\u00a0", " ")}, column


def test_a_force_has_its_words_over_its_countrys() -> None:
    assert "brigade" in printed(a_slip(DocumentKind.MOVEMENT_ORDER, "NE", force="GN"))
    assert "comptable matières" in layout_of("NE", "GN").signatories["accountant"].fr
    assert layout_of("NE", "AT") == layout_of("NE", None) == layouts()["NE"]


@pytest.mark.parametrize(
    "wrong",
    [
        "[colours]\n",
        "[countries.ML.isue_slip]\ntitle = { fr = 'a', en = 'b' }\n",
        "[countries.ZZ.issue_slip]\ntitel = { fr = 'a', en = 'b' }\n",
        "[countries.ZZ.issue_slip]\ncolumns = ['place', 'price']\n",
        "[countries.ZZ.issue_slip]\nsignatories = ['general']\n",
        "[countries.ZZ.issue_slip]\nheader = ['parish']\n",
        "[countries.ZZ.issue_slip]\ntitle = { fr = 'a' }\n",
    ],
)
def test_a_layout_that_says_what_nobody_knows_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError):
        read_layouts(f"{SHIPPED}\n{wrong}")


def test_what_is_still_out_is_issued_less_returned_and_unknown_things_are_named() -> None:
    magazine = Declared(DeclaredKind.MAGAZINE, None, 2)
    lines = compare([ROUNDS, ROUNDS], [replace(ROUNDS, quantity=200, reason="trouvées"), magazine])
    assert [(c.kind, c.difference, c.reasons) for c in lines] == [
        (DeclaredKind.ROUNDS, -20, ("trouvées",)),
        (DeclaredKind.MAGAZINE, -2, ()),
    ]


def test_the_lines_missing_in_a_booklet_end_with_the_last_one_used() -> None:
    assert missing_lines([]) == []
    assert missing_lines([(1, 1), (1, 3)]) == [(1, 2)]
    assert len(missing_lines([(1, 1), (3, 1)])) == 39
