"""What all our pages share: templates, the theme, numbers and names as people read them."""

from __future__ import annotations

import math
from functools import cache
from importlib.resources import files

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

# Names of languages, in English and in German; others are shown by their code.
_LANGUAGES = {
    "ar": ("Arabic", "Arabisch"),
    "bg": ("Bulgarian", "Bulgarisch"),
    "cs": ("Czech", "Tschechisch"),
    "da": ("Danish", "Dänisch"),
    "de": ("German", "Deutsch"),
    "el": ("Greek", "Griechisch"),
    "en": ("English", "Englisch"),
    "es": ("Spanish", "Spanisch"),
    "et": ("Estonian", "Estnisch"),
    "fi": ("Finnish", "Finnisch"),
    "fr": ("French", "Französisch"),
    "ga": ("Irish", "Irisch"),
    "he": ("Hebrew", "Hebräisch"),
    "hi": ("Hindi", "Hindi"),
    "hr": ("Croatian", "Kroatisch"),
    "hu": ("Hungarian", "Ungarisch"),
    "id": ("Indonesian", "Indonesisch"),
    "it": ("Italian", "Italienisch"),
    "ja": ("Japanese", "Japanisch"),
    "ko": ("Korean", "Koreanisch"),
    "lt": ("Lithuanian", "Litauisch"),
    "lv": ("Latvian", "Lettisch"),
    "nb": ("Norwegian", "Norwegisch"),
    "nl": ("Dutch", "Niederländisch"),
    "no": ("Norwegian", "Norwegisch"),
    "pl": ("Polish", "Polnisch"),
    "pt": ("Portuguese", "Portugiesisch"),
    "ro": ("Romanian", "Rumänisch"),
    "ru": ("Russian", "Russisch"),
    "sk": ("Slovak", "Slowakisch"),
    "sl": ("Slovenian", "Slowenisch"),
    "sr": ("Serbian", "Serbisch"),
    "sv": ("Swedish", "Schwedisch"),
    "th": ("Thai", "Thailändisch"),
    "tr": ("Turkish", "Türkisch"),
    "uk": ("Ukrainian", "Ukrainisch"),
    "vi": ("Vietnamese", "Vietnamesisch"),
    "zh": ("Chinese", "Chinesisch"),
}


@cache
def environment(package: str) -> Environment:
    """Templates of a room (its folder `pages`) and those of this one, escaped, strict about missing names."""
    found = Environment(
        loader=ChoiceLoader([PackageLoader(package, "pages"), PackageLoader("countenance.quality", "pages")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals["theme"] = Markup(  # our own style sheet, nobody else's text
        files("countenance.quality").joinpath("pages/theme.css").read_text(encoding="utf-8")
    )
    return found


def language_name(code: str, page_language: str = "en") -> str:
    """The name of a language in the page's language (en or de), with its region: "German (AT)"."""
    base, *rest = code.split("-")
    if base not in _LANGUAGES:
        return code
    name = _LANGUAGES[base][page_language == "de"]
    return f"{name} ({'-'.join(rest)})" if rest else name


def face_name(face: str, page_language: str = "en") -> str:
    """A talent's name with a capital, words for the face that was kept, or who has whose face, as a cast's key says."""
    if face == "keep":
        return "Gesicht wie gedreht" if page_language == "de" else "face as shot"
    if "=" in face:
        pairs = (pair.split("=") for pair in face.split("+"))
        return ", ".join(f"{face_name(person)}: {face_name(talent)}" for person, talent in pairs)
    return " ".join(part.capitalize() for part in face.replace("_", "-").split("-"))


def readable(name: str) -> str:
    """A name that had to fit into file names, as a heading: "espresso-launch" -> "Espresso launch"."""
    spaced = name.replace("-", " ").replace("_", " ")
    return spaced[:1].upper() + spaced[1:]


def number(value: float, decimals: int, page_language: str = "en") -> str:
    """A number with a real minus sign and the page language's decimal mark; never "-0.00"."""
    if not math.isfinite(value):
        return "–"
    rounded = round(value, decimals) + 0.0
    text = f"{rounded:.{decimals}f}".replace("-", "−")
    return text.replace(".", ",") if page_language == "de" else text


def with_unit(text: str, unit: str) -> str:
    """The number and its unit, never parted by a line break: "80 ms", "1.5×", "2.1°"."""
    return text + unit if unit in ("", "×", "°") else f"{text}\u00a0{unit}"
