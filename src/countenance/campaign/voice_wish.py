"""What a brief says about who speaks a dub, under `voices:` and `lexicon:`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType

from countenance.errors import BriefError, InputError
from countenance.speech.lexicon import EMPTY, Lexicon, load_lexicon
from countenance.speech.voice import ENGINES, NOBODY, VoiceWish
from countenance.store.documents import Section

USUAL_VOICE = VoiceWish()
_KEYS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {  # what each voice needs, and what it may have
    "espeak": ((), ("variant", "of")),
    "piper": (("model", "of"), ("speaker",)),
    "http": (("url", "model", "name", "of"), ("key",)),
    "recording": (("recording", "of"), ()),
}


def read_voices(
    whole: Section, languages: Collection[str], own: str, talents: Collection[str]
) -> Mapping[str, VoiceWish]:
    """`voices` of a brief by language; BriefError names the line, the key and the way out.

    `own` is the language of the script, in which the master's own voice stays. Everything but espeak-ng says whose
    voice it is: `of: TALENT`, or `of: nobody` for a synthetic house voice, for which the brief's owner answers.
    """
    if "voices" not in whole.values:
        return MappingProxyType({})
    section = whole.section("voices")
    found: dict[str, VoiceWish] = {}
    for language in section.values:
        if language == own:
            raise section.problem(f"in {own}, the script's own language, the master's voice stays: remove it", language)
        section.known(language, language, [one for one in languages if one != own])
        found[language] = _voice(section, language, talents)
    return MappingProxyType(found)


def read_lexicon(whole: Section) -> tuple[Path | None, Lexicon]:
    """`lexicon` of a brief: the file and what it says."""
    if "lexicon" not in whole.values:
        return None, EMPTY
    path = _file(whole, "lexicon")
    return path, load_lexicon(path)


def _voice(section: Section, language: str, talents: Collection[str]) -> VoiceWish:
    entry = section.entry(language)
    if isinstance(entry, str):
        section.known(language, entry, ("espeak",))
        return USUAL_VOICE
    engine = _engine(entry)
    needed, possible = _KEYS[engine]
    entry.only(needed, (*possible, "voice"))
    of = _of(entry, engine, talents)
    try:
        return _wish(entry, engine, of)
    except InputError as problem:
        if isinstance(problem, BriefError):
            raise
        raise entry.problem(str(problem).rstrip(".")) from problem


def _engine(entry: Section) -> str:
    if "voice" in entry.values:
        return entry.choice("voice", ENGINES)
    if "recording" in entry.values:
        return "recording"
    raise entry.problem(f"'{entry.path_of('voice')}' is missing: write one of {', '.join(ENGINES)}")


def _wish(entry: Section, engine: str, of: str | None) -> VoiceWish:
    if engine == "espeak":
        return VoiceWish(variant=_variant(entry))
    if engine == "recording":
        from countenance.media.audio import sound_rate_hz

        recording = _file(entry, "recording")
        sound_rate_hz(recording)
        return VoiceWish(engine, recording=recording, of=of)
    if engine == "piper":
        from countenance.speech.piper import load_piper

        model = _file(entry, "model")
        speaker = entry.text("speaker") if "speaker" in entry.values else None
        load_piper(model, speaker)
        return VoiceWish(engine, model=model, speaker=speaker, of=of)
    from countenance.speech.remote import check_address

    key = entry.text("key") if "key" in entry.values else None
    check_address(entry.text("url"), secret=key is not None)
    return VoiceWish(
        engine, url=entry.text("url"), remote_model=entry.text("model"), remote_name=entry.text("name"), key=key, of=of
    )


def _variant(entry: Section) -> str | None:
    if "variant" not in entry.values:
        return None
    from countenance.speech.espeak import voice_variants

    return entry.choice("variant", voice_variants())


def _of(entry: Section, engine: str, talents: Collection[str]) -> str | None:
    """Whose voice it is; None for nobody's."""
    of = entry.text("of", NOBODY)
    if engine == "espeak":
        entry.known("of", of, (NOBODY,))
    elif of != NOBODY and of not in talents:
        message = f"'{entry.path_of('of')}' is '{of}', who has no entry in talents: add one with a grant for the voice"
        raise entry.problem(f"{message}, or write {NOBODY}", "of")
    return None if of == NOBODY else of


def _file(section: Section, key: str) -> Path:
    path = section.file.parent / section.text(key)
    if not path.is_file():
        reason = "is a folder" if path.is_dir() else "does not exist"
        raise section.problem(f"'{section.path_of(key)}' is {path}, which {reason}: correct the path", key)
    return path.resolve()
