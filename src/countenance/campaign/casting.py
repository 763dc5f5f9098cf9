"""Whose face each person of the master gets in a variant, and what such a cast is called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

KEEP = "keep"  # the word for a face that stays as shot
PAIR, JOIN = "=", "+"  # neither can stand in a name, so two casts never share a key


@dataclass(frozen=True)
class Cast:
    """One entry of `variants.face`.

    `faces` are pairs of a name of the brief's `faces` and a talent, in the brief's order: that person is shown with
    that talent's face, and who is not among them stays as shot. `key` names the cast, fit for a file's name: "keep",
    "ben" where only the presenter changes, else "presenter=ben+guest=ada".
    """

    key: str
    faces: tuple[tuple[str, str], ...]

    def talent_for(self, name: str) -> str | None:
        """The talent whose face a person gets; None for their own."""
        return dict(self.faces).get(name)


def cast(people: Iterable[str], wanted: Mapping[str, str]) -> Cast:
    """The cast that gives `wanted[name]` to each name; `people` are the brief's `faces`, the presenter first.

    What is written differently but means the same gets the same key.
    """
    people = tuple(people)
    faces = tuple((name, wanted[name]) for name in people if wanted.get(name, KEEP) != KEEP)
    if not faces:
        return Cast(KEEP, ())
    if len(faces) == 1 and faces[0][0] == people[0]:
        return Cast(faces[0][1], faces)
    return Cast(JOIN.join(f"{name}{PAIR}{talent}" for name, talent in faces), faces)
