"""Sending a request to a witness over HTTP (C2SP tlog-witness, `add-checkpoint`)."""

import ssl
import time
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx

from salw.core.settings import SettingsError
from salw.ledger.checkpoints import Request, read_size
from salw.ledger.notes import NoteError
from salw.ledger.policy import Policy, Witness
from salw.ledger.witness_rules import CONFLICT, SIGNED, SIZE_TYPE, Answer
from salw.ledger.witnesses import Send, Unreachable

CONNECTS_WITHIN_S = 5.0
ANSWERS_WITHIN_S = 15.0
ANSWER_SIZE_MAX = 64 * 1024


def check_addresses(policy: Policy) -> None:
    """Refuse a witness's address that is neither https nor on this machine. Error: `settings.witness_address`.

    A signature is safe on any wire, a refusal is not: it is unsigned, and stops our log. Whoever can write on the
    wire could stop a country's sealing.
    """
    for witness in policy.witnesses:
        if witness.url is not None and not _is_safe(witness.url):
            raise SettingsError("settings.witness_address", witness=witness.name, url=witness.url)


def http_sender(witness: Witness) -> Send:
    """Return how to send requests to a witness. Raises `Unreachable`, also for an answer too long or too slow."""
    # The authorities that this machine trusts, so that a state's own is enough; no proxy that nobody named for us.
    client = httpx.Client(
        verify=ssl.create_default_context(),
        timeout=httpx.Timeout(ANSWERS_WITHIN_S, connect=CONNECTS_WITHIN_S),
        trust_env=False,
        headers={"User-Agent": "salw"},
    )
    address = f"{witness.url}/add-checkpoint"

    def send(request: Request) -> Answer:
        until = time.monotonic() + ANSWERS_WITHIN_S
        said = bytearray()
        try:
            with client.stream("POST", address, content=request.text.encode()) as response:
                for part in response.iter_raw():
                    said += part
                    if len(said) > ANSWER_SIZE_MAX or time.monotonic() > until:
                        raise Unreachable(f"{address}: the answer is too long or too slow")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreachable(f"{address}: {error!r}") from error
        return read_response(response.status_code, response.headers.get("content-type", ""), bytes(said))

    return send


def read_response(status: int, kind: str, said: bytes) -> Answer:
    """Return an answer over HTTP. Raises `Unreachable` for one that cannot be read."""
    try:
        if status == SIGNED:
            return Answer(status, lines=said.decode())
        if status == CONFLICT and kind.partition(";")[0].strip().lower() == SIZE_TYPE:
            return Answer(status, size=read_size(said.decode().removesuffix("\n"), "witness.malformed"))
    except (UnicodeDecodeError, NoteError) as error:
        raise Unreachable(f"{status}: an answer that cannot be read") from error
    return Answer(status)


def _is_safe(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.scheme == "http":
        try:
            return host == "localhost" or ip_address(host).is_loopback
        except ValueError:
            return False
    return parts.scheme == "https" and bool(host)
