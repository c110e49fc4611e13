"""What `salw` can be told to do. The file of a command is read when it is given: to read them all takes seconds."""

from importlib import import_module
from typing import cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

# Each with the module it stands in, its name there, and what the help of the program says of it.
COMMANDS: dict[str, tuple[str, str, str]] = {
    "serve": ("service", "serve", "Servir l'application HTTP à l'adresse de SALW_HOST et SALW_PORT."),
    "demo": ("demo", "demo", "Créer des données de démonstration : trois pays, tout y est inventé."),
    "db": ("db", "app", "Base de données : la mettre à niveau, la contrôler."),
    "register": ("register", "app", "Registres : reprendre le registre d'une armurerie."),
    "report": ("desk_reports", "app", "États de rapprochement, situation d'armement et registres."),
    "summary": ("summary", "app", "Synthèses : ce qui franchit une frontière, et rien d'autre."),
    "labels": ("labels", "app", "Étiquettes : les faire, les imprimer, les annuler."),
    "stocktake": ("stocktake", "app", "Recensements : ouvrir, compter, clore, consulter."),
    "ledger": ("ledger", "app", "Journal : numéroter les événements, les sceller, les prouver, les vérifier."),
    "witness": ("witness", "app", "Témoins : faire attester un journal par clé USB, de nœud à nœud."),
    "users": ("users", "app", "Comptes : le premier administrateur, l'effacement d'une personne."),
}


class Commands(TyperGroup):
    """The commands by name and a line of help; the one that is given is read in full."""

    def __init__(self, **given: object) -> None:
        named = {name: TyperCommand(name=name, help=said) for name, (_, _, said) in COMMANDS.items()}
        super().__init__(**{**given, "commands": named})  # type: ignore[arg-type]  # Typer's own, handed on

    def resolve_command(self, ctx, args):  # type: ignore[no-untyped-def]  # its types are private to Typer
        """Return the name, the command and the words that remain. Raises as Typer's own, with what comes near."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command and load(str(name)), rest


def load(name: str) -> TyperCommand | TyperGroup:
    """Read the command `name`, with all that it needs."""
    module, attribute, _ = COMMANDS[name]
    found = getattr(import_module(f"salw_cli.{module}"), attribute)
    parent = typer.Typer()
    if isinstance(found, typer.Typer):
        parent.add_typer(found, name=name)
    else:
        parent.command(name)(found)
    return cast(TyperCommand | TyperGroup, get_group(parent).commands[name])
