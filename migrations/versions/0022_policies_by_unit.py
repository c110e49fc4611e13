"""Row-level security by unit: the service sees, of a country's rows, those of the units in its scope.

`docs/adr/0007` says of every table by what it is filtered and why. What the service legitimately reads beyond its
scope comes from the functions at the end, each of which filters the country itself and gives no more than is shown.
"""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

# The scope as ranges of numbers, from `app.units`. It is asked once a statement by each policy, and a wide scope is long
# to read: the ranges are kept for the rest of the transaction beside what they were made of, and made anew where that
# has changed since. Numbers of units raised together follow each other, so a wide scope is few ranges. It acts as who
# asks and has no search path of its own: to set one would cost each call more than the rest.
UNITS_IN_SCOPE = """
create function units_in_scope() returns int4multirange
language plpgsql stable as $$
declare
    v_units text := nullif(current_setting('app.units', true), '');
    v_scope int4multirange;
begin
    if v_units is null then
        return null;
    end if;
    if v_units = current_setting('app.scope_of', true) then
        return current_setting('app.scope')::int4multirange;
    end if;
    v_scope := (select coalesce(range_agg(int4range(u, u, '[]')), '{}') from unnest(v_units::int[]) as u);
    perform set_config('app.scope', v_scope::text, true), set_config('app.scope_of', v_units, true);
    return v_scope;
end $$;
revoke execute on function units_in_scope() from public;
grant execute on function units_in_scope() to salw_app;
"""

# The service's own policies on a table; the other roles keep the one by country. `scoped(column)` stands for a unit
# of the scope: the scope is asked for once a statement (`select`), never once a row. Without `coalesce` the planner
# takes it that next to no row passes, and goes through a whole stock one row after the other. `p_added` and
# `p_changed` are what an inserted and a changed row must be; a row that may be seen may be locked and changed within
# them.
SCOPE_ROWS = r"""
create function scope_rows(p_table regclass, p_seen text, p_added text default null, p_changed text default null)
returns void
language plpgsql as $$
declare
    v_form constant text := 'country = (select nullif(current_setting(''app.country'', true), '''')) and (%s)';
    v_unit constant text := 'coalesce(\1 <@ (select units_in_scope()), false)';
    v_seen text := format(v_form, regexp_replace(p_seen, 'scoped\(([a-z_.]+)\)', v_unit, 'g'));
    v_added text := format(v_form, regexp_replace(coalesce(p_added, p_seen), 'scoped\(([a-z_.]+)\)', v_unit, 'g'));
    v_changed text := format(
        v_form, regexp_replace(coalesce(p_changed, p_added, p_seen), 'scoped\(([a-z_.]+)\)', v_unit, 'g'));
begin
    execute format('alter policy in_country on %s to salw_publisher, salw_auditor, salw_eraser', p_table);
    execute format('create policy seen_in_scope on %s for select to salw_app using (%s)', p_table, v_seen);
    if has_any_column_privilege('salw_app', p_table, 'insert') then
        execute format('create policy added_in_scope on %s for insert to salw_app with check (%s)', p_table, v_added);
    end if;
    if has_any_column_privilege('salw_app', p_table, 'update') then
        execute format('create policy changed_in_scope on %s for update to salw_app using (%s) with check (%s)',
                       p_table, v_seen, v_changed);
    end if;
    if has_table_privilege('salw_app', p_table, 'delete') then
        execute format('create policy removed_in_scope on %s for delete to salw_app using (%s)', p_table, v_seen);
    end if;
end $$;
revoke execute on function scope_rows(regclass, text, text, text) from public;
"""

# `offset 0`: looked for by its key, and never by a hash of every weapon in scope.
_WEAPON = "exists (select from weapon w where w.country = {0}.country and w.id = {0}.weapon_id offset 0)"
_CHECK = "exists (select from stocktake s where s.country = {0}.country and s.id = {0}.stocktake_id)"
_HOLDER = "exists (select from holder h where h.country = {0}.country and h.id = {0}.holder_id)"
_OWN_CASE = (
    "exists (select from incident i where i.country = {0}.country and i.id = {0}.incident_id and scoped(i.unit_id))"
)
_CASE = "exists (select from incident i where i.country = {0}.country and i.id = {0}.incident_id)"

# What is of no weapon is told in the words of the whole country: who is posted, which file was imported.
_EVENT = (
    f"weapon_id is null or {_WEAPON.format('event')} "
    "or exists (select from movement m where m.country = event.country and m.event_id = event.id offset 0)"
)

# table: (who sees a row, what an inserted one must be, what a changed one must be); an empty text is the one before.
POLICIES: dict[str, tuple[str, ...]] = {
    # by unit
    "store": ("scoped(unit_id)",),
    "person": ("scoped(unit_id)",),
    # A text about another unit's case is that unit's, whoever writes it.
    "personal_value": ("scoped(unit_id)", "true"),
    "label_batch": ("scoped(unit_id)",),
    "weapon": ("scoped(unit_id) or scoped(awaited_by_unit_id)", "scoped(unit_id)"),
    "document_counter": ("scoped(office_unit_id)",),
    "custody": ("scoped(unit_id) or scoped(awaited_by_unit_id)",),
    "disposal": ("scoped(unit_id)",),
    "holder": ("scoped(unit_id) or scoped(awaited_by_unit_id)", "scoped(unit_id)"),
    "issue": ("scoped(unit_id)",),
    "transfer": (
        "scoped(from_unit_id) or scoped(to_unit_id)",
        "scoped(from_unit_id)",
        "scoped(from_unit_id) or scoped(to_unit_id)",
    ),
    # Its own unit's, and the one that a weapon under the open case has come to, which settles its line.
    "incident": (
        "scoped(unit_id) or exists (select from case_mark k where k.country = incident.country "
        "and k.case_id = incident.id)",
        "scoped(unit_id)",
    ),
    "stocktake": ("scoped(unit_id)",),
    "register_file": ("scoped(unit_id)",),
    "passage": ("scoped(unit_id)",),
    "device_invitation": ("scoped(unit_id)",),
    "device": ("scoped(unit_id)",),
    "device_event": ("scoped(unit_id)",),
    "derogation": ("scoped(unit_id)",),
    "derogation_act": ("scoped(unit_id)",),
    "handover_count": ("scoped(unit_id)",),
    "handover": ("scoped(unit_id)",),
    "transfer_receipt": ("scoped(unit_id)",),
    # What nobody known was refused is of no unit: it is shown to who has a unit with none above it.
    "access_attempt": (
        "scoped(unit_id) or unit_id is null and exists (select from unit u where u.parent_id is null and scoped(u.id))",
    ),
    # by parent
    "event": (_EVENT, "true"),
    "account": ("exists (select from person p where p.country = account.country and p.id = account.person_id)",),
    "mark": (_WEAPON.format("mark"),),
    "label": (_WEAPON.format("label"),),
    "case_mark": (_WEAPON.format("case_mark"),),
    "assignment": (
        _WEAPON.format("assignment"),
        f"{_WEAPON.format('assignment')} and {_HOLDER.format('assignment')}",
    ),
    "answerable": (_HOLDER.format("answerable"),),
    "disposal_line": (
        "exists (select from disposal d where d.country = disposal_line.country and d.id = disposal_line.disposal_id)",
        "exists (select from disposal d where d.country = disposal_line.country and d.id = disposal_line.disposal_id) "
        f"and {_WEAPON.format('disposal_line')}",
    ),
    "transfer_line": (
        "exists (select from transfer t where t.country = transfer_line.country and t.id = transfer_line.transfer_id)",
        "exists (select from transfer t where t.country = transfer_line.country and t.id = transfer_line.transfer_id) "
        f"and {_WEAPON.format('transfer_line')}",
        "exists (select from transfer t where t.country = transfer_line.country and t.id = transfer_line.transfer_id)",
    ),
    "incident_mark": (_CASE.format("incident_mark"), _OWN_CASE.format("incident_mark")),
    "incident_weapon": (
        f"{_OWN_CASE.format('incident_weapon')} or {_WEAPON.format('incident_weapon')}",
        f"{_OWN_CASE.format('incident_weapon')} and {_WEAPON.format('incident_weapon')}",
        f"{_OWN_CASE.format('incident_weapon')} or {_WEAPON.format('incident_weapon')}",
    ),
    # Another unit's case is seen by the lines on weapons in scope, and so is what was decided on them.
    "incident_outcome": (
        f"{_OWN_CASE.format('incident_outcome')} or exists (select from incident_weapon w "
        "where w.country = incident_outcome.country and w.incident_id = incident_outcome.incident_id "
        "and w.outcome_id = incident_outcome.id)",
        f"{_OWN_CASE.format('incident_outcome')} or exists (select from incident_weapon w "
        "where w.country = incident_outcome.country and w.incident_id = incident_outcome.incident_id)",
    ),
    "loss_line": (_OWN_CASE.format("loss_line"),),
    "loss_line_entry": (
        "exists (select from loss_line l where l.country = loss_line_entry.country "
        "and l.id = loss_line_entry.loss_line_id)",
    ),
    # Frozen in the statement that opens the check, when no row of it can be seen yet: a trigger looks after it.
    "stocktake_expected": (_CHECK.format("stocktake_expected"), "true"),
    "stocktake_count": (_CHECK.format("stocktake_count"),),
    "stocktake_finding": (_CHECK.format("stocktake_finding"),),
    "stocktake_matched": (_CHECK.format("stocktake_matched"),),
    "register_row": (
        "exists (select from register_file f where f.country = register_row.country and f.id = register_row.file_id)",
    ),
}

# Whoever may see a weapon now sees its whole chain; a unit that gave it up keeps the movements it was party to. Who may
# add one is as in 0004: nothing is pushed into another unit's store except through a transit that it awaits.
MOVEMENT = """
drop policy in_scope on movement;
select scope_rows('movement',
    'scoped(to_unit_id) or scoped(from_unit_id) or exists (select from weapon w
        where w.country = movement.country and w.id = movement.weapon_id offset 0)',
    'scoped(to_unit_id) and (seq = 1 or scoped(from_unit_id) or exists (select from holder h
        where h.country = movement.country and h.id = movement.from_holder_id and scoped(h.awaited_by_unit_id)))');
"""

# Functions are the organisation chart and seen like it, by number and without a name; giving and ending one is within
# the scope.
POSTING = """
alter policy in_country on posting to salw_publisher, salw_auditor, salw_eraser;
create policy seen_in_country on posting for select to salw_app
    using (country = (select nullif(current_setting('app.country', true), '')));
create policy added_in_scope on posting for insert to salw_app
    with check (country = (select nullif(current_setting('app.country', true), ''))
                and coalesce(unit_id <@ (select units_in_scope()), false));
create policy changed_in_scope on posting for update to salw_app
    using (country = (select nullif(current_setting('app.country', true), ''))
           and coalesce(unit_id <@ (select units_in_scope()), false))
    with check (country = (select nullif(current_setting('app.country', true), ''))
                and coalesce(unit_id <@ (select units_in_scope()), false));
"""

# A function of the commission or of oversight reads or speaks for the whole country, so it stands at the country's top.
NATIONAL = """
create function refuse_national_role_below() returns trigger language plpgsql as $$
begin
    if exists (select from unit u
                where u.country = new.country and u.id = new.unit_id and u.parent_id is not null) then
        raise exception 'a national function is given at the top of its country'
            using errcode = 'check_violation', constraint = 'posting_national_at_the_top';
    end if;
    return new;
end $$;
create trigger national_at_the_top before insert on posting for each row
    when (new.role in ('commission_reader', 'commission_officer', 'oversight'))
    execute function refuse_national_role_below();
"""

# As whoever inserts: he must see the check that he freezes something for.
FROZEN = """
create function refuse_frozen_elsewhere() returns trigger language plpgsql as $$
begin
    if exists (select from frozen f where not exists (
            select from stocktake s where s.country = f.country and s.id = f.stocktake_id)) then
        raise exception 'a set is frozen for a check in scope' using errcode = 'insufficient_privilege';
    end if;
    return null;
end $$;
create trigger frozen_in_scope after insert on stocktake_expected
    referencing new table as frozen for each statement execute function refuse_frozen_elsewhere();
"""

# Whose a name or a text is stands beside it: to look for what it belongs to among five tables, each with a policy of its
# own, cost a scan more than everything else that it does.
VALUES = """
alter table personal_value add unit_id INTEGER;
update personal_value v set unit_id = p.unit_id from person p where (p.country, p.value_id) = (v.country, v.id);
update personal_value v set unit_id = i.unit_id from incident i where (i.country, i.details_id) = (v.country, v.id);
update personal_value v set unit_id = i.unit_id
  from incident_outcome o join incident i on (i.country, i.id) = (o.country, o.incident_id)
 where (o.country, o.reason_id) = (v.country, v.id);
update personal_value v set unit_id = s.unit_id from stocktake s where (s.country, s.reason_id) = (v.country, v.id);
update personal_value v set unit_id = s.unit_id
  from stocktake_count c join stocktake s on (s.country, s.id) = (c.country, c.stocktake_id)
 where (c.country, c.note_id) = (v.country, v.id);
update personal_value v set unit_id = e.unit_id from emergency_read e where (e.country, e.reason_id) = (v.country, v.id);
update personal_value v set unit_id = d.unit_id from device d where (d.country, d.reason_id) = (v.country, v.id);
update personal_value v set unit_id = d.unit_id from device_event d where (d.country, d.decision_id) = (v.country, v.id);
comment on column personal_value.unit_id is 'Whose name or text it is, and so who reads it; null: nobody does.';
"""

_COUNTRY = "nullif(current_setting('app.country', true), '')"
_UNITS = "nullif(current_setting('app.units', true), '')::int[]"

# name: (arguments, what it returns, the query). Each filters the country itself, and the scope where the caller must
# have something in it to ask.
FUNCTIONS: dict[str, tuple[str, str, str]] = {
    # The other side of a transfer, and the places in a weapon's chain: stores by name, everything else by its kind.
    "name_places": (
        "p_holders uuid[]",
        "table (id uuid, kind text, unit_id int, unit_uuid uuid, unit_name text, store_name text, open boolean)",
        """
        select h.id, h.kind, h.unit_id, u.uuid, u.name, s.name, s.ended_on is null
          from holder h
          join unit u on (u.country, u.id) = (h.country, h.unit_id)
          left join store s on (s.country, s.id) = (h.country, h.id)
         where h.country = {country} and h.id = any(p_holders)
        """,
    ),
    # What somebody was when he acted: the posting in force on that day. No name.
    "name_functions": (
        "p_people uuid[], p_days date[]",
        "table (person uuid, day date, role text, unit_name text)",
        """
        select said.person, said.day, g.role, coalesce(g.unit_name, u.name)
          from unnest(p_people, p_days) as said (person, day)
          join person p on p.country = {country} and p.id = said.person
          join unit u on (u.country, u.id) = (p.country, p.unit_id)
          left join lateral (
                select g.role, gu.name as unit_name
                  from posting g join unit gu on (gu.country, gu.id) = (g.country, g.unit_id)
                 where g.country = p.country and g.person_id = p.id and g.started_on <= said.day
                   and (g.ended_on is null or g.ended_on > said.day)
                 order by g.started_on desc, g.id limit 1) g on true
        """,
    ),
    # Who asks, to himself: his own unit need not be one in which he does what he asks for.
    "name_reader": (
        "p_person uuid",
        "table (matricule text, value jsonb)",
        """
        select p.matricule, v.value
          from person p left join personal_value v on (v.country, v.id) = (p.country, p.value_id)
         where p.country = {country} and p.id = p_person
        """,
    ),
    # Who answers for a post may be of another unit: the slip commits to him as every event does.
    "commit_to_person": (
        "p_person uuid",
        "table (unit_id int, commitment bytea)",
        """
        select p.unit_id, v.commitment
          from person p join personal_value v on (v.country, v.id) = (p.country, p.value_id)
         where p.country = {country} and p.id = p_person
        """,
    ),
    "is_demo_country": (
        "",
        "boolean",
        "select exists (select from account where country = {country} and demo)",
    ),
    # A first administrator is made where there is none, and who makes him has no scope yet.
    "has_administrator": (
        "p_role text, p_today date",
        "boolean",
        """
        select exists (select from account a join posting g on (g.country, g.person_id) = (a.country, a.person_id)
                        where a.country = {country} and a.disabled_at is null and g.role = p_role
                          and (g.ended_on is null or g.ended_on > p_today))
        """,
    ),
    # One file is taken on charge once in a country, whoever brings it again.
    "find_register_file": (
        "p_sha256 bytea",
        "table (id uuid, name text, recorded_at timestamptz)",
        "select id, name, recorded_at from register_file where country = {country} and sha256 = p_sha256",
    ),
    # Why somebody reads beyond his scope is told to himself and to whoever has a unit that is read in scope.
    "reasons_of_reads": (
        "p_person uuid",
        "table (id uuid, reason text)",
        """
        select e.id, v.value->>'reason'
          from emergency_read e join personal_value v on (v.country, v.id) = (e.country, e.reason_id)
         where e.country = {country}
           and (e.person_id = p_person
                or exists (select from unit_closure x where x.country = e.country and x.ancestor_id = e.unit_id
                              and x.descendant_id = any({units})))
        """,
    ),
    # Past stock counts weapons that have left since: what they are, and whether they were missing then. No number.
    "describe_departed": (
        "p_weapons uuid[], p_size bigint",
        "table (id uuid, class_code text, model_code text, model_text text, missing boolean)",
        """
        select w.id, w.class_code, w.model_code, w.model_text,
               coalesce((select e.kind = 'weapon.case_opened'
                           from event e join leaf l on (l.country, l.event_id) = (e.country, e.id)
                          where e.country = w.country and e.weapon_id = w.id
                            and e.kind in ('weapon.case_opened', 'weapon.case_closed') and l.idx < p_size
                          order by l.idx desc limit 1), false)
          from weapon w
         where w.country = {country} and w.id = any(p_weapons)
           and (w.unit_id = any({units}) or w.awaited_by_unit_id = any({units})) is not true
           and exists (select from movement m where m.country = w.country and m.weapon_id = w.id
                        and (m.from_unit_id = any({units}) or m.to_unit_id = any({units})))
        """,
    ),
    # Marks just read against the losses of the country: of another unit's weapon only that there is one.
    "match_open_losses": (
        "p_marks text[], p_kinds text[], p_losses text[], p_most int",
        "table (place bigint, weapon_id uuid)",
        """
        select s.place, w.weapon_id
          from unnest(p_marks) with ordinality as s (normalised, place)
         cross join lateral (
            select distinct case when c.unit_id = any({units}) then c.weapon_id end as weapon_id
              from mark m
              join custody c on (c.country, c.weapon_id) = (m.country, m.weapon_id)
              join holder h on (h.country, h.id) = (c.country, c.holder_id)
              left join case_mark k on (k.country, k.weapon_id) = (c.country, c.weapon_id)
             where m.country = {country} and m.normalised = s.normalised
               and m.kind = any(p_kinds) and m.legibility in ('legible', 'partial')
               and (h.kind = any(p_losses) or k.weapon_id is not null)
             order by 1 nulls last
             limit p_most
         ) w
         order by s.place, w.weapon_id nulls last
        """,
    ),
    # What was decided on another unit's case is told where it was about weapons in scope and about no other.
    "outcomes_in_scope": (
        "p_incident uuid",
        "table (id uuid, reason text)",
        """
        select o.id, v.value->>'reason'
          from incident_outcome o left join personal_value v on (v.country, v.id) = (o.country, o.reason_id)
         where o.country = {country} and o.incident_id = p_incident
           and (select bool_and(c.unit_id = any({units}))
                  from incident_weapon w join custody c on (c.country, c.weapon_id) = (w.country, w.weapon_id)
                 where w.country = o.country and w.incident_id = o.incident_id and w.outcome_id = o.id)
        """,
    ),
    # What a count reads on things that may belong elsewhere, for an open check in scope: enough to classify them.
    "resolve_counts": (
        "p_stocktake uuid, p_ids uuid[], p_labels text[], p_tails text[], p_numbers text[], p_marks text[]",
        "table (id uuid, code text, wrong boolean, void boolean, labelled_id uuid, registry_number text, "
        "numbered_id uuid, mark text, marked_id uuid)",
        """
        with given as (
            select s.country, g.*
              from stocktake s
             cross join unnest(p_ids, p_labels, p_tails, p_numbers, p_marks) as g (id, label, tail, number, mark)
             where s.country = {country} and s.id = p_stocktake and s.status = 'open' and s.unit_id = any({units})
        ), borne as (
            select b.mark,
                   case when count(distinct m.weapon_id) = 1 then (array_agg(m.weapon_id))[1]
                        when count(distinct e.weapon_id) = 1
                        then (array_agg(e.weapon_id) filter (where e.weapon_id is not null))[1]
                   end as weapon_id
              from (select distinct country, mark from given where mark is not null) as b
              join mark m on m.country = b.country and m.normalised = b.mark
               and m.kind not in ('proof', 'part') and m.legibility in ('legible', 'partial')
              left join stocktake_expected e
                on e.country = b.country and e.stocktake_id = p_stocktake and e.weapon_id = m.weapon_id
             group by b.mark
        )
        select g.id, l.code, g.tail <> l.tail, l.voided_at is not null, l.weapon_id, w.registry_number, w.id, b.mark,
               b.weapon_id
          from given g
          left join label l on l.country = g.country and l.code = g.label
          left join weapon w on w.country = g.country and w.registry_number = g.number
          left join borne b on b.mark = g.mark
        """,
    ),
    # Where the book has what a check in scope counted or expected, for its closing.
    "locate_counted": (
        "p_stocktake uuid, p_weapons uuid[]",
        "table (weapon_id uuid, holder_id uuid, seq int, case_id uuid)",
        """
        select c.weapon_id, c.holder_id, c.seq, k.case_id
          from stocktake s
         cross join unnest(p_weapons) as g (id)
          join custody c on c.country = s.country and c.weapon_id = g.id
          left join case_mark k on (k.country, k.weapon_id) = (c.country, c.weapon_id)
         where s.country = {country} and s.id = p_stocktake and s.unit_id = any({units})
           and (exists (select from stocktake_count n
                         where n.country = s.country and n.stocktake_id = s.id and n.weapon_id = g.id)
                or exists (select from stocktake_expected n
                            where n.country = s.country and n.stocktake_id = s.id and n.weapon_id = g.id))
        """,
    ),
    # The weapons in the lines of a closed check in scope, also those that have left since or never were the unit's:
    # the digest of the report covers their numbers, and the statement that asks shows of them what may be shown.
    "describe_found": (
        "p_stocktake uuid",
        "table (id uuid, registry_number text, class_code text, model_code text, model_text text, serial text, "
        "label_code text)",
        """
        select w.id, w.registry_number, w.class_code, w.model_code, w.model_text, w.serial, a.code
          from stocktake s
         cross join lateral (
            select unnest(m.weapon_ids) as weapon_id from stocktake_matched m
             where m.country = s.country and m.stocktake_id = s.id
            union all
            select f.weapon_id from stocktake_finding f where f.country = s.country and f.stocktake_id = s.id
         ) as n
          join weapon w on w.country = s.country and w.id = n.weapon_id
          left join label a on (a.country, a.weapon_id) = (w.country, w.id) and a.voided_at is null
         where s.country = {country} and s.id = p_stocktake and s.unit_id = any({units})
        """,
    ),
}

# A case closes when nothing of it is open anywhere, also where the one who settles its last line sees no other.
CLOSE_CASE = f"""
create function close_settled_case(p_incident uuid, p_now timestamptz) returns boolean
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
    update incident i set status = 'closed', closed_at = p_now
     where i.country = {_COUNTRY} and i.id = p_incident and i.status = 'open'
       and (i.unit_id = any({_UNITS})
            or exists (select from incident_weapon w
                         join custody c on (c.country, c.weapon_id) = (w.country, w.weapon_id)
                        where w.country = i.country and w.incident_id = i.id and c.unit_id = any({_UNITS})))
       and not exists (select from incident_weapon w
                        where w.country = i.country and w.incident_id = i.id and w.status = 'open')
       and not exists (select from loss_line l
                        where l.country = i.country and l.incident_id = i.id
                          and l.quantity > l.itemised + l.withdrawn);
    return found;
end $$;
revoke execute on function close_settled_case(uuid, timestamptz) from public;
grant execute on function close_settled_case(uuid, timestamptz) to salw_app;
"""

# Who has no posting, or one elsewhere, has his own account out of his scope, and yet changes its password and decides on
# its factors, one request at a time. The password is that of the session's account, and still the one that was checked.
OWN_ACCOUNT = f"""
create function hold_account(p_account_id uuid) returns void
language sql security definer set search_path = pg_catalog, public as $$
    select 1 from account where country = {_COUNTRY} and id = p_account_id for no key update
$$;
create function change_own_password(p_session_id uuid, p_old_hash text, p_new_hash text, p_now timestamptz)
returns boolean
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
    update account a set password_hash = p_new_hash, must_change_password = false, password_changed_at = p_now
      from session s
     where s.country = {_COUNTRY} and s.id = p_session_id and s.ended_at is null
       and (a.country, a.id) = (s.country, s.account_id) and a.password_hash = p_old_hash;
    return found;
end $$;
revoke execute on function hold_account(uuid), change_own_password(uuid, text, text, timestamptz) from public;
grant execute on function hold_account(uuid), change_own_password(uuid, text, text, timestamptz) to salw_app;
"""


def _beyond_the_scope(name: str, arguments: str, result: str, query: str) -> str:
    types = ", ".join(argument.split(" ", 1)[1] for argument in arguments.split(", ") if argument)
    return f"""
        create function {name}({arguments}) returns {result}
        language sql stable security definer set search_path = pg_catalog, public as $$
        {query.format(country=_COUNTRY, units=_UNITS)}
        $$;
        revoke execute on function {name}({types}) from public;
        grant execute on function {name}({types}) to salw_app;
    """


def upgrade() -> None:
    """Filter by unit what is a unit's, and give what is read beyond it by functions."""
    op.execute(UNITS_IN_SCOPE)
    op.execute(SCOPE_ROWS)
    op.execute(VALUES)
    for table, policies in POLICIES.items():
        given = ", ".join(f"$policy${policy}$policy$" for policy in policies)
        op.execute(f"select scope_rows('{table}', {given})")
    op.execute(MOVEMENT)
    op.execute(POSTING)
    op.execute(NATIONAL)
    op.execute(FROZEN)
    for name, (arguments, result, query) in FUNCTIONS.items():
        op.execute(_beyond_the_scope(name, arguments, result, query))
    op.execute(CLOSE_CASE)
    op.execute(OWN_ACCOUNT)
