"""What verification leaves to the server: that rows are shown as they are kept. Its schema must be the one that ships.

A policy that hides a row, a view in the place of a table, a function that looks away: none of them is in the rows.
Each table with its columns, constraints, indexes, policies, triggers and rules, each function, and the roles are held
against `shipped.json`, which `tests/shipping.py` writes from the migrations.
"""

import json
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files

from sqlalchemy import Connection

from salw.core.db import run
from salw.core.roles import LOGIN_ROLES, OWNER
from salw.proofs.verification.breaks import Findings

# Names are found where the program's tables are, whatever the role's own settings say.
PINNED = "set local search_path = pg_catalog, public"

# One line a fact. What an extension brought is its own affair. A constraint that was taken off and put back unchecked
# counts as there, and its parentheses do not count, of which a dump put back has fewer: whether the rows keep to it is
# recomputed. What stands in pg_catalog under a name of ours is found before ours.
_FACTS = """
with ours as (
    select c.oid, 'table ' || c.relname as object, c.relname
      from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v', 'm', 'p', 'f')
       and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid
                                                 and d.deptype = 'e')
)
select o.object, concat_ws(' ', 'relation', c.relkind, c.relpersistence, c.relrowsecurity, c.relforcerowsecurity,
                           pg_get_userbyid(c.relowner), c.reloptions::text) as fact
  from ours o join pg_class c on c.oid = o.oid
union all
select o.object, concat_ws(' ', 'hidden by', c.relkind)
  from ours o join pg_class c on c.relname = o.relname and c.relnamespace = 'pg_catalog'::regnamespace
union all
select o.object, concat_ws(' ', 'column', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attgenerated,
                           a.attidentity, pg_get_expr(d.adbin, d.adrelid))
  from ours o join pg_attribute a on a.attrelid = o.oid and a.attnum > 0 and not a.attisdropped
  left join pg_attrdef d on (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
union all
select o.object, concat_ws(' ', 'constraint', c.conname,
                           translate(regexp_replace(pg_get_constraintdef(c.oid), ' NOT VALID$', ''), '()', ''))
  from ours o join pg_constraint c on c.conrelid = o.oid
union all
select o.object, concat_ws(' ', 'index', pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisready)
  from ours o join pg_index i on i.indrelid = o.oid
union all
select o.object, concat_ws(' ', 'policy', p.polname, p.polcmd, p.polpermissive,
                           (select string_agg(r.rolname, ',' order by r.rolname) from pg_roles r
                             where r.oid = any(p.polroles)),
                           pg_get_expr(p.polqual, p.polrelid), 'with', pg_get_expr(p.polwithcheck, p.polrelid))
  from ours o join pg_policy p on p.polrelid = o.oid
union all
select o.object, concat_ws(' ', 'trigger', pg_get_triggerdef(t.oid), t.tgenabled)
  from ours o join pg_trigger t on t.tgrelid = o.oid and not t.tgisinternal
union all
select o.object, concat_ws(' ', 'rule', pg_get_ruledef(r.oid), r.ev_enabled)
  from ours o join pg_rewrite r on r.ev_class = o.oid
union all
select 'function ' || p.oid::regprocedure::text,
       concat_ws(' ', pg_get_userbyid(p.proowner),
                 case when p.prokind in ('f', 'p') then pg_get_functiondef(p.oid) else p.prokind::text end)
  from pg_proc p
 where p.pronamespace = 'public'::regnamespace
   and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid
                                             and d.deptype = 'e')
union all
select 'role ' || r.rolname, concat_ws(' ', r.rolsuper, r.rolbypassrls) from pg_roles r where r.rolname = any(%(roles)s)
"""


def describe(db: Connection) -> dict[str, str]:
    """Return the SHA-256 of all that is known of each `table NAME`, `function NAME(TYPES)` and `role NAME`."""
    facts: defaultdict[str, list[str]] = defaultdict(list)
    for row in run(db, _FACTS, {"roles": [OWNER, *LOGIN_ROLES]}):
        facts[row["object"]].append(row["fact"])
    return {name: sha256("\n".join(sorted(told)).encode()).hexdigest() for name, told in facts.items()}


@cache
def shipped() -> Mapping[str, str]:
    """Return the same of the schema that the migrations make."""
    found: dict[str, str] = json.loads(files(__package__).joinpath("shipped.json").read_text("utf-8"))
    return found


def check_schema(db: Connection, found: Findings) -> None:
    """Name each table, function and role that is not as it ships; somebody else's table beside ours says nothing."""
    stand, due = describe(db), shipped()
    for name in sorted(stand.keys() | due.keys()):
        kind, _, called = name.partition(" ")
        if stand.get(name) != due.get(name) and (name in due or kind != "table"):
            found.add(f"verify.{kind}_changed", name=called)
