"""Settings are read once, refused in one line, documented, and never shown when they are secret."""

import socket
from pathlib import Path

import pytest

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
