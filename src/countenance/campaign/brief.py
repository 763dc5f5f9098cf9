"""The brief: what one campaign is to be made of, read from brief.yaml and checked before anything is done."""

from __future__ import annotations

import glob
import hashlib
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType

from countenance.campaign.caption_wish import USUAL_CAPTIONS, CaptionWish, read_caption_wish
from countenance.campaign.casting import KEEP, Cast, cast
from countenance.campaign.chapter_wish import USUAL_CHAPTERS, ChapterWish, read_chapter_wish
from countenance.campaign.description_wish import read_descriptions
from countenance.campaign.label_wish import LabelWish, read_label_wish
from countenance.campaign.sound_wish import USUAL_SOUND, SoundWish, read_sound_wish
from countenance.campaign.text_wish import USUAL_TEXT, TextWish, drafted, read_text_wish
from countenance.campaign.voice_wish import USUAL_VOICE, read_lexicon, read_voices
from countenance.quality.gate import gate_names
from countenance.rights.vocabulary import PRODUCTS
from countenance.speech.lexicon import EMPTY, Lexicon
from countenance.speech.ssml import written
from countenance.speech.voice import VoiceWish
from countenance.store.documents import Section, read_document
from countenance.store.files import sha256_file

UNTOUCHED = "untouched"  # people of the master whom the brief does not name are shown as shot
APPROVALS = ("manual",)
CHANNELS = (
    "web", "app", "email", "youtube", "instagram", "facebook", "tiktok", "linkedin", "x", "snapchat",
    "pinterest", "display", "ctv", "tv", "cinema", "dooh", "retail", "event", "internal",
)  # fmt: skip

_REQUIRED = "campaign", "owner", "master", "script", "faces", "talents", "variants", "markets", "channels"
_OPTIONAL = (
    "others", "translations", "glossary", "translate", "voices", "lexicon", "sound", "quality", "release", "seed",
    "content", "publisher", "captions", "chapters", "description",
)  # fmt: skip
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?")
_MARKET = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True)
class Script:
    language: str  # BCP 47
    path: Path


@dataclass(frozen=True)
class SeenFace:
    """A person in the master's picture."""

    name: str  # the part in this campaign, such as "presenter"
    track: int  # which of the master's face tracks, 0 is the first
    talent: str


@dataclass(frozen=True)
class Talent:
    name: str
    references: tuple[Path, ...]  # none for a talent who only lends a voice
    grant: Path | None  # None: one that the project has on record already
    clips: tuple[Path, ...] = ()  # of this person speaking; FILE.txt beside one holds what is said in it


@dataclass(frozen=True)
class Exclusion:
    """One cell of face x language that is not made."""

    face: str  # a cast's key
    language: str


@dataclass(frozen=True)
class Content:
    """What the brief's owner declares about what is shown. Grants and policy decide by it."""

    products: tuple[str, ...] = ()  # categories that are advertised; none: nobody said
    political: bool = False
    sexual: bool = False  # nude or sexual
    derivative: bool = False  # the master is itself something synthetic that was made with the talents


@dataclass(frozen=True)
class Brief:
    """A campaign as asked for. All paths are absolute and existed when the brief was read.

    The first of `seen` is the presenter: that person speaks, and is meant where a variant names only a talent.
    """

    path: Path
    campaign: str
    owner: str
    master: Path
    script: Script
    seen: tuple[SeenFace, ...]
    talents: Mapping[str, Talent]
    others_untouched: bool  # people of the master who are not in `seen` are shown as shot; else they are refused
    faces: tuple[Cast, ...]  # in the brief's order
    languages: tuple[str, ...]
    exclude: tuple[Exclusion, ...]
    translations: Mapping[str, Path]
    markets: Mapping[str, tuple[str, ...]]  # language -> ISO 3166-1 alpha-2
    channels: tuple[str, ...]
    gate: str
    label: LabelWish
    approve: str
    seed: int
    content: Content = Content()
    publisher: str | None = None  # who publishes, where that is not the controller of the grants
    sound: SoundWish = USUAL_SOUND
    texts: TextWish = USUAL_TEXT
    voices: Mapping[str, VoiceWish] = field(default_factory=dict)  # by language; the house's own where there is none
    lexicon_path: Path | None = None
    lexicon: Lexicon = EMPTY
    captions: CaptionWish = USUAL_CAPTIONS
    chapters: ChapterWish = USUAL_CHAPTERS
    descriptions: Mapping[str, Path] = field(default_factory=dict)  # scripts of audio description by language

    @property
    def presenter(self) -> SeenFace:
        return self.seen[0]

    def text_path(self, language: str) -> Path:
        """The file with the words of that language: the script itself or its translation."""
        return self.script.path if language == self.script.language else self.translations[language]

    def text(self, language: str) -> str:
        return self.text_path(language).read_text(encoding="utf-8-sig").strip()

    def words(self, language: str) -> str:
        """The text as captions show it, without the markup of SSML."""
        return written(self.text(language))

    def voice(self, language: str) -> VoiceWish:
        """Who speaks that language where it is dubbed."""
        return self.voices.get(language, USUAL_VOICE)

    def digest(self) -> str:
        """SHA-256 (hex) over what the brief says and over the bytes of every file it names.

        Paths do not enter: the same campaign in another folder is the same job.
        """
        content: dict[str, object] = {
            "campaign": self.campaign,
            "owner": self.owner,
            "master": sha256_file(self.master),
            "script": [self.script.language, sha256_file(self.script.path)],
            "seen": [[face.name, face.track, face.talent] for face in self.seen],
            "talents": {name: _talent_digests(talent) for name, talent in self.talents.items()},
            "variants": [[one.key for one in self.faces], self.languages],
            "exclude": sorted([cell.face, cell.language] for cell in self.exclude),
            "translations": {language: sha256_file(path) for language, path in self.translations.items()},
            "markets": dict(self.markets),
            "channels": self.channels,
            "gate": self.gate,
            "badge": self.label.badge,
            "approve": self.approve,
            "seed": self.seed,
        }
        if self.others_untouched:
            content["others"] = UNTOUCHED
        if self.label != LabelWish(self.label.badge):
            content["label"] = self.label.to_json()
        if self.content != Content():
            content["content"] = asdict(self.content)
        if self.sound != USUAL_SOUND:
            content["sound"] = self.sound.to_json()
        if self.voices:
            content["voices"] = {language: wish.identity() for language, wish in self.voices.items()}
        if self.lexicon_path is not None:
            content["lexicon"] = sha256_file(self.lexicon_path)
        if self.texts.glossary_path is not None:
            content["texts"] = self.texts.to_json()
        if self.captions != USUAL_CAPTIONS:
            content["captions"] = self.captions.to_json()
        if self.chapters != USUAL_CHAPTERS:
            content["chapters"] = self.chapters.to_json()
        if self.descriptions:
            content["descriptions"] = {language: sha256_file(path) for language, path in self.descriptions.items()}
        if self.publisher is not None:
            content["publisher"] = self.publisher
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


def _talent_digests(talent: Talent) -> list[object]:
    grant = sha256_file(talent.grant) if talent.grant and talent.grant.is_file() else None
    content: list[object] = [grant, [sha256_file(path) for path in talent.references]]
    return [*content, [clip_hashes(path) for path in talent.clips]] if talent.clips else content


def clip_hashes(clip: Path) -> list[str]:
    """The hashes of a talent's clip and, where there is one, of the script beside it."""
    return [sha256_file(path) for path in (clip, clip.with_suffix(".txt")) if path.is_file()]


def load_brief(path: Path, *, untranslated: bool = False) -> Brief:
    """Read and check a brief. BriefError names the file, the line, the key and the way out.

    WaitingError when a drafted translation has not been accepted, unless it does not matter that it is `untranslated`.
    """
    whole = read_document(path.resolve())
    whole.only(_REQUIRED, _OPTIONAL)
    script = _script(whole)
    talents = _talents(whole)
    texts = read_text_wish(whole)
    seen = _seen(whole, talents)
    faces, languages, exclude = _variants(whole, talents, seen)
    voices = read_voices(whole, languages, script.language, talents)
    _require_references(whole, talents, {wish.of for wish in voices.values()}, seen, faces)
    lexicon_path, lexicon = read_lexicon(whole)
    seed = whole.whole("seed", 0)
    return Brief(
        path=whole.file,
        campaign=_name(whole, "campaign", whole.text("campaign")),
        owner=whole.text("owner"),
        master=_file(whole, "master"),
        script=script,
        seen=seen,
        others_untouched="others" in whole.values and whole.choice("others", (UNTOUCHED,)) == UNTOUCHED,
        talents=MappingProxyType(talents),
        faces=faces,
        languages=languages,
        exclude=exclude,
        translations=MappingProxyType(_translations(whole, script, languages, texts, untranslated)),
        markets=MappingProxyType(_markets(whole, languages)),
        channels=tuple(whole.known("channels", channel, CHANNELS) for channel in whole.texts("channels")),
        gate=_gate(whole),
        label=read_label_wish(whole),
        approve=_release(whole, "approve", APPROVALS, "manual"),
        seed=seed or 0,
        content=_content(whole),
        publisher=whole.text("publisher") if "publisher" in whole.values else None,
        sound=read_sound_wish(whole),
        texts=texts,
        voices=voices,
        lexicon_path=lexicon_path,
        lexicon=lexicon,
        captions=read_caption_wish(whole, languages),
        chapters=read_chapter_wish(whole, languages),
        descriptions=read_descriptions(whole, languages),
    )


def _content(whole: Section) -> Content:
    if "content" not in whole.values:
        return Content()
    section = whole.section("content")
    section.only((), ("products", "political", "sexual", "derivative"))
    products = section.texts("products") if "products" in section.values else ()
    return Content(
        tuple(section.known("products", product, PRODUCTS) for product in products),
        *(section.flag(name, False) for name in ("political", "sexual", "derivative")),
    )


def _script(whole: Section) -> Script:
    section = whole.section("script")
    section.only(("language", "text"))
    language = _language(section, "language", section.text("language"))
    return Script(language, _words(section, "text"))


def _seen(whole: Section, talents: Mapping[str, Talent]) -> tuple[SeenFace, ...]:
    faces = whole.section("faces")
    seen: list[SeenFace] = []
    for name in faces.values:
        section = faces.section(_name(faces, name, name))
        section.only(("talent",), ("in", "track"))
        section.choice("in", ("master",), "master")
        track = section.whole("track", 0) or 0
        if track < 0:
            raise section.problem(f"'{section.path_of('track')}' counts from 0, so it cannot be {track}", "track")
        twin = next((face for face in seen if face.track == track), None)
        if twin:
            raise section.problem(f"faces '{twin.name}' and '{name}' both claim track {track}", "track")
        talent = section.text("talent")
        if talent not in talents:
            raise section.problem(
                f"'{section.path_of('talent')}' is '{talent}', who has no entry in talents: add one "
                "with references and grant",
                "talent",
            )
        seen.append(SeenFace(name, track, talent))
    return tuple(seen)


def _talents(whole: Section) -> dict[str, Talent]:
    section = whole.section("talents")
    return {name: _talent(section, name) for name in section.values}


def _talent(talents: Section, name: str) -> Talent:
    _name(talents, name, name)
    if name == KEEP:
        raise talents.problem(f"a talent cannot be called '{KEEP}': that word means the face as shot", name)
    section = talents.section(name)
    section.only((), ("references", "grant", "clips"))
    references, clips = (_files_named(section, key) for key in ("references", "clips"))
    # A grant that is not there is no slip of the pen but a missing permission: rights will refuse it, on record.
    grant = (section.file.parent / section.text("grant")).resolve() if "grant" in section.values else None
    return Talent(name, references, grant, clips)


def _files_named(section: Section, key: str) -> tuple[Path, ...]:
    """The files that patterns name, each once, in their order."""
    found: list[Path] = []
    for pattern in section.texts(key) if key in section.values else ():
        files = _matches(section.file.parent, pattern)
        if not files:
            raise section.problem(f"no file matches '{pattern}' of {section.path_of(key)}", key)
        found += [path for path in files if path not in found]
    return tuple(found)


def _require_references(
    whole: Section,
    talents: Mapping[str, Talent],
    voices: Collection[str | None],
    seen: tuple[SeenFace, ...],
    faces: tuple[Cast, ...],
) -> None:
    """Whoever is seen, or is named for anything but a voice, has reference pictures."""
    shown = {face.talent for face in seen} | {
        name for one in faces for face in seen if (name := one.talent_for(face.name))
    }
    for name, talent in talents.items():
        if not talent.references and (name in shown or name not in voices):
            raise whole.section("talents").section(name).problem(f"'talents.{name}.references' is missing")


def _matches(folder: Path, pattern: str) -> list[Path]:
    if (folder / pattern).is_file():  # a plain file name may hold brackets that a pattern would misread
        return [(folder / pattern).resolve()]
    found = sorted(glob.glob(pattern, root_dir=folder, recursive=True))
    return [(folder / entry).resolve() for entry in found if (folder / entry).is_file()]


def _variants(
    whole: Section, talents: Mapping[str, Talent], seen: tuple[SeenFace, ...]
) -> tuple[tuple[Cast, ...], tuple[str, ...], tuple[Exclusion, ...]]:
    section = whole.section("variants")
    section.only(("face", "language"), ("exclude",))
    faces: list[Cast] = []
    for entry in section.entries("face"):
        one = _cast(section, "face", entry, talents, seen)
        if one in faces:
            raise section.problem(f"'variants.face' names '{one.key}' twice", "face")
        faces.append(one)
    languages = tuple(_language(section, "language", language) for language in section.texts("language"))
    exclude: list[Exclusion] = []
    for cell in section.sections("exclude"):
        cell.only(("face", "language"))
        out = Exclusion(_excluded(cell, talents, seen, faces), cell.choice("language", languages))
        if out in exclude:
            raise cell.problem(f"{cell.name} excludes {out.face} x {out.language} a second time")
        exclude.append(out)
    if len(exclude) == len(faces) * len(languages):
        raise section.problem("every variant is excluded, so nothing would be made: shorten the list", "exclude")
    return tuple(faces), languages, tuple(exclude)


def _cast(
    section: Section, key: str, entry: str | Section, talents: Mapping[str, Talent], seen: tuple[SeenFace, ...]
) -> Cast:
    """Who gets whose face: a talent's name alone is the presenter's, a mapping names the people."""
    people = [face.name for face in seen]
    if isinstance(entry, str):
        section.known(key, entry, (KEEP, *talents))
        if entry == seen[0].talent:
            message = f"'{section.path_of(key)}' names '{entry}', who is in the picture already: write {KEEP}"
            raise section.problem(message, key)
        return cast(people, {people[0]: entry})
    entry.only((), people)
    wanted = {name: entry.choice(name, (KEEP, *talents)) for name in entry.values}
    for face in seen:
        if wanted.get(face.name) == face.talent:
            message = f"'{entry.path_of(face.name)}' is '{face.talent}', whose face that is already: write {KEEP}"
            raise entry.problem(message, face.name)
    return cast(people, wanted)


def _excluded(cell: Section, talents: Mapping[str, Talent], seen: tuple[SeenFace, ...], faces: list[Cast]) -> str:
    """The key of the cast that a cell leaves out, written as in `variants.face` or as the key itself."""
    entry = cell.entry("face")
    key = entry if isinstance(entry, str) else _cast(cell, "face", entry, talents, seen).key
    return cell.known("face", key, [one.key for one in faces])


def _translations(
    whole: Section, script: Script, languages: tuple[str, ...], texts: TextWish, untranslated: bool
) -> dict[str, Path]:
    wanted = [language for language in languages if language != script.language]
    translations: dict[str, Path] = {}
    if "translations" in whole.values:
        section = whole.section("translations")
        for language in section.values:
            _language(section, language, language)
            if language == script.language:
                message = f"translations names '{language}', the language of the script itself: remove it"
                raise section.problem(message, language)
            translations[language] = _words(section, language)
    for language in wanted:
        if language not in translations and texts.translate is not None:
            translations[language] = drafted(whole, script.path, language, untranslated)
        elif language not in translations:
            raise whole.problem(
                f"variants wants language '{language}' but translations has no text for it: "
                f"add '{language}: FILE' to translations",
                "translations" if translations else "variants",
            )
    return translations


def _markets(whole: Section, languages: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    section = whole.section("markets")
    markets: dict[str, tuple[str, ...]] = {}
    for language in section.values:
        _language(section, language, language)
        markets[language] = section.texts(language)
        for market in markets[language]:
            if not _MARKET.fullmatch(market):
                message = f"'{market}' in markets.{language} is not a country code such as DE (ISO 3166-1)"
                raise section.problem(message, language)
    for language in languages:
        # Without a market no permission would be asked for, so the gap must not pass for "nowhere".
        if language not in markets:
            raise section.problem(f"markets says nothing for language '{language}': add '{language}: [..]'")
    return markets


def _gate(whole: Section) -> str:
    if "quality" not in whole.values:
        return "standard"
    section = whole.section("quality")
    section.only((), ("gate",))
    return section.choice("gate", gate_names(), "standard")


def _release(whole: Section, key: str, known: tuple[str, ...], default: str) -> str:
    if "release" not in whole.values:
        return default
    section = whole.section("release")
    section.only((), ("approve", "audio", "badge", "notice"))
    return section.choice(key, known, default)


def _name(section: Section, key: str, value: str) -> str:
    if not _NAME.fullmatch(value):
        raise section.problem(
            f"the name '{value}' becomes part of file names: use small letters a-z, digits, '-' and '_'", key
        )
    return value


def _language(section: Section, key: str, value: str) -> str:
    if not _LANGUAGE.fullmatch(value):
        raise section.problem(f"'{value}' is not a language code such as de or pt-BR (BCP 47)", key)
    return value


def _file(section: Section, key: str) -> Path:
    path = section.file.parent / section.text(key)
    if not path.is_file():
        reason = "is a folder" if path.is_dir() else "does not exist"
        raise section.problem(f"'{section.path_of(key)}' is {path}, which {reason}: correct the path", key)
    return path.resolve()


def _words(section: Section, key: str) -> Path:
    path = _file(section, key)
    try:
        words = path.read_text(encoding="utf-8-sig").strip()
    except UnicodeDecodeError as problem:
        raise section.problem(f"{path} is not UTF-8 text: save it as UTF-8", key) from problem
    if not words:
        raise section.problem(f"{path} holds no words: write what is said in it", key)
    return path
