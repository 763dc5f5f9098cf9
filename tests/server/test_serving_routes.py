from __future__ import annotations

import httpx
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from releases import RELEASE, VARIANT
from servers import serving

from countenance.campaign.serving import open_list
from countenance.rights.register import withdraw_grant
from countenance.store.project import Project


def test_an_ad_server_is_told_whether_a_variant_may_be_shown(client: httpx.Client) -> None:
    answer = client.get(f"/serving/{VARIANT.lower()}")
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    assert (answer.json()["serve"], answer.json()["release"]) == (True, RELEASE)


def test_what_was_never_released_is_not_to_be_served(client: httpx.Client) -> None:
    answer = client.get("/serving/01NOBODY")
    assert answer.status_code == 404
    assert answer.json() == {"error": "No variant of this id was ever released; do not serve it."}


def test_the_list_can_be_checked_with_the_anchor_that_the_server_gives(client: httpx.Client) -> None:
    answer = client.get("/serving.json")
    assert answer.headers["cache-control"] == "max-age=300"
    pem = "-----BEGIN PUBLIC KEY-----" + client.get("/anchor.pem").text.split("-----BEGIN PUBLIC KEY-----")[1]
    (one,) = open_list(answer.json(), load_pem_public_key(pem.encode()))  # type: ignore[arg-type]
    assert one.variant == VARIANT and one.serve


def test_a_withdrawn_variant_stays_in_the_list_as_one_not_to_serve(studio: tuple[Project, object]) -> None:
    project, _ = studio
    with serving(project) as client:
        withdraw_grant(project, "ben", "ops", "asked for it")
        assert [one["serve"] for one in client.get("/serving.json").json()["variants"]] == [False]
        assert client.get(f"/serving/{VARIANT}").json()["why"] == "the release was withdrawn"
