"""Settings of one process: environment (`SALW_…`), an optional `.env`, secrets from files (`SALW_…_FILE`)."""

import base64
import hashlib
import os
import re
from collections.abc import Mapping
from errno import EACCES, EISDIR, ENOENT, ENOTDIR
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import AliasChoices, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from salw.core.language import Language, translate

PREFIX = "SALW_"

# Which setting holds the URL of which role; only the superuser's role is not named after us.
URL_SETTINGS: Mapping[str, str] = {
    "salw_app": "database_url",
    "salw_migrator": "migrator_url",
    "salw_sequencer": "sequencer_url",
    "salw_publisher": "publisher_url",
    "salw_exchange": "exchange_url",
    "salw_eraser": "eraser_url",
    "salw_auditor": "auditor_url",
    "postgres": "superuser_url",
}
ROLES: tuple[str, ...] = tuple(URL_SETTINGS)
# What may come from a file named by `SALW_X_FILE`; those of `PRIVATE` from one that its owner alone can read.
PRIVATE = ("factor_key",)
SECRETS: tuple[str, ...] = (*URL_SETTINGS.values(), *PRIVATE)
FACTOR_KEY_BYTES = 32


_WHY = {
    ENOENT: "settings.reason.absent",
    ENOTDIR: "settings.reason.absent",
    EACCES: "settings.reason.forbidden",
    EISDIR: "settings.reason.folder",
}


class SettingsError(Exception):
    """A setting cannot be right; the text is one line that names it. Codes: `settings.*`."""

    def __init__(self, code: str, **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self.details = details

    def __str__(self) -> str:
        language: Language = "en" if os.environ.get("SALW_LANGUAGE") == "en" else "fr"
        details = self.details
        if "reason" in details:  # a code of ours, or the name of an encoding
            details = details | {"reason": translate(details["reason"], language, **details)}
        return f"{translate(self.code, language, **details)} [{self.code}]"


class _WrongError(ValueError):
    """A value that cannot be right, for a reason that is one of our codes; `details` are the places of its text."""

    def __init__(self, reason: str, **details: Any) -> None:
        super().__init__(reason)
        self.details = {"reason": reason, **details}


def clone_root() -> Path:
    """Return the folder of the clone this code runs from, or the working directory of an installed wheel."""
    root = Path(__file__).resolve().parents[3]
    return root if (root / "pyproject.toml").is_file() else Path.cwd()


class Settings(BaseSettings):
    """Everything that may differ between two installations, checked once when a process starts."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    database_url: str | None = Field(None, repr=False)
    migrator_url: str | None = Field(None, repr=False)
    sequencer_url: str | None = Field(None, repr=False)
    publisher_url: str | None = Field(None, repr=False)
    exchange_url: str | None = Field(None, repr=False)
    eraser_url: str | None = Field(None, repr=False)
    auditor_url: str | None = Field(None, repr=False)
    superuser_url: str | None = Field(None, repr=False)
    factor_key: str | None = Field(None, repr=False)
    origin: str | None = None
    data_dir: Path | None = None
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=1, le=65535, validation_alias=AliasChoices("SALW_PORT", "PORT"))
    language: Language = "fr"
    tls_cert: Path | None = None
    tls_key: Path | None = None
    log_keys: Path | None = None
    witness_key: Path | None = None
    log_policy: Path | None = None
    allow_demo_accounts: Literal["je sais que leurs mots de passe sont publics"] | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator(*URL_SETTINGS.values())
    @classmethod
    def _is_postgresql(cls, value: str | None) -> str | None:
        return None if value is None else _postgresql_url(value)

    @field_validator("factor_key")
    @classmethod
    def _is_a_key(cls, value: str | None) -> str | None:
        if value is not None:
            key_bytes(value)
        return value

    @field_validator("origin")
    @classmethod
    def _is_an_origin(cls, value: str | None) -> str | None:
        return None if value is None else _origin(value)

    @model_validator(mode="after")
    def _certificate_and_key_go_together(self) -> Self:
        if (self.tls_cert is None) != (self.tls_key is None):
            given, missing = ("CERT", "KEY") if self.tls_key is None else ("KEY", "CERT")
            raise _WrongError("settings.reason.alone", name=f"SALW_TLS_{missing}", other=f"SALW_TLS_{given}")
        for name, path in (("SALW_TLS_CERT", self.tls_cert), ("SALW_TLS_KEY", self.tls_key)):
            if path is not None and not path.is_file():
                raise _WrongError("settings.reason.no_file", name=name, path=path)
        if self.tls_key is not None and _is_open_to_others(self.tls_key):
            raise _WrongError("settings.reason.loose", name="SALW_TLS_KEY", path=self.tls_key)
        return self

    @property
    def embedded(self) -> bool:
        """Whether this process uses the embedded PostgreSQL: no URL of any role is given."""
        return all(getattr(self, name) is None for name in URL_SETTINGS.values())

    @property
    def own_origin(self) -> str:
        """The address people type, without a path: `SALW_ORIGIN`, else this machine by its name.

        A passkey belongs to a name and never to an address of numbers: 127.0.0.1 would not do.
        """
        return self.origin or f"{'https' if self.tls_cert else 'http'}://localhost:{self.port}"

    @property
    def files_dir(self) -> Path:
        """The folder of this installation's own files: `SALW_DATA_DIR`, else `var` in the clone."""
        return self.data_dir if self.data_dir is not None else clone_root() / "var"

    @property
    def cluster_dir(self) -> Path:
        """The folder of the embedded PostgreSQL.

        root cannot run PostgreSQL, and the account that does may not reach the clone: then it is
        `/var/lib/salw/<hash of the clone's path>`, unless `SALW_DATA_DIR` says otherwise.
        """
        if self.data_dir is None and os.geteuid() == 0:
            return Path("/var/lib/salw") / path_hash(clone_root())
        return self.files_dir / "postgresql"


def _is_open_to_others(key: Path) -> bool:
    """Say whether more accounts than the service's may read a key or change it.

    As PostgreSQL has it for its own: 0600, or 0640 where it belongs to root and a group of root's choice reads it.
    """
    status = key.stat()
    return bool(status.st_mode & (0o037 if status.st_uid == 0 else 0o077))


def path_hash(path: Path) -> str:
    """Return twelve hexadecimal digits that stand for a folder, so that two clones never share one name."""
    return hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:12]


def load_settings(env_file: Path | None = None, **given: Any) -> Settings:
    """Read the settings anew: `given`, then the environment, then `env_file` (the clone's `.env`).

    Errors: `settings.*`, one line each.
    """
    env_file = clone_root() / ".env" if env_file is None else env_file
    named = {**dotenv_values(env_file), **os.environ}
    try:
        return Settings(_env_file=env_file, **{**_secrets_from_files(named), **given})
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0]) if first["loc"] else ""
        name = field if field.isupper() else PREFIX + field.upper() if field else ""
        raise SettingsError("settings.invalid", **{"name": name, **_reason(first)}) from None


def _reason(error: Any) -> dict[str, Any]:
    """Return why a value was refused as a code of ours with its details; the library's words are English."""
    context = error.get("ctx", {})
    if isinstance(context.get("error"), _WrongError):
        found: dict[str, Any] = context["error"].details
        return found
    if error["type"] == "literal_error":
        return {"reason": "settings.reason.choice", "known": context["expected"].replace("'", "").replace(" or ", ", ")}
    if error["type"].startswith(("int_", "greater_", "less_")):
        return {"reason": "settings.reason.port"}
    return {"reason": "settings.reason.other"}


def _secrets_from_files(named: Mapping[str, str | None]) -> dict[str, str]:
    """Return the secrets whose `SALW_X_FILE` names a file: the content of the file is the value."""
    found = {}
    for field in SECRETS:
        name = PREFIX + field.upper()
        path = named.get(name + "_FILE")
        if not path:
            continue
        if named.get(name):
            raise SettingsError("settings.given_twice", name=name)
        try:
            if field in PRIVATE:
                check_private(Path(path))
            found[field] = Path(path).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = _WHY.get(error.errno or 0, "settings.reason.other") if isinstance(error, OSError) else "UTF-8"
            raise SettingsError("settings.file_unreadable", name=name + "_FILE", path=path, reason=reason) from None
    return found


@cache
def get_settings() -> Settings:
    """Return the settings of this process, read once."""
    return load_settings()


def check_private(path: Path) -> None:
    """Refuse a file that others than its owner may read. Error: `settings.loose_file`."""
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        raise SettingsError("settings.loose_file", path=path, mode=f"{mode:03o}")


def key_bytes(value: str) -> bytes:
    """Return the 32 bytes that a key's base64 stands for, in either alphabet. Raises `ValueError` for any other."""
    try:
        key = base64.b64decode(value.translate(str.maketrans("-_", "+/")), validate=True)
    except ValueError:
        key = b""
    if len(key) != FACTOR_KEY_BYTES:
        raise _WrongError("settings.reason.key")
    return key


def _origin(value: str) -> str:
    """Return an origin as browsers write it: HTTPS on a name, or HTTP on this machine, without a path."""
    try:
        url = urlsplit(value.rstrip("/"))
        host, port = url.hostname or "", url.port
    except ValueError:
        raise _WrongError("settings.reason.origin") from None
    local = host == "localhost" or host.endswith(".localhost")
    named = re.fullmatch("[a-z0-9-]+([.][a-z0-9-]+)*", host) and not host.rpartition(".")[2].isdigit()
    plain = url.netloc.lower() == host + (f":{port}" if port is not None else "") and not (url.path or url.query)
    if not (named and plain and (url.scheme == "https" or (url.scheme == "http" and local))):
        raise _WrongError("settings.reason.origin")
    usual = {"https": 443, "http": 80}[url.scheme]
    return f"{url.scheme}://{host}" + (f":{port}" if port not in (None, usual) else "")


def _postgresql_url(value: str) -> str:
    """Return `value` with our driver; only PostgreSQL is served. The value is secret and never shown."""
    try:
        url = make_url(value)
    except ArgumentError:
        raise _WrongError("settings.reason.url") from None
    if url.drivername not in ("postgresql", "postgres", "postgresql+psycopg") or not url.database:
        raise _WrongError("settings.reason.url")
    return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
