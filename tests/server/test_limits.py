from __future__ import annotations

from countenance.server.limits import Rate


def test_a_bucket_gives_as_many_as_it_holds_and_fills_again() -> None:
    rate = Rate(per_minute=6)
    assert [rate.wait_s("a", now=0.0) for _ in range(6)] == [0.0] * 6
    assert rate.wait_s("a", now=0.0) == 10.0
    assert rate.wait_s("a", now=5.0) == 5.0
    assert rate.wait_s("a", now=10.0) == 0.0
    assert rate.wait_s("a", now=10.0) > 0


def test_clients_do_not_take_from_each_other_and_are_not_kept_by_their_address() -> None:
    rate = Rate(per_minute=1)
    assert rate.wait_s("10.0.0.1", now=0.0) == rate.wait_s("10.0.0.2", now=0.0) == 0.0
    assert rate.wait_s("10.0.0.1", now=0.0) > 0
    assert "10.0.0" not in repr(rate)


def test_an_old_client_never_has_more_than_a_full_bucket() -> None:
    rate = Rate(per_minute=2)
    rate.wait_s("a", now=0.0)
    assert [rate.wait_s("a", now=9999.0) for _ in range(2)] == [0.0, 0.0]
    assert rate.wait_s("a", now=9999.0) > 0
