"""The table of roles and permissions as a page, made from `rules`: `python -m salw.access.permission_table`.

`docs/permissions.md` is the frozen copy: a test compares the two, so that no permission is given or taken in passing.
"""

import sys

from salw.access.rules import PERMISSIONS, Permission, Role
from salw.core.language import translate

_HEAD = """\
# Qui peut faire quoi / Who may do what

Made by `python -m salw.access.permission_table > docs/permissions.md` from `src/salw/access/rules.py`; a test compares
the two. A posting (a role in a unit, from one day to another) gives these permissions in that unit and the units below
it, and nowhere else. Which acts must not meet in one person, whatever his postings, stands in `duties.md`.

## Roles

| code | nom |
|---|---|
"""


def permission_table() -> str:
    """Return the page: each role with its French name, then each permission with the roles that hold it."""
    roles = "".join(f"| `{role.value}` | {translate(f'role.{role}', 'fr')} |\n" for role in Role)
    header = "| permission | acte | " + " | ".join(f"`{role.value}`" for role in Role) + " |\n"
    rule = "|---|---|" + ":-:|" * len(Role) + "\n"
    return f"{_HEAD}{roles}\n## Permissions\n\n{header}{rule}" + "".join(_row(p) for p in Permission)


def _row(permission: Permission) -> str:
    cells = " | ".join("oui" if permission in PERMISSIONS[role] else " " for role in Role)
    return f"| `{permission.value}` | {translate(f'permission.{permission}', 'fr')} | {cells} |\n"


if __name__ == "__main__":
    sys.stdout.write(permission_table())
