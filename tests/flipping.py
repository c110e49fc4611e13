"""Which columns of a register the trail covers, and how to change any value by a little."""

from typing import Any

# Changed by anything in these columns, verification says so. Instants: by more than the tolerances of `entries`.
COVERED: dict[str, tuple[str, ...]] = {
    "event": ("country", "id", "kind", "weapon_id", "canonical", "leaf_hash", "recorded_at"),
    "leaf": ("country", "idx", "event_id", "leaf_hash", "sequenced_at", "log_id"),
    "log": ("first_idx", "origin"),
    "tile": ("level", "number", "hashes"),
    "checkpoint": ("size", "root", "note", "signed_at"),
    "movement": (
        "country", "weapon_id", "seq", "from_holder_id", "from_unit_id", "to_holder_id", "to_unit_id", "kind",
        "document_id", "event_id", "recorded_at", "occurred_at",
    ),
    "custody": (
        "country", "weapon_id", "seq", "holder_id", "unit_id", "awaited_by_unit_id", "recorded_at", "document_id",
        "occurred_at",
    ),
    "weapon": (
        "country", "id", "registry_number", "class_code", "model_code", "unit_id", "awaited_by_unit_id", "maker_text",
        "model_text", "calibre_text", "made_in", "made_year", "import_country", "import_year", "serial", "unidentified",
        "condition", "condition_at", "condition_in", "parts_differ", "reform",
    ),
    "weapon_fitness": ("country", "event_id", "weapon_id", "unfit"),
    "passage": ("country", "unit_id", "idx", "weapon_id", "seq", "gone", "from_holder_id"),
    "personal_value": ("country", "salt", "commitment", "value", "erased_at"),
    "document": ("kind", "office_unit_id", "year", "number", "dated_on", "signatory_id", "paper_order_id"),
    "person": ("country", "id", "value_id", "unit_id", "erased_at", "force_code", "matricule", "sex"),
    "person_version": ("country", "value_id", "person_id", "until"),
    "holder": ("unit_id", "kind", "person_id"),
    "file": ("country", "id", "unit_id", "media_type", "size", "sha256", "bytes", "value_id", "erased_at"),
}  # fmt: skip

# What the log does not tell, or tells and verification does not hold against the row.
NOT_COVERED: dict[str, tuple[str, ...]] = {
    "log": ("country", "id", "recorded_at"),
    "tile": ("country", "log_id"),
    "checkpoint": ("country", "log_id"),
    "movement": ("prev_seq",),
    "weapon": ("serial_normalised", "nationally_marked", "labelled", "recorded_at"),
    "personal_value": ("id", "unit_id", "remains", "name_key"),  # the key is generated from the value
    "document": ("country", "id", "reference", "recorded_at"),
    "person": ("provisional",),
    "holder": ("country", "id", "name", "awaited_by_unit_id", "closed_at", "name_key"),
    "file": ("kept_by", "recorded_at"),
}  # fmt: skip

# Only rows that something of the trail rests on: an order that moved nothing has no movement that names it.
ROWS = {
    "document": "id in (select document_id from movement where country = 'BF')",
    "weapon": "id in (select weapon_id from movement where country = 'BF')",
}

_CHANGES = {
    "bytea": "set_byte({c}, (%(draw)s %% octet_length({c})), get_byte({c}, %(draw)s %% octet_length({c})) # "
    "(1 << %(bit)s))",
    "text": "overlay({c} placing (case when substr({c}, 1 + %(draw)s %% length({c}), 1) = '7' then '8' else '7' end) "
    "from 1 + %(draw)s %% length({c}))",
    "int2": "{c} + 1 + (%(draw)s %% 3)",
    "int4": "coalesce({c}, 0) + 1 + (%(draw)s %% 3)",
    "int8": "{c} + 100000 + %(draw)s",
    "uuid": "encode(set_byte(uuid_send({c}), %(draw)s %% 16, get_byte(uuid_send({c}), %(draw)s %% 16) # (1 "
    "<< %(bit)s)), "
    "'hex')::uuid",
    "timestamptz": "{c} - interval '3 days'",
    "date": "{c} + 1",
    "bool": "not {c}",
    "jsonb": "jsonb_set({c}, array[(select min(k) from jsonb_object_keys({c}) k)], to_jsonb('x' || %(draw)s::text))",
}


def flip(table: str, column: str, kind: str) -> str:
    """Return the statement that changes one value of a column a little: parameters `draw`, `bit` (0 to 7)."""
    empty = "" if kind == "int4" else f"and {column} is not null"
    return (
        f"update {table} set {column} = {_CHANGES[kind].format(c=column)} where ctid = (select ctid from {table} "
        f"where country = 'BF' and {ROWS.get(table, 'true')} {empty} order by ctid offset %(row)s limit 1)"
    )


def count(table: str, column: str, kind: str) -> str:
    """Return the query that counts the rows that `flip` chooses from."""
    empty = "" if kind == "int4" else f"and {column} is not null"
    return f"select count(*) from {table} where country = 'BF' and {ROWS.get(table, 'true')} {empty}"


KINDS = "select udt_name from information_schema.columns where table_name = %(t)s and column_name = %(c)s"
ALL = "select column_name as c from information_schema.columns where table_schema = 'public' and table_name = %(t)s"


def covered() -> list[tuple[str, str]]:
    """Return every covered column with its table."""
    return [(table, column) for table, columns in COVERED.items() for column in columns]


def known(table: str) -> set[Any]:
    """Return every column of a table that is classed."""
    return {*COVERED.get(table, ()), *NOT_COVERED.get(table, ())}
