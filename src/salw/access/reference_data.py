"""Loads countries and forces as shipped, at each `salw db upgrade`, as the owner."""

import csv
from importlib.resources import files

from sqlalchemy import Connection

from salw.core.db import Row, run


def _rows(name: str) -> list[Row]:
    text = files("salw.access").joinpath("reference", name).read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


def load_reference_data(db: Connection) -> None:
    """Write countries and forces; a name corrected in the file is corrected in the table."""
    for row in _rows("countries.csv"):
        run(
            db,
            """
            insert into country (code, name_fr, name_en, time_zone)
            values (%(code)s, %(name_fr)s, %(name_en)s, %(time_zone)s)
            on conflict on constraint pk_country do update
               set (name_fr, name_en, time_zone) = (excluded.name_fr, excluded.name_en, excluded.time_zone)
            """,
            row,
        )
    for row in _rows("forces.csv"):
        run(
            db,
            """
            insert into force (country, code, name_fr, name_en, ministry)
            values (%(country)s, %(code)s, %(name_fr)s, %(name_en)s, %(ministry)s)
            on conflict on constraint pk_force do update
               set (name_fr, name_en, ministry) = (excluded.name_fr, excluded.name_en, excluded.ministry)
            """,
            row,
        )
