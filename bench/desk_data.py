"""What the desk of a country shows beside its million weapons: people, slips, mutations, alarms, checks, devices.

For each unit of 500 weapons: 100 people who are authorised and hold 200 of them by slips of the last weeks, one in ten
late and one in ten unacknowledged, a post that holds 50, three mutations under way (a third of them overdue) and twenty
closed, twelve checks of the last year, alarms, overrides, recalls, owed counts and silent devices as an inspector would
meet them.
"""

from million import Desk

PEOPLE, MODELS, UNITS = 100, 8, 2_000

_ROWS = (
    """
    insert into personal_value (country, id, salt, commitment, value, unit_id)
    select %(country)s, value_id, sha256(value_id::text::bytea), sha256(id::text::bytea),
           jsonb_build_object('rank', (array['SDT', 'CAL', 'SGT', 'ADJ', 'LTN'])[1 + m %% 5],
                              'family_name', 'ESSAI' || (unit_id * 31 + m) %% 4000, 'given_names', 'Personne ' || m),
           unit_id
      from man
    """,
    """
    insert into person (country, id, force_code, unit_id, matricule, value_id)
    select %(country)s, id, 'AT', unit_id, 'L' || unit_id || '-' || m, value_id from man
    """,
    """
    insert into document (country, id, kind, office_unit_id, year, number, dated_on)
    select %(country)s, slip_id, 'issue_slip', unit_id, 2026, m + 1, current_date - m %% 28 from man
    """,
    """
    insert into issue (country, id, unit_id, from_holder_id, to_holder_id, purpose, due_back_at, document_id,
                       recorded_at, issued_by, received_by, acknowledged_at)
    select %(country)s, slip_id, unit_id, store_id, id, case when m %% 5 = 0 then 'permanent' else 'task' end,
           case when m %% 5 = 0 then null when m %% 10 = 1 then now() - interval '1 day' * (m / 5)
                when m %% 10 = 2 then date_trunc('day', now()) + interval '23 hours'
                else now() + interval '1 day' * (1 + m %% 20) end,
           slip_id, now() - interval '1 day' * (m %% 28), null, id, case when m %% 10 = 3 then null else now() end
      from man
    """,
    """
    insert into answerable (country, id, holder_id, person_id, started_at)
    select %(country)s, p.id, p.id, m.id, now() from post p join man m on m.store_id = p.store_id and m.m = 0
    """,
    """
    insert into authorisation (country, id, person_id, unit_id, first_day, last_day, given_by)
    select %(country)s, id, id, unit_id, current_date - 300, case when m %% 50 = 7 then current_date - 3 end, id
      from man
    """,
    """
    insert into contract (country, id, person_id, unit_id, kind, first_day, last_day, given_by)
    select %(country)s, id, id, unit_id, case when m %% 3 = 0 then 'auxiliary' else 'regular' end, current_date - 300,
           case when m %% 3 > 0 then null when m %% 50 = 9 then current_date - 2 else current_date + 60 end, id
      from man
    """,
    """
    insert into assignment (country, weapon_id, holder_id, event_id)
    select %(country)s, id, post_id, event_id from out where post_id in (select id from man where m %% 2 = 0)
    """,
    """
    insert into draw_override (country, issue_id, unit_id, person_id, missing, reason_id, overridden_by)
    select %(country)s, slip_id, unit_id, id, 'authorisation_ended', value_id, id from man where m in (7, 57)
    """,
    """
    insert into suspension (country, id, person_id, unit_id, reason_id, placed_by, placed_at)
    select %(country)s, id, id, unit_id, value_id, store_id, now() from man where m = 11
    """,
    """
    create temporary table way on commit drop as
    select uuidv7() as id, uuidv7() as transit_id, a.id as from_store_id, a.unit_id as from_unit_id,
           b.id as to_store_id, b.unit_id as to_unit_id, t,
           (array['ordered', 'approved', 'dispatched'])[t] as status
      from (select id, unit_id, row_number() over (order by unit_id) as place
              from store where unit_id = any(%(units)s)) as a
      join (select id, unit_id, row_number() over (order by unit_id) %% %(places)s + 1 as place
              from store where unit_id = any(%(units)s)) as b using (place)
     cross join generate_series(1, 23) as t
    """,
    """
    insert into transfer (country, id, from_store_id, from_unit_id, to_store_id, to_unit_id, status, due_on,
                          transit_holder_id, ordered_by, ordered_at, approved_by, approved_at, dispatched_by,
                          dispatched_at, closed_by, closed_at)
    select %(country)s, w.id, from_store_id, from_unit_id, to_store_id, to_unit_id, coalesce(status, 'closed'),
           current_date + 5 - (from_unit_id %% 3) * 4, case when t > 2 then transit_id end, a.id,
           now() - interval '9 days', case when t > 1 then b.id end, case when t > 1 then now() end,
           case when t > 2 then b.id end, case when t > 2 then now() end,
           case when t > 3 then b.id end, case when t > 3 then now() end
      from way w
      join man a on a.store_id = w.from_store_id and a.m = 4
      join man b on b.store_id = w.from_store_id and b.m = 5
    """,
    """
    insert into document (country, id, kind, office_unit_id, year, number, dated_on)
    select %(country)s, id, 'movement_order', from_unit_id, 2026, 1000 + t, current_date from way
    """,
    """
    create temporary table carried on commit drop as
    select w.id, w.transit_id, w.status, w.from_unit_id, w.to_unit_id, l.id as weapon_id, w.from_store_id, w.t
      from way w join load l on l.store_id = w.from_store_id
     where l.n / %(places)s %% 10 = 9 and l.n / %(places)s between 15 * w.t and 15 * w.t + 149
    """,
    """
    insert into transfer_line (country, transfer_id, weapon_id, status)
    select %(country)s, id, weapon_id,
           case when t > 3 then 'received' when t = 3 then 'dispatched' else 'ordered' end from carried
    """,
    """
    insert into holder (country, id, unit_id, kind, awaited_by_unit_id)
    select %(country)s, transit_id, from_unit_id, 'transit', to_unit_id from way where t = 3
    """,
    """
    update custody c set holder_id = d.transit_id, awaited_by_unit_id = d.to_unit_id
      from carried d where d.t = 3 and (c.country, c.weapon_id) = (%(country)s, d.weapon_id)
    """,
    """
    update weapon w set awaited_by_unit_id = d.to_unit_id
      from carried d where d.t = 3 and (w.country, w.id) = (%(country)s, d.weapon_id)
    """,
    """
    insert into stocktake (country, id, store_id, unit_id, kind, status, log_size, expected_count, opened_at, opened_by,
                           opened_role, closed_at, closed_by, closed_role)
    select %(country)s, uuidv7(), s.id, s.unit_id, 'own_check', case when n = 0 then 'open' else 'closed' end, 1, 250,
           now() - interval '30 days' * n, s.id, 'storekeeper', case when n > 0 then now() - interval '30 days' * n end,
           case when n > 0 then s.id end, case when n > 0 then 'storekeeper' end
      from store s cross join generate_series(0, 12) as n where s.unit_id = any(%(units)s)
    """,
    """
    insert into handover (country, id, store_id, unit_id, incoming_id, relieved_at, due_on)
    select %(country)s, uuidv7(), s.id, s.unit_id, m.id, now() - interval '5 days', current_date + 2 - s.unit_id %% 5
      from store s join man m on m.store_id = s.id and m.m = 1
    """,
    """
    insert into paper_order (country, id, unit_id, number_id, dated_on, signatory_id, file_id, status, recorded_by)
    select %(country)s, uuidv7(), unit_id, value_id, current_date, id, id, 'recorded', store_id
      from man where m = 2 and unit_id %% 2 = 0
    """,
    """
    insert into label_alarm (country, id, unit_id, kind, code, weapon_id, store_id, seen_at, seen_by)
    select %(country)s, uuidv7(), l.unit_id, 'void', lpad(l.n::text, 12, 'W'), l.id, l.store_id, now(), m.id
      from load l join man m on m.store_id = l.store_id and m.m = 3
     where l.n / %(places)s in (9, 19)
    """,
    """
    insert into device (country, id, store_id, unit_id, name, public_key, key_hash, state, enrolled_at, enrolled_by,
                        decided_at, decided_by, valid_from, valid_until, last_seen_at)
    select %(country)s, uuidv7(), s.id, s.unit_id, 'Terminal ' || n, sha256((s.id::text || n)::bytea),
           sha256((s.id::text || n)::bytea), 'in_force', now(), s.id, null, null, now() - interval '10 days',
           now() + interval '20 days', now() - interval '1 day' * (n * (s.unit_id %% 10))
      from store s cross join generate_series(1, 2) as n where s.unit_id = any(%(units)s)
    """,
    """
    insert into entitlement (country, id, decision_id, unit_id, class_code, model_code, quantity, from_day,
                             reference_id, dated_on, event_id)
    select %(country)s, uuidv7(), s.id, s.unit_id, 'SA-ASR', d.code, 70, current_date - 200, s.id, current_date - 200,
           s.id
      from store s
     cross join (select code from model where class_code = 'SA-ASR' order by code limit %(models)s) as d
     where s.unit_id = any(%(units)s)
    """,
    """
    insert into nominal_list (country, id, unit_id, store_id, title_id, purpose, due_back_at, version, prepared_by,
                              prepared_at)
    select %(country)s, slip_id, unit_id, store_id, value_id, 'task', now() + interval '1 day', 1, id, now()
      from man where m in (4, 5)
    """,
    """
    insert into nominal_line (country, list_id, line, holder_id, absent)
    select %(country)s, n.slip_id, m.m, m.id, false
      from man n join man m on m.store_id = n.store_id and m.m between 20 and 49 where n.m in (4, 5)
    """,
    """
    create temporary table opened on commit drop as
    select uuidv7() as id, id as weapon_id, row_number() over (order by id) - 1 as idx,
           convert_to(
             '{"actor":{"process":"sequencer"},"at":"2026-01-01T00:00:00Z","facts":{"mark":"missing"}}', 'UTF8'
           ) as told
      from load where n %% 500 = 0
    """,
    """
    insert into event (country, id, kind, weapon_id, canonical, leaf_hash)
    select %(country)s, id, 'weapon.case_opened', weapon_id, told, sha256('\\x00'::bytea || told) from opened
    """,
    # The issues of one brigade alone: no page of another's slips is asked for.
    """
    insert into event (country, id, kind, weapon_id, canonical, leaf_hash)
    select %(country)s, o.event_id, 'weapon.issued', o.id, told, sha256('\\x00'::bytea || told)
      from out o,
           convert_to(
             '{"actor":{"process":"sequencer"},"at":"2026-01-01T00:00:00Z","facts":{"from":"' || o.store_id
             || '","to":"' || o.post_id || '","document":"' || o.slip_id || '","purpose":"task"}}', 'UTF8'
           ) as told
     where o.unit_id = any((%(units)s::int[])[1:60])
    """,
    "insert into log (country, id, first_idx) values (%(country)s, 1, 0) on conflict do nothing",
    """
    insert into leaf (country, idx, event_id, leaf_hash, sequenced_at, log_id)
    select %(country)s, 1000000 + idx, id, sha256('\\x00'::bytea || told), now() - interval '1 day', 1 from opened
    """,
)


def desk(brigade: int) -> Desk:
    """Return the desk of a country whose brigade has 60 units."""
    return Desk(brigade, PEOPLE, MODELS, _ROWS)
