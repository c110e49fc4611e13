"""`salw serve` and `salw ledger sequence`: the two long-running processes."""

import contextlib
import signal
from types import FrameType

import typer
import uvicorn

from salw.access.operations.traces import digest_attempts
from salw.core import clock
from salw.core.db import make_engine
from salw.core.keys import factor_key
from salw.core.language import translate
from salw.core.logging import configure
from salw.core.settings import get_settings
from salw.core.urls import role_url
from salw.ledger.clocks import watch
from salw.ledger.keyring import LogKeys, log_policy, published_folder, witness_key
from salw.ledger.leading import Chores, Sealer, lead_forever, lead_once
from salw.ledger.published import Published
from salw.ledger.reopening import get_halted_head, reopen
from salw.ledger.sending import check_addresses, http_sender
from salw.ledger.snapshots import take_snapshots
from salw.ledger.witnesses import Witnesses
from salw_cli.certificate import check_certificate
from salw_cli.run import check_port
from salw_cli.starting import check_demo_accounts, ensure_database
from salw_cli.usage import known_country

# What one client may take of the service: connections at once, the head of a request, and how long a connection may
# idle. A proxy in front has its own. A stop waits for running requests no longer than the supervisor for the stop.
CONNECTIONS_MAX = 500
HEAD_SIZE_MAX = 32 * 1024
IDLE_CONNECTION_S = 15
STOP_WAITS_S = 8


def serve() -> None:
    """Servir l'application HTTP à l'adresse de SALW_HOST et SALW_PORT.

    Code de sortie : 2, le port est pris ; 3, la base ou un réglage manque ou ne va pas.
    """
    settings = get_settings()
    configure(settings.log_level)
    check_certificate(settings)
    ensure_database(settings)
    check_demo_accounts(settings, role_url(settings, "salw_app"))
    check_port(settings)
    factor_key(settings)  # a service without it would take nobody's second factor: that is said before it listens
    witness_key(settings)  # as are a key that others may read,
    log_policy(settings)  # and a line that cannot be right
    # uvicorn raises the signal again once it has ended: by default SIGTERM would then end this process before it
    # gives up its share of the embedded database, which would run on.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.run(
            "salw_cli.served:make",
            factory=True,
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            server_header=False,
            http="h11",  # the other one, faster by a tenth of a millisecond, takes a head without end
            h11_max_incomplete_event_size=HEAD_SIZE_MAX,
            ws="none",
            limit_concurrency=CONNECTIONS_MAX,
            timeout_keep_alive=IDLE_CONNECTION_S,
            timeout_graceful_shutdown=STOP_WAITS_S,
            ssl_certfile=str(settings.tls_cert) if settings.tls_cert else None,
            ssl_keyfile=str(settings.tls_key) if settings.tls_key else None,
        )


def sequence(once: bool = typer.Option(False, "--once", help="Vider la file une fois, puis finir.")) -> None:
    """Donner aux événements validés leur n° du journal, sans trou, et sceller le journal, jusqu'à l'arrêt du processus.

    Un seul processus à la fois ; un second attend. Une fois l'heure passée, le relevé de ses refus et consultations
    entre au journal, un par pays ; une fois le mois passé, l'état des détentions à sa fin est gardé, d'où se calcule le
    stock d'une date passée. Code de sortie : 3, la base, une clé ou un réglage manque ou ne va pas.
    """
    settings = get_settings()
    configure(settings.log_level)
    keys = LogKeys(settings)
    ensure_database(settings)
    sealer = Sealer(keys.signers_of, Published(published_folder(settings)), clock.now, keys.make_for)
    policy = log_policy(settings)
    check_addresses(policy)
    # One connection leads and one does the chores; the witnesses' threads share the others, each for moments.
    engine = make_engine(role_url(settings, "salw_sequencer"), pool_size=4)
    each = (
        lambda engine: watch(engine, clock.now),
        digest_attempts,
        lambda engine: take_snapshots(engine, clock.now()),
    )
    chores = Chores(each, Witnesses(policy, http_sender))
    stopping = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        if once:
            print(translate("ledger.sequenced", settings.language, count=lead_once(engine, sealer, chores)))
        else:
            lead_forever(engine, lambda: stopping, sealer, chores)
    finally:
        engine.dispose()


def reopen_log(
    country: str = typer.Argument(help="Code du pays dont le journal est arrêté : BF, ML ou NE."),
    order: str = typer.Option(..., "--order", help="Numéro de l'ordre qui le décide ; il entre au journal."),
) -> None:
    """Ouvrir un nouveau journal après une perte d'événements déjà publiés.

    Seulement si le journal est arrêté et qu'aucune sauvegarde plus récente n'existe. Le nouveau journal porte un autre
    nom et une autre clé (SALW_LOG_KEYS) ; son premier événement dit ce qui reste de l'ancien et ce qui était publié.
    Code de sortie : 0, c'est fait ; 1, refusé ; 2, la commande est fautive ; 3, la base ou un réglage manque.
    """
    settings = get_settings()
    keys = LogKeys(settings)
    ensure_database(settings)
    engine = make_engine(role_url(settings, "salw_sequencer"), pool_size=1)
    try:
        code = known_country(engine, country, "COUNTRY")
        with engine.begin() as db:
            head = get_halted_head(db, code)
            reopen(db, head=head, published=Published(published_folder(settings)), order=order, now=clock.now())
            keys.renew(head.id.country, head.origin or "")
    finally:
        engine.dispose()
    print(translate("ledger.reopened", settings.language, country=head.id.country, left=head.size))
