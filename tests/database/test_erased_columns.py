"""Every column that can hold a text is one that an erasure goes through, or one that nobody types a name into."""

import importlib.util
from pathlib import Path

from salw import models

MIGRATION = Path(__file__).parents[2] / "migrations" / "versions" / "0025_erasure.py"

# What an erasure treats in a way of its own.
OTHERWISE = {
    ("personal_value", "value"),
    ("personal_value", "salt"),
    ("personal_value", "remains"),
    ("personal_value", "name_key"),  # generated from the value, and gone with it
    ("holder", "name_key"),  # generated from the name
    ("person", "matricule"),
    ("person", "sex"),
    ("account", "login"),
    ("account", "password_hash"),
    ("answer", "content"),
    ("answer", "body_hash"),
    ("register_row", "raw"),
    ("register_row", "refusals"),
    ("register_file", "columns"),
    ("device_event", "bytes"),
    ("session", "token_hash"),
    ("factor", "sealed_secret"),
    ("factor", "credential_id"),
    ("factor", "public_key"),
    ("file", "bytes"),
    ("counter_proof", "secret_hash"),
    ("acknowledgement_rule", "kinds"),
    ("recovery_code", "code_hash"),
    ("challenge", "value"),
    ("api_token", "token_hash"),
    ("api_token", "permissions"),
}
# Codes, and hashes of what is no name, whatever table has them.
CODES = {
    "absence", "act", "canonical", "case_ids", "cause", "class_code", "code", "code_hash", "commitment", "condition",
    "counted_role", "country", "closed_role", "detail", "digest", "duty", "fingerprint", "flags", "force_code",
    "granted_role", "key_hash", "kind", "leaf_hash", "legibility", "level", "mapping_sha256", "mark", "media_type",
    "method", "model_code", "opened_role", "operation", "outcome", "permission", "public_key", "purpose", "quarter",
    "radio_dtg", "reading", "reason", "region", "role", "script", "set_as", "sha256", "short_reason", "signature",
    "state", "status", "stock", "tail", "weapon_ids", "written_off_as",
    "condition_in", "covers", "how", "missing", "part", "reform", "result",
}  # fmt: skip
# What is read on weapons and written on them, the organisation chart, and the seals of the log.
OF_THINGS = {
    "weapon": {
        "registry_number",
        "maker_text",
        "model_text",
        "calibre_text",
        "made_in",
        "import_country",
        "serial",
        "serial_normalised",
    },
    "mark": {"raw", "normalised", "place"},
    "part_finding": {"mark_read"},
    "rack": {"name"},
    "incident_mark": {"raw", "normalised"},
    "stocktake_count": {"text", "read_as"},
    "unit": {"name", "short_name"},
    "unit_name": {"name", "short_name"},
    "declared_line": {"calibre"},
    "force": {"name_fr", "name_en", "ministry"},
    "log": {"origin"},
    "log_key": {"key"},
    "tile": {"hashes"},
    "checkpoint": {"root", "note"},
    "cosignature": {"witness", "line"},
    "sealing_halt": {"details"},
    "snapshot": {"holders", "weapons"},
}


def gone_through() -> set[tuple[str, str]]:
    """Return the columns whose texts an erasure goes through, from the migration that made it."""
    spec = importlib.util.spec_from_file_location("erasure", MIGRATION)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return set(module.FREE_TEXTS)


def test_every_column_of_text_is_gone_through_or_holds_no_name() -> None:
    held = {
        (table.name, column.name)
        for table in models.metadata.sorted_tables
        if "country" in table.columns
        for column in table.columns
        if any(kind in str(column.type) for kind in ("TEXT", "JSON", "BLOB", "BYTEA", "ARRAY"))
    }
    known = gone_through() | OTHERWISE
    assert known <= held, known - held
    unknown = {(t, c) for t, c in held - known if c not in CODES and c not in OF_THINGS.get(t, ())}
    assert unknown == set()
