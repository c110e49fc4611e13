"""What verification leaves to the server: functions that see what no auditor reads. They must be those that ship."""

from hashlib import sha256

from sqlalchemy import Connection

from salw.core.db import run
from salw.proofs.verification.breaks import Findings

# Names are found where the program's tables are, whatever the role's own settings say.
PINNED = "set local search_path = pg_catalog, public"
# SHA-256 of each function's source: migration 0026.
_SHIPPED = {
    "canonical_text": "ac016b8ce3ea6402433dfe0dce5d81469e04796baaa6b8970693237f47063786",
    "values_not_committed_to": "7bbc9af13874bfbba9a1432061c81a270cb34c589e1722ab3aeed6b25995f23f",
}
_FUNCTIONS = """
select p.proname as name, p.prosrc as source, p.proconfig as settings, p.prosecdef as as_owner
  from pg_proc p where p.pronamespace = 'public'::regnamespace and p.proname = any(%(names)s)
"""
_SETTINGS = ["search_path=pg_catalog, public"]


def check_functions(db: Connection, found: Findings) -> None:
    """Hold the functions that recompute kept values against those that this program ships."""
    rows = run(db, _FUNCTIONS, {"names": list(_SHIPPED)})
    for name, due in _SHIPPED.items():
        stand = [
            (sha256(row["source"].encode()).hexdigest(), row["settings"], row["as_owner"])
            for row in rows
            if row["name"] == name
        ]
        if stand != [(due, _SETTINGS, name == "values_not_committed_to")]:
            found.add("verify.function_changed", function=name)
