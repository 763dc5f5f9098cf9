from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outside import add_settings, release_id, released, sink_text, variant_id
from stores import Store, store

from countenance.campaign.errand_kinds import ERRANDS
from countenance.campaign.publish import publish
from countenance.campaign.webhook_signature import WINDOW_S, sign, verify
from countenance.campaign.webhooks import EVENTS, hooks, notify, tell_of_jobs
from countenance.campaign.withdrawing import withdraw_release
from countenance.errors import InputError
from countenance.jobs.events import listen
from countenance.jobs.state import dead_letters, job_state
from countenance.jobs.worker import run_due
from countenance.store.project import Project, init_project
from countenance.store.secrets import save_text_secret

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
DEADLINE_S = 30


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = init_project(tmp_path / "studio")
    save_text_secret(made, "studio", SECRET)
    return made


@pytest.fixture
def receiver(project: Project, tmp_path: Path) -> Iterator[Store]:
    with store(tmp_path / "receiver") as running:
        add_settings(project, hook_text("desk", f"{running.url}/hook", 'events = ["release.withdrawn", "task.dead"]'))
        yield running


def hook_text(name: str, url: str, *more: str) -> str:
    lines = ["[[webhook]]", f'name = "{name}"', f'url = "{url}"', 'secret = "studio"', "retry_s = 0.5", *more]
    return "\n".join(lines)


def delivered(receiver: Store) -> list[tuple[str, dict[str, object]]]:
    """What arrived and is genuine: id and body."""
    return [
        (verify(SECRET, headers, body), json.loads(body))
        for headers, body in zip(receiver.posted, receiver.bodies, strict=True)
    ]


def until(project: Project, receiver: Store, count: int) -> None:
    ends = time.monotonic() + DEADLINE_S
    while len(receiver.bodies) < count:
        assert time.monotonic() < ends
        run_due(project, ERRANDS)


def test_the_example_of_standard_webhooks_is_signed_as_there() -> None:
    body = b'{"test": 2432232314}'
    wanted = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert sign(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body) == wanted


def test_a_receiver_gets_what_it_wants_to_hear_signed(project: Project, receiver: Store) -> None:
    event = notify(project, "release.withdrawn", {"release": release_id(), "reason": "decision"})
    assert notify(project, "variant.released", {"variant": variant_id()}) == ""  # nobody wants to hear that
    run_due(project, ERRANDS)
    ((found, body),) = delivered(receiver)
    assert found == event == body["id"]
    assert body["event"] == "release.withdrawn"
    assert body["data"] == {"release": release_id(), "reason": "decision"}


def test_it_is_told_again_until_it_has_heard_and_once_is_enough(project: Project, receiver: Store) -> None:
    receiver.stop()
    for _ in range(2):
        notify(project, "release.withdrawn", {"release": release_id()}, once=release_id())
    run_due(project, ERRANDS)
    assert receiver.bodies == []
    receiver.start()
    receiver.refuse = 503
    run_due(project, ERRANDS)
    receiver.refuse = None
    until(project, receiver, 1)
    run_due(project, ERRANDS)
    assert len(delivered(receiver)) == 1


def test_a_receiver_that_wants_no_more_is_a_dead_letter(project: Project, receiver: Store) -> None:
    receiver.refuse = 410
    event = notify(project, "task.dead", {"task": "ab12"})
    run_due(project, ERRANDS)
    (letter,) = dead_letters(project)
    assert "wants to hear no more" in str(letter.error)
    assert job_state(project, f"webhook-{event}").state == "failed"
    # Its own jobs are nobody's news, or one failure would tell of the next for ever.
    assert notify(project, "task.dead", {"job": f"webhook-{event}"}) == ""


def test_a_withdrawal_is_told(project: Project, receiver: Store, tmp_path: Path) -> None:
    released(project, tmp_path / "out")
    withdraw_release(project, release_id(), "Ina Weber", "the price is wrong")
    withdraw_release(project, release_id(), "Ina Weber", "the price is wrong")
    run_due(project, ERRANDS)
    ((_, body),) = delivered(receiver)
    assert body["data"] == {"release": release_id(), "variant": variant_id(), "reason": "decision"}
    assert b"Ina" not in receiver.bodies[0] and b"price" not in receiver.bodies[0]


def test_jobs_that_end_and_tasks_that_die_are_told(project: Project, tmp_path: Path) -> None:
    (tmp_path / "share").mkdir()
    with store(tmp_path / "receiver") as receiver:
        add_settings(project, hook_text("desk", f"{receiver.url}/hook"))
        add_settings(project, sink_text("share", "folder", str(tmp_path / "share")))
        folder = released(project, tmp_path / "out", film_bytes=5000)
        ends = listen(tell_of_jobs)
        try:
            whole = publish(project, variant_id(), "share", "ops").job
            run_due(project, ERRANDS)
            torn = publish(project, variant_id(), "share", "ops", again=True).job
            (folder / "video.mp4").write_bytes(b"another")
            run_due(project, ERRANDS)
        finally:
            ends()
        until(project, receiver, 3)
        bodies = [body for _, body in delivered(receiver)]
    told = {str(body["event"]): dict(body["data"]) for body in bodies}  # type: ignore[call-overload]
    assert told["job.settled"] == {"job": whole, "state": "done"}
    assert told["job.failed"] == {"job": torn, "state": "failed"}
    assert (told["task.dead"]["job"], told["task.dead"]["kind"]) == (torn, "upload")


@pytest.mark.parametrize(
    ("event", "data", "words"),
    [
        ("variant.sold", {"variant": "01A"}, "no event"),
        ("variant.released", {"face": "ben"}, "may not tell 'face'"),
        ("variant.released", {"variant": "Ina Weber"}, "no id and no single word"),
        ("variant.released", {"reason": "ina@example.org"}, "no id and no single word"),
    ],
)
def test_nothing_but_ids_and_words_is_told(project: Project, event: str, data: dict[str, str], words: str) -> None:
    with pytest.raises(InputError, match=words):
        notify(project, event, data)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('url = "https://a.example/"\nsecret = "studio"', "lacks the key 'name'"),
        ('name = "a"\nurl = "http://a.example/"\nsecret = "studio"', "https instead of http"),
        ('name = "a"\nurl = "https://a.example/"\nsecret = "studio"\nevents = ["all"]', "wants the event 'all'"),
        ('name = "a"\nurl = "https://a.example/"\nsecret = "studio"\nretry = 3', "unknown key|which there is not"),
    ],
)
def test_settings_that_cannot_be_followed_are_named(project: Project, text: str, words: str) -> None:
    add_settings(project, f"[[webhook]]\n{text}")
    with pytest.raises(InputError, match=words):
        hooks(project)


@given(secret=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1), body=st.binary(max_size=200))
def test_what_is_signed_is_verified_and_nothing_else(secret: str, body: bytes) -> None:
    if secret.startswith("whsec_"):
        return
    now = 1_800_000_000
    signatures = f"v1,AAAA {sign(secret, 'e1', now, body)}"
    headers = {"Webhook-Id": "e1", "Webhook-Timestamp": str(now), "Webhook-Signature": signatures}
    assert verify(secret, headers, body, now=now) == "e1"
    for wrong, changed, told in (
        (headers, body + b" ", "changed"),
        ({**headers, "Webhook-Id": "e2"}, body, "changed"),
        ({**headers, "Webhook-Timestamp": str(now + 1)}, body, "changed"),
        ({**headers, "Webhook-Timestamp": "soon"}, body, "no number"),
        ({**headers, "Webhook-Signature": ""}, body, "no webhook-signature"),
    ):
        with pytest.raises(ValueError, match=told):
            verify(secret, wrong, changed, now=now)
    for late in (now + WINDOW_S + 1, now - WINDOW_S - 1):
        with pytest.raises(ValueError, match="not of now"):
            verify(secret, headers, body, now=late)


def test_every_event_has_a_name_of_two_words() -> None:
    assert all(len(one.split(".")) == 2 for one in EVENTS)
