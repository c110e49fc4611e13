"""The table of the countries side by side, put together from published cells alone."""

from collections import defaultdict

from sqlalchemy import Connection

from salw.core.db import Row
from salw.custody.rules import State
from salw.summaries import queries
from salw.summaries.rules import PUBLISHED_STATES, Cell, Detail, Quarter, add_up
from salw.summaries.schemas import (
    CellOut,
    CountryOut,
    CrossBorderOut,
    ForceOut,
    OmittedForceOut,
    ReleaseOut,
    RowOut,
    known_sum,
    totals_out,
)


def cross_border(db: Connection, quarter: Quarter) -> CrossBorderOut:
    """Return every country's newest release of a quarter; `db` is a connection of `salw_exchange`."""
    cells = queries.list_cells(db, quarter)
    forces = queries.list_forces(db, quarter)
    countries = [
        _country(
            row,
            [f for f in forces if f["country"] == row["code"] and f["detail"] is not None],
            [f for f in forces if f["country"] == row["code"] and f["detail"] is None],
            [c for k, c in cells if k == row["code"]],
        )
        for row in queries.list_countries(db, quarter)
    ]
    return CrossBorderOut(
        quarter=str(quarter),
        countries=countries,
        side_by_side=_side_by_side([c.code for c in countries], cells),
        totals=totals_out(add_up(c for _, c in cells)),
    )


def _country(row: Row, forces: list[Row], omissions: list[Row], cells: list[Cell]) -> CountryOut:
    release = None
    if row["release_id"] is not None:
        release = ReleaseOut(
            id=row["release_id"],
            number=row["release_number"],
            provisional=row["provisional"],
            published_at=row["recorded_at"],
        )
    return CountryOut(
        code=row["code"],
        name_fr=row["name_fr"],
        name_en=row["name_en"],
        # A release without a force is a withdrawal: the country shows nothing any more.
        published=bool(forces),
        release=release,
        forces=[
            ForceOut(
                code=force["code"],
                name_fr=force["name_fr"],
                name_en=force["name_en"],
                detail=Detail(force["detail"]),
                marking=force["marking"],
                totals=totals_out(add_up(c for c in cells if c.force_code == force["code"])),
            )
            for force in forces
        ],
        left_out=[
            OmittedForceOut(code=force["code"], name_fr=force["name_fr"], name_en=force["name_en"])
            for force in omissions
        ],
        cells=[
            CellOut(
                force=c.force_code,
                class_code=c.class_code,
                state=c.state,
                weapons=c.weapons,
                marked=c.marked,
                labelled=c.labelled,
                losses=c.losses,
                recoveries=c.recoveries,
            )
            for c in cells
        ],
        totals=totals_out(add_up(cells)),
    )


def _side_by_side(codes: list[str], cells: list[tuple[str, Cell]]) -> list[RowOut]:
    groups: dict[tuple[str, State], list[tuple[str, Cell]]] = defaultdict(list)
    for country, cell in cells:
        groups[cell.class_code, cell.state].append((country, cell))
    rows = []
    for class_code, state in sorted(groups, key=lambda key: (key[0], PUBLISHED_STATES.index(key[1]))):
        group = groups[class_code, state]
        weapons = {code: known_sum(c.weapons for country, c in group if country == code) for code in codes}
        rows.append(
            RowOut(
                class_code=class_code,
                state=state,
                weapons=weapons,
                total=sum(n or 0 for n in weapons.values()),
                hidden=sum(cell.weapons is None for _, cell in group),
            )
        )
    return rows
