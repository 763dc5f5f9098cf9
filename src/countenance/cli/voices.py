"""Commands about voices: what there is, and hearing one say something."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countenance.cli.console import Call, command, table
from countenance.errors import InputError

if TYPE_CHECKING:
    from countenance.speech.voice import VoiceWish


def register(app: typer.Typer) -> None:
    command(app, "say")(say)
    command(app, "voices")(voices)


def say(
    call: Call,
    text: Annotated[str, typer.Argument(metavar="TEXT|FILE", help="Words, or a text file; SSML begins with <speak.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The sound file (WAV) to write.")],
    language: Annotated[str, typer.Option("--language", metavar="TAG", help="BCP 47, such as de or pt-BR.")] = "en",
    voice: Annotated[
        str,
        typer.Option(
            "--voice", metavar="VOICE", help="espeak, espeak:VARIANT, a Piper MODEL.onnx, or a service's URL."
        ),
    ] = "espeak",
    model: Annotated[str | None, typer.Option("--model", metavar="NAME", help="Of a service: its model.")] = None,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Of a service or of Piper: the voice or speaker.")
    ] = None,
    key: Annotated[str | None, typer.Option("--key", metavar="SECRET", help="Of a service: the stored secret.")] = None,
    lexicon: Annotated[
        Path | None, typer.Option("--lexicon", metavar="FILE", help="How words are said (YAML, word: IPA).")
    ] = None,
    rate: Annotated[float, typer.Option("--rate", metavar="FACTOR", help="1.1 is a tenth faster.")] = 1.0,
) -> None:
    """Let a synthetic house voice say something, with its phones, words and marks in time.

    A voice that is somebody's own is heard in campaigns only, where the brief names its talent and a grant allows it.
    """
    from countenance.media.audio import write_wav
    from countenance.speech.lexicon import EMPTY, load_lexicon
    from countenance.speech.reading import reading
    from countenance.speech.voice import voice_from
    from countenance.store.secrets import find_text_secret

    path = _file(text)
    words = (load_lexicon(lexicon) if lexicon else EMPTY).of(language)
    said = reading(_content(path) if path else text, language, words, path.name if path else "the text")
    wish = _wish(voice, model, name, key)
    speaker = voice_from(wish, (lambda one: find_text_secret(call.project(), one)) if key else lambda _one: None)
    speech = speaker.say(said, language, rate, words)
    try:
        write_wav(out, speech.samples, speech.rate_hz)
    except OSError as problem:
        raise InputError(f"{out} cannot be written ({problem.strerror}); choose another place.") from problem
    value = {
        "file": str(out),
        "voice": speaker.facts,
        "duration_s": round(speech.duration_s, 4),
        "phones": [[p.symbol, round(p.start_s, 4), round(p.end_s, 4)] for p in speech.phones],
        "words": [[w.text, round(w.start_s, 4), round(w.end_s, 4)] for w in speech.words],
        "marks": [[m.name, round(m.at_s, 4)] for m in speech.marks],
        "notes": list(speech.notes),
    }
    marks = [f"mark {mark.name}: {mark.at_s:.3f} s" for mark in speech.marks]
    line = f"{out}: {speech.duration_s:.2f} s, {len(speech.words)} words, by {speaker.name}"
    call.show(value, line, *marks, *(f"note: {note}" for note in speech.notes))


def voices(
    call: Call,
    language: Annotated[
        str | None, typer.Option("--language", metavar="TAG", help="Only what speaks this language.")
    ] = None,
) -> None:
    """List the voices: what speaks which languages, and what a brief writes for it."""
    from countenance.speech.espeak import spoken_languages, voice_variants
    from countenance.speech.languages import voice_for

    spoken = spoken_languages()
    if language is not None:
        found = voice_for(language, spoken)
        spoken = (found,) if found else ()
    ready = find_spec("onnxruntime") is not None
    value = {
        "espeak": {"languages": list(spoken), "variants": list(voice_variants())},
        "piper": {"ready": ready},
        "http": {"ready": True},
        "recording": {"ready": True},
    }
    told = ", ".join(spoken) if len(spoken) < 6 else f"{len(spoken)}: {', '.join(spoken[:5])} …"
    rows = [
        ("espeak-ng", told or f"not {language}", "{voice: espeak, variant: f2}"),
        ("Piper", "the model's" if ready else "install countenance[piper]", "{voice: piper, model: FILE, of: nobody}"),
        ("a service", "its own", "{voice: http, url: …, model: …, name: …, key: SECRET, of: nobody}"),
        ("a recording", "any that can be aligned", "{recording: FILE, of: TALENT}"),
    ]
    call.show(value, table(("voice", "languages", "in a brief"), rows), f"variants: {', '.join(voice_variants())}")


def _wish(voice: str, model: str | None, name: str | None, key: str | None) -> VoiceWish:
    from countenance.speech.voice import VoiceWish

    engine, _, variant = voice.partition(":")
    if engine == "espeak":
        return VoiceWish(variant=variant or None)
    if voice.startswith(("http://", "https://")):
        if not model or not name:
            raise InputError("a service speaks with a model and a voice; name both by --model and --name.")
        return VoiceWish("http", url=voice, remote_model=model, remote_name=name, key=key)
    if voice.endswith(".onnx"):
        return VoiceWish("piper", model=Path(voice), speaker=name)
    raise InputError(f"{voice!r} is no voice; write espeak, espeak:f2, a Piper MODEL.onnx or a service's address.")


def _file(text: str) -> Path | None:
    """The text file that is meant, if one is."""
    try:
        path = Path(text)
        return path if path.is_file() else None
    except (OSError, ValueError):  # a text may be longer than a file's name
        return None


def _content(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as problem:
        raise InputError(f"{path} is not UTF-8 text: save it as UTF-8.") from problem
