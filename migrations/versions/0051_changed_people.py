"""Let a person be promoted, corrected and moved to another unit: what he was called stays his, and goes with him."""

from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE person_version (
    country TEXT NOT NULL,
    value_id UUID NOT NULL,
    person_id UUID NOT NULL,
    until TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_person_version PRIMARY KEY (country, value_id),
    CONSTRAINT fk_person_version_country_value_id FOREIGN KEY(country, value_id) REFERENCES personal_value (country, id),
    CONSTRAINT fk_person_version_country_person_id FOREIGN KEY(country, person_id) REFERENCES person (country, id)
);
CREATE INDEX ix_person_version_person_id ON person_version (country, person_id);
COMMENT ON TABLE person_version IS 'What a person was called until an instant: older events commit to it, an erasure takes it.';
select protect('person_version', 'select');
select make_append_only('person_version');
select scope_rows('person_version',
    'exists (select from person p where p.country = person_version.country and p.id = person_version.person_id)');
grant update (force_code, unit_id, matricule, value_id, sex) on person to salw_app;
create policy changed_in_scope on person for update to salw_app
    using (country = (select nullif(current_setting('app.country', true), ''))
           and coalesce(unit_id <@ (select units_in_scope()), false))
    with check (country = (select nullif(current_setting('app.country', true), ''))
                and coalesce(unit_id <@ (select units_in_scope()), false));
"""

# Whoever changes a person, by whatever means, leaves what he was called behind. With him go his names, his contracts,
# what was withdrawn from him and his card, so that those of his new unit read and end them; authorisations are of the
# unit that gave them, and stay.
KEPT = """
create function keep_person_version() returns trigger
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
    if new.value_id <> old.value_id then
        insert into person_version (country, value_id, person_id, until)
        values (old.country, old.value_id, old.id, clock_timestamp()) on conflict do nothing;
    end if;
    if new.unit_id <> old.unit_id then
        if exists (select from holder h join custody c on (c.country, c.holder_id) = (h.country, h.id)
                    where h.country = new.country and h.person_id = new.id and h.unit_id <> new.unit_id) then
            raise exception 'person % has weapons of the unit he leaves', new.id using errcode = 'SW008';
        end if;
        update personal_value v set unit_id = new.unit_id
         where v.country = new.country
           and (v.id = new.value_id
                or v.id in (select o.value_id from person_version o
                             where o.country = new.country and o.person_id = new.id)
                or v.id in (select t.reference_id from contract t
                             where t.country = new.country and t.person_id = new.id));
        update contract set unit_id = new.unit_id where country = new.country and person_id = new.id;
        update suspension set unit_id = new.unit_id where country = new.country and person_id = new.id;
        update label set unit_id = new.unit_id
         where country = new.country and person_id = new.id and voided_at is null;
    end if;
    return null;
end $$;
revoke execute on function keep_person_version() from public;
create trigger keep_version after update of value_id, unit_id on person for each row
    when ((old.value_id, old.unit_id) is distinct from (new.value_id, new.unit_id))
    execute function keep_person_version();
"""

# An issue to a man at his unit that has waited for one who moves him finds nobody there: no weapon follows him unseen.
HELD_AT_UNIT = """
drop function hold_person(uuid);
create function hold_person(p_person uuid, p_unit int default null) returns boolean
language sql volatile security definer set search_path = pg_catalog, public as $$
    select erased_at is null and unit_id = coalesce(p_unit, unit_id) from person
     where country = (select nullif(current_setting('app.country', true), '')) and id = p_person for share
$$;
revoke execute on function hold_person(uuid, int) from public;
grant execute on function hold_person(uuid, int) to salw_app;
"""

# An erasure takes what he was called before as what he is called now. A number that was his by mistake and is another
# man's now is no word of his. (What it was in `erase_person`, and what it becomes.)
_PATCHES = (
    ("    v_given text;\n", "    v_given text;\n    v_families text[];\n    v_givens text[];\n    v_former text[];\n"),
    (
        "    v_family := as_words(array[v_name->>'family_name']);\n"
        "    v_given := as_words(array[v_name->>'given_names']);\n",
        """    select coalesce(array_agg(v.value->>'family_name'), '{}'), coalesce(array_agg(v.value->>'given_names'), '{}'),
           coalesce(array_agg((v.value->>'family_name') || ' ' || (v.value->>'given_names')), '{}')
           || coalesce(array_agg((v.value->>'given_names') || ' ' || (v.value->>'family_name')), '{}')
           || coalesce(array_agg(v.value->>'matricule') filter (where not exists (
                  select from person p where p.country = v_country and p.matricule = v.value->>'matricule'
                                         and p.id <> v_person.id)), '{}')
      into v_families, v_givens, v_former
      from person_version o join personal_value v on (v.country, v.id) = (o.country, o.value_id)
     where o.country = v_country and o.person_id = v_person.id and v.erased_at is null;
    v_family := as_words(v_families || (v_name->>'family_name'));
    v_given := as_words(v_givens || (v_name->>'given_names'));
""",
    ),
    (
        "(v_name->>'given_names') || ' ' || (v_name->>'family_name')];",
        "(v_name->>'given_names') || ' ' || (v_name->>'family_name')] || v_former;",
    ),
    (
        "case when v_order.name_alone then v_name->>'family_name' end",
        "case when v_order.name_alone then v_families || (v_name->>'family_name') end",
    ),
    (
        "|| (v_name->>'family_name') || (v_name->>'given_names'));",
        "|| v_families || v_givens || (v_name->>'family_name') || (v_name->>'given_names'));",
    ),
    (
        "and (v.id = v_person.value_id\n",
        "and (v.id = v_person.value_id\n"
        "            or v.id in (select f.value_id from person_version f\n"
        "                         where f.country = v_country and f.person_id = v_person.id)\n",
    ),
    (
        "where (o.country, o.value_id) = (v.country, v.id))))",
        "where (o.country, o.value_id) = (v.country, v.id))\n"
        "                and not exists (select from person_version f where (f.country, f.value_id) = (v.country, v.id))))",
    ),
    (
        "and ((n.operation = 'person' and n.id = v_person.id)\n",
        "and ((n.operation = 'person' and n.id = v_person.id)\n"
        "            or (n.operation = 'person.version' and n.content->>'id' = v_person.id::text)\n",
    ),
)
_PAIRS = ",\n".join(f"$was${was}$was$, $is${becomes}$is$" for was, becomes in _PATCHES)
ERASURE = f"""
do $patch$
declare
    v_told text := pg_get_functiondef('erase_person(uuid, bytea, timestamptz)'::regprocedure);
    v_pairs text[] := array[{_PAIRS}];
begin
    for i in 1 .. cardinality(v_pairs) / 2 loop
        if strpos(v_told, v_pairs[2 * i - 1]) = 0 then
            raise exception 'erase_person does not say: %', v_pairs[2 * i - 1];
        end if;
        v_told := replace(v_told, v_pairs[2 * i - 1], v_pairs[2 * i]);
    end loop;
    execute v_told;
end $patch$;
"""


def upgrade() -> None:
    """Keep what people were called, let them be changed in scope, and let an erasure find all of it."""
    op.execute(TABLE)
    op.execute(KEPT)
    op.execute(HELD_AT_UNIT)
    op.execute(ERASURE)
