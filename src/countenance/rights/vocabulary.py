"""The words of a grant: every set is closed, so that what the law forbids cannot be written down as allowed.

Each purpose carries its meaning in the two languages of receipts, the kinds of personal data it needs, and the term of
the Data Privacy Vocabulary (DPV 2, W3C Community Group) that it is a case of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

EVERYTHING = "*"
KINDS = ("real", "synthetic")


@dataclass(frozen=True)
class Purpose:
    """What one purpose means; `data` are terms of DPV's PD extension."""

    en: str
    de: str
    data: tuple[str, ...]
    dpv: str


_FACE, _VOICE = ("pd:FacialPrint", "pd:Picture"), ("pd:VoiceCommunicationRecording", "pd:Accent")
PURPOSE_TERMS: Mapping[str, Purpose] = MappingProxyType(
    {
        "swap_source": Purpose(
            "your face is put on somebody else in a film", "Ihr Gesicht wird einer anderen Person im Film gegeben",
            _FACE, "dpv:Marketing",
        ),
        "swap_target": Purpose(
            "somebody else's face is put on you in a film", "Im Film bekommen Sie das Gesicht einer anderen Person",
            _FACE, "dpv:Marketing",
        ),
        "lipsync": Purpose(
            "your mouth is made to speak another language", "Ihr Mund spricht im Film eine andere Sprache",
            _FACE, "dpv:Marketing",
        ),
        "voice": Purpose(
            "your recorded voice is heard, also without your face", "Ihre Stimme ist zu hören, auch ohne Ihr Gesicht",
            _VOICE, "dpv:Marketing",
        ),
        "training": Purpose(
            "recordings of you train a model that is used for these campaigns",
            "Mit Aufnahmen von Ihnen wird ein Modell für diese Kampagnen trainiert", _FACE + _VOICE,
            "dpv:ResearchAndDevelopment",
        ),
        "analysis": Purpose(
            "how your face moves is measured; never what you feel, believe or belong to",
            "Die Bewegung Ihres Gesichts wird gemessen; nie, was Sie fühlen, glauben oder wem Sie angehören",
            _FACE, "dpv:ServiceOptimisation",
        ),
        "authentication": Purpose(
            "your face is compared with your own pictures to know that it is you",
            "Ihr Gesicht wird mit Ihren eigenen Bildern verglichen, um zu wissen, dass Sie es sind",
            _FACE, "dpv:IdentityVerification",
        ),
    }
)  # fmt: skip
PURPOSES = tuple(PURPOSE_TERMS)

# What people may want to be kept away from. A brief says which of them it advertises.
PRODUCTS = (
    "alcohol", "beauty", "cannabis", "cars", "children", "cosmetic_surgery", "cryptocurrency", "dating", "education",
    "energy", "fashion", "finance", "food", "fur", "gambling", "games", "health", "household", "media", "medicines",
    "music", "non_profit", "public_service", "religion", "software", "sports", "supplements", "technology",
    "telecommunications", "tobacco", "travel", "weapons", "weight_loss", "other",
)  # fmt: skip

APPROVALS = ("none", "person")  # who besides the reviewer must agree before something is published
SIGNINGS = ("drawn", "document")  # a drawn signature (picture), or a signed document (scan, qualified signature)
IDENTITY_CHECKS = ("passport", "identity_card", "electronic_identity", "video_call", "in_person", "agency", "none")
FEE_UNITS = ("campaign", "variant", "day", "once")

# What somebody may try to write as a purpose, and why no grant can hold it.
_ACT = "Regulation (EU) 2024/1689"
_EMOTION = f"inferring emotions is prohibited at work and in education ({_ACT}, Art. 5(1)(f)), and here everywhere"
_TRAITS = f"sorting people by sensitive traits from their faces is prohibited ({_ACT}, Art. 5(1)(g))"
_INTIMATE = "intimate pictures of people are made under no permission (Directive (EU) 2024/1385, Art. 5)"
_SCRAPING = f"collecting faces from the internet or cameras is prohibited ({_ACT}, Art. 5(1)(e))"
_MINORS = "sexual pictures of minors are a crime whatever anybody signs (Directive 2011/93/EU)"
_SCORING = f"scoring people by their behaviour is prohibited ({_ACT}, Art. 5(1)(c))"
_POLITICAL = "political advertising is no purpose of a grant; policy decides about it (Regulation (EU) 2024/900)"
FORBIDDEN: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("emotion", "emotions", "emotion_recognition", "emotion_inference", "sentiment"), _EMOTION),
        **dict.fromkeys(
            ("categorisation", "categorization", "ethnicity", "race", "religion", "orientation", "gender", "health",
             "age_estimation", "traits"), _TRAITS,
        ),
        **dict.fromkeys(
            ("nude", "nudity", "nudify", "undress", "sexual", "sex", "porn", "pornography", "erotic", "intimate"),
            _INTIMATE,
        ),
        **dict.fromkeys(("scraping", "surveillance", "mass_identification", "tracking"), _SCRAPING),
        **dict.fromkeys(("csam", "minor_sexual"), _MINORS),
        **dict.fromkeys(("scoring", "social_scoring"), _SCORING),
        **dict.fromkeys(("political", "politics", "election", "political_advertising"), _POLITICAL),
    }
)  # fmt: skip
