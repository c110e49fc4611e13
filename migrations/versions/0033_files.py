"""Files kept by their content, beside the rest of a country's books, and the photos of weapons among them."""

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

# The bytes stand in the database: what is backed up and restored is one thing, and an erasure reaches them. Pictures are
# compressed already, so PostgreSQL does not try again.
TABLES = """
CREATE TABLE file (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    unit_id INTEGER NOT NULL,
    media_type TEXT NOT NULL,
    size INTEGER NOT NULL,
    sha256 BYTEA,
    bytes BYTEA,
    value_id UUID NOT NULL,
    kept_by UUID NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    erased_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_file PRIMARY KEY (country, id),
    CONSTRAINT uq_file_country_unit_id_sha256 UNIQUE (country, unit_id, sha256),
    CONSTRAINT fk_file_country_unit_id FOREIGN KEY(country, unit_id) REFERENCES unit (country, id),
    CONSTRAINT fk_file_country_value_id FOREIGN KEY(country, value_id) REFERENCES personal_value (country, id),
    CONSTRAINT fk_file_country_kept_by FOREIGN KEY(country, kept_by) REFERENCES person (country, id),
    CONSTRAINT ck_file_media_type_known CHECK (media_type in ('image/jpeg', 'image/png', 'image/webp', 'application/pdf')),
    CONSTRAINT ck_file_size_at_most CHECK (size between 1 and 4194304),
    CONSTRAINT ck_file_whole CHECK (bytes is null or octet_length(bytes) = size and sha256(bytes) = sha256),
    CONSTRAINT ck_file_gone_once_erased CHECK ((bytes is null) = (erased_at is not null) and (sha256 is null) = (erased_at is not null))
);
alter table file alter bytes set storage external;
COMMENT ON TABLE file IS 'Pictures without metadata and signed papers, by content: the same bytes of a unit are one file.';
CREATE TABLE weapon_photo (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    weapon_id UUID NOT NULL,
    file_id UUID NOT NULL,
    kind TEXT NOT NULL,
    added_by UUID NOT NULL,
    added_at TIMESTAMP WITH TIME ZONE NOT NULL,
    hidden_by UUID,
    hidden_at TIMESTAMP WITH TIME ZONE,
    reason_id UUID,
    CONSTRAINT pk_weapon_photo PRIMARY KEY (country, id),
    CONSTRAINT uq_weapon_photo_country_weapon_id_file_id UNIQUE (country, weapon_id, file_id),
    CONSTRAINT fk_weapon_photo_country_weapon_id FOREIGN KEY(country, weapon_id) REFERENCES weapon (country, id),
    CONSTRAINT fk_weapon_photo_country_file_id FOREIGN KEY(country, file_id) REFERENCES file (country, id),
    CONSTRAINT fk_weapon_photo_country_added_by FOREIGN KEY(country, added_by) REFERENCES person (country, id),
    CONSTRAINT fk_weapon_photo_country_hidden_by FOREIGN KEY(country, hidden_by) REFERENCES person (country, id),
    CONSTRAINT fk_weapon_photo_country_reason_id FOREIGN KEY(country, reason_id) REFERENCES personal_value (country, id),
    CONSTRAINT ck_weapon_photo_kind_known CHECK (kind in ('whole', 'mark', 'damage')),
    CONSTRAINT ck_weapon_photo_hidden_for_a_reason CHECK ((hidden_at is null) = (hidden_by is null) and (hidden_at is null) = (reason_id is null))
);
CREATE INDEX ix_weapon_photo_file_id ON weapon_photo (country, file_id);
COMMENT ON TABLE weapon_photo IS 'Photos of a weapon: never deleted, hidden for a written reason.';
"""

GRANTS = """
select protect('file', 'select');
grant insert (country, id, unit_id, media_type, size, sha256, bytes, value_id, kept_by) on file to salw_app;
select protect('weapon_photo', 'select, insert');
grant update (hidden_by, hidden_at, reason_id) on weapon_photo to salw_app;
create trigger append_only before update or delete on file for each row
    execute function only_erased('sha256', 'bytes', 'erased_at');
create trigger never_truncated before truncate on file for each statement execute function refuse_change();
"""

# A photo goes with its weapon: whoever has the weapon in scope sees it, wherever it was taken.
POLICIES = """
select scope_rows('weapon_photo',
    'exists (select from weapon w where w.country = weapon_photo.country and w.id = weapon_photo.weapon_id offset 0)');
select scope_rows('file',
    'scoped(unit_id) or exists (select from weapon_photo p where p.country = file.country and p.file_id = file.id)',
    'scoped(unit_id)');
"""


def upgrade() -> None:
    """Create files and photos."""
    op.execute(TABLES)
    op.execute(GRANTS)
    op.execute(POLICIES)
