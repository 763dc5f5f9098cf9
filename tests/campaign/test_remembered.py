from __future__ import annotations

from countenance.campaign.remembered import forget_remembered, remembered


def test_the_last_of_a_sort_is_not_made_again() -> None:
    made: list[str] = []

    def make(name: str) -> str:
        made.append(name)
        return name

    for name in ("a", "a", "b", "b", "a"):
        assert remembered("test", name, lambda name=name: make(name)) == name  # type: ignore[misc]
    assert made == ["a", "b", "a"]


def test_sorts_do_not_push_each_other_out_and_all_can_be_let_go() -> None:
    made: list[str] = []
    for _ in range(2):
        remembered("one", 1, lambda: made.append("one"))
        remembered("two", 1, lambda: made.append("two"))
    forget_remembered()
    remembered("one", 1, lambda: made.append("one"))
    assert made == ["one", "two", "one"]
