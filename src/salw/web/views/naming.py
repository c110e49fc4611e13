"""Who has a weapon and when, as lists say it: grade, NOM, prénom; a post by its name, with who answers for it."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from salw.access.guard import Desk
from salw.access.names import full_name
from salw.core.db import Row
from salw.core.language import Language, translate


def person_words(row: Row, language: Language) -> str:
    """Return grade, NOM and prénom of a row that has them, else what is told of somebody who is not named."""
    if row.get("erased_on"):
        return full_name(row, language)
    parts = (row["rank"], (row["family_name"] or "").upper(), row["given_names"])
    return " ".join(part for part in parts if part)


def holder_words(row: Row, language: Language) -> dict[str, Any]:
    """Return a holder as a list shows it: `name`, `under` (matricule, or who answers), `address` of its page."""
    person = person_words(row, language) if row.get("person") else ""
    if row["holder_kind"] == "person":
        name = person or translate("person.elsewhere_line", language)
        address = f"/personnes/{row['person']}" if row.get("person") else None
        return {"name": name, "under": row.get("matricule") or "", "address": address}
    kind = translate(f"holder_kind.{row['holder_kind']}", language)
    return {"name": row["holder_name"] or kind, "under": person or kind, "address": f"/postes/{row['holder']}"}


def without_rank(text: str) -> str:
    """Return a name as every page writes it, `SDT OUÉDRAOGO`, without the word before it; empty where there is one.

    Ranks are each force's own words, so that the first word is taken for one where the whole names nobody.
    """
    return text.partition(" ")[2].strip()


def tomorrow_of(desk: Desk) -> datetime:
    """Return the instant at which the reader's day ends in his country."""
    return datetime.combine(desk.actor.today + timedelta(days=1), time(), ZoneInfo(desk.actor.time_zone))
