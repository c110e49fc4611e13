"""Layouts of slips: data per country and force over a neutral default, checked as a whole when it is read. Pure."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, model_validator

from salw.core.language import Language
from salw.reports.slips.rules import SLIPS

HEADER: Final = frozenset({"country", "force", "office", "unit", "store"})
COLUMNS: Final = frozenset({"place", "person", "model", "serial", "registry_number", "signature", "remarks"})


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(_Data):
    """A text in both languages."""

    fr: str
    en: str

    def say(self, language: Language) -> str:
        """Return it in one."""
        return self.en if language == "en" else self.fr


class Form(_Data):
    """How one kind of document is laid out; `nominal` are its columns where each line is somebody's own."""

    title: Words
    header: tuple[str, ...]
    columns: tuple[str, ...]
    nominal: tuple[str, ...]
    signatories: tuple[str, ...]
    footer: Words

    @model_validator(mode="after")
    def known(self) -> "Form":
        """Refuse letterheads and columns that nothing fills."""
        strangers = (set(self.header) - HEADER) | ({*self.columns, *self.nominal} - COLUMNS)
        if strangers:
            raise ValueError(f"nothing fills {sorted(strangers)}")
        return self


class Layout(_Data):
    """The forms of one country and force, with the names of their columns and signatories."""

    columns: Mapping[str, Words]
    signatories: Mapping[str, Words]
    issue_slip: Form
    return_slip: Form
    entry_order: Form
    exit_order: Form
    movement_order: Form

    @model_validator(mode="after")
    def named(self) -> "Layout":
        """Refuse a column or a signatory without a name."""
        for kind in SLIPS:
            form: Form = getattr(self, kind.value)
            unnamed = ({*form.columns, *form.nominal} - set(self.columns)) | (
                set(form.signatories) - set(self.signatories)
            )
            if unnamed:
                raise ValueError(f"{kind.value}: no name for {sorted(unnamed)}")
        return self


def read_layouts(text: str) -> dict[str, Layout]:
    """Return every layout of a file: `""` is the neutral one, `ML` a country's, `ML-GN` a force's.

    Raises `ValueError` for a key that nobody knows, wherever it stands.
    """
    data = tomllib.loads(text)
    unknown = set(data) - {"neutral", "countries", "forces"}
    if unknown:
        raise ValueError(f"unknown keys {sorted(unknown)}")
    neutral = data["neutral"]
    layouts = {"": Layout(**neutral)}
    countries = data.get("countries", {})
    for country, own in countries.items():
        layouts[country] = Layout(**_over(neutral, own))
    for force, own in data.get("forces", {}).items():
        layouts[force] = Layout(**_over(_over(neutral, countries.get(force.partition("-")[0], {})), own))
    return layouts


@cache
def layouts() -> dict[str, Layout]:
    """Return the layouts as shipped."""
    return read_layouts(files("salw.reports.slips").joinpath("layouts.toml").read_text("utf-8"))


def layout_of(country: str, force: str | None) -> Layout:
    """Return the layout of a force, else of its country, else the neutral one."""
    known = layouts()
    return known.get(f"{country}-{force}") or known.get(country) or known[""]


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        deeper = isinstance(value, dict) and isinstance(merged.get(key), dict) and not {"fr", "en"} & set(value)
        merged[key] = _over(merged[key], value) if deeper else value
    return merged
