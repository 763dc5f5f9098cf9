"""How much bare skin is seen: little of dressed people, much where a body has the colours of the face."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from campaigns import write_campaign
from clips import EXAMPLES, write_clip

from countenance.campaign.bareskin import BARE, barest, skin_below
from countenance.campaign.brief import load_brief
from countenance.campaign.permission import require_rights
from countenance.campaign.plan import plan
from countenance.campaign.produce import produce
from countenance.campaign.screen import screen_scenes
from countenance.campaign.stages import see
from countenance.errors import RightsError
from countenance.media.frame import F32, U8, Frame
from countenance.perception.networks import FaceNetworks
from countenance.rights.findings import decide_finding, finding_rows
from countenance.store.project import init_project

STILLS = [EXAMPLES / name / "refs" / "1_front_neutral.jpg" for name in ("ada", "ben")]


def seen_in(rgb: U8) -> tuple[Frame, F32]:
    frame, networks = Frame.from_rgb(rgb), FaceNetworks()
    return frame, networks.mesh(frame, networks.detect(frame)[0].square)[0]


def still(path: Path, light: float = 1.0) -> U8:
    """A portrait with room below it."""
    picture = cv2.imread(str(path))[..., ::-1].astype(np.float32)
    room = np.full((picture.shape[0] // 2, picture.shape[1], 3), 70.0)
    whole = np.concatenate([picture, room])[: (picture.shape[0] * 3 // 2) // 2 * 2]
    return np.ascontiguousarray(np.clip(whole * light, 0, 255).astype(np.uint8))


def bared(rgb: U8) -> U8:
    """The same with a body below the chin in the colours of the cheek, lighter and darker as bodies are."""
    _frame, mesh = seen_in(rgb)
    x, y = mesh[205, :2].astype(int)  # on the cheek
    cheek = rgb[y - 6 : y + 6, x - 6 : x + 6].reshape(-1, 3).mean(axis=0)
    width, chin = float(np.ptp(mesh[:, 0])), float(mesh[152, 1])
    body = np.zeros(rgb.shape[:2], np.uint8)
    points = [(-0.3, -0.1), (0.3, -0.1), (0.35, 0.4), (1.3, 0.7), (1.2, 4), (-1.2, 4), (-1.3, 0.7), (-0.35, 0.4)]
    corners = [(float(mesh[152, 0]) + a * width, chin + b * width) for a, b in points]
    cv2.fillPoly(body, [np.rint(corners).astype(np.int32)], 1)
    shade = np.linspace(1.1, 0.75, rgb.shape[0])[:, None, None]
    return np.where(body[..., None] > 0, np.clip(cheek * shade, 0, 255), rgb).astype(np.uint8)


@pytest.mark.parametrize("path", STILLS, ids=lambda path: path.parents[1].name)
@pytest.mark.parametrize("light", [1.0, 0.55])
def test_a_body_is_told_from_clothes_whatever_the_colour_of_the_skin(path: Path, light: float) -> None:
    dressed = skin_below(*seen_in(still(path, light)))
    bare = skin_below(*seen_in(bared(still(path, light))))
    assert dressed is not None and dressed < BARE / 2
    assert bare is not None and bare > BARE


def test_nothing_is_said_where_it_cannot_be_told() -> None:
    rgb = bared(still(STILLS[0]))
    frame, mesh = seen_in(rgb)
    x, y = mesh[205, :2].astype(int)
    wall = rgb.copy()
    wall[:, : int(mesh[:, 0].min() - 0.2 * np.ptp(mesh[:, 0]))] = rgb[y, x]  # a wall in the colour of the cheek
    assert skin_below(Frame.from_rgb(wall), mesh) is None
    cut = int(mesh[152, 1] + 10) // 2 * 2
    assert skin_below(Frame.from_rgb(np.ascontiguousarray(rgb[:cut])), mesh) is None  # nothing is seen below the face
    assert skin_below(frame, mesh * np.float32(0.05)) is None  # too small a face


def test_a_scene_with_much_skin_waits_for_a_person_and_a_dressed_one_does_not(
    short_master: Path, tmp_path: Path
) -> None:
    project = init_project(tmp_path / "studio")
    for name, master in (
        ("dressed", short_master),
        ("bare", write_clip(tmp_path / "bare.mp4", [Frame.from_rgb(bared(still(STILLS[0])))] * 8)),
    ):
        brief = load_brief(write_campaign(tmp_path / name, master, faces=("keep",), languages=("en",)))
        require_rights(project, brief, plan(brief))
        seen = see(project, brief, lambda _stage, _done, _of: None)
        if name == "dressed":
            found = barest(seen.master, seen.perception, 0)
            assert found is None or found.extent < BARE
            screen_scenes(project, brief, seen)
            continue
        with pytest.raises(RightsError) as caught:
            produce(project, brief.path, tmp_path / "out")
        assert caught.value.reasons[0].startswith("person 0 of the master: much bare skin at 0.")
        decide_finding(project, finding_rows(project)[0].id, allow=True, owner="casting", reason="a swimsuit")
        screen_scenes(project, brief, seen)
