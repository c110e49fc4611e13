"""Reading declared lines: of a slip, and of all slips that one account binds together."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import run
from salw.custody.declarations.rules import Compared, Declared, DeclaredKind, OnSlip, compare_slips
from salw.custody.rules import Expected

# The issue by which a weapon that is out went out: the last one before the version that its holder has it at.
ISSUE_OF = """
  cross join lateral (
        select m.document_id from movement m
         where m.country = %(country)s and m.weapon_id = w.id and m.seq <= w.version and m.kind = 'issue'
         order by m.seq desc limit 1) as i
"""

# Slips are bound together by weapons: a return to the issues that its weapons came from, an issue to the returns of
# its weapons. Beyond the slips it starts from, an account runs on only through slips that declare something.
_ACCOUNT = """
with recursive bound (document_id) as (
    select unnest(%(documents)s::uuid[])
    union
    select o.document_id
      from bound b
      join movement m on m.country = %(country)s and m.document_id = b.document_id and m.kind in ('issue', 'return')
      join lateral (
            (select x.document_id from movement x
              where m.kind = 'issue' and x.country = m.country and x.weapon_id = m.weapon_id and x.seq > m.seq
                and x.kind = 'return'
              order by x.seq limit 1)
            union all
            (select x.document_id from movement x
              where m.kind = 'return' and x.country = m.country and x.weapon_id = m.weapon_id and x.seq < m.seq
                and x.kind = 'issue'
              order by x.seq desc limit 1)
            ) as o on true
     where exists (select from declared_line d
                    where d.country = %(country)s and d.document_id = o.document_id offset 0)
)
select d.document_id, t.kind as document_kind, d.kind, d.calibre, d.quantity, v.value->>'reason' as reason,
       exists (select from movement m
                 join custody c on (c.country, c.weapon_id, c.seq) = (m.country, m.weapon_id, m.seq)
                where m.country = %(country)s and m.document_id = d.document_id and m.kind = 'issue'
                  and c.weapon_id <> all(%(returning)s::uuid[])) as still_out
  from bound b
  join declared_line d on d.country = %(country)s and d.document_id = b.document_id
  join document t on (t.country, t.id) = (d.country, d.document_id)
  left join personal_value v on (v.country, v.id) = (d.country, d.reason_id)
 order by t.recorded_at, d.document_id, d.place
"""

_ISSUES = f"""
select distinct i.document_id
  from unnest(%(weapons)s::uuid[], %(versions)s::int[]) as w (id, version)
{ISSUE_OF}
"""

# Rides in the first statement of a return; the versions are checked after it.
DECLARED_OUT = f"""
exists (select from unnest(%(weapons)s::uuid[], %(versions)s::int[]) as w (id, version)
{ISSUE_OF}
         where exists (select from declared_line d
                        where d.country = %(country)s and d.document_id = i.document_id offset 0)) as declared_out
"""


def list_account(
    db: Connection, actor: Actor, documents: Iterable[UUID], *, returning: Iterable[UUID] = ()
) -> list[OnSlip]:
    """Return the declared lines, in scope, of slips and of those that account for the same things, oldest first.

    The weapons that are `returning` no longer count as out.
    """
    values = {"country": actor.country, "documents": list(documents), "returning": list(returning)}
    rows = run(db, _ACCOUNT, values)
    return [
        OnSlip(
            row["document_id"],
            row["document_kind"] == "return_slip",
            Declared(DeclaredKind(row["kind"]), row["calibre"], row["quantity"], row["reason"]),
            row["still_out"],
        )
        for row in rows
    ]


def compare_account(db: Connection, actor: Actor, document_id: UUID) -> list[Compared]:
    """Return what was issued against what came back, over all slips that account for the same things as this one."""
    return compare_slips(list_account(db, actor, [document_id]))


def list_account_of(db: Connection, actor: Actor, weapons: Sequence[Expected]) -> list[OnSlip]:
    """Return the account of the slips by which weapons went out that come back now."""
    issues = list_issues_of(db, actor, weapons)
    return list_account(db, actor, issues, returning=[w.weapon_id for w in weapons])


def list_issues_of(db: Connection, actor: Actor, weapons: Sequence[Expected]) -> list[UUID]:
    """Return the slips by which weapons that are out were issued."""
    rows = run(
        db,
        _ISSUES,
        {
            "country": actor.country,
            "weapons": [w.weapon_id for w in weapons],
            "versions": [w.version for w in weapons],
        },
    )
    return [row["document_id"] for row in rows]
