"""Erasing people from a real small campaign, and looking for them everywhere afterwards."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import yaml
from campaigns import grant, painting_of
from erasures import (
    GUEST,
    PRESENTER,
    Traces,
    commitments_that_open,
    keys_left,
    named_campaign,
    remainders,
)
from sqlalchemy import text

from countenance.campaign.brief import load_brief
from countenance.campaign.certificate import about, check_certificate, digest
from countenance.campaign.forget import forget, preview
from countenance.campaign.permission import require_rights
from countenance.campaign.plan import plan
from countenance.campaign.produce import produce, release_approved
from countenance.campaign.variants import approve, ensure_variants, mark_rendered, reject, variant_rows
from countenance.errors import CountenanceError, InputError, RightsError
from countenance.ledger.log import entries, verify
from countenance.perception.networks import FaceNetworks
from countenance.perception.tracks import load_perception
from countenance.provenance.verify import verify_file
from countenance.rights.grants import load_grant
from countenance.rights.pulls import pull_list
from countenance.rights.register import all_grants, record_grant
from countenance.store.database import engine, reading
from countenance.store.holdings import WORK, hold
from countenance.store.project import Project, init_project
from countenance.synthesis import facemodel
from countenance.synthesis.facemodel import face_model
from countenance.synthesis.likeness import reference_embedding
from countenance.synthesis.talents import add_talent


@dataclass(frozen=True)
class Scene:
    """A studio with a campaign, a replica of everything, and what would betray either person."""

    studio: Path
    traces: dict[str, Traces]
    documents: dict[str, list[str]]  # hashes of grants and references, that were committed to

    @property
    def project(self) -> Project:
        return Project(self.studio)

    @property
    def out(self) -> Path:
        return self.studio / "out"

    @property
    def replica(self) -> Path:
        return self.studio.parent / "replica"

    @property
    def searched(self) -> list[Path]:
        return [self.project.folder, self.out, self.replica]


@pytest.fixture(scope="module")
def _made(short_master: Path, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """Two variants released with patches, one rejected, one in review; both people on record as talents."""
    home = tmp_path_factory.mktemp("erasure")
    project = init_project(home / "studio")
    brief = named_campaign(project.root / "brief", short_master)
    refs = {name: sorted((brief.parent / "refs").glob(f"{name}-*.jpg")) for name in (PRESENTER, GUEST)}
    for name, paths in refs.items():
        add_talent(project, name, paths, synthetic=True, actor="ops")
    produce(project, brief, project.root / "out", patches=True)
    rows = {row.key: row for row in variant_rows(project)}
    for key in ("keep-en", f"{GUEST}-de"):
        approve(project, rows[key].id, "Rita Reviewer", in_one_go=False, note=f"{GUEST} and {PRESENTER} look fine")
        release_approved(project, rows[key].id)
    reject(project, rows["keep-de"].id, "Rita Reviewer", f"{PRESENTER} mumbles")
    traces, documents = _traces(project, brief, refs), _documents(project, refs)
    (tracks,) = (project.work / "perception").iterdir()
    shutil.copytree(tracks, tracks.with_name("another"))  # as of a master where nobody names the presenter
    hold(project, WORK, "perception/another", ["kim"])
    settings = project.settings_path.read_text()
    project.settings_path.write_text(f'{settings}replicas = ["../replica"]\n')
    shutil.copytree(project.root, home / "replica", ignore=shutil.ignore_patterns("brief"))
    copy = home / "replica" / "elsewhere"
    copy.mkdir()
    shutil.copyfile(next((project.root / "out").glob("*/video.mp4")), copy / "film.mp4")
    shutil.copyfile(refs[GUEST][0], copy / "portrait.jpg")
    shutil.copyfile(refs[PRESENTER][0], copy / "other.jpg")
    shutil.copytree(home, home.with_name(f"{home.name}-kept"))
    return Scene(project.root, traces, documents)


@pytest.fixture
def scene(_made: Scene) -> Iterator[Scene]:
    """The scene as it was made: at the same paths, since records hold them."""
    home = _made.studio.parent
    shutil.rmtree(home)
    shutil.copytree(home.with_name(f"{home.name}-kept"), home)
    facemodel._open.clear()
    yield _made
    facemodel._open.clear()


def _traces(project: Project, brief: Path, refs: dict[str, list[Path]]) -> dict[str, Traces]:
    networks = FaceNetworks()
    found = {}
    (folder,) = (project.work / "perception").iterdir()
    for name, paths in refs.items():
        traces = found[name] = Traces({name})
        for path in paths:
            traces.add_file(path, f"reference {path.name}")
            traces.add_numbers(f"embedding of {path.name}", reference_embedding(path, networks))
        traces.add_file(brief.parent / f"{name}.grant.yaml", "grant")
        likeness = face_model(project, name, paths)
        traces.add_numbers("model's embedding", likeness.embeddings)
        traces.stretches["model's texture"] = likeness.texture[300].astype(np.uint8).tobytes()[600:700]
        traces.stretches["model's form"] = likeness.form.tobytes()[:200]
        for key in (project.keys / f"face-{facemodel.subject_tag(project, name)}.key",
                    project.keys / f"subject-{facemodel.subject_tag(project, name)}.key"):  # fmt: skip
            traces.stretches[f"key {key.name}"] = key.read_bytes()
    for track in load_perception(folder).tracks:  # the presenter is the one person of the master
        found[PRESENTER].add_numbers("track's embedding", track.embedding)
        found[PRESENTER].stretches["track's mesh"] = np.asarray(track.mesh[3], np.float32).tobytes()[600:700]
    for row in variant_rows(project):
        shown = [PRESENTER, *([GUEST] if row.face == GUEST else [])]
        package = project.root / "out" / row.id
        painted = [path for folder in painting_of(row) for path in folder.iterdir()]
        for path in (*Path(row.render["folder"]).iterdir(), *painted, *package.glob("*.*")):
            for name in shown:
                if path.suffix in (".mp4", ".jpg", ".bin", ".html", ".npy", ".wav"):
                    found[name].add_file(path, f"{path.name} of {row.key}", released=path.parent == package)
    for path in (project.work / "speech").rglob("*.*"):
        found[PRESENTER].add_file(path, f"spoken {path.name}")
    shared = [
        folder for row in variant_rows(project) if row.face == "keep"
        for folder in (Path(row.render["folder"]), *painting_of(row))
    ]  # fmt: skip
    contents = [path.read_bytes() for folder in shared for path in folder.iterdir()]
    for what, stretch in list(found[GUEST].stretches.items()):
        if any(stretch in content for content in contents):  # the presenter's voice, which stays with the presenter
            del found[GUEST].stretches[what]
    return found


def _documents(project: Project, refs: dict[str, list[Path]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in all_grants(project):
        files = [facemodel.sha256_file(path) for path in refs[one.grant.talent]]
        found[one.grant.talent] = [one.grant.talent, one.grant.document_sha256, *files]
    return found


def ledger_text(project: Project) -> str:
    return json.dumps([one.data for one in entries(project)])


def test_the_search_finds_both_people_wherever_they_are_before(scene: Scene) -> None:
    """What proves that nothing is left must be able to find it."""
    for name, traces in scene.traces.items():
        found = remainders(scene.searched, traces, keys_left(scene.project))
        places = (
            "countenance.db", "talents/face-", f"talents/{name}.json", "boxes.bin", "preview.mp4", "releases",
            "out/campaign.html", "receipt.json", "replica/.countenance/countenance.db", "replica/elsewhere",
        )  # fmt: skip
        for place in places:
            assert any(place in one for one in found), (name, place)
        seen = ["track's mesh", "track's embedding"] if name == PRESENTER else []
        for what in ("embedding", "model's form", "(pixels)", "the path", "the word", "key subject", "table", *seen):
            assert any(what in one for one in found), (name, what)
        values = scene.documents[name]
        assert commitments_that_open(scene.project, values, keys_left(scene.project), ledger_text(scene.project))


@pytest.mark.parametrize("name", [PRESENTER, GUEST])
def test_nothing_readable_is_left(scene: Scene, name: str) -> None:
    before = ledger_text(scene.project)
    erased = forget(scene.project, name, "Dana Protection")
    keys = keys_left(scene.project)
    assert remainders(scene.searched, scene.traces[name], keys) == []
    # The ledger has every entry that it had, holds, and nothing in it can be traced to the person any more.
    assert ledger_text(scene.project).startswith(before[:-1])
    assert verify(scene.project).ok
    for values in (scene.documents[name], [name.upper(), name.title()]):
        assert commitments_that_open(scene.project, values, keys, ledger_text(scene.project)) == []
    last = entries(scene.project)[-1]
    assert (last.kind, last.actor) == ("person.erased", "Dana Protection")
    assert last.data["certificate"] == digest(erased.content)
    assert name not in json.dumps(last.data)
    assert erased.content["searched"]["remainders"] == 0


def test_other_people_keep_what_is_theirs(scene: Scene) -> None:
    forget(scene.project, GUEST, "Dana Protection")
    states = {row.key: row.state for row in variant_rows(scene.project)}
    assert states == {"keep-en": "released", "keep-de": "rejected", "erased-de": "withdrawn"}
    kept = next(row for row in variant_rows(scene.project) if row.key == "keep-en")
    assert verify_file(scene.project, scene.out / kept.id / "video.mp4").exit_status == 0
    page = (scene.out / "campaign.html").read_text()
    assert f"{kept.id}/video.mp4" in page
    assert [one.grant.talent for one in all_grants(scene.project)] == [PRESENTER]
    refs = sorted((scene.studio / "brief" / "refs").glob(f"{PRESENTER}-*.jpg"))
    assert len(face_model(scene.project, PRESENTER, refs).embeddings) == 3
    assert commitments_that_open(
        scene.project, scene.documents[PRESENTER], keys_left(scene.project), ledger_text(scene.project)
    ) == scene.documents[PRESENTER]  # fmt: skip
    assert (scene.project.work / "perception" / "another").is_dir()  # the guest is not in it
    assert (scene.replica / "elsewhere" / "other.jpg").is_file()
    assert not (scene.replica / "elsewhere" / "portrait.jpg").exists()


def test_what_was_released_is_pulled_and_still_known_as_withdrawn(scene: Scene) -> None:
    film = scene.studio / "found-outside.mp4"
    row = next(row for row in variant_rows(scene.project) if row.key == f"{GUEST}-de")
    shutil.copyfile(scene.out / row.id / "video.mp4", film)
    erased = forget(scene.project, GUEST, "Dana Protection")
    (pull,) = pull_list(scene.project)
    assert [one["release"] for one in erased.content["releases_pulled"]] == [pull.release_id]
    assert (pull.face, pull.package, pull.campaign) == ("erased", "", "espresso-launch")
    assert not (scene.out / row.id).exists()
    seen = verify_file(scene.project, film)
    assert seen.exit_status == 1
    assert "withdrawn" in json.dumps(seen.to_json())


def test_a_person_seen_without_a_name_is_found_by_their_looks(scene: Scene) -> None:
    assert preview(scene.project, PRESENTER).person.unnamed == ("perception/another",)
    assert preview(scene.project, GUEST).person.unnamed == ()
    erased = forget(scene.project, PRESENTER, "Dana Protection")
    assert not (scene.project.work / "perception" / "another").exists()
    (kept,) = [one for one in erased.content["kept"] if "no brief names them" in one["what"]]
    assert kept["count"] == 1 and "owners answer" in kept["why"]


def test_footage_that_shows_somebody_else_too_is_told_and_stays(tmp_path: Path, short_master: Path) -> None:
    project, master = init_project(tmp_path / "studio"), tmp_path / "master.mp4"
    shutil.copyfile(short_master, master)
    brief = load_brief(named_campaign(tmp_path / "brief", master, guest="ben", faces=("keep",), languages=("en",)))
    require_rights(project, brief, plan(brief))
    (variant_id,) = ensure_variants(project, brief, plan(brief)).values()
    request = {"brief": str(brief.path), "out": str(tmp_path / "out"), "digest": brief.digest()}
    facts = {"pictures_sha256": "ab" * 32, "passed": True, "failed": [], "folder": "none", "request": request}
    mark_rendered(project, variant_id, facts, "ops")
    erased = forget(project, GUEST, "Dana Protection", inputs=True)
    assert master.is_file()
    left = {one.kind: one for one in erased.outside}
    assert (left["footage"].path, left["footage"].others) == (str(master), 1)
    (kept,) = [one for one in erased.content["kept"] if one["what"].startswith("footage")]
    assert kept["count"] == 1 and "cut or blur" in kept["why"]
    assert variant_rows(project) == []  # it showed both
    with pytest.raises(InputError):  # the references are gone: the brief cannot be made as it stands
        produce(project, brief.path, tmp_path / "out")


def test_a_postgresql_database_is_erased_and_rebuilt(tmp_path: Path, postgresql: str) -> None:
    project = init_project(tmp_path / "studio", database=postgresql)
    path = tmp_path / "grant.yaml"
    path.write_text(yaml.safe_dump({**grant("ada"), "talent": GUEST}), encoding="utf-8")
    record_grant(project, load_grant(path), "ops")
    tables = ("grant_record", "variant", "release", "holding", "ledger_entry")

    def raw() -> bytes:
        """The pages of the tables as the server keeps them, dead rows included."""
        with reading(project) as connection:
            files = [connection.execute(text(f"SELECT pg_relation_filepath('{name}')")).scalar_one() for name in tables]
            folder = connection.execute(text("SHOW data_directory")).scalar_one()
        with engine(project).connect() as connection:
            connection.execute(text("CHECKPOINT"))
        return b"".join((Path(folder) / one).read_bytes() for one in files)

    assert GUEST.encode() in raw()
    erased = forget(project, GUEST, GUEST)
    assert GUEST.encode() not in raw()
    assert erased.content["searched"]["remainders"] == 0
    assert verify(project).ok and all_grants(project) == []


def test_a_preview_tells_and_changes_nothing(scene: Scene) -> None:
    def everything() -> dict[str, bytes]:
        files = [path for folder in scene.searched for path in folder.rglob("*") if path.is_file()]
        return {str(path): path.read_bytes() for path in files if path.suffix not in (".db-shm", ".db-wal", ".lock")}

    before = everything()
    told = preview(scene.project, GUEST)
    assert everything() == before
    assert len(told.person.releases) == 1 and len(told.person.variants) == 2
    kinds = {"face models", "keys", "packages", "painted pictures", "quality reports and previews", "releases"}
    assert {*kinds, "talent records"} <= set(told.files)
    assert {one.kind for one in told.outside} == {"brief", "grant", "reference"}
    footage = [one for one in preview(scene.project, PRESENTER).outside if one.kind == "footage"]
    assert [one.others for one in footage] == [0]


def test_who_is_not_on_record_cannot_be_erased(scene: Scene) -> None:
    for call in (preview, lambda *one: forget(*one, "Dana Protection")):
        with pytest.raises(InputError, match="nothing is on record under 'Nobody'"):
            call(scene.project, "Nobody")
    forget(scene.project, GUEST, "Dana Protection")
    with pytest.raises(InputError, match="nothing is on record"):
        forget(scene.project, GUEST, "Dana Protection")
    assert remainders(scene.searched, scene.traces[GUEST], keys_left(scene.project)) == []


def test_an_old_brief_and_grant_do_not_bring_the_person_back(scene: Scene) -> None:
    forget(scene.project, GUEST, "Dana Protection")
    with pytest.raises(RightsError, match="cannot be recorded again"):
        produce(scene.project, scene.studio / "brief" / "brief.yaml", scene.out)
    assert remainders(scene.searched, scene.traces[GUEST], keys_left(scene.project)) == []
    path = scene.studio / "brief" / f"{GUEST}.grant.yaml"
    path.write_text(path.read_text().replace("- lipsync\n", ""), encoding="utf-8")
    assert record_grant(scene.project, load_grant(path), "ops").grant.talent == GUEST  # of her own free will, anew


def test_inputs_of_the_person_alone_go_when_asked_for(scene: Scene) -> None:
    erased = forget(scene.project, GUEST, "Dana Protection", inputs=True)
    left = sorted(path.name for path in (scene.studio / "brief").rglob("*") if path.is_file())
    assert not [name for name in left if GUEST in name]
    assert {"brief.yaml", "script.txt", f"{PRESENTER}.grant.yaml"} <= set(left)
    assert [one.kind for one in erased.outside] == ["brief"]


def test_the_certificate_is_signed_names_nobody_and_can_be_opened_by_the_person(scene: Scene) -> None:
    erased = forget(scene.project, GUEST, GUEST)
    document = json.loads(erased.certificate.read_text())
    content = check_certificate(erased.certificate, document["public_key"])
    assert content == erased.content
    assert content["person"] == about(GUEST, erased.opening)
    text = erased.certificate.with_suffix(".txt").read_text()
    assert GUEST not in text + erased.certificate.read_text() and erased.opening not in text
    assert "CERTIFICATE OF ERASURE" in text and digest(content) in text
    assert entries(scene.project)[-1].actor == "the person"
    document["content"]["replicas"] = 5
    erased.certificate.write_text(json.dumps(document))
    with pytest.raises(CountenanceError, match="no certificate of this studio"):
        check_certificate(erased.certificate, document["public_key"])


def test_a_replica_that_is_not_there_delays_the_certificate_only(scene: Scene) -> None:
    away = scene.replica.rename(scene.replica.with_name("away"))
    with pytest.raises(CountenanceError, match="was erased here, but not in the replica"):
        forget(scene.project, GUEST, "Dana Protection")
    journal = next((scene.project.folder / "erasures").glob("*.json"))
    left = remainders([scene.project.folder, scene.out], scene.traces[GUEST], keys_left(scene.project))
    assert [one for one in left if str(journal) not in one] == []
    assert not (scene.project.folder / "certificates").exists()
    away.rename(scene.replica)
    assert forget(scene.project, GUEST, "Dana Protection").content["replicas"] == 1
    assert remainders(scene.searched, scene.traces[GUEST], keys_left(scene.project)) == []


_FORGET = """
import sys
from pathlib import Path
from countenance.campaign import forget as room
from countenance.store.project import open_project

calls = 0
def killing(name):
    whole = getattr(room, name)
    def step(*args, **kwargs):
        global calls
        if calls == int(sys.argv[3]):
            import os, signal
            os.kill(os.getpid(), signal.SIGKILL)
        calls += 1
        return whole(*args, **kwargs)
    setattr(room, name, step)

for name in ("write_journal", "_withdraw", "_rows", "erase_rows", "unname", "forget_jobs", "remove", "destroy_key",
             "renew_pages", "rebuild", "search", "transaction", "write_certificate"):
    killing(name)
room.forget(open_project(Path(sys.argv[1])), sys.argv[2], "Dana Protection")
"""


def cut_off(scene: Scene, name: str, step: int) -> bool:
    """Erase in a process that is killed (SIGKILL) before its step of that number; False when it ended before."""
    command = [sys.executable, "-c", _FORGET, str(scene.studio), name, str(step)]
    status = subprocess.run(command, capture_output=True, text=True, check=False)
    assert status.returncode in (0, -9), status.stderr
    return status.returncode == -9


def check_gone(scene: Scene, name: str) -> None:
    assert remainders(scene.searched, scene.traces[name], keys_left(scene.project)) == []
    assert [one.kind for one in entries(scene.project)].count("person.erased") == 1
    assert verify(scene.project).ok
    assert len(list((scene.project.folder / "certificates").glob("*.json"))) == 1


def test_an_erasure_that_is_killed_again_and_again_ends_the_same(scene: Scene) -> None:
    whole = preview(scene.project, GUEST)
    for step in (2, 5, 9, 14):  # each from the start again
        assert cut_off(scene, GUEST, step)
    erased = forget(scene.project, GUEST, "Dana Protection")
    check_gone(scene, GUEST)
    counted = {one["kind"]: one["files"] for one in erased.content["destroyed"]}
    assert counted == {kind: files for kind, (files, _size) in whole.files.items()}


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_an_erasure_killed_before_any_of_its_steps_goes_on_when_repeated(_made: Scene) -> None:
    home = _made.studio.parent
    step = 0
    while True:
        shutil.rmtree(home)
        shutil.copytree(home.with_name(f"{home.name}-kept"), home)
        if not cut_off(_made, PRESENTER, step):
            break
        forget(_made.project, PRESENTER, "Dana Protection")
        check_gone(_made, PRESENTER)
        step += 1
    assert step > 20
