"""What the pages of labels offer and how many labels would be made: stores, stocks, weapons without label, racks."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from salw.access.guard import Desk
from salw.access.operations.traces import record_reads
from salw.access.people_queries import find_numbered
from salw.access.queries import list_stores
from salw.access.rules import Permission
from salw.access.trace_rules import ReadCode
from salw.core.db import Row
from salw.core.language import Language, translate
from salw.core.pages import PAGE_SIZE_MAX
from salw.registry.labels.queries import list_blocks, list_racks
from salw.registry.rules import label_refusal
from salw.registry.sheets import stock_words
from salw.scanning.queries import get_card, list_unlabelled
from salw.web.forms import shortened, told, within
from salw_labels import STOCKS, Kind, LabelError, Stock, Use, parse, printed_code


@dataclass(frozen=True, slots=True)
class Printing:
    """What will be printed: so many labels, each so often, on so many sheets of a stock from a place on."""

    labels: int
    copies: int
    stock: Stock
    start: int

    @property
    def printed(self) -> int:
        """Return how many come out of the printer."""
        return self.labels * self.copies

    @property
    def sheets(self) -> int:
        """Return on how many sheets."""
        return -(-(self.start + self.printed) // self.stock.per_page)


def stores(desk: Desk) -> list[tuple[str, str]]:
    """Return the stores in scope as a field offers them."""
    rows = list_stores(desk.db, desk.actor, after=None, limit=PAGE_SIZE_MAX)
    return sorted(((str(row["id"]), f"{row['name']} – {row['unit_name']}") for row in rows), key=lambda one: one[1])


def stocks(desk: Desk, kind: Kind) -> list[tuple[str, str]]:
    """Return the stocks that take codes of a kind, each in words."""
    language = desk.actor.language
    return [(stock.name, stock_words(stock, language)) for stock in STOCKS.values() if stock.takes(kind)]


def weapons_without_label(desk: Desk, store: UUID, most: int) -> list[UUID]:
    """Return the first weapons of a store that bear no label. Raises `store.not_found`."""
    return list_unlabelled(desk.db, desk.actor, store, limit=most)


def blocks(desk: Desk, store: UUID) -> list[Row]:
    """Return the blocks of blanks of a store with what is left of each. Raises `store.not_found`."""
    return [
        {**row, "stock_words": stock_words(STOCKS[row["stock"]], desk.actor.language)}
        for row in list_blocks(desk.db, desk.actor, store)
    ]


def racks(desk: Desk, store: UUID) -> list[Row]:
    """Return the racks of a store with the code of each. Raises `store.not_found`."""
    return list_racks(desk.db, desk.actor, store)


def people(desk: Desk, matricules: str) -> tuple[list[UUID], list[str]]:
    """Return the people in scope who bear the matricules of a text, one a line, and the lines that name nobody alone.

    Whom somebody looks up is noted, as on the interface.
    """
    asked = lines(matricules)
    bearers = find_numbered(desk.db, desk.actor, asked)
    alone = {line: rows[0]["id"] for line in asked if len(rows := bearers.get(line.lower(), [])) == 1}
    found = list(dict.fromkeys(alone.values()))
    record_reads(
        desk.db, actor=desk.actor, permission=Permission.ORGANISATION_READ, code=ReadCode.PERSON, record_ids=found
    )
    return found, [line for line in asked if line not in alone]


def lines(text: str) -> list[str]:
    """Return what stands in a field, one a line, each once."""
    return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


def misread(text: str, language: Language) -> str | None:
    """Return what is wrong with the codes of a field that cannot be read, each named, a line each."""
    wrong = []
    for line in lines(text):
        try:
            parse(line)
        except LabelError as error:
            why = within(told(label_refusal(error), language))
            wrong.append(translate("web.desk.line_wrong", language, text=shortened(line), why=why))
    return "\n".join(wrong) or None


def identifier(text: str) -> UUID | None:
    """Return the identifier that a field holds, None for what is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def kind_of(text: str) -> Kind:
    """Return the kind of the first code of a field, a weapon's where none can be read: the stocks follow it."""
    for line in lines(text):
        try:
            return parse(line).kind
        except LabelError:
            continue
    return Kind.WEAPON


def weapon_words(desk: Desk, text: str) -> str:
    """Return the number and serial of a weapon in scope. Raises `weapon.not_found`."""
    card = get_card(desk.db, desk.actor, identifier(text) or UUID(int=0))
    return " · ".join(part for part in (card["registry_number"], card["serial"]) if part)


def valid_label(desk: Desk, weapon: UUID) -> str | None:
    """Return the valid label of a weapon in scope as it is printed, None where it has none any more."""
    code = get_card(desk.db, desk.actor, weapon)["valid_code"]
    return printed_code(code) if code else None


def printing(body: Any) -> Printing:
    """Return what a body would print."""
    things = next(getattr(body, name) for name in ("weapons", "labels", "of", "count") if hasattr(body, name))
    labels = things if isinstance(things, int) else len(things)
    return Printing(labels, body.copies, STOCKS[body.stock], body.start_position)


def plan_words(job: str, plan: Printing, language: Language, *, replaces: bool) -> str:
    """Say in sentences what will be recorded and printed; codes that replace none make none void."""
    if job == "codes" and not replaces:
        job = "codes_new"
    made = translate(f"web.print.{job}" if plan.labels > 1 else f"web.print.{job}_one", language, count=plan.labels)
    return f"{made} {paper_words(plan, language)}"


def paper_words(plan: Printing, language: Language) -> str:
    """Say in a sentence what comes out of the printer."""
    code = "web.print.paper" if plan.sheets > 1 else "web.print.paper_one"
    if plan.stock.one_up:  # a roll has no pages
        code = "web.print.roll"
    return translate(
        code,
        language,
        printed=plan.printed,
        copies=plan.copies,
        sheets=plan.sheets,
        place=plan.start + 1,
        stock=stock_words(plan.stock, language),
    )


# On a roll as many as a class of recruits handles in a morning.
_TRAINED_ON_A_ROLL = 12


def all_stocks(language: Language) -> list[tuple[str, list[tuple[str, str, int]]]]:
    """Return the stocks by what they are for: each with its words, and of how many weapons it takes both labels."""
    return [
        (
            use.value,
            [
                (stock.name, stock_words(stock, language), stock.per_page // 2 or _TRAINED_ON_A_ROLL)
                for stock in STOCKS.values()
                if stock.use is use
            ],
        )
        for use in Use
    ]
