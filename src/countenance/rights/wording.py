"""The words of receipts and signature sheets, in English and German."""

from __future__ import annotations

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "title": "Receipt for your consent",
        "licence_title": "Receipt for a licence",
        "sheet_title": "Consent to be signed",
        "stands": "You gave this consent; it was put on record on {on}.",
        "withdrawn": "This consent was withdrawn on {on} by {by}. Nothing new is made or released under it.",
        "person": "Person",
        "controller": "Controller",
        "period": "From and until",
        "purposes": "You allow that",
        "only": "Whatever is not in this list is not allowed. Nothing is inferred about what you feel, believe or are.",
        "campaigns": "Campaigns",
        "markets": "Countries",
        "channels": "Channels",
        "languages": "Languages",
        "engines": "Methods",
        "excluded": "Never for",
        "approval": "Your approval first",
        "sublicence": "May be passed on to",
        "derivatives": "May be altered again",
        "fee": "Fee",
        "campaign": "campaign",
        "variant": "variant",
        "day": "day",
        "once": "once",
        "licence": "Licence",
        "origin": "Origin",
        "identity": "Identity checked by",
        "signed": "Signed",
        "evidence": "Kept with it",
        "notice": "Privacy notice",
        "contact": "Contact",
        "all": "all",
        "none": "none",
        "nobody": "nobody",
        "yes": "yes",
        "no": "no",
        "how_to_withdraw": "You can withdraw at any time, without a reason, with one of these (keep them to yourself):",
        "what_withdrawing_does": (
            "From that moment nothing new is made, work under way stops, and what was released must be taken down."
        ),
        "rights": (
            "You may also see what is kept of you, have it corrected or erased, take it with you, restrict its use,\n"
            "and complain to a supervisory authority (GDPR, Articles 15 to 20 and 77)."
        ),
        "how_to_check": "To check it: `countenance consent check FILE.jsonld`, or any tool for W3C Data Integrity.",
        "grant": "Grant",
        "receipt": "Receipt",
        "key": "Signed with",
        "sign_here": "I have read this and allow it.",
        "name": "Name",
        "date": "Date",
        "signature": "Signature",
        "terms": "Terms (SHA-256)",
    },
    "de": {
        "title": "Bestätigung Ihrer Einwilligung",
        "licence_title": "Bestätigung einer Lizenz",
        "sheet_title": "Einwilligung zur Unterschrift",
        "stands": "Sie haben diese Einwilligung gegeben; sie wurde am {on} aufgenommen.",
        "withdrawn": (
            "Diese Einwilligung wurde am {on} widerrufen (durch: {by}). "
            "Nichts Neues wird damit hergestellt oder veröffentlicht."
        ),
        "person": "Person",
        "controller": "Verantwortlich",
        "period": "Von und bis",
        "purposes": "Sie erlauben:",
        "only": (
            "Was hier nicht steht, ist nicht erlaubt. "
            "Nichts wird daraus geschlossen, was Sie fühlen, glauben oder wem Sie angehören."
        ),
        "campaigns": "Kampagnen",
        "markets": "Länder",
        "channels": "Kanäle",
        "languages": "Sprachen",
        "engines": "Verfahren",
        "excluded": "Niemals für",
        "approval": "Erst Ihre Zustimmung",
        "sublicence": "Darf weitergegeben werden an",
        "derivatives": "Darf weiter verändert werden",
        "fee": "Honorar",
        "campaign": "Kampagne",
        "variant": "Fassung",
        "day": "Tag",
        "once": "einmalig",
        "licence": "Lizenz",
        "origin": "Herkunft",
        "identity": "Identität geprüft durch",
        "signed": "Unterschrieben",
        "evidence": "Dazu aufbewahrt",
        "notice": "Datenschutzhinweise",
        "contact": "Kontakt",
        "all": "alle",
        "none": "keine",
        "nobody": "niemanden",
        "yes": "ja",
        "no": "nein",
        "how_to_withdraw": (
            "Sie können jederzeit ohne Angabe von Gründen widerrufen (behalten Sie diese Zeile für sich):"
        ),
        "what_withdrawing_does": (
            "Von da an wird nichts Neues hergestellt, laufende Arbeit hält an, Veröffentlichtes muss entfernt werden."
        ),
        "rights": (
            "Sie können auch Auskunft, Berichtigung, Löschung, Übertragung und Einschränkung verlangen und sich bei\n"
            "einer Aufsichtsbehörde beschweren (DSGVO, Artikel 15 bis 20 und 77)."
        ),
        "how_to_check": (
            "Prüfen: `countenance consent check DATEI.jsonld` oder jedes Werkzeug für W3C Data Integrity."
        ),
        "grant": "Einwilligung",
        "receipt": "Bestätigung",
        "key": "Unterschrieben mit",
        "sign_here": "Ich habe dies gelesen und erlaube es.",
        "name": "Name",
        "date": "Datum",
        "signature": "Unterschrift",
        "terms": "Inhalt (SHA-256)",
    },
}

LANGUAGES = tuple(WORDS)
