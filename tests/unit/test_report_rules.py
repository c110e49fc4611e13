"""Reports without a database: the sums, the words, and what each renderer must never do to a text."""

import io
import json
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader
from reportlab.pdfbase.pdfmetrics import getFont, stringWidth

from salw.core.errors import Unacceptable
from salw.core.language import Language, translate
from salw.custody.rules import MovementKind, State
from salw.reports.balances import DoesNotAddUp, Entry, Exit, Model, entry_of, exit_of, make_balances, make_open_losses
from salw.reports.checks import Check, Officer, Tally, Variance, make_tallies, mask, order_variances, unmask
from salw.reports.rendering.csv import make_csv, neutral
from salw.reports.rendering.document import make_document
from salw.reports.rendering.formats import make_json
from salw.reports.rendering.grid import drawable, wrap
from salw.reports.rendering.parts import Document, Heading, RowKind
from salw.reports.rendering.pdf import make_pdf
from salw.reports.rendering.words import Words
from salw.reports.rendering.xlsx import make_xlsx
from salw.reports.rules import Reconciliation, Subject, body_of, check_period, copy_of, seal
from salw.stocktakes.reconciliation import Outcome
from salw_labels import fonts

RIFLE = Model("SA-ASR", "AKM", "akm")
NO_MODEL = Model("SA-PIS", "", "")
ID = UUID(int=1)
LONG_NAME = "Groupement d'intervention de l'Est 4e Cie"


def a_variance(outcome: Outcome = Outcome.MISSING, model: Model = RIFLE, **said: Any) -> Variance:
    nothing = dict.fromkeys(field.name for field in fields(Variance))
    seen = outcome is not Outcome.MISSING
    known: dict[str, Any] = {"expected": not seen, "seen": seen, "typed": False, "case_open": False, "masked": False}
    return Variance(**{**nothing, **known, "outcome": outcome, "model": model, **said})


def with_variances(*variances: Variance) -> Reconciliation:
    report = a_report(variances=1)
    return replace(report, checks=(replace(report.checks[0], variances=variances),))


def a_report(*, variances: int = 0, demo: bool = False, unit_name: str = LONG_NAME) -> Reconciliation:
    classes, total = make_balances(
        {RIFLE: 1_234_567, NO_MODEL: 2},
        {RIFLE: {Entry.GIFT: 3}},
        {NO_MODEL: {Exit.LOSS: 1}},
        {RIFLE: 1_234_570, NO_MODEL: 1},
    )
    tallies, found = make_tallies({RIFLE: Tally(variances, 0, variances, 0, 0, 0, 0, 0, 0)})
    serials = ("00012345", "ИЖ 4567 Б", None)
    lines = tuple(a_variance(serial=serials[n % 3], registry_number=f"BF-{n:07d}-K") for n in range(variances))
    at = datetime(2026, 10, 5, 7, tzinfo=UTC)
    opener = Officer("opened", "auditor", None, "LTN ESSAI Un")
    check = Check(
        ID,
        "count",
        None,
        ID,
        "Armurerie",
        9,
        at,
        at,
        (opener,),
        0,
        {},
        tallies,
        found,
        lines,
        (),
    )
    return Reconciliation(
        country="BF",
        subject=Subject("store", ID, "Armurerie", ID, unit_name, "AT", 1, 1),
        from_date=date(2026, 10, 1),
        to_date=date(2026, 10, 31),
        time_zone="Africa/Niamey",
        opening_log_size=5,
        log_size=9,
        provisional=False,
        demo=demo,
        classes=classes,
        total=total,
        open_losses=make_open_losses({RIFLE: 4}, {NO_MODEL: 30}),
        checks=(check,) if variances else (),
        discontinued_checks=0,
    )


def printed(report: Reconciliation, language: Language = "fr") -> Document:
    at = datetime(2026, 11, 22, 12, 5, tzinfo=UTC)
    return make_document(seal(report), Heading("Burkina Faso", "Armée de terre", "SGT ESSAI Personne", at), language)


def text_of(document: Document) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(make_pdf(document))).pages)


@pytest.mark.parametrize("kind", list(MovementKind))
def test_every_kind_of_movement_has_a_column_in_both_directions(kind: MovementKind) -> None:
    assert entry_of(kind) in Entry
    assert exit_of(kind) in Exit


counts = st.dictionaries(st.sampled_from([RIFLE, NO_MODEL, Model("", "", "")]), st.integers(0, 10_000))


@given(
    counts,
    st.dictionaries(st.sampled_from([RIFLE, NO_MODEL]), st.dictionaries(st.sampled_from(Entry), st.integers(0, 99))),
    st.dictionaries(st.sampled_from([RIFLE, NO_MODEL]), st.dictionaries(st.sampled_from(Exit), st.integers(0, 99))),
)
def test_lines_subtotals_and_grand_total_all_cross_foot(
    opening: dict[Model, int], entries: dict[Model, dict[Entry, int]], exits: dict[Model, dict[Exit, int]]
) -> None:
    closing = {
        m: opening.get(m, 0) + sum(entries.get(m, {}).values()) - sum(exits.get(m, {}).values())
        for m in {*opening, *entries, *exits}
    }
    classes, total = make_balances(opening, entries, exits, closing)
    lines = [line.balance for group in classes for line in group.models]
    assert all(b.adds_up for b in [*lines, *(c.subtotal for c in classes), total])
    assert total.closing == sum(closing.values()) == sum(b.closing for b in lines)
    assert {line.model for group in classes for line in group.models} == set(closing)


def test_one_weapon_too_many_and_there_is_no_report() -> None:
    with pytest.raises(DoesNotAddUp) as refused:
        make_balances({RIFLE: 2}, {RIFLE: {Entry.PURCHASE: 1}}, {}, {RIFLE: 4})
    assert refused.value.code == "report.does_not_add_up"
    assert refused.value.status == 500


def test_a_check_whose_lines_do_not_add_up_gives_no_report() -> None:
    with pytest.raises(DoesNotAddUp):
        make_tallies({RIFLE: Tally(5, 3, 1, 0, 0, 0, 0, 0, 3)})


def test_variances_stand_in_an_order_that_an_inspector_can_follow() -> None:
    unknown = Model("", "", "")
    ordered = [
        a_variance(serial="A1", registry_number="BF-0000009-K"),
        a_variance(serial="b2", registry_number="BF-0000001-K"),
        a_variance(serial="C3"),
        a_variance(serial=None, registry_number="BF-0000002-K"),
        a_variance(model=NO_MODEL, serial="A0"),
        a_variance(Outcome.EXTRA_KNOWN, serial="A0"),
        a_variance(Outcome.EXTRA_UNREGISTERED, unknown, reading="ab 1"),
        a_variance(Outcome.EXTRA_UNREGISTERED, unknown, reading="AB 2"),
        a_variance(Outcome.UNREADABLE, unknown, reading=None),
    ]
    assert list(order_variances(reversed(ordered))) == ordered
    assert list(order_variances(ordered[4:] + ordered[:4])) == ordered


def test_the_place_of_a_weapon_of_another_unit_does_not_tell_between_which_serials_it_lies() -> None:
    mine = [a_variance(Outcome.EXTRA_KNOWN, serial=serial) for serial in ("A1", "C3")]

    def order(serial: str) -> list[UUID | None]:
        foreign = [a_variance(Outcome.EXTRA_KNOWN, serial=s, salt=UUID(int=n)) for n, s in enumerate((serial, "B9"), 1)]
        return [v.salt for v in order_variances([*foreign, *mine])]

    assert order("A0") == order("B2") == order("Z9")
    assert order("A0")[:2] == [None, None]


def test_a_masked_line_keeps_its_digest_and_is_hidden_in_every_form_but_the_digest() -> None:
    line = a_variance(Outcome.EXTRA_KNOWN, serial="SECRET 1", registry_number="BF-7777777-K", salt=UUID(int=7))
    whole, copy = with_variances(line), with_variances(mask(line))
    assert unmask(mask(line)) == line
    assert body_of(copy) == body_of(whole) == copy_of(whole)
    assert (copy.masked_lines, whole.masked_lines) == (1, 0)
    for text in (copy_of(copy).decode(), make_json(seal(copy)).decode(), repr(copy), text_of(printed(copy))):
        assert not [hidden for hidden in ("SECRET", "7777777", str(UUID(int=7))) if hidden in text]
    notices: dict[Language, str] = {
        "fr": "1 ligne est masquée sur cet exemplaire",
        "en": "1 line is masked on this copy",
    }
    for language, notice in notices.items():
        document = printed(copy, language)
        pages = [page.extract_text() for page in PdfReader(io.BytesIO(make_pdf(document))).pages]
        assert all(notice in page for page in pages), "it stands beside the digest, on every page"
        assert notice in make_csv(document).decode()
        assert make_json(seal(copy), language).decode().count(notice) == 1
    assert printed(whole).masked is None
    assert json.loads(make_json(seal(whole)))["notice"] is None


def test_a_weapon_seen_under_an_open_case_is_listed_and_totals_stay() -> None:
    line = a_variance(Outcome.MATCHED, serial="CAS 7", registry_number="BF-0000007-K", case_open=True)
    report = with_variances()
    seen = replace(report, checks=(replace(report.checks[0], seen_under_case=(line,)),))
    text = text_of(printed(seen)).replace("\n", " ")
    assert "Armes vues sous dossier déjà ouvert" in text
    assert "seule une décision le clôt" in text
    assert "CAS 7" in text
    assert printed(seen).recap == printed(report).recap
    assert "sous dossier déjà ouvert" not in text_of(printed(report))


@pytest.mark.parametrize("state", list(State))
def test_only_weapons_that_are_gone_or_sought_raise_an_alarm(state: State) -> None:
    gone = {"missing", "lost", "stolen", "taken_by_enemy", "abandoned", "destroyed", "handed_over"}
    variance = a_variance(Outcome.EXTRA_KNOWN, serial="A1", book_state=state)
    assert variance.alarms == (state in gone)
    document = printed(with_variances(variance))
    (row,) = document.tables[-1].rows
    assert ("ALERTE" in str(row.cells[6]), row.kind is RowKind.ALARM) == (variance.alarms, variance.alarms)
    assert "A1" in text_of(document)
    assert str(row.cells[6]).endswith(translate(f"state.{state}", "fr"))


def test_every_line_known_by_a_typed_text_says_so_on_paper_and_a_note_is_an_observation() -> None:
    document = printed(
        with_variances(
            a_variance(Outcome.EXTRA_KNOWN, serial="A1", typed=True),
            a_variance(Outcome.EXTRA_UNREGISTERED, reading="@0099", typed=True),
            a_variance(Outcome.VOID_LABEL, reading="ABCD"),
            a_variance(Outcome.UNREADABLE, note="Culasse rouillée"),
        )
    )
    others = [
        "saisi au clavier\u00a0: @0099",
        "lu\u00a0: ABCD",
        "observation\u00a0: Culasse rouillée",
    ]
    assert [row.cells[6] for row in document.tables[-1].rows] == ["saisie au clavier", *others]
    assert "saisie au clavier" in make_csv(document).decode()
    assert dict(document.tables[-2].facts)["Lignes connues par saisie au clavier seule\u00a0:"] == "0"


def test_today_may_be_the_last_day_and_tomorrow_may_not() -> None:
    today = date(2026, 11, 22)
    check_period(today, today, today)
    with pytest.raises(Unacceptable, match=r"report\.period_in_future"):
        check_period(today, date(2026, 11, 23), today)
    with pytest.raises(Unacceptable, match=r"report\.period_reversed"):
        check_period(today, date(2026, 11, 21), today)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_same_document_is_the_same_file(language: Language) -> None:
    document = printed(a_report(variances=30), language)
    assert make_pdf(document) == make_pdf(document)
    assert make_xlsx(document) == make_xlsx(document)
    assert make_csv(document) == make_csv(document)


def test_the_paper_says_when_and_by_whom_in_the_time_of_the_country() -> None:
    assert "Imprimé par SGT ESSAI Personne, le 22/11/2026 à 13 h 05" in text_of(printed(a_report()))
    assert "Printed by SGT ESSAI Personne, on 22 November 2026, 13:05" in text_of(printed(a_report(), "en"))


def test_demonstration_data_are_marked_on_every_page() -> None:
    pages = PdfReader(io.BytesIO(make_pdf(printed(a_report(variances=100, demo=True))))).pages
    assert len(pages) > 3
    assert all("DONNÉES DE DÉMONSTRATION" in page.extract_text() for page in pages)
    assert "DÉMONSTRATION" not in text_of(printed(a_report(variances=1)))


def test_a_list_over_many_pages_loses_no_line_and_repeats_its_head() -> None:
    pages = PdfReader(io.BytesIO(make_pdf(printed(a_report(variances=300))))).pages
    text = "\n".join(page.extract_text() for page in pages)
    assert all(f"BF-{n:07d}-K" in text for n in range(300))
    heads = sum("N° matricule de l'arme" in page.extract_text() for page in pages)
    listing = sum("-K\n" in page.extract_text() for page in pages)
    assert heads == listing > 5


@pytest.mark.parametrize("variances", [0, 1, 25, 30, 35, 40])
def test_the_signatures_never_stand_on_a_page_without_what_is_signed(variances: int) -> None:
    pages = PdfReader(io.BytesIO(make_pdf(printed(a_report(variances=variances))))).pages
    last = pages[-1].extract_text()
    assert "Signature et cachet" in last
    assert "Arrêté le présent état" in last
    assert "Balance de la période" in last
    assert ("Armurerie – Recensement" in last) == bool(variances)


def test_who_signs_a_register_signs_beneath_its_last_line() -> None:
    document = replace(printed(a_report(variances=40)), recap=(), note=None)
    *_, table = document.tables
    together = set()
    for length in range(24, 33):  # about where the signatures no longer fit beneath the lines
        register = replace(document, tables=(replace(table, rows=table.rows[:length]),))
        pages = [page.extract_text() for page in PdfReader(io.BytesIO(make_pdf(register))).pages]
        assert f"BF-{length - 1:07d}-K" in pages[-1]
        assert "Signature et cachet" in pages[-1]
        assert sum(text.count("-K\n") for text in pages) == length, "no line lost, none twice"
        together.add(pages[-1].count("-K\n"))
    assert min(together) == 1, "the last line alone, where there is no room for more"


def test_the_accountant_signs_a_period_and_each_page_is_initialled_by_those_who_sign() -> None:
    period = a_report(variances=60)
    of_check = replace(period, total=None, classes=(), open_losses=())
    for report, accountant in ((period, 1), (of_check, 0)):
        pages = [page.extract_text() for page in PdfReader(io.BytesIO(make_pdf(printed(report)))).pages]
        assert len(pages) > 1
        assert pages[-1].count("Le comptable-matières") == accountant
        for text in pages:
            assert text.count("Paraphes") == text.count("Dépositaire") == text.count("Commandant\n") == 1
            assert text.count("Comptable\n") == accountant


def test_a_name_of_any_length_is_printed_whole_and_stays_clear_of_the_initials() -> None:
    at = datetime(2026, 11, 22, 12, 5, tzinfo=UTC)
    name = "COL-MAJOR " + "OUEDRAOGO " * 20
    document = make_document(seal(a_report()), Heading("Burkina Faso", "Armée de terre", name, at), "fr")
    found: dict[str, tuple[float, float]] = {}

    def note(text: str, _matrix: list[float], place: list[float], _font: object, size: float) -> None:
        found[text.split()[0] if text.strip() else ""] = (place[4], size)

    PdfReader(io.BytesIO(make_pdf(document))).pages[0].extract_text(visitor_text=note)
    left, size = found["Imprimé"]
    assert left + stringWidth(document.printed, fonts.SANS, size) < found["Paraphes"][0]


def test_the_words_of_a_mission_are_not_said_twice() -> None:
    report = a_report(variances=1)
    check = replace(report.checks[0], mission="Ordre de mission n° 7/2026")
    text = text_of(printed(replace(report, checks=(check,))))
    assert text.count("Ordre de mission") == 1


def test_the_totals_of_many_checks_leave_room_to_sign() -> None:
    report = a_report(variances=1)
    text = text_of(printed(replace(report, checks=report.checks * 9)))
    assert "Les 3 opérations closes auparavant" in text


def test_the_size_of_the_log_is_said_as_a_number_of_events_and_never_as_the_place_of_one() -> None:
    report = replace(a_report(), opening_log_size=0, log_size=4_618)
    facts = dict(printed(report).facts)
    assert facts["À l'ouverture\u00a0:"] == "journal vide"
    assert facts["À la clôture\u00a0:"] == "journal arrêté à ses 4\u202f618 premiers événements"
    assert "log closed at its first 4,618 events" in dict(printed(report, "en").facts).values()


def test_a_class_that_runs_over_a_page_is_named_again_on_the_next() -> None:
    models = {Model("SA-ASR", f"Modèle {n:03d}", f"m{n}"): 1 for n in range(100)}
    classes, total = make_balances(models, {}, {}, models)
    report = replace(a_report(), classes=classes, total=total, open_losses=())
    pages = PdfReader(io.BytesIO(make_pdf(printed(report)))).pages
    lists = [page.extract_text() for page in pages if "Modèle 0" in page.extract_text()]
    assert len(lists) >= 3
    assert all(text.count("SA-ASR") == 1 for text in lists)


def test_a_weapon_without_serial_is_said_to_have_none_and_cyrillic_is_kept() -> None:
    text = text_of(printed(a_report(variances=3)))
    assert "Sans n° lisible" in text  # the reader of the test gives no-break spaces as spaces
    assert "ИЖ 4567 Б" in text
    assert "00012345" in text
    assert LONG_NAME in text


def test_every_typeface_of_the_paper_is_embedded() -> None:
    for page in PdfReader(io.BytesIO(make_pdf(printed(a_report(variances=1))))).pages:
        for font in page["/Resources"]["/Font"].values():
            assert "/FontFile2" in font.get_object()["/FontDescriptor"]


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=60), st.floats(6, 200))
def test_a_wrapped_cell_keeps_every_character(text: str, width: float) -> None:
    fonts.register()
    text = text.replace("\u00ad", "")
    drawn = drawable(text, fonts.SANS)
    assert "".join(wrap(text, fonts.SANS, 7.5, width)).replace(" ", "") == drawn.replace(" ", "")


def test_a_character_without_a_glyph_is_printed_by_its_code_and_never_as_a_box() -> None:
    fonts.register()
    code = "⟨U+4E94⟩⟨U+516D⟩⟨U+5F0F⟩"
    assert drawable("五六式 10121943", fonts.SANS) == f"{code} 10121943"
    assert drawable("ИЖ ٣٤ ★▲ é\u202f1", fonts.SANS_BOLD) == "ИЖ ٣٤ ★▲ é\u202f1"
    assert wrap("五六式", fonts.SANS, 7.5, 45) == ("⟨U+4E94⟩", "⟨U+516D⟩", "⟨U+5F0F⟩")
    serial, unit = "五六式 10121943", "1er bataillon 五"
    report = with_variances(a_variance(serial=serial))
    document = printed(replace(report, subject=replace(report.subject, unit_name=unit)))
    assert code + " 10121943" in text_of(document).replace("\n", " ").replace("⟩ ⟨", "⟩⟨")
    assert "1er bataillon ⟨U+4E94⟩" in text_of(document)
    assert serial in make_csv(document).decode(), "only the paper lacks the glyphs"


@pytest.mark.parametrize(
    "code", ["202E", "2066", "200B", "200D", "200F", "2060", "FEFF", "00AD", "034F", "FE0F", "2028"]
)
def test_a_character_that_nobody_sees_is_printed_by_its_code_and_kept_raw_elsewhere(code: str) -> None:
    fonts.register()
    mark = f"AK{chr(int(code, 16))}5432"
    for font in (fonts.SANS, fonts.SANS_BOLD):
        assert drawable(mark, font) == f"AK⟨U+{code}⟩5432"
        assert {ord("⟨"), ord("⟩")} <= set(getFont(font).face.charToGlyph)
    lost = a_variance(Outcome.EXTRA_KNOWN, serial=mark, book_state=State.LOST)  # printed in bold
    report = with_variances(a_variance(serial=mark), lost, a_variance(Outcome.EXTRA_UNREGISTERED, reading=mark))
    assert text_of(printed(report)).replace("\n", "").count(f"AK⟨U+{code}⟩5432") == 3
    assert make_csv(printed(report)).decode().count(mark) == 3
    assert make_json(seal(report)).decode().count(mark) == 3


@pytest.mark.parametrize("text", ["=1+1", "+33", "-2", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_text_begins_a_formula_in_csv(text: str) -> None:
    assert neutral(text) == f"'{text}"


@pytest.mark.parametrize("cell", ["00012345", "ИЖ 4567 Б", "12=3", "", -5, 0, None])
def test_other_cells_stand_in_csv_as_they_are(cell: str | int | None) -> None:
    assert neutral(cell) == cell


def test_figures_and_days_are_written_as_the_reader_writes_them() -> None:
    french, english = Words("fr", "Africa/Bamako"), Words("en", "Africa/Bamako")
    assert (french.number(1_234_567), english.number(1_234_567)) == ("1\u202f234\u202f567", "1,234,567")
    assert (french.day(date(2026, 11, 22)), english.day(date(2026, 11, 2))) == ("22/11/2026", "2 November 2026")


def test_columns_without_a_movement_are_left_out_on_paper_alone() -> None:
    document = printed(a_report())
    text = text_of(document)
    assert "Dons" in text
    assert "Achats" not in text
    assert "Achats" in make_csv(document).decode()


def test_names_of_officers_stand_on_paper_and_not_in_the_digest() -> None:
    report = a_report(variances=1)
    (check,) = report.checks
    (opener,) = check.officers
    erased = replace(report, checks=(replace(check, officers=(replace(opener, name=""),)),))
    assert body_of(erased) == body_of(report)
    told = dict(fact for table in printed(report).tables for fact in table.facts)
    assert told["Ouvert par\u00a0:"].replace("\u00a0", " ").replace("\u202f", " ") == "LTN ESSAI Un ; inspecteur"
