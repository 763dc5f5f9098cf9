"""The words in which a release tells people what was done to it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Wording:
    """The wording of one language; `sentence` takes what was done, as a list; `faces` stands for two and more."""

    badge: str
    sentence: str
    face: str
    faces: str
    mouth: str
    voice: str


FALLBACK = "en"
WORDINGS = {
    "en": Wording(
        "AI modified",
        "This video was modified with AI: {}.",
        "a face was replaced",
        "several faces were replaced",
        "mouth movements were re-made",
        "the voice is synthetic",
    ),
    "de": Wording(
        "KI-bearbeitet",
        "Dieses Video wurde mit KI bearbeitet: {}.",
        "ein Gesicht wurde ersetzt",
        "mehrere Gesichter wurden ersetzt",
        "Mundbewegungen wurden neu erzeugt",
        "die Stimme ist synthetisch",
    ),
    "es": Wording(
        "Modificado con IA",
        "Este vídeo ha sido modificado con IA: {}.",
        "se ha sustituido un rostro",
        "se han sustituido varios rostros",
        "se han rehecho los movimientos de la boca",
        "la voz es sintética",
    ),
    "fr": Wording(
        "Modifié par IA",
        "Cette vidéo a été modifiée par IA : {}.",
        "un visage a été remplacé",
        "plusieurs visages ont été remplacés",
        "les mouvements de la bouche ont été refaits",
        "la voix est synthétique",
    ),
    "it": Wording(
        "Modificato con IA",
        "Questo video è stato modificato con l'IA: {}.",
        "un volto è stato sostituito",
        "diversi volti sono stati sostituiti",
        "i movimenti della bocca sono stati rifatti",
        "la voce è sintetica",
    ),
}


def wording(language: str) -> Wording:
    """The wording of a language ("de-AT" takes "de"); English where we have none."""
    return WORDINGS.get(language.lower().split("-")[0], WORDINGS[FALLBACK])
