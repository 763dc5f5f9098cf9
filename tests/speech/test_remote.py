from __future__ import annotations

from collections.abc import Iterator

import pytest
from services import Service, service

from countenance.errors import CountenanceError, InputError
from countenance.speech.remote import Limits, check_address, post_json

BUSY = (503, {}, b"busy")


@pytest.fixture
def house() -> Iterator[Service]:
    with service() as known:
        yield known


def ask(
    house: Service, key: str | None = None, limits: Limits | None = None, waits: list[float] | None = None
) -> bytes:
    body = {"input": "Hello."}
    return post_json(house.url, body, key, limits, (waits if waits is not None else []).append).content


def test_an_answer_and_the_key_travel(house: Service) -> None:
    house.always = (200, {"Content-Type": "audio/flac; x=1"}, b"sound")
    answer = post_json(house.url, {"input": "ü"}, "s3cret")
    assert (answer.content, answer.media_type) == (b"sound", "audio/flac")
    assert house.keys == ["Bearer s3cret"] and house.asked == [{"path": "/v1", "input": "ü"}]


def test_a_service_that_is_busy_is_asked_again(house: Service) -> None:
    house.first, house.always, waits = [BUSY, (429, {"Retry-After": "7"}, b"{}")], (200, {}, b"x"), []
    assert ask(house, waits=waits) == b"x"
    assert waits == [0.5, 7.0] and len(house.asked) == 3


def test_a_service_may_not_ask_for_any_wait(house: Service) -> None:
    house.first, house.always, waits = [(429, {"Retry-After": "9999"}, b"")], (200, {}, b"x"), []
    ask(house, waits=waits)
    assert waits == [30.0]


def test_a_service_that_stays_busy_is_named(house: Service) -> None:
    house.always = BUSY
    with pytest.raises(CountenanceError, match=r"127.0.0.1 answers 503 \(busy\), 3 times; try again later"):
        ask(house)
    assert len(house.asked) == 3


def test_a_refused_key_is_told_without_the_key(house: Service) -> None:
    house.always = (401, {}, b'{"error": {"message": "bad key s3cret"}}')
    with pytest.raises(InputError, match="refuses the key") as told:
        ask(house, "s3cret")
    assert "s3cret" not in str(told.value) and len(house.asked) == 1


def test_a_request_that_is_not_taken_is_not_repeated(house: Service) -> None:
    house.always = (400, {}, b'{"error": {"message": "no such voice"}}')
    with pytest.raises(InputError, match=r"400: no such voice"):
        ask(house)
    assert len(house.asked) == 1


def test_redirects_are_not_followed(house: Service) -> None:
    house.always = (307, {"Location": "http://127.0.0.1:1/elsewhere"}, b"")
    with pytest.raises(InputError, match="307"):
        ask(house, "s3cret")


def test_an_answer_without_end_is_cut_off(house: Service) -> None:
    house.always = (200, {}, b"x" * 5000)
    with pytest.raises(CountenanceError, match="more than 1000 bytes"):
        ask(house, limits=Limits(most_bytes=1000))


def test_an_answer_that_breaks_off_is_asked_for_again(house: Service) -> None:
    house.first, house.always = [(200, {"Content-Length": "100"}, b"half")], (200, {}, b"whole")
    assert ask(house) == b"whole"


def test_nobody_there_is_told() -> None:
    with pytest.raises(CountenanceError, match=r"127\.0\.0\.1 cannot be reached"):
        post_json("http://127.0.0.1:9/v1", {}, None, Limits(tries=2), lambda _s: None)


@pytest.mark.parametrize(
    ("url", "secret", "what"),
    [
        ("ftp://voices.example", False, "no http or https address"),
        ("voices.example/v1", False, "no http or https address"),
        ("https://", False, "no http or https address"),
        ("https://me:key@voices.example", False, "keys belong in the key store"),
        ("https://voices.example/?key=1", False, "keys belong in the key store"),
        ("http://voices.example/v1", False, "in the open"),
        ("http://10.0.0.5/v1", True, "in the open"),
    ],
)
def test_an_address_that_is_not_safe_is_refused(url: str, secret: bool, what: str) -> None:
    with pytest.raises(InputError, match=what):
        check_address(url, secret=secret)


@pytest.mark.parametrize(
    ("url", "secret"),
    [("https://voices.example/v1", True), ("http://localhost:8880/v1", True), ("http://10.0.0.5/v1", False)],
)
def test_a_safe_address_is_taken(url: str, secret: bool) -> None:
    assert check_address(url, secret=secret).hostname
