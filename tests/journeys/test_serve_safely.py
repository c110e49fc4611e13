"""`salw serve` as an operator starts it: over https with a real certificate, and what its log never says."""

import base64
import contextlib
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from cluster import Database
from program import PASSWORD, give_account
from salw.access.guard import COOKIE
from salw.core.db import make_engine
from salw.core.settings import URL_SETTINGS
from world import World, build_world

PATIENCE_S = 60


@dataclass
class Serving:
    """`salw serve` in a process of its own, and all that it says."""

    port: int
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def said(self) -> str:
        return self.log.read_text("utf-8")

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE_S)


def serve(database: Database, folder: Path, **settings: str) -> Serving:
    """Start the service with every setting of a server and the most talkative log."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SALW_")}
    for role, setting in URL_SETTINGS.items():
        secret = folder / setting
        secret.write_text(database.urls[role], "utf-8")
        secret.chmod(0o600)
        environment[f"SALW_{setting.upper()}_FILE"] = str(secret)
    key = base64.b64encode(bytes(32)).decode()
    own = {"SALW_PORT": str(port), "SALW_LOG_LEVEL": "debug", "PYTHONUNBUFFERED": "1", "SALW_FACTOR_KEY": key}
    environment |= {**own, **settings}
    log = folder / "serve.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "salw_cli.main", "serve"], env=environment, stdout=file, stderr=file
        )
    return Serving(port, log, process)


def wait_until_ready(serving: Serving, client: httpx.Client) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        assert serving.process.poll() is None, serving.said
        with contextlib.suppress(httpx.TransportError):
            if client.get("/readyz").status_code == 200:
                return
        time.sleep(0.05)
    pytest.fail(serving.said)


def certify(folder: Path) -> tuple[Path, Path]:
    """Make a key and a certificate that it signs itself, as an office without an authority does."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "registre.test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    where = folder / "cert.pem", folder / "key.pem"
    where[0].write_bytes(certificate.public_bytes(Encoding.PEM))
    where[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    where[1].chmod(0o600)
    return where


@pytest.fixture
def peopled(fresh_database: Database) -> Iterator[World]:
    engine = make_engine(fresh_database.urls["salw_app"])
    yield build_world(engine)
    engine.dispose()


def test_https_is_served_with_a_certificate_and_a_key(fresh_database: Database, peopled: World, tmp_path: Path) -> None:
    certificate, key = certify(tmp_path)
    serving = serve(fresh_database, tmp_path, SALW_TLS_CERT=str(certificate), SALW_TLS_KEY=str(key))
    trusting = ssl.create_default_context(cafile=str(certificate))
    try:
        with httpx.Client(base_url=f"https://127.0.0.1:{serving.port}", verify=trusting, timeout=30) as client:
            wait_until_ready(serving, client)
            body = {"account": give_account(peopled, "keeper"), "password": PASSWORD}
            answer = client.post("/v1/sessions", json=body)
        assert answer.status_code == 200, answer.text
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith(f"{COOKIE}=")
        assert {"secure", "httponly", "samesite=strict"} <= {part.strip().lower() for part in cookie.split(";")}
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert "server" not in answer.headers
        assert {agreed(serving.port, version) for version in ("TLSv1_2", "TLSv1_3")} == {"TLSv1.2", "TLSv1.3"}
        assert agreed(serving.port, "TLSv1_1") is None
        with pytest.raises(httpx.TransportError):
            httpx.get(f"http://127.0.0.1:{serving.port}/healthz")
    finally:
        serving.end()


def agreed(port: int, version: str) -> str | None:
    """Return the version of TLS that a client of exactly that version gets, None where it gets none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")  # so that it is the service that refuses an old version, not this client
    # Set through its number: the names of old versions are deprecated, and asking for one is the point here.
    number = {"TLSv1_1": 0x0302, "TLSv1_2": 0x0303, "TLSv1_3": 0x0304}[version]
    with pytest.warns(DeprecationWarning, match="TLSv1_1") if version == "TLSv1_1" else contextlib.nullcontext():
        context.minimum_version = ssl.TLSVersion(number)
        context.maximum_version = ssl.TLSVersion(number)
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as line, context.wrap_socket(line) as safe:
            return safe.version()
    except (ssl.SSLError, ConnectionError):
        return None


def test_a_key_that_others_may_read_is_refused_in_one_line(fresh_database: Database, tmp_path: Path) -> None:
    certificate, key = certify(tmp_path)
    key.chmod(0o644)
    serving = serve(fresh_database, tmp_path, SALW_TLS_CERT=str(certificate), SALW_TLS_KEY=str(key))
    assert serving.process.wait(PATIENCE_S) != 0
    (line,) = serving.said.splitlines()
    assert "SALW_TLS_KEY" in line
    assert str(key) in line
    assert line.endswith("[settings.invalid]")


def spoil(how: str, folder: Path, certificate: Path, key: Path) -> None:
    """Make of a certificate and its key a pair that HTTPS cannot be served with."""
    if how == "certificate not PEM":
        certificate.write_text("registre.test", "utf-8")
    elif how == "key not PEM":
        key.write_text("registre.test", "utf-8")
    elif how == "key of another":
        other = folder / "other"
        other.mkdir()
        key.write_bytes(certify(other)[1].read_bytes())
    elif how == "key of another kind":
        rsa_key = rsa.generate_private_key(65537, 2048)
        key.write_bytes(rsa_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    else:
        made = load_pem_private_key(key.read_bytes(), None)
        locked = BestAvailableEncryption(b"un mot de passe")
        key.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked))


@pytest.mark.parametrize(
    ("how", "setting", "said"),
    [
        ("certificate not PEM", "SALW_TLS_CERT", "n'est pas un certificat au format PEM"),
        ("key not PEM", "SALW_TLS_KEY", "n'est pas une clé privée au format PEM"),
        ("key of another", "SALW_TLS_KEY", "n'est pas la clé du certificat"),
        ("key of another kind", "SALW_TLS_KEY", "n'est pas la clé du certificat"),
        ("key with a passphrase", "SALW_TLS_KEY", "mot de passe"),
    ],
)
def test_a_certificate_and_a_key_that_do_not_serve_are_refused_in_one_line(
    fresh_database: Database, tmp_path: Path, how: str, setting: str, said: str
) -> None:
    certificate, key = certify(tmp_path)
    spoil(how, tmp_path, certificate, key)
    serving = serve(fresh_database, tmp_path, SALW_TLS_CERT=str(certificate), SALW_TLS_KEY=str(key))
    assert serving.process.wait(PATIENCE_S) == 3, "it asks nobody for a passphrase"
    (line,) = serving.said.splitlines()
    assert f"Réglage {setting} refusé" in line
    assert said in line
    assert line.endswith("[settings.invalid]")


def test_a_taken_port_is_refused_in_one_line(fresh_database: Database, tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        serving = serve(fresh_database, tmp_path, SALW_PORT=str(port))
        assert serving.process.wait(PATIENCE_S) == 2
    (line,) = serving.said.splitlines()
    assert f"Le port {port} de 127.0.0.1 est déjà pris" in line
    assert line.endswith("[run.port_taken]")


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "registre.invalid", "a..b"])
def test_an_address_of_another_machine_is_refused_in_one_line(
    fresh_database: Database, tmp_path: Path, host: str
) -> None:
    serving = serve(fresh_database, tmp_path, SALW_HOST=host)
    assert serving.process.wait(PATIENCE_S) == 3
    (line,) = serving.said.splitlines()
    assert f"Réglage SALW_HOST refusé\u00a0: {host} n'est pas une adresse de cette machine" in line
    assert line.endswith("[settings.invalid]")


def test_the_log_of_a_service_says_no_secret(fresh_database: Database, peopled: World, tmp_path: Path) -> None:
    serving = serve(fresh_database, tmp_path)
    origin = f"http://127.0.0.1:{serving.port}"
    account, wrong = give_account(peopled, "keeper"), "un secret mal recopié"
    try:
        with httpx.Client(base_url=origin, timeout=30, headers={"Origin": origin}) as client:
            wait_until_ready(serving, client)
            token = client.post("/v1/sessions", json={"account": account, "password": PASSWORD}).json()["token"]
            assert client.post("/v1/sessions", json={"account": account, "password": wrong}).status_code == 401
            assert client.post("/log-in", data={"account": account, "password": wrong}).status_code == 401
            assert client.get("/").status_code == 200, "with the cookie of the log-in"
            assert client.get("/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 200
            break_the_log_in(fresh_database)
            failed = client.post("/v1/sessions", json={"account": account, "password": PASSWORD})
            assert failed.status_code == 500
            assert failed.json()["request_id"] in serving.said, "what went wrong is in the log, under its number"
    finally:
        serving.end()
    assert "Traceback" in serving.said
    secrets = {PASSWORD, wrong, token, token.split(".", 1)[1], *passwords(fresh_database), account.split("@")[0]}
    assert [secret for secret in secrets if secret in serving.said] == []
    assert "$argon2" not in serving.said
    assert COOKIE not in serving.said


def break_the_log_in(database: Database) -> None:
    """Take away what a log-in reads, so that it fails inside the service and not at its door."""
    engine = create_engine(database.urls["postgres"])
    with engine.begin() as db:
        db.execute(text("alter table account rename to gone"))
    engine.dispose()


def passwords(database: Database) -> list[str]:
    found = [make_url(url).password for url in database.urls.values()]
    assert all(found)
    return [password for password in found if password]
