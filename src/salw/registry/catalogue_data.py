"""Loads the model catalogue as shipped, at each `salw db upgrade`, as the owner."""

import csv
from importlib.resources import files

from sqlalchemy import Connection

from salw.core.db import run


def load_catalogue(db: Connection) -> int:
    """Write every model of the shipped catalogue and return how many; codes never change meaning."""
    text = files("salw.registry").joinpath("catalogue", "models.csv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    for row in rows:
        run(
            db,
            """
            insert into model (code, name, maker, made_in, calibre, calibre_mm, class_code, family, aliases)
            values (%(code)s, %(name)s, %(maker)s, %(country)s, %(calibre)s, %(calibre_mm)s, %(class)s,
                    %(family)s, %(aliases)s)
            on conflict on constraint pk_model do update
               set (name, maker, made_in, calibre, calibre_mm, class_code, family, aliases) =
                   (excluded.name, excluded.maker, excluded.made_in, excluded.calibre, excluded.calibre_mm,
                    excluded.class_code, excluded.family, excluded.aliases)
            """,
            {
                **row,
                "calibre_mm": row["calibre_mm"] or None,
                "aliases": [a for a in row["aliases"].split("|") if a],
            },
        )
    return len(rows)
