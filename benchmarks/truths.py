"""Speech with known phone times that espeak-ng did not make: festival's voices, read aloud on demand.

festival (Black, Taylor and Caley) joins recorded diphones or units of real speakers, or drives a statistical voice
trained on one, and tells where each segment lies. Debian has its voices: `apt-get install festival` and the
packages in VOICES. German has no voice there: GERMAN is spoken by the Czech one, from phones written by hand,
with durations drawn by class from a fixed seed; it is German with a Czech accent and a machine's rhythm.
The sounds lie in a cache folder (`COUNTENANCE_TRUTHS`, else ~/.cache/countenance-truths), never in the repository.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from countenance.media.audio import read_mono
from countenance.speech.phones import Phone, Word

RATE_HZ = 16_000
SILENT = {"pau", "h#", "brth", "#", "##", "_", "SIL"}


@dataclass(frozen=True)
class Truth:
    """A recording (n,) float32 at 16 kHz, its text, and its phones (IPA) and words as they are known to lie."""

    name: str
    language: str
    manner: str
    voice: str
    text: str
    samples: NDArray[np.float32]
    phones: tuple[Phone, ...]
    words: tuple[Word, ...]


@dataclass(frozen=True)
class _Voice:
    scheme: str
    package: str
    language: str
    encoding: str
    phones: dict[str, str]
    kind: str


def _table(text: str) -> dict[str, str]:
    return dict(pair.split("=") for pair in text.split())


_ENGLISH = _table(
    "aa=ɑ ae=æ ah=ʌ ao=ɔ aw=aʊ ax=ə axr=ɚ ay=aɪ ch=tʃ dh=ð dx=ɾ eh=ɛ el=əl em=əm en=ən er=ɜ ey=eɪ hh=h hv=h ih=ɪ "
    "iy=i jh=dʒ nx=n ng=ŋ ow=oʊ oy=ɔɪ r=ɹ sh=ʃ th=θ uh=ʊ uw=u y=j zh=ʒ"
)
_CZECH = _table(
    "a:=aː c=ts c~=tʃ ch=x d~=ɟ dz~=dʒ e:=eː e=ɛ h=ɦ i:=iː i=ɪ n*=ŋ n~=ɲ o:=oː r~=r r~*=r s~=ʃ t~=c u:=uː z~=ʒ"
)
_ITALIAN = _table("E=ɛ O=ɔ i1=i e1=e E1=ɛ a1=a o1=o O1=ɔ u1=u S=ʃ Z=ʒ tS=tʃ dZ=dʒ J=ɲ ng=ŋ nf=ɱ L=ʎ")
_FINNISH = {
    **{name: name + "ː" for name in ()},
    **{f"{name}{long}": ipa + ("ː" if long else "") for name, ipa in _table(
        "a=ɑ e=e i=i o=o u=u y=y @=æ 7=ø &=ø p=p t=t k=k b=b d=d g=ɡ f=f s=s S=ʃ h=h v=ʋ m=m n=n N=ŋ l=l r=r j=j w=w"
    ).items() for long in ("", ":")},
}  # fmt: skip
_CATALAN = _table("ax=ə a1=a e1=e E=ɛ E1=ɛ i1=i J=ɲ L=ʎ o1=o O=ɔ O1=ɔ rr=r r=ɾ S=ʃ u1=u Z=ʒ")
_RUSSIAN = _table(
    "ii=i i=i yy=ɨ y=ɨ uu=u ee=e oo=o aa=a ae=æ ay=ɪ ur=ə pp=p bb=b tt=t dd=d kk=k gg=ɡ c=ts ch=tɕ ff=f vv=v ss=s "
    "zz=z sh=ʂ sch=ɕ zh=ʐ h=x hh=x mm=m nn=n ll=l rr=r"
)

VOICES = (
    _Voice("voice_kal_diphone", "festvox-kallpc16k", "en-us", "latin-1", _ENGLISH, "diphones, man"),
    _Voice("voice_ked_diphone", "festvox-kdlpc16k", "en-us", "latin-1", _ENGLISH, "diphones, man"),
    _Voice("voice_cmu_us_slt_arctic_hts", "festvox-us-slt-hts", "en-us", "latin-1", _ENGLISH, "statistical, woman"),
    _Voice("voice_czech_dita", "festvox-czech-dita", "cs", "iso-8859-2", _CZECH, "diphones, woman"),
    _Voice("voice_lp_diphone", "festvox-italp16k", "it", "latin-1", _ITALIAN, "diphones, woman"),
    _Voice("voice_pc_diphone", "festvox-itapc16k", "it", "latin-1", _ITALIAN, "diphones, man"),
    _Voice("voice_suo_fi_lj_diphone", "festvox-suopuhe-lj", "fi", "latin-1", _FINNISH, "diphones, woman"),
    _Voice("voice_hy_fi_mv_diphone", "festvox-suopuhe-mv", "fi", "latin-1", _FINNISH, "diphones, man"),
    _Voice("voice_upc_ca_ona_hts", "festvox-ca-ona-hts", "ca", "latin-1", _CATALAN, "statistical, woman"),
    _Voice("voice_msu_ru_nsh_clunits", "festvox-ru", "ru", "utf-8", _RUSSIAN, "joined units, man"),
)

TEXTS = {
    "en-us": (
        "The birch canoe slid on the smooth planks, and the crew was glad to be home.",
        "Every morning she walks down to the harbour and buys two loaves of bread.",
        "He thought about the question for a while before giving a very short answer.",
        "Please check the figures again, because something must have gone wrong on page five.",
        "A large brown dog jumped over the fence and ran through the vegetable garden.",
    ),
    "cs": (
        "Dobrý den, dnes budeme mluvit o nové knize a o jejím autorovi.",
        "Každé ráno chodí do města a kupuje dva chleby a trochu mléka.",
        "Prosím, podívejte se ještě jednou na tabulku, protože něco není v pořádku.",
        "Velký hnědý pes přeskočil plot a utíkal přes celou zahradu.",
    ),
    "it": (
        "Buongiorno a tutti, oggi parliamo di un nuovo libro e del suo autore.",
        "Ogni mattina va in centro e compra due pani e un litro di latte.",
        "Per favore, guardate ancora una volta la tabella, perché qualcosa non torna.",
        "Un grande cane marrone ha saltato il recinto ed è corso nel giardino.",
    ),
    "fi": (
        "Hyvää päivää, tänään puhumme uudesta kirjasta ja sen tekijästä.",
        "Joka aamu hän menee kaupunkiin ja ostaa kaksi leipää ja maitoa.",
        "Katsokaa taulukkoa vielä kerran, koska jokin on väärin.",
        "Suuri ruskea koira hyppäsi aidan yli ja juoksi puutarhan läpi.",
    ),
    "ca": (
        "Bon dia a tothom, avui parlarem d'un llibre nou i del seu autor.",
        "Cada dia baixa al poble i compra dos pans i una mica de llet.",
        "Un gos gros ha saltat la tanca i ha corregut pel camp.",
    ),
    "ru": (
        "Добрый день, сегодня мы говорим о новой книге и о её авторе.",
        "Каждое утро она идёт в город и покупает хлеб и молоко.",
        "Большая коричневая собака прыгнула через забор и побежала по саду.",
    ),
}  # fmt: skip

# Words with their phones, written by hand; "," is a pause.
GERMAN = (
    "Der=deːr Kaffee=kafeː jeden=jeːdən Morgen=mɔrɡən ist=ɪst mir=miːr wichtig=vɪxtɪk am=am ganzen=ɡantsən Tag=taːk",
    "Wir=viːr machen=maxən Musik=muziːk in=ɪn sieben=ziːbən Sprachen,=ʃpraːxən und=ʊnt jeder=jeːdɐ kann=kan "
    "sie=ziː verstehen=fɛrʃteːn",
    "Im=ɪm Sommer=zɔmɐ fahren=faːrən die=diː Kinder=kɪndɐ mit=mɪt unserem=ʊnzərəm Boot=boːt um=um Berlin=bɛrliːn",
    "Die=diː Maschine=maʃiːnə kostet=kɔstət nicht=nɪxt viel,=fiːl sie=ziː spart=ʃpaːrt jeden=jeːdən "
    "Tag=taːk zwei=tsvaj Stunden=ʃtʊndən",
    "Bitte=bɪtə nehmen=neːmən Sie=ziː Platz,=plats denn=dɛn das=das Essen=ɛsən kommt=kɔmt noch=nɔx",
)
_GERMAN_BY_CZECH = _table(
    "aː=a: a=a ɐ=a eː=e: ɛ=e ə=e iː=i: ɪ=i oː=o: ɔ=o ʊ=u uː=u: ts=c ʃ=s~ x=ch ç=ch ŋ=n* ɡ=g b=b d=d f=f h=h j=j k=k "
    "l=l m=m n=n p=p o=o r=r s=s t=t u=u v=v z=z"
)
# Mean duration in s by class; each is drawn within a factor of about 1.25.
_MEAN_S = {"long": 0.13, "short": 0.08, "weak": 0.055, "plosive": 0.075, "fricative": 0.095, "other": 0.065}
_SEED = 20_260_401

_SCHEME = """
(define (countenance_keep utt name)
  (utt.save.wave utt (string-append name ".wav") 'riff)
  (let ((fd (fopen (string-append name ".lab") "w")))
    (mapcar (lambda (s) (format fd "S %.6f %s\\n" (item.feat s "end") (item.name s)))
      (utt.relation.items utt 'Segment))
    (if (member 'Word (utt.relationnames utt))
      (mapcar (lambda (w)
        (if (and (item.relation w 'SylStructure) (item.daughters (item.relation w 'SylStructure)))
          (format fd "W %.6f %.6f %s\\n" (item.feat w "R:SylStructure.daughter1.daughter1.segment_start")
            (item.feat w "R:SylStructure.daughtern.daughtern.end") (item.name w))))
        (utt.relation.items utt 'Word)))
    (fclose fd)))
"""


def missing(made: Sequence[Truth]) -> str | None:
    """One sentence on what to install when festival, or some of its voices, are absent; None when all is there."""
    names = {truth.name for truth in made}
    lacking = {v.package for v in VOICES if f"{_short(v)}-0" not in names}
    if not lacking:
        return None
    absent = "some of festival's voices are" if shutil.which("festival") else "festival is"
    return f"{absent} absent: apt-get install festival {' '.join(sorted(lacking))}"


def _short(voice: _Voice) -> str:
    return voice.scheme.removeprefix("voice_")


def truths() -> Iterator[Truth]:
    """Every text in every voice that is installed, then English in a noisy room with long pauses, then German."""
    if not shutil.which("festival"):
        return
    for voice in VOICES:
        yield from _read(voice)
    yield from _german()


def in_a_room(all_truths: Sequence[Truth], name: str) -> Truth:
    """Several truths of one voice one after another with pauses of 0.2 to 2 s, in a room, with noise at 20 dB."""
    draw = np.random.default_rng(_SEED)
    parts, phones, words, now_s = [], [], [], 0.0
    for truth in all_truths:
        rest_s = float(draw.uniform(0.2, 2.0))
        parts += [np.zeros(round(rest_s * RATE_HZ), np.float32), truth.samples]
        now_s = (sum(len(part) for part in parts) - len(truth.samples)) / RATE_HZ
        phones += [replace(p, start_s=p.start_s + now_s, end_s=p.end_s + now_s) for p in truth.phones if p.symbol]
        words += [replace(w, start_s=w.start_s + now_s, end_s=w.end_s + now_s) for w in truth.words]
    dry = np.concatenate(parts)
    tail = draw.standard_normal(round(0.3 * RATE_HZ)) * np.exp(-np.arange(round(0.3 * RATE_HZ)) / (0.06 * RATE_HZ))
    tail[0], tail[1:] = 1.0, tail[1:] * 0.03
    wet = fftconvolve(dry, tail)[: len(dry)]
    noise = np.cumsum(draw.standard_normal(len(dry)))
    noise = np.diff(np.concatenate([[0.0], noise - fftconvolve(noise, np.ones(400) / 400, "same")])) + 0.3 * np.diff(
        noise, append=0.0
    )
    noise *= 0.1 * np.sqrt(np.mean(wet[np.abs(wet) > 1e-3] ** 2) / np.mean(noise**2))
    text = " ".join(truth.text for truth in all_truths)
    sound = np.asarray(wet + noise, np.float32)
    first = all_truths[0]
    return Truth(
        name, first.language, "read, room, noise, pauses", first.voice, text, sound, tuple(phones), tuple(words)
    )


def _folder() -> Path:
    told = os.environ.get("COUNTENANCE_TRUTHS")
    folder = Path(told) if told else Path.home() / ".cache" / "countenance-truths"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _festival(script: str, encoding: str) -> Path:
    """The folder with what a script wrote; made once."""
    key = hashlib.sha256(script.encode()).hexdigest()[:16]
    folder = _folder() / key
    if not (folder / "done").exists():
        folder.mkdir(exist_ok=True)
        (folder / "script.scm").write_bytes(script.encode(encoding))
        made = subprocess.run(["festival", "-b", "script.scm"], cwd=folder, capture_output=True, check=False)
        if any(folder.glob("*.lab")):  # else the voice is absent, and may come later
            (folder / "done").write_bytes(made.stderr)
    return folder


def _read(voice: _Voice) -> Iterator[Truth]:
    lines = [_SCHEME, f"({voice.scheme})"]
    texts = TEXTS[voice.language]
    for index, text in enumerate(texts):
        lines.append(f'(countenance_keep (utt.synth (Utterance Text "{text}")) "{index}")')
    folder = _festival("\n".join(lines), voice.encoding)
    for index, text in enumerate(texts):
        lab = folder / f"{index}.lab"
        if lab.exists():
            yield _truth(folder, index, f"{_short(voice)}-{index}", voice, text, lab.read_text(voice.encoding))


def _truth(folder: Path, index: int, name: str, voice: _Voice, text: str, lab: str) -> Truth:
    samples = read_mono(folder / f"{index}.wav", RATE_HZ)
    assert samples is not None
    phones, words, now_s = [], [], 0.0
    for line in lab.splitlines():
        if line.startswith("S "):
            _, end, symbol = line.split()
            if symbol not in SILENT:
                ipa = voice.phones.get(symbol, symbol).replace("g", "ɡ")
                phones.append(Phone(ipa, now_s, float(end)))
            now_s = float(end)
        else:
            _, start, end, word = line.split(maxsplit=3)
            words.append(Word(word, float(start), float(end)))
    return Truth(name, voice.language, "read", voice.kind, text, samples, tuple(phones), tuple(words))


def _german() -> Iterator[Truth]:
    voice = next(voice for voice in VOICES if voice.scheme == "voice_czech_dita")
    draw = np.random.default_rng(_SEED)
    lines = [_SCHEME, f"({voice.scheme})"]
    plans = [_german_plan(sentence, draw) for sentence in GERMAN]
    for index, (segments, _) in enumerate(plans):
        lines.append(f'(countenance_keep (utt.synth (Utterance Segments ({segments}))) "{index}")')
    folder = _festival("\n".join(lines), voice.encoding)
    for index, (_, words) in enumerate(plans):
        lab = folder / f"{index}.lab"
        if lab.exists():
            text = " ".join(pair.split("=")[0] for pair in GERMAN[index].split()) + "."
            made = _truth(folder, index, f"german-{index}", voice, text, lab.read_text(voice.encoding))
            kind = "Czech diphones, phones by hand"
            yield replace(made, language="de", voice=kind, words=tuple(words))


def _german_plan(sentence: str, draw: np.random.Generator) -> tuple[str, list[Word]]:
    """festival's list of (phone duration (position, pitch)) and the words with their times."""
    segments, words, now_s = ["(# 0.25 (0.1 200))"], [], 0.25
    pairs = [pair.split("=") for pair in sentence.split()]
    for place, (text, ipa) in enumerate(pairs):
        start_s = now_s
        for symbol in _symbols(ipa):
            length_s = _MEAN_S[_class(symbol)] * float(np.exp(draw.normal(0.0, 0.22)))
            if place == len(pairs) - 1 or text.endswith(","):
                length_s *= 1.3
            pitch = 215 - 50 * place / len(pairs) + draw.normal(0, 10)
            segments.append(f"({_GERMAN_BY_CZECH[symbol]} {length_s:.4f} (0.01 {pitch:.0f}))")
            now_s += round(length_s, 4)
        words.append(Word(text, start_s, now_s))
        if text.endswith(","):
            rest_s = round(float(draw.uniform(0.2, 0.6)), 4)
            segments.append(f"(# {rest_s} (0.1 180))")
            now_s += rest_s
    return " ".join([*segments, "(# 0.3 (0.1 150))"]), words


def _symbols(ipa: str) -> list[str]:
    """Split a word into the phones of _GERMAN_BY_CZECH, longest first; diphthongs are two sounds here."""
    found = []
    while ipa:
        size = 2 if ipa[:2] in _GERMAN_BY_CZECH else 1
        found.append(ipa[:size])
        ipa = ipa[size:]
    return found


def _class(symbol: str) -> str:
    if symbol.endswith("ː"):
        return "long"
    if symbol in "aɛɪɔʊ":
        return "short"
    if symbol in "əɐ":
        return "weak"
    return "plosive" if symbol in "ptkbdɡ" else "fricative" if symbol[-1] in "fszʃxç" else "other"
