from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from deployed import DEPLOY, require_command

COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PROGRAMS = [name for name, one in SERVICES.items() if str(one["image"]).startswith("countenance:") and "command" in one]


def test_every_yaml_file_is_clean() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "yamllint", "--strict", "--config-file", DEPLOY / ".yamllint", DEPLOY],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "")


def test_the_compose_file_follows_the_specification() -> None:
    tool = Path(sys.executable).with_name("check-jsonschema")
    done = subprocess.run(
        [tool, "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yaml"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout.strip()) == (0, "ok -- validation done")


def test_services_volumes_and_files_that_are_named_are_there() -> None:
    for name, one in SERVICES.items():
        assert set(one.get("depends_on", ())) <= set(SERVICES), name
        for mount in one.get("volumes", ()):
            source = mount.split(":")[0]
            assert (DEPLOY / source).exists() if source.startswith(".") else source in COMPOSE["volumes"], mount


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_program_knows_what_it_is_told(name: str) -> None:
    require_command([re.sub(r"\$\{\w+:-(\w+)\}", r"\1", word) for word in SERVICES[name]["command"]])


def test_every_variable_is_in_the_example_and_no_secret_has_a_default() -> None:
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    example = dict(
        line.split("=", 1)
        for line in (DEPLOY / "example.env").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    )
    assert set(re.findall(r"\$\{(\w+)", text)) == set(example)
    assert [name for name in example if re.search("PASS|SECRET|KEY", name) and example[name]] == []
    assert not re.search(r"\$\{\w*(PASSWORD|SECRET|S3_KEY)\w*:-", text)


def test_prometheus_asks_services_that_are_there() -> None:
    asked = yaml.safe_load((DEPLOY / "prometheus/prometheus.yaml").read_text(encoding="utf-8"))
    assert [name for name in asked["rule_files"] if not (DEPLOY / "prometheus" / name).is_file()] == []
    static, found = (
        one
        for job in asked["scrape_configs"]
        for one in (*job.get("static_configs", ()), *job.get("dns_sd_configs", ()))
    )
    assert {*(target.split(":")[0] for target in static["targets"]), *found["names"]} <= set(SERVICES)


def test_only_this_machine_reaches_the_ports() -> None:
    assert [
        port for one in SERVICES.values() for port in one.get("ports", ()) if not port.startswith("127.0.0.1:")
    ] == []


def test_the_dockerfile_is_clean() -> None:
    tool = Path(sys.executable).with_name("hadolint")
    if not tool.is_file() and shutil.which("hadolint") is None:
        pytest.skip("hadolint is not there for this kind of machine")
    done = subprocess.run(
        [tool if tool.is_file() else "hadolint", DEPLOY / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("extra", ["observability", "postgres", "s3"])
def test_the_image_has_the_extras_that_there_are(extra: str) -> None:
    assert re.search(rf"\[.*\b{extra}\b.*\]", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"))
    assert re.search(rf"^{extra} = ", (DEPLOY.parent / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
