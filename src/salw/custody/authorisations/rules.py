"""Who may draw on a day, what is missing where he may not, and when his weapons are asked back. Pure.

Three rules, the same at the counter and in the lists. Whoever has a contract on record needs one in force. Whoever was
ever authorised needs an authorisation in force that covers the weapon. Who has neither on record is asked for an
authorisation only where his unit, or one above it, has switched that on. So an armoury issues on its first day, with
nothing on record, and an auxiliary never draws on a contract that has run out (`domain` 5.2).

What is entered late is judged by contract and authorisation on the day of the act. A withdrawal is judged when the
entry is made: while it lasts nothing is entered in the man's name, whatever day it bears, or a date would get round it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from salw.core.errors import Conflict, DomainError, Refused, Unacceptable


class ContractKind(StrEnum):
    """How somebody serves. The values are stored and never renamed."""

    REGULAR = "regular"
    FIXED_TERM = "fixed_term"
    AUXILIARY = "auxiliary"


@dataclass(frozen=True, slots=True)
class Term:
    """How long a contract of a kind may be, in days, one alone and all of a person together; None is no bound."""

    ends: bool
    days_most: int | None = None
    days_together: int | None = None


# Characters of the reason for an issue in spite of what is missing: a letter tells the commander nothing, "Alerte nord"
# does. An emergency read asks for more (`emergency.rules.REASON_LEAST`): that is written at a desk, this at a counter.
OVERRIDE_REASON_LEAST = 10

# Auxiliaries (VDP: law of 21 January 2020, `domain` 5.2) serve a year at a time, five in all.
TERMS: dict[ContractKind, Term] = {
    ContractKind.REGULAR: Term(ends=False),
    ContractKind.FIXED_TERM: Term(ends=True),
    ContractKind.AUXILIARY: Term(ends=True, days_most=366, days_together=5 * 366),
}


@dataclass(frozen=True, slots=True)
class Period:
    """From a day to a day, both counting; open without a last one; from `ended_on` on, it no longer counts."""

    first_day: date
    last_day: date | None
    ended_on: date | None = None

    @property
    def until(self) -> date | None:
        """Return the last day that counts, None where there is none yet; before the first where it never counted."""
        ended = None if self.ended_on is None else self.ended_on - timedelta(days=1)
        return min((day for day in (self.last_day, ended) if day is not None), default=None)

    def counts_on(self, day: date) -> bool:
        """Say whether `day` lies within it."""
        return self.first_day <= day and (self.until is None or day <= self.until)


def days_counted(periods: Iterable[Period]) -> int:
    """Return on how many days at least one of the periods, each with an end, counts."""
    total, reached = 0, date.min
    for period in sorted(periods, key=lambda p: p.first_day):
        assert period.until is not None  # noqa: S101 - asked of kinds that end
        start = max(period.first_day, reached)
        total += max((period.until - start).days + 1, 0)
        reached = max(reached, period.until + timedelta(days=1))
    return total


def check_period(first_day: date, last_day: date | None, *, today: date) -> None:
    """Refuse what ends before it begins, or is over already. Raises `draw.backwards`, `draw.over`."""
    if last_day is not None and last_day < first_day:
        raise Unacceptable("draw.backwards")
    if last_day is not None and last_day < today:
        raise Unacceptable("draw.over", last_day=last_day)


def check_term(kind: ContractKind, first_day: date, last_day: date | None) -> None:
    """Refuse a contract without the end its kind needs, or longer than one may be.

    Raises `contract.without_end`, `contract.too_long`.
    """
    term = TERMS[kind]
    if term.ends and last_day is None:
        raise Unacceptable("contract.without_end")
    if term.days_most is not None and last_day is not None and (last_day - first_day).days >= term.days_most:
        raise Unacceptable("contract.too_long", days=term.days_most)


def check_together(kind: ContractKind, before: Iterable[Period], new: Period) -> None:
    """Refuse one contract more than a person may have of its kind together. Raises `contract.too_many_years`."""
    most = TERMS[kind].days_together
    if most is not None and days_counted([*before, new]) > most:
        raise Conflict("contract.too_many_years", years=most // 366)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is on record of a person on a day, as `standings_to_draw` gives it.

    `covers` are the classes of his authorisations in force, None among them for any. An authorisation is known once it
    has counted: one given for next month takes nothing away today, and one ended before it began was never there. A
    contract is known from the day it is recorded: who is to serve from next month does not draw today. The days are
    the last that counted, or that will count, None where there is none.
    """

    suspended: bool
    contract_known: bool
    contract_held: bool
    contract_renewed: bool
    contract_until: date | None
    authorisation_known: bool
    authorised_until: date | None
    covers: Sequence[str | None]
    required: bool


class Missing(StrEnum):
    """What somebody lacks who may not draw. The values are stored and never renamed."""

    NO_CONTRACT = "no_contract"
    CONTRACT_ENDED = "contract_ended"
    NO_AUTHORISATION = "no_authorisation"
    AUTHORISATION_ENDED = "authorisation_ended"
    NOT_COVERED = "not_covered"


def missing_to_draw(standing: Standing, classes: Iterable[str]) -> Missing | None:
    """Return what a person lacks to draw weapons of these classes, None where he lacks nothing.

    A withdrawal is not asked here: it is no lack that anybody could make good at the counter.
    """
    if standing.contract_known and not standing.contract_held:
        return Missing.CONTRACT_ENDED if standing.contract_until else Missing.NO_CONTRACT
    if not standing.covers:
        if standing.authorisation_known:
            return Missing.AUTHORISATION_ENDED
        return Missing.NO_AUTHORISATION if standing.required else None
    if None not in standing.covers and not set(classes) <= set(standing.covers):
        return Missing.NOT_COVERED
    return None


def may_draw(standing: Standing) -> bool:
    """Say whether a person may draw something: the yes or no that the counter sees the evening before."""
    covered = [code for code in standing.covers if code is not None]
    return not standing.suspended and missing_to_draw(standing, covered) is None


def check_draw(standing: Standing, classes: Iterable[str], *, overridden: bool) -> Missing | None:
    """Refuse an issue to who may not draw; return what an override answers for, None where nothing is missing.

    A withdrawal comes first, says nothing of itself, and no override helps. Raises `draw.suspended`, `draw.<missing>`.
    """
    if standing.suspended:
        raise Conflict("draw.suspended")
    missing = missing_to_draw(standing, classes)
    if missing is not None and not overridden:
        raise REFUSALS[missing]()
    return missing


def check_takeover(standing: Standing, classes: Iterable[str], *, draws: bool) -> Missing | None:
    """Refuse that a man from whom weapons were withdrawn answers for any; return what else he lacks to draw these.

    `draws` says that what he takes over counts as issued to him. Without any weapons yet it is asked whether he may
    draw some. Raises `draw.suspended`, as `check_draw` does.
    """
    if standing.suspended:
        raise Conflict("draw.suspended")
    wanted = list(classes) or [code for code in standing.covers if code is not None]
    return missing_to_draw(standing, wanted) if draws else None


def check_all(standings: Iterable[tuple[UUID, Standing, Iterable[str]]]) -> None:
    """Refuse a list on which somebody may not draw, naming the holders: each is a holder, his standing, his classes.

    Who draws in spite of something draws apart, with a reason of his own. Raises what `check_draw` raises.
    """
    found = [(holder, standing, list(classes)) for holder, standing, classes in standings]
    withdrawn = [str(holder) for holder, standing, _ in found if standing.suspended]
    if withdrawn:
        raise Conflict("draw.suspended", holders=withdrawn, count=len(withdrawn))
    missing = {holder: missing_to_draw(standing, classes) for holder, standing, classes in found}
    for what, refusal in REFUSALS.items():
        holders = [str(holder) for holder, lacks in missing.items() if lacks is what]
        if holders:
            raise refusal(holders=holders, count=len(holders))


REFUSALS: dict[Missing, Callable[..., Conflict]] = {
    Missing.NO_CONTRACT: lambda **more: Conflict("draw.no_contract", **more),
    Missing.CONTRACT_ENDED: lambda **more: Conflict("draw.contract_ended", **more),
    Missing.NO_AUTHORISATION: lambda **more: Conflict("draw.no_authorisation", **more),
    Missing.AUTHORISATION_ENDED: lambda **more: Conflict("draw.authorisation_ended", **more),
    Missing.NOT_COVERED: lambda **more: Conflict("draw.not_covered", **more),
}


class Cause(StrEnum):
    """Why weapons are asked back, as far as it is told. Of a withdrawal nothing is."""

    CONTRACT_ENDED = "contract_ended"
    AUTHORISATION_ENDED = "authorisation_ended"
    CONTRACT_ENDS_SOON = "contract_ends_soon"


class Level(StrEnum):
    """Who has to see to it that a weapon comes back."""

    SOON = "soon"
    STOREKEEPER = "storekeeper"
    COMMANDER = "commander"
    AUTHORITY = "authority"


# The end of a contract is told a month ahead: time to renew it, or to have the weapon brought.
SOON_DAYS = 30
# Asked back by the storekeeper at once, by the commander after a week, by the authority above him after a month.
COMMANDER_AFTER_DAYS = 7
AUTHORITY_AFTER_DAYS = 30


@dataclass(frozen=True, slots=True)
class Recall:
    """That a weapon is asked back: why, since which day, for how many days, and by whom. None is not told."""

    cause: Cause | None
    since: date | None
    days: int | None
    level: Level


def level_of(days: int) -> Level:
    """Return who sees to a weapon that has been asked back for `days`."""
    if days >= AUTHORITY_AFTER_DAYS:
        return Level.AUTHORITY
    return Level.COMMANDER if days >= COMMANDER_AFTER_DAYS else Level.STOREKEEPER


def level_while_suspended(days: int) -> Level:
    """Return the same of a withdrawal: the commander knows from the first day, because it was his to decide."""
    return Level.AUTHORITY if days >= AUTHORITY_AFTER_DAYS else Level.COMMANDER


def recall_of(standing: Standing, today: date) -> Recall | None:
    """Return why and since when the weapons of a person are asked back, None where they are not.

    Of a withdrawal nothing is told here, whoever reads: one level from the first day on, so that it does not tell the
    day by changing, and nothing else that he lacks. It escalates on the list of suspensions, before two roles.
    """
    if standing.suspended:
        return Recall(None, None, None, Level.COMMANDER)
    if standing.contract_known and not standing.contract_held and standing.contract_until is not None:
        return _since(Cause.CONTRACT_ENDED, standing.contract_until, today)
    if standing.authorisation_known and not standing.covers and standing.authorised_until is not None:
        return _since(Cause.AUTHORISATION_ENDED, standing.authorised_until, today)
    until = standing.contract_until
    if standing.contract_held and not standing.contract_renewed and until and until <= today + timedelta(SOON_DAYS):
        return Recall(Cause.CONTRACT_ENDS_SOON, until + timedelta(days=1), (today - until).days - 1, Level.SOON)
    return None


def _since(cause: Cause, until: date, today: date) -> Recall:
    days = (today - until).days - 1
    return Recall(cause, until + timedelta(days=1), days, level_of(days))


class SuspensionReason(StrEnum):
    """Why the right to draw was withdrawn for a time. Read by two roles only."""

    COMPLAINT = "complaint"
    MEDICAL = "medical"
    DISCIPLINARY = "disciplinary"


def check_not_oneself(person_id: UUID, actor_id: UUID, code: str) -> None:
    """Refuse that somebody decides about himself, with `code`."""
    if person_id == actor_id:
        raise Refused(code)


CONSTRAINTS: dict[str, tuple[type[DomainError], str]] = {
    "pk_suspension": (Conflict, "request.id_reused"),
    "ck_suspension_of_another": (Refused, "suspension.of_oneself"),
    "ck_draw_override_seen_by_another": (Refused, "override.own"),
    "ck_contract_term": (Unacceptable, "contract.too_long"),
    "SW010": (Conflict, "contract.too_many_years"),
}
