"""The plans that hold where no unit says otherwise: data of the package, to be confirmed by each Direction du matériel.

A visit by an armourer once a year is what police forces report (`domain.md` 3.1); the rest is our own.
"""

import csv
from functools import cache
from importlib.resources import files

from salw.maintenance.rules import Plan, Work


@cache
def default_plans() -> tuple[Plan, ...]:
    """Return the plans of `plans.csv`; an empty field is none."""
    text = files(__package__).joinpath("plans.csv").read_text("utf-8")
    return tuple(
        Plan(
            Work(row["kind"]),
            row["class_code"] or None,
            row["model_code"] or None,
            int(row["every_days"]) if row["every_days"] else None,
            int(row["every_issues"]) if row["every_issues"] else None,
        )
        for row in csv.DictReader(text.splitlines())
    )
