"""The answers of the Soft Binding Resolution API, as its OpenAPI document wants them."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import c2pa
import httpx
import pytest
from clips import frames_of, write_clip
from releases import MARK_ID, RELEASE
from servers import serving

from countenance.ledger.log import append, entries
from countenance.provenance.manifest import MARK_ALGORITHM
from countenance.store.database import writing
from countenance.store.files import read_json
from countenance.store.project import Project
from countenance.store.tables import release

EIGHT_BYTES = base64.b64encode(bytes.fromhex(MARK_ID)).decode()
SPELLINGS = [MARK_ID, EIGHT_BYTES, EIGHT_BYTES.rstrip("="), base64.b64encode(MARK_ID.encode()).decode()]


@pytest.fixture(scope="module")
def manifest_id(released: tuple[Project, Path]) -> str:
    return str(read_json(released[0].releases / RELEASE / "release.json")["seal"]["manifest_id"])


@pytest.mark.parametrize("prefix", ["", "/v1"])
@pytest.mark.parametrize("value", SPELLINGS)
def test_a_mark_leads_to_its_manifest(client: httpx.Client, manifest_id: str, value: str, prefix: str) -> None:
    asked = {"alg": MARK_ALGORITHM, "value": value}
    wanted = {"matches": [{"manifestId": manifest_id}]}
    assert client.get(f"{prefix}/matches/byBinding", params=asked).json() == wanted
    assert client.post(f"{prefix}/matches/byBinding", json=asked, params={"maxResults": 1}).json() == wanted


def test_a_mark_of_no_release_has_no_match(client: httpx.Client) -> None:
    answer = client.get("/matches/byBinding", params={"alg": MARK_ALGORITHM, "value": "0" * 16})
    assert (answer.status_code, answer.json()) == (200, {"matches": []})


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"alg": "org.strange.1", "value": MARK_ID}, 400),
        ({"alg": MARK_ALGORITHM, "value": "%%%"}, 400),
        ({"alg": MARK_ALGORITHM, "value": base64.b64encode(b"much too long for a mark").decode()}, 400),
        ({"alg": MARK_ALGORITHM}, 400),
        ({"alg": MARK_ALGORITHM, "value": MARK_ID, "maxResults": "0"}, 400),
        ({"alg": MARK_ALGORITHM, "value": "A" * 2000}, 414),
    ],
)
def test_queries_that_mean_nothing_are_refused(client: httpx.Client, asked: dict[str, str], status: int) -> None:
    answer = client.get("/matches/byBinding", params=asked)
    assert answer.status_code == status
    assert set(answer.json()) == {"error"}


def test_content_without_its_metadata_leads_to_the_manifest(
    client: httpx.Client, released: tuple[Project, Path], manifest_id: str, tmp_path: Path
) -> None:
    copy = write_clip(tmp_path / "copy.mp4", frames_of(released[1]), options={"crf": "26"})
    answer = client.post(
        "/matches/byContent", params={"alg": MARK_ALGORITHM}, content=copy.read_bytes(),
        headers={"Content-Type": "video/mp4"},
    )  # fmt: skip
    assert answer.status_code == 200
    (match,) = answer.json()["matches"]
    assert match["manifestId"] == manifest_id
    assert 0 <= match["similarityScore"] <= 100


def test_a_hint_helps_where_the_content_tells_nothing(client: httpx.Client, ada_clip: Path, manifest_id: str) -> None:
    sent = {"content": ada_clip.read_bytes(), "headers": {"Content-Type": "video/mp4"}}
    assert client.post("/matches/byContent", **sent).json() == {"matches": []}  # type: ignore[arg-type]
    hint = {"hintAlg": MARK_ALGORITHM, "hintValue": MARK_ID}
    found = client.post("/matches/byContent", params=hint, **sent).json()  # type: ignore[arg-type]
    assert found == {"matches": [{"manifestId": manifest_id}]}


@pytest.mark.parametrize(("kind", "content"), [("text/plain", b"hello"), ("video/mp4", b"hello"), ("", b"hello")])
def test_other_kinds_of_content_are_refused(client: httpx.Client, kind: str, content: bytes) -> None:
    answer = client.post("/matches/byContent", content=content, headers={"Content-Type": kind})
    assert answer.status_code == 415


def test_the_manifest_store_is_one_that_c2pa_reads(client: httpx.Client, manifest_id: str) -> None:
    answer = client.get(f"/manifests/{manifest_id}")
    assert answer.headers["content-type"] == "application/c2pa"
    with c2pa.Reader("application/c2pa", io.BytesIO(answer.content)) as reader:
        store = json.loads(reader.json())
    assert store["active_manifest"] == manifest_id
    assert store["manifests"][manifest_id]["title"] == f"release {RELEASE}"
    active = client.get(f"/manifests/{manifest_id}", params={"returnActiveManifest": "true"}).content
    assert active in answer.content and len(active) < len(answer.content)


def test_an_unknown_manifest_is_not_found(client: httpx.Client) -> None:
    assert client.get("/manifests/urn:c2pa:00000000-0000-0000-0000-000000000000").status_code == 404


def test_the_history_of_a_withdrawn_release_is_not_handed_out(studio: tuple[Project, Path], manifest_id: str) -> None:
    project, _ = studio
    append(project, "release.withdrawn", "ops", {"release": RELEASE})
    with writing(project) as connection:
        connection.execute(release.update().values(state="withdrawn"))
    with serving(project) as client:
        assert client.get("/matches/byBinding", params={"alg": MARK_ALGORITHM, "value": MARK_ID}).status_code == 200
        answer = client.get(f"/manifests/{manifest_id}")
    assert answer.status_code == 410
    assert "withdrawn" in answer.json()["error"]
    assert entries(project, "detector.query")[-1].data["answer"] == "withdrawn"


def test_the_algorithms_are_listed(client: httpx.Client) -> None:
    answer = client.get("/services/supportedAlgorithms").json()
    assert {"alg": MARK_ALGORITHM} in answer["watermarks"]
    assert answer["fingerprints"] == []
