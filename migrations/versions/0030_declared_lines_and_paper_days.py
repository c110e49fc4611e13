"""What a slip declares beside weapons, booklets for days on paper, and what a slip names of weapons that have left."""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE declared_line (
    country TEXT NOT NULL,
    document_id UUID NOT NULL,
    place INTEGER NOT NULL,
    unit_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    calibre TEXT,
    quantity INTEGER NOT NULL,
    reason_id UUID,
    CONSTRAINT pk_declared_line PRIMARY KEY (country, document_id, place),
    CONSTRAINT uq_declared_line_country_document_id_kind_calibre UNIQUE NULLS NOT DISTINCT (country, document_id, kind, calibre),
    CONSTRAINT fk_declared_line_country_document_id FOREIGN KEY(country, document_id) REFERENCES document (country, id),
    CONSTRAINT fk_declared_line_country_unit_id FOREIGN KEY(country, unit_id) REFERENCES unit (country, id),
    CONSTRAINT fk_declared_line_country_reason_id FOREIGN KEY(country, reason_id) REFERENCES personal_value (country, id),
    CONSTRAINT ck_declared_line_kind_known CHECK (kind in ('rounds', 'magazine', 'bayonet', 'optic', 'bipod', 'sling', 'spare_barrel', 'cleaning_kit')),
    CONSTRAINT ck_declared_line_rounds_have_a_calibre CHECK ((kind = 'rounds') = (calibre is not null)),
    CONSTRAINT ck_declared_line_quantity_plausible CHECK (quantity between 0 and 1000000)
);
COMMENT ON TABLE declared_line IS 'What a slip declares beside weapons: printed and compared at return, in no stock.';
CREATE TABLE paper_book (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    store_id UUID NOT NULL,
    unit_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    pages INTEGER NOT NULL,
    printed_by UUID NOT NULL,
    printed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_paper_book PRIMARY KEY (country, id),
    CONSTRAINT uq_paper_book_country_store_id_number UNIQUE (country, store_id, number),
    CONSTRAINT uq_paper_book_country_id_unit_id_pages UNIQUE (country, id, unit_id, pages),
    CONSTRAINT fk_paper_book_country_store_id_unit_id FOREIGN KEY(country, store_id, unit_id) REFERENCES store (country, id, unit_id),
    CONSTRAINT fk_paper_book_country_printed_by FOREIGN KEY(country, printed_by) REFERENCES person (country, id),
    CONSTRAINT ck_paper_book_number_positive CHECK (number > 0),
    CONSTRAINT ck_paper_book_pages_plausible CHECK (pages between 1 and 200)
);
CREATE INDEX ix_paper_book_unit_id ON paper_book (country, unit_id, id);
COMMENT ON TABLE paper_book IS 'Blank numbered booklets printed for days on paper (cahier de perception).';
CREATE TABLE paper_line (
    country TEXT NOT NULL,
    book_id UUID NOT NULL,
    page INTEGER NOT NULL,
    line INTEGER NOT NULL,
    unit_id INTEGER NOT NULL,
    pages INTEGER NOT NULL,
    document_id UUID,
    reason_id UUID,
    entered_by UUID NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_paper_line PRIMARY KEY (country, book_id, page, line),
    CONSTRAINT fk_paper_line_country_book_id_unit_id_pages FOREIGN KEY(country, book_id, unit_id, pages) REFERENCES paper_book (country, id, unit_id, pages),
    CONSTRAINT fk_paper_line_country_document_id FOREIGN KEY(country, document_id) REFERENCES document (country, id),
    CONSTRAINT fk_paper_line_country_reason_id FOREIGN KEY(country, reason_id) REFERENCES personal_value (country, id),
    CONSTRAINT fk_paper_line_country_entered_by FOREIGN KEY(country, entered_by) REFERENCES person (country, id),
    CONSTRAINT ck_paper_line_page_in_book CHECK (page between 1 and pages),
    CONSTRAINT ck_paper_line_line_on_page CHECK (line between 1 and 20),
    CONSTRAINT ck_paper_line_entered_or_void CHECK ((document_id is null) = (reason_id is not null))
);
CREATE INDEX ix_paper_line_document_id ON paper_line (country, document_id) WHERE document_id is not null;
COMMENT ON TABLE paper_line IS 'The lines of a booklet that were entered, each once, or declared void with a reason.';
"""

RIGHTS = """
select protect('declared_line', 'select, insert'), protect('paper_book', 'select, insert'),
       protect('paper_line', 'select');
grant insert (country, book_id, page, line, unit_id, pages, document_id, reason_id, entered_by)
    on paper_line to salw_app;
select scope_rows('declared_line', 'scoped(unit_id)'), scope_rows('paper_book', 'scoped(unit_id)'),
       scope_rows('paper_line', 'scoped(unit_id)');
select make_append_only('declared_line'), make_append_only('paper_book'), make_append_only('paper_line');
"""

# A unit that has given a weapon up keeps the slips it was party to, with what stands on them: the number as engraved,
# the register's number, the model. `lines` is how many weapons the document moved, or orders to be moved, so that a
# copy that shows fewer says so.
DESCRIBE_MOVED = """
create function describe_moved(p_document uuid)
returns table (weapon_id uuid, registry_number text, serial text, class_code text, model_code text, model_text text,
               lines bigint)
language sql stable security definer set search_path = pg_catalog, public as $$
    with listed as materialized (
        select m.weapon_id, m.from_unit_id, m.to_unit_id
          from movement m
         where m.country = (select nullif(current_setting('app.country', true), '')) and m.document_id = p_document
        union all
        select l.weapon_id, t.from_unit_id, t.to_unit_id
          from transfer t join transfer_line l on l.country = t.country and l.transfer_id = t.id
         where t.country = (select nullif(current_setting('app.country', true), '')) and t.id = p_document
    ), moved as (
        select weapon_id, from_unit_id, to_unit_id, count(*) over () as lines from listed
    )
    select w.id, w.registry_number, w.serial, w.class_code, w.model_code, w.model_text, m.lines
      from moved m
      join weapon w on w.country = (select nullif(current_setting('app.country', true), '')) and w.id = m.weapon_id
     where coalesce(m.from_unit_id <@ (select units_in_scope()), false)
        or coalesce(m.to_unit_id <@ (select units_in_scope()), false)
        or coalesce(w.unit_id <@ (select units_in_scope()), false)
        or coalesce(w.awaited_by_unit_id <@ (select units_in_scope()), false)
$$;
revoke execute on function describe_moved(uuid) from public;
grant execute on function describe_moved(uuid) to salw_app;
"""


def upgrade() -> None:
    """Create the tables and the function."""
    op.execute(TABLES)
    op.execute(RIGHTS)
    op.execute(DESCRIBE_MOVED)
