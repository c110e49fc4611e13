"""Cards at the counter are the codes of persons that labels keep; the auditor holds kept files against their events."""

from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

# What was registered beside the labels proves nothing any more: a card is printed, replaced and voided as a label.
PINS_ALONE = """
drop function person_of_card(text);
delete from counter_proof where kind = 'card';
alter table counter_proof drop column kind;
alter table counter_proof add CONSTRAINT pk_counter_proof PRIMARY KEY (country, person_id);
comment on table counter_proof is 'What a person proves himself with at the counter: the hash of his PIN.';
create or replace function pin_of_person(p_person uuid) returns text
language sql stable security definer set search_path = pg_catalog, public as $$
    select secret_hash from counter_proof
     where country = (select nullif(current_setting('app.country', true), '')) and person_id = p_person
$$;
create function person_of_card(p_code text, p_tail text) returns table (person uuid, void boolean)
language sql stable security definer set search_path = pg_catalog, public as $$
    select l.person_id, l.voided_at is not null
      from label l join person p on (p.country, p.id) = (l.country, l.person_id) and p.erased_at is null
     where l.country = (select nullif(current_setting('app.country', true), ''))
       and l.code = p_code and l.tail = p_tail
$$;
revoke execute on function person_of_card(text, text) from public;
grant execute on function person_of_card(text, text) to salw_app;
"""

# The auditor reads neither salts nor kept values: the database says which files are not what their event committed to.
FILES = """
create function files_not_as_kept() returns setof uuid
language sql stable security definer set search_path = pg_catalog, public as $$
    select f.id from public.file f
      left join public.personal_value v on (v.country, v.id) = (f.country, f.value_id)
     where f.country = (select nullif(current_setting('app.country', true), ''))
       and (f.erased_at is distinct from v.erased_at
            or f.erased_at is null and (f.sha256 is distinct from sha256(f.bytes)
                                        or encode(f.sha256, 'hex') is distinct from v.value->>'sha256'))
     order by f.id
$$;
revoke execute on function files_not_as_kept() from public;
grant execute on function files_not_as_kept() to salw_auditor;
"""


def upgrade() -> None:
    """Let labels say whose card it is, and let the auditor check kept files."""
    op.execute(PINS_ALONE)
    op.execute(FILES)
