"""`salw witness request|sign|accept`: attesting logs where no network joins two nodes. The rules are those of HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import typer
from sqlalchemy import Connection

from salw.core import clock
from salw.core.db import make_engine, run_one
from salw.core.errors import Conflict, NotFound, Unacceptable
from salw.core.language import translate
from salw.core.logging import configure
from salw.core.settings import Settings, get_settings
from salw.core.urls import role_url
from salw.ledger.asking import Outcome, accept, choose_for, find_sealed, last_signed, make_request
from salw.ledger.keyring import log_policy, witness_key
from salw.ledger.notes import NoteError
from salw.ledger.policy import Policy, Witness
from salw.ledger.sealing import Head, list_halts, list_heads
from salw.ledger.signing import SigningError
from salw.ledger.trees import TreeIncomplete
from salw.ledger.witness_rules import SIGNED, Answer, AnswerFile, read_answer, read_asked
from salw.ledger.witnessing import Engines, Witnessing, attest
from salw_cli.files import refuse_existing, write_new
from salw_cli.starting import ensure_database
from salw_cli.usage import country_in

app = typer.Typer(no_args_is_help=True, help="Témoins : faire attester un journal par clé USB, de nœud à nœud.")

_WHY = {400: "witness.answered_unread", 403: "witness.answered_unsigned", 404: "witness.answered_unknown"}


@app.callback()
def told_in_a_line() -> None:
    """Témoins : faire attester un journal par clé USB, de nœud à nœud."""
    configure("critical")  # what a server writes to its log, a person is told in a line


@app.command("request")
def request(
    country: str = typer.Option(..., "--log", help="Pays du journal, par exemple BF."),
    out: Path = typer.Option(..., "--out", help="Fichier à porter au témoin."),
    name: str | None = typer.Option(
        None, "--witness", help="Témoin à qui la porter, par son nom au fichier des témoins."
    ),
    old: int | None = typer.Option(
        None, "--old", min=0, help="Taille que le témoin a déjà signée ; sans elle, la dernière qu'il nous a rendue."
    ),
) -> None:
    """Écrire la demande d'attestation du journal d'un pays, à porter à un témoin.

    Code de sortie : 1, la demande ne se fait pas ; 2, la commande est fautive ; 3, la base ou un réglage manque ou ne
    va pas.
    """
    refuse_existing(out)
    settings = get_settings()
    policy = log_policy(settings)
    with _sequencer(settings) as db:
        head = _head(db, country)
        witness = _named(policy, name) if name is not None or old is None else None
        sealed = find_sealed(db, head, head.sealed) if witness is None else choose_for(db, head, witness, policy)
        if sealed is None:
            raise NotFound("witness.nothing_sealed", country=head.id.country)
        if old is None and witness is not None:
            old = min(last_signed(db, head.id, witness), sealed.checkpoint.size)
        if old is None or old > sealed.checkpoint.size:
            raise Unacceptable("witness.shrinks")
        try:
            asked = make_request(db, sealed, old)
        except TreeIncomplete:
            raise Conflict("ledger.tree_changed", origin=sealed.checkpoint.origin, size=head.sealed) from None
    write_new(out, asked.text.encode())
    print(translate("witness.asked", "fr", origin=asked.checkpoint.origin, size=asked.checkpoint.size, old=old))


@app.command("sign")
def sign(
    file: Path = typer.Argument(..., exists=True, dir_okay=False, help="Demande apportée d'un autre nœud."),
    out: Path = typer.Option(..., "--out", help="Réponse à lui rapporter."),
) -> None:
    """Attester le journal d'un voisin : écrire la réponse à sa demande, comme ce nœud la donnerait par le réseau.

    Un refus s'écrit aussi, avec ce que le voisin doit savoir. Code de sortie : 1, refusé.
    """
    refuse_existing(out)
    settings = get_settings()
    ensure_database(settings)  # the embedded one keeps the key beside it
    signer = witness_key(settings)
    if signer is None:
        raise Unacceptable("witness.no_key")
    data = file.read_bytes()
    engines = Engines(*(make_engine(role_url(settings, role), pool_size=1) for role in ("salw_app", "salw_exchange")))
    try:
        answer = attest(engines, Witnessing(signer, log_policy(settings)), data, clock.now)
    except SigningError as error:
        raise Conflict("witness.key_failed", reason=str(error)) from None
    finally:
        engines.app.dispose()
        engines.exchange.dispose()
    asked = read_asked(data)
    note = None if isinstance(asked, Answer) else asked.note
    write_new(out, AnswerFile(signer.verifier.text, answer, note).text.encode())
    if answer.status != SIGNED or isinstance(asked, Answer):
        raise Unacceptable(answer.code or "witness.malformed", size=answer.size)
    print(translate("witness.attested", "fr", origin=asked.checkpoint.origin, size=asked.checkpoint.size))


@app.command("accept")
def take(
    file: Path = typer.Argument(..., exists=True, dir_okay=False, help="Réponse rapportée d'un témoin."),
) -> None:
    """Conserver la signature qu'un témoin a rendue, ou dire pourquoi il a refusé.

    Un témoin qui a signé plus que ce qui est ici, ou une autre suite, arrête le journal. Code de sortie : 1, refusé.
    """
    settings = get_settings()
    policy = log_policy(settings)
    try:
        answered = read_answer(file.read_bytes())
    except NoteError as error:
        raise Unacceptable(error.code) from None
    witness = _by_key(policy, answered.witness)
    about = answered.checkpoint
    if about is None:
        _refused(witness, answered.answer)
    with _sequencer(settings) as db:
        head = next((h for h in list_heads(db) if h.origin == about.origin), None)
        if head is None:
            raise Unacceptable("witness.answer_of_another")
        outcome, size = accept(db, head, witness, policy, answered)
        db.commit()  # a halt stays, whatever is said now
        halt = list_halts(db).get(head.id)
        quorum = run_one(
            db,
            "select 1 from witnessed where country = %(country)s and log_id = %(log)s and size = %(size)s",
            {"country": head.id.country, "log": head.id.log_id, "size": about.size},
        )
    if outcome is Outcome.OTHERWISE:
        raise Unacceptable("witness.seen_otherwise", size=size)
    if outcome is Outcome.STOPPED and halt is not None:
        raise Conflict(halt["code"], **halt["details"])
    if outcome is not Outcome.SIGNED:
        _refused(witness, answered.answer)
    print(translate("witness.signed", "fr", origin=about.origin, size=about.size, witness=witness.name))
    if quorum is not None:
        print(translate("witness.quorum", "fr"))


@contextmanager
def _sequencer(settings: Settings) -> Iterator[Connection]:
    """Open one transaction as the sequencer, who sees every log of the node."""
    ensure_database(settings)
    engine = make_engine(role_url(settings, "salw_sequencer"), pool_size=1)
    try:
        with engine.connect() as db:
            yield db
            db.commit()
    finally:
        engine.dispose()


def _head(db: Connection, country: str) -> Head:
    code = country_in(db, country, "--log")
    heads = list_heads(db, code)
    if not heads or not heads[0].sealed:
        raise NotFound("witness.nothing_sealed", country=code)
    return heads[0]


def _named(policy: Policy, name: str | None) -> Witness:
    """Return the witness of a name, or the only one of the policy."""
    found = [w for w in policy.witnesses if name is None or w.name == name]
    if name is not None and not found:
        raise NotFound("witness.not_in_policy", witness=name)
    if len(found) != 1:
        raise Unacceptable("witness.name_needed", names=", ".join(w.name for w in policy.witnesses) or "–")
    return found[0]


def _by_key(policy: Policy, key: str) -> Witness:
    found = next((w for w in policy.witnesses if w.key.text == key), None)
    if found is None:
        raise NotFound("witness.not_in_policy", witness=key.partition("+")[0])
    return found


def _refused(witness: Witness, answer: Answer) -> NoReturn:
    if answer.status == SIGNED:
        raise Unacceptable("note.signature_wrong")
    raise Unacceptable(_WHY.get(answer.status, "witness.answered"), witness=witness.name, status=answer.status)
