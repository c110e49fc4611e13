"""The table of the situation d'armement: each weapon of the book in one column, sums that add up, entitlements."""

import io
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from salw.custody.rules import SINKS, HolderKind, State, state_of
from salw.custody.situation import COLUMN_OF_HOLDER, Column, column_of
from salw.registry.classification import ClassCode
from salw.reports.balances import Model
from salw.reports.papers import Paper
from salw.reports.rendering.parts import Heading, RowKind
from salw.reports.rendering.pdf import make_pdf
from salw.reports.rendering.situation_document import make_situation_document
from salw.reports.rules import Subject
from salw.reports.situation import Addresses, Entitlement, Situation, make_classes

NOWHERE = Addresses(None, below=True)
KINDS = st.sampled_from(sorted(HolderKind))
_KNOWN, _OTHER = Model("SA-ASR", "AKM", "akm"), Model("LW-HMG", "DShK", "dshk")
MODELS = st.sampled_from([_KNOWN, _OTHER, Model("SA-ASR", "", ""), Model("", "?", "")])
QUANTITY = st.integers(0, 50)
OF_CLASS = st.dictionaries(st.sampled_from(["SA-ASR", "SA-PIS"]), QUANTITY)
WEAPONS = st.lists(st.tuples(MODELS, KINDS, st.booleans(), st.booleans()), max_size=40)


def test_every_holder_that_keeps_weapons_on_the_book_has_a_column_and_no_other() -> None:
    assert set(COLUMN_OF_HOLDER) == set(HolderKind) - SINKS
    assert set(COLUMN_OF_HOLDER.values()) | {Column.MISSING} == set(Column), "no column stays empty for ever"


@given(KINDS, st.booleans(), st.booleans())
def test_missing_here_is_missing_on_the_card(kind: HolderKind, missing: bool, unfit: bool) -> None:
    column = column_of(kind, missing=missing, unfit=unfit)
    fit = column_of(kind, missing=missing, unfit=False)
    assert column is (Column.UNAVAILABLE if unfit and fit is Column.AVAILABLE else fit), "it takes from nothing else"
    assert (column is None) == (kind in SINKS)
    assert (column is Column.MISSING) == (state_of(kind, "missing" if missing else None) is State.MISSING)


@given(WEAPONS, st.dictionaries(MODELS, QUANTITY), OF_CLASS)
def test_the_columns_of_every_row_add_up_to_the_weapons_on_the_book(
    weapons: list[tuple[Model, HolderKind, bool, bool]], of_model: dict[Model, int], of_class: dict[str, int]
) -> None:
    stock: dict[Model, dict[Column, int]] = {}
    for model, kind, missing, unfit in weapons:
        column = column_of(kind, missing=missing, unfit=unfit)
        if column is not None:
            stock.setdefault(model, {}).setdefault(column, 0)
            stock[model][column] += 1
    entitled = [Entitlement(1, m.class_code, m, n) for m, n in of_model.items()]
    entitled += [Entitlement(2, code, None, n) for code, n in of_class.items()]
    classes, total = make_classes(stock, entitled, NOWHERE)
    rows = [line.figures for group in classes for line in group.models]
    for figures in (*rows, *(group.subtotal for group in classes), total):
        assert figures.on_hand == sum(figures.columns.values())
    for group in classes:
        for line in group.models:
            if line.figures.entitled is not None:
                assert line.figures.difference == line.figures.on_hand - line.figures.entitled
        if entitled and group.class_code not in of_class:
            assert group.subtotal.difference == sum(line.figures.difference or 0 for line in group.models)
    assert total.on_hand == sum(kind not in SINKS for _, kind, *_ in weapons) == sum(row.on_hand for row in rows)
    if entitled:
        assert total.difference == total.on_hand - (total.entitled or 0)
        assert total.difference == sum(group.subtotal.difference or 0 for group in classes)
    else:
        assert {figures.difference for figures in (*rows, total)} == {None}
    assert (total.entitled or 0) == sum(of_model.values()) + sum(of_class.values())


def test_a_class_entitled_as_a_whole_covers_the_models_named_beside_it() -> None:
    akm, rpk = Model("SA-ASR", "AKM", "akm"), Model("SA-ASR", "AK", "ak")
    entitled = [
        Entitlement(1, "SA-ASR", None, 120), Entitlement(1, "SA-ASR", akm, 100), Entitlement(2, "SA-ASR", rpk, 30),
    ]  # fmt: skip
    ((group,), total) = make_classes({akm: {Column.AVAILABLE: 90, Column.MISSING: 2}}, entitled, NOWHERE)
    assert (group.subtotal.entitled, group.subtotal.difference, total.difference) == (150, -58, -58)
    assert [(line.model.code, line.figures.entitled, line.figures.on_hand) for line in group.models] == [
        ("ak", 30, 0), ("akm", 100, 92)
    ]  # fmt: skip


@pytest.mark.parametrize(("models", "pages"), [(4, 1), (30, 1), (60, 3)])
def test_it_is_one_page_of_paper_for_thirty_models_and_says_so_where_it_is_more(models: int, pages: int) -> None:
    every = [Model(sorted(ClassCode)[place // 3], f"Modèle d'essai n° {place}", str(place)) for place in range(models)]
    of_model = [Entitlement(1, model.class_code, model, 1_240 + place) for place, model in enumerate(every)]
    classes, total = make_classes({m: {Column.AVAILABLE: 1_250} for m in every}, of_model, NOWHERE)
    unit, now = UUID(int=1), datetime(2026, 11, 27, tzinfo=UTC)
    subject = Subject("unit", unit, "Bataillon d'essai", unit, "Bataillon d'essai", None, 5, 7)
    report = Situation("BF", subject, date(2026, 11, 27), "UTC", 9, True, True, classes, total, 3, None, now)
    heading = Heading("Burkina Faso", "Armée d'essai", "CNE Essai", now)
    document = make_situation_document(Paper(report, "0" * 64, "BF-9-0"), report, heading, "fr")
    subtotals = sum(row.kind is RowKind.SUBTOTAL for row in document.tables[0].rows)
    assert subtotals == models // 3, "none of a class of one model"
    found = [page.extract_text() for page in PdfReader(io.BytesIO(make_pdf(document))).pages]
    assert [f"Page {number}/{pages}" in text for number, text in enumerate(found, 1)] == [True] * pages
    assert all(line.model.name in "".join(found) for group in classes for line in group.models)
    assert "+10" in found[0]
