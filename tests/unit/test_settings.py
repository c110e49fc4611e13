"""Settings are read once, refused in one line, documented, and never shown when they are secret."""

import base64
import os
import socket
from pathlib import Path

import pytest

from salw.core.keys import FACTOR_KEY_FILE, factor_key
from salw.core.settings import (
    ROLES,
    URL_SETTINGS,
    Settings,
    SettingsError,
    clone_root,
    load_settings,
    path_hash,
)
from salw_cli.run import RunError, address_of, check_port, only_one

NO_FILE = Path("/nonexistent")


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own settings must not decide a test."""
    for name in [field.upper() for field in Settings.model_fields]:
        monkeypatch.delenv(f"SALW_{name}", raising=False)
        monkeypatch.delenv(f"SALW_{name}_FILE", raising=False)
    monkeypatch.delenv("PORT", raising=False)


def refused(**given: object) -> SettingsError:
    with pytest.raises(SettingsError) as error:
        load_settings(env_file=NO_FILE, **given)
    assert "\n" not in str(error.value)
    return error.value


def test_nothing_given_means_the_embedded_database_on_loopback_in_french() -> None:
    settings = load_settings(env_file=NO_FILE)
    assert settings.embedded
    assert (settings.host, settings.port, settings.language) == ("127.0.0.1", 8000, "fr")
    assert settings.files_dir == clone_root() / "var"


def test_the_plain_port_is_heard_and_ours_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "8123")
    assert load_settings(env_file=NO_FILE).port == 8123
    monkeypatch.setenv("SALW_PORT", "8124")
    assert load_settings(env_file=NO_FILE).port == 8124


@pytest.mark.parametrize("name", URL_SETTINGS.values())
def test_every_url_may_come_from_a_file(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "url"
    file.write_text("postgresql://someone:s%40cret@db/salw\n", "utf-8")
    monkeypatch.setenv(f"SALW_{name.upper()}_FILE", str(file))
    settings = load_settings(env_file=NO_FILE)
    assert getattr(settings, name) == "postgresql+psycopg://someone:s%40cret@db/salw"
    assert not settings.embedded
    assert "cret" not in repr(settings)


def test_a_secret_file_may_be_named_in_the_env_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://db/salw", "utf-8")
    (tmp_path / ".env").write_text(f"SALW_DATABASE_URL_FILE={tmp_path}/url\nSALW_PORT=9001\n", "utf-8")
    settings = load_settings(env_file=tmp_path / ".env")
    assert settings.database_url == "postgresql+psycopg://db/salw"
    assert settings.port == 9001


def test_a_url_given_twice_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "url").write_text("postgresql://db/salw", "utf-8")
    monkeypatch.setenv("SALW_DATABASE_URL_FILE", str(tmp_path / "url"))
    monkeypatch.setenv("SALW_DATABASE_URL", "postgresql://db/salw")
    assert refused().code == "settings.given_twice"


def test_a_missing_secret_file_names_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALW_AUDITOR_URL_FILE", "/nonexistent/url")
    error = refused()
    assert error.code == "settings.file_unreadable"
    assert "SALW_AUDITOR_URL_FILE" in str(error)
    assert "(fichier absent)" in str(error)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"port": 0}, "PORT"),
        ({"port": "abc"}, "PORT"),
        ({"language": "pt"}, "SALW_LANGUAGE"),
        ({"log_level": "loud"}, "SALW_LOG_LEVEL"),
        ({"database_url": "sqlite:///secret.db"}, "SALW_DATABASE_URL"),
        ({"database_url": "secret"}, "SALW_DATABASE_URL"),
        ({"factor_key": "secret"}, "SALW_FACTOR_KEY"),
        ({"factor_key": base64.b64encode(bytes(31)).decode()}, "SALW_FACTOR_KEY"),
        ({"origin": "https://10.0.0.1"}, "SALW_ORIGIN"),
        ({"origin": "https://registre.example/salw"}, "SALW_ORIGIN"),
        ({"origin": "http://registre.example"}, "SALW_ORIGIN"),
        ({"origin": "https://nobody@registre.example"}, "SALW_ORIGIN"),
        ({"origin": "https://registre.example:0x1"}, "SALW_ORIGIN"),
        ({"tls_cert": "/etc/hostname"}, "SALW_TLS_KEY"),
        ({"tls_cert": "/nonexistent/c", "tls_key": "/nonexistent/k"}, "SALW_TLS_CERT"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(given: dict[str, object], name: str) -> None:
    error = refused(**given)
    assert error.code == "settings.invalid"
    assert name in str(error).upper()
    assert "secret" not in str(error)
    assert str(error).startswith("Réglage ")
    assert not {"should", "valid", "or", "host"}.intersection(str(error).replace(",", "").split()), "English"
    assert "Réglage  " not in str(error)


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        ({"origin": "https://Registre.Example/"}, "https://registre.example"),
        ({"origin": "https://registre.example:443"}, "https://registre.example"),
        ({"origin": "http://localhost:8001"}, "http://localhost:8001"),
        ({"port": 8002}, "http://localhost:8002"),
    ],
)
def test_the_origin_is_written_as_browsers_write_it(given: dict[str, object], origin: str) -> None:
    assert load_settings(env_file=NO_FILE, **given).own_origin == origin


def test_the_embedded_installation_makes_its_key_once_for_its_owner_alone(tmp_path: Path) -> None:
    settings = load_settings(env_file=NO_FILE, data_dir=tmp_path)
    settings.cluster_dir.mkdir()
    key = factor_key(settings)
    assert len(key) == 32
    assert factor_key(settings) == key
    (file,) = settings.cluster_dir.iterdir()
    assert (file.name, file.stat().st_mode & 0o777) == (FACTOR_KEY_FILE, 0o600)


def test_a_key_that_others_can_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings(env_file=NO_FILE, data_dir=tmp_path)
    settings.cluster_dir.mkdir()
    factor_key(settings)
    file = settings.cluster_dir / FACTOR_KEY_FILE
    file.chmod(0o640)
    with pytest.raises(SettingsError) as error:
        factor_key(settings)
    assert (error.value.code, str(file) in str(error.value), "640" in str(error.value)) == (
        "settings.loose_file",
        True,
        True,
    )
    monkeypatch.setenv("SALW_FACTOR_KEY_FILE", str(file))
    assert refused().code == "settings.loose_file"
    file.chmod(0o400)
    assert factor_key(load_settings(env_file=NO_FILE)) == base64.b64decode(file.read_text("ascii"))


def test_a_damaged_key_is_never_made_anew(tmp_path: Path) -> None:
    settings = load_settings(env_file=NO_FILE, data_dir=tmp_path)
    settings.cluster_dir.mkdir()
    file = settings.cluster_dir / FACTOR_KEY_FILE
    file.write_text("half of a ke", "ascii")
    file.chmod(0o600)
    with pytest.raises(SettingsError) as error:
        factor_key(settings)
    assert error.value.code == "settings.key_damaged"
    assert file.read_text("ascii") == "half of a ke"


def test_a_database_by_url_needs_a_key_of_its_own() -> None:
    with pytest.raises(SettingsError) as error:
        factor_key(load_settings(env_file=NO_FILE, database_url="postgresql://db/salw"))
    assert error.value.code == "settings.factor_key_missing"
    assert "SALW_FACTOR_KEY" in str(error.value)
    assert "\n" not in str(error.value)


def test_the_key_is_never_shown() -> None:
    key = base64.b64encode(os.urandom(32)).decode()
    assert key not in repr(load_settings(env_file=NO_FILE, factor_key=key))


def test_each_role_has_a_setting_of_its_own() -> None:
    assert len(set(URL_SETTINGS.values())) == len(ROLES)
    assert set(URL_SETTINGS.values()) <= set(Settings.model_fields)


def test_two_clones_have_two_names() -> None:
    assert path_hash(Path("/srv/one")) != path_hash(Path("/srv/two"))
    assert path_hash(Path("/srv/one")) == path_hash(Path("/srv/one/../one"))


@pytest.mark.parametrize("document", [".env.example", "docs/operations/install.md"])
def test_every_setting_is_documented(document: str) -> None:
    text = (clone_root() / document).read_text("utf-8")
    missing = [name for name in Settings.model_fields if f"SALW_{name.upper()}" not in text]
    assert not missing


def test_a_taken_port_is_refused_before_anything_else() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = load_settings(env_file=NO_FILE, port=port)
        with pytest.raises(RunError) as error:
            check_port(settings)
    assert str(port) in str(error.value)
    assert error.value.status == 2
    check_port(settings)


def test_one_clone_runs_once(tmp_path: Path) -> None:
    settings = load_settings(env_file=NO_FILE, data_dir=tmp_path)
    with only_one(settings), pytest.raises(RunError, match="already_running"), only_one(settings):
        pass
    with only_one(settings):
        pass


def test_the_printed_address_can_be_typed() -> None:
    assert address_of(load_settings(env_file=NO_FILE, port=8001)) == "http://127.0.0.1:8001"
    assert address_of(load_settings(env_file=NO_FILE, host="::1")) == "http://[::1]:8000"


@pytest.mark.parametrize("mode", [0o644, 0o660, 0o604, 0o620])
def test_a_key_that_others_may_read_or_change_is_refused_in_a_line(tmp_path: Path, mode: int) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    certificate.write_text("", "utf-8")
    key.write_text("", "utf-8")
    key.chmod(mode)
    error = refused(tls_cert=certificate, tls_key=key)
    assert error.code == "settings.invalid"
    assert "SALW_TLS_KEY" in str(error)
    assert str(key) in str(error)
    key.chmod(0o600)
    certificate.chmod(0o644)
    assert load_settings(env_file=NO_FILE, tls_cert=certificate, tls_key=key).tls_key == key
