"""What a loss by count was at any past size of the log, and the events of cases found by their weapon.

A count that is only updated cannot be rolled back; its entries can, because each rests on an event of the
log. Those of lines already there are taken from their events.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# The event is appended later in the same transaction, because it says what the line leaves open.
TABLE = """
CREATE TABLE loss_line_entry (
    country TEXT NOT NULL,
    loss_line_id UUID NOT NULL,
    event_id UUID NOT NULL,
    quantity INTEGER NOT NULL,
    CONSTRAINT pk_loss_line_entry PRIMARY KEY (country, loss_line_id, event_id),
    CONSTRAINT fk_loss_line_entry_country_loss_line_id FOREIGN KEY(country, loss_line_id) REFERENCES loss_line (country, id),
    CONSTRAINT fk_loss_line_entry_country_event_id FOREIGN KEY(country, event_id) REFERENCES event (country, id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT ck_loss_line_entry_says_something CHECK (quantity <> 0)
);
COMMENT ON TABLE loss_line_entry IS 'What each event added to a loss by count (declared) or took off it (itemised, withdrawn).';
"""

FROM_EVENTS = """
insert into loss_line_entry (country, loss_line_id, event_id, quantity)
with told as (
    select country, id, kind, convert_from(canonical, 'UTF8')::jsonb -> 'facts' as facts
      from event where kind in ('incident.opened', 'incident.itemised', 'incident.settled')
), entered as (
    select country, (x ->> 'id')::uuid as line, id, (x ->> 'quantity')::int as quantity
      from told cross join jsonb_array_elements(facts -> 'loss_lines') as x where kind = 'incident.opened'
    union all
    select country, (facts ->> 'loss_line')::uuid, id, -(facts ->> 'weapon_count')::int
      from told where kind = 'incident.itemised'
    union all
    select country, (x ->> 'loss_line')::uuid, id, -(x ->> 'quantity')::int
      from told cross join jsonb_array_elements(facts -> 'withdrawn') as x where kind = 'incident.settled'
)
select country, line, id, sum(quantity) from entered group by country, line, id
"""


def upgrade() -> None:
    """Create the entries, fill them from the log, and index the events of cases."""
    op.execute(TABLE)
    op.execute("select protect('loss_line_entry', 'select, insert')")
    op.execute("select make_append_only('loss_line_entry')")
    op.execute(FROM_EVENTS)
    op.execute(
        "create index ix_event_cases on event (country, weapon_id) "
        "where kind in ('weapon.case_opened', 'weapon.case_closed')"
    )
