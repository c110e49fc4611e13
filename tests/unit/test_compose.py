"""The server's compose file keeps its promises: order, health, volumes, secrets from files, no passwords."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from salw.core.settings import URL_SETTINGS, Settings, clone_root

ROOT = clone_root()
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("migrate", "app", "sequencer")
COMMANDS = {"migrate": ["db", "upgrade"], "app": ["serve"], "sequencer": ["ledger", "sequence"]}
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")


def test_it_has_a_database_a_migration_the_service_the_sequencer_and_a_proxy() -> None:
    assert set(SERVICES) == {"db", "migrate", "app", "sequencer", "proxy"}
    assert SERVICES["db"]["image"] == "postgres:18"


@pytest.mark.parametrize("service", OURS)
def test_our_services_run_commands_of_the_program(service: str) -> None:
    assert SERVICES[service]["command"] == COMMANDS[service]
    assert 'ENTRYPOINT ["salw"]' in DOCKERFILE


def test_the_migration_runs_once_and_everything_waits_for_it() -> None:
    assert SERVICES["migrate"]["restart"] == "no"
    assert SERVICES["migrate"]["depends_on"]["db"]["condition"] == "service_healthy"
    for service in ("app", "sequencer"):
        waits = SERVICES[service]["depends_on"]
        assert waits["migrate"]["condition"] == "service_completed_successfully"
        assert waits["db"]["condition"] == "service_healthy"
    assert SERVICES["proxy"]["depends_on"]["app"]["condition"] == "service_healthy"


@pytest.mark.parametrize("service", ["db", "app", "sequencer", "proxy"])
def test_what_keeps_running_says_whether_it_is_well_and_comes_back(service: str) -> None:
    assert SERVICES[service]["healthcheck"]["test"][0] == "CMD"
    assert SERVICES[service]["restart"] == "unless-stopped"


def test_what_a_health_check_imports_is_there() -> None:
    for name in ("app", "sequencer"):
        program = SERVICES[name]["healthcheck"]["test"][-1]
        imports = [part.strip() for part in program.split(";") if part.strip().startswith(("import ", "from "))]
        assert imports, name
        for line in imports:
            exec(line, {})  # noqa: S102 - lines of our own file, as the container runs them


def test_data_is_in_named_volumes() -> None:
    used = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert used == set(COMPOSE["volumes"])
    assert "database:/var/lib/postgresql" in SERVICES["db"]["volumes"]


def test_only_the_proxy_can_be_reached_and_it_speaks_tls() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert SERVICES["db"]["networks"] == ["inside"]
    caddyfile = COMPOSE["configs"]["caddyfile"]["content"]
    assert "tls /run/secrets/tls_cert /run/secrets/tls_key" in caddyfile
    assert "reverse_proxy app:8000" in caddyfile


def test_every_secret_is_a_file_and_there_is_no_default_password() -> None:
    for name, secret in COMPOSE["secrets"].items():
        assert secret["file"].endswith(f"/{name}")
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if "PASSWORD" in name or name.endswith("_URL") or "_URL_" in name:
                assert name.endswith("_FILE")
                assert value.startswith("/run/secrets/")
    text = (ROOT / "docker-compose.yml").read_text("utf-8") + DOCKERFILE
    assert not re.search(r"://[^\s/@]+:[^\s/@]+@", text), "a URL with a password"


def test_each_service_is_given_exactly_the_secrets_it_reads() -> None:
    for name, service in SERVICES.items():
        text = str(service.get("environment", {})) + (
            COMPOSE["configs"]["caddyfile"]["content"] if name == "proxy" else ""
        )
        read = set(re.findall(r"/run/secrets/(\w+)", text))
        assert read == set(service.get("secrets", [])), name
    declared = {secret for service in SERVICES.values() for secret in service.get("secrets", [])}
    assert declared == set(COMPOSE["secrets"])


def test_only_the_migration_sees_the_superuser_and_only_the_sequencer_beside_it_the_sequencer() -> None:
    readers = {
        secret: {name for name, service in SERVICES.items() if secret in service.get("secrets", [])}
        for secret in COMPOSE["secrets"]
    }
    assert readers["superuser_url"] == {"migrate"}
    assert readers["migrator_url"] == {"migrate"}
    assert readers["sequencer_url"] == {"migrate", "sequencer"}


def test_only_the_service_sees_the_key_of_second_factors_and_it_knows_the_name_people_type() -> None:
    readers = {name for name, service in SERVICES.items() if "factor_key" in service.get("secrets", [])}
    assert readers == {"app"}
    assert SERVICES["app"]["environment"]["SALW_FACTOR_KEY_FILE"] == "/run/secrets/factor_key"
    assert SERVICES["app"]["environment"]["SALW_ORIGIN"].startswith("https://${SALW_SITE:?")
    guide = (ROOT / "docs/operations/install.md").read_text("utf-8")
    assert "> factor_key" in guide


def test_only_the_sequencer_sees_the_keys_of_the_logs_and_what_it_publishes_survives_the_database() -> None:
    readers = {
        secret: {name for name, service in SERVICES.items() if secret in service.get("secrets", [])}
        for secret in ("log_keys", "witness_key", "log_policy")
    }
    assert readers == {"log_keys": {"sequencer"}, "witness_key": {"app"}, "log_policy": {"app", "sequencer"}}
    assert "files:/var/lib/salw" in SERVICES["sequencer"]["volumes"]
    assert "front" in SERVICES["sequencer"]["networks"], "witnesses are elsewhere"


def test_the_migration_learns_the_password_of_every_role() -> None:
    given = set(SERVICES["migrate"]["environment"])
    assert given == {f"SALW_{name.upper()}_FILE" for name in URL_SETTINGS.values()}


def test_every_setting_in_it_exists() -> None:
    known = {f"SALW_{name.upper()}" for name in Settings.model_fields} | {"FORWARDED_ALLOW_IPS"}  # the web server's own
    for service in OURS:
        for name in SERVICES[service]["environment"]:
            assert name.removesuffix("_FILE") in known
    for name in re.findall(r"SALW_\w+(?==)", DOCKERFILE):
        assert name in known


def test_every_secret_file_is_documented_and_made_by_the_shown_commands() -> None:
    guide = (ROOT / "docs/operations/install.md").read_text("utf-8")
    for secret in COMPOSE["secrets"]:
        assert f"`{secret}`" in guide, secret
    assert "${SALW_SITE:?" in SERVICES["proxy"]["environment"]["SALW_SITE"]


def test_our_containers_have_no_rights_they_do_not_need() -> None:
    for service in OURS:
        assert SERVICES[service]["read_only"] is True
        assert SERVICES[service]["cap_drop"] == ["ALL"]
    assert re.search(r"^USER salw$", DOCKERFILE, re.MULTILINE)


def test_the_image_installs_locked_and_hashed_and_receives_no_secrets() -> None:
    assert "--require-hashes -r requirements.lock" in DOCKERFILE
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    rules = [line for line in ignored if line and not line.startswith("#")]
    assert rules[0] == "*", "everything is left out unless it is named"
    assert not {"!var", "!.env", "!.git"} & set(rules)
    for rule in rules:
        if rule.startswith("!") and rule != "!LICENSE":
            assert Path(ROOT / rule[1:]).exists(), rule
