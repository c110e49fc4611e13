"""Names as people search for them: without accents and case, found by an index that policies let be used."""

from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

# Kept on the rows, not only in an index of an expression: under row-level security an index answers for leakproof
# operators on plain columns alone, and comparing texts is one. A folded name goes when the name goes (erasure).
FOLDED = r"""
create function folded_name(p_name text) returns text language sql immutable strict parallel safe
return regexp_replace(normalize(lower(translate(p_name, '’', '''') collate pg_c_utf8), NFD), '[\u0300-\u036f]', '', 'g');
comment on function folded_name(text) is 'A name in small letters without accents, as it is searched for.';
alter table personal_value add name_key text collate "C" generated always as
    (folded_name((value->>'family_name') || ' ' || coalesce(value->>'given_names', ''))) stored;
comment on column personal_value.name_key is 'Of a person: family name and given names, folded.';
grant select (unit_id, name_key) on personal_value to salw_app;
alter table holder add name_key text collate "C" generated always as (folded_name(name)) stored;
"""
INDEXES = """
create index ix_personal_value_name_key on personal_value (country, unit_id, name_key) where name_key is not null;
create index ix_holder_name_key on holder (country, unit_id, name_key) where name_key is not null;
"""


def upgrade() -> None:
    """Fold every name there is and index it by the unit whose it is."""
    op.execute(FOLDED)
    op.execute(INDEXES)
