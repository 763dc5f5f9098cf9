from __future__ import annotations

import re
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from deployed import DEPLOY, documents, require_command

FOLDER = DEPLOY / "kubernetes"
FILES = sorted(path for path in FOLDER.rglob("*.yaml") if path.name != "kustomization.yaml")
OVERLAYS = ["base", "gpu", "hpa", "keda"]
VERSION = "1.32.0"
CUSTOM = {"ScaledObject"}  # defined by KEDA, not by Kubernetes

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of its import
    import kubernetes_validate


def _validate(document: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kubernetes_validate.validate(document, VERSION, strict=True)


def _pods() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in FILES:
        for one in documents(path):
            spec = one.get("spec", {})
            spec = spec.get("jobTemplate", {"spec": spec})["spec"]
            if "containers" in spec.get("template", {}).get("spec", {}):
                yield one["metadata"]["name"], spec["template"]["spec"]


PODS = dict(_pods())


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_object_follows_the_schema_of_kubernetes(path: Path) -> None:
    for document in documents(path):
        if document["kind"] not in CUSTOM:
            _validate(document)


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not there")
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_kustomize_makes_follows_it_too(overlay: str) -> None:
    made = subprocess.run(["kubectl", "kustomize", FOLDER / overlay], capture_output=True, text=True, check=True).stdout
    found = list(yaml.safe_load_all(made))
    for document in found:
        if document["kind"] not in CUSTOM:
            _validate(document)
    images = set(re.findall(r"image: (\S+)", made))
    assert images == {"countenance:0.1.0"}


def test_every_folder_is_an_overlay_and_names_all_its_files() -> None:
    assert sorted(path.parent.name for path in FOLDER.glob("*/kustomization.yaml")) == OVERLAYS
    for overlay in OVERLAYS:
        (made,) = documents(FOLDER / overlay / "kustomization.yaml")
        here = {path.name for path in (FOLDER / overlay).glob("*.yaml")} - {"kustomization.yaml"}
        assert {name for name in made["resources"] if name != "../base"} == here


@pytest.mark.parametrize("name", PODS)
def test_the_program_knows_what_a_pod_tells_it(name: str) -> None:
    for container in PODS[name]["containers"]:
        if "args" in container:
            require_command(container["args"])
        else:
            assert container["command"] == ["/bin/sh", "/first-run/first-run.sh"]


@pytest.mark.parametrize("name", PODS)
def test_no_pod_may_more_than_it_must(name: str) -> None:
    pod = PODS[name]
    assert pod["securityContext"]["runAsNonRoot"] and not pod["automountServiceAccountToken"]
    mounted = {volume["name"] for volume in pod["volumes"]}
    for container in pod["containers"]:
        allowed = container["securityContext"]
        assert allowed["readOnlyRootFilesystem"] and not allowed["allowPrivilegeEscalation"]
        assert allowed["capabilities"] == {"drop": ["ALL"]}
        assert "memory" in container["resources"]["limits"]
        assert {mount["name"] for mount in container["volumeMounts"]} <= mounted


def test_what_scales_and_what_protects_names_workers_that_are_there() -> None:
    labels = {
        one["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"]
        for path in FILES
        for one in documents(path)
        if one["kind"] == "Deployment"
    }
    for path in FILES:
        for one in documents(path):
            if one["kind"] in ("ScaledObject", "HorizontalPodAutoscaler"):
                assert one["spec"]["scaleTargetRef"]["name"] in PODS
            if one["kind"] in ("PodDisruptionBudget", "Service"):
                selector = one["spec"]["selector"]
                assert set(selector.get("matchLabels", selector).values()) <= labels


def test_keda_asks_for_metrics_that_are_exported() -> None:
    exported = (DEPLOY.parent / "src/countenance/telemetry/studiometrics.py").read_text(encoding="utf-8")
    for one in documents(FOLDER / "keda" / "scaledobjects.yaml"):
        for trigger in one["spec"]["triggers"]:
            query = trigger["metadata"]["query"]
            promql_parser.parse(query)
            assert [name for name in re.findall(r"countenance_\w+", query) if f'"{name}"' not in exported] == []


def test_the_example_of_secrets_holds_none() -> None:
    (secret,) = documents(FOLDER / "access.example.yaml")
    assert set(secret["stringData"].values()) == {""}
