"""The words of the page for people, English and German."""

from __future__ import annotations

from typing import Any

WORDS: dict[str, dict[str, Any]] = {
    "en": {
        "title": "Is this file genuine?",
        "lead": "Choose a video, an image or a sound. You are told whether it was released here, whether it is still "
        "as it was released, and what was made in it with AI.",
        "languages": "Language",
        "other": "de",
        "other_name": "Deutsch",
        "choose": "File to check",
        "again": "Check another file",
        "check": "Check",
        "hint": "Up to {most} MB. The file is deleted right after it was looked at.",
        "answer": "Answer",
        "verdicts": {
            "genuine": "genuine and unchanged", "changed": "released, but changed since", "withdrawn": "withdrawn",
            "redubbed": "sound exchanged", "strange": "not known here", "unproven": "not proven",
        },
        "release": "Release",
        "states": {"released": "released", "withdrawn": "withdrawn", "unknown": "not proven"},
        "maker": "Made by",
        "changes": "Changed with AI",
        "nothing": "nothing",
        "sure": "Certainty",
        "certain": "certain",
        "findings": "What was looked at",
        "look": "Look",
        "shows": "What it shows",
        "abouts": {
            "bytes": "Bytes", "history": "Signed history", "mark": "Mark in the picture", "sound": "Mark in the sound",
            "release": "Release", "ledger": "Ledger", "maker": "Maker", "changes": "Changes", "grants": "Consent",
        },
        "foot": "What is logged: that somebody asked, which release the answer was about, and a keyed code of the "
        "file. Not who asked, no address, and nothing of the file itself.",
        "no file": "No file was sent; choose a file first.",
        "busy": "Many files are being checked at the moment; please try again in a minute.",
        "unreadable": "This file cannot be read as a video, an image or a sound; check that it is whole.",
    },
    "de": {
        "title": "Ist diese Datei echt?",
        "lead": "Wählen Sie ein Video, ein Bild oder einen Ton. Sie erfahren, ob die Datei hier freigegeben wurde, ob "
        "sie noch so ist, wie sie freigegeben wurde, und was daran mit KI gemacht ist.",
        "languages": "Sprache",
        "other": "en",
        "other_name": "English",
        "choose": "Datei zum Prüfen",
        "again": "Eine andere Datei prüfen",
        "check": "Prüfen",
        "hint": "Bis zu {most} MB. Die Datei wird gleich nach dem Prüfen gelöscht.",
        "answer": "Antwort",
        "verdicts": {
            "genuine": "echt und unverändert", "changed": "freigegeben, aber seither verändert",
            "withdrawn": "zurückgezogen", "redubbed": "Ton ausgetauscht", "strange": "hier nicht bekannt",
            "unproven": "nicht bewiesen",
        },
        "release": "Freigabe",
        "states": {"released": "freigegeben", "withdrawn": "zurückgezogen", "unknown": "nicht bewiesen"},
        "maker": "Hersteller",
        "changes": "Mit KI verändert",
        "nothing": "nichts",
        "sure": "Sicherheit",
        "certain": "sicher",
        "findings": "Was geprüft wurde",
        "look": "Geprüft",
        "shows": "Ergebnis",
        "abouts": {
            "bytes": "Bytes", "history": "Signierte Herkunft", "mark": "Markierung im Bild",
            "sound": "Markierung im Ton", "release": "Freigabe", "ledger": "Protokoll", "maker": "Hersteller",
            "changes": "Veränderungen", "grants": "Einwilligung",
        },
        "foot": "Was festgehalten wird: dass jemand gefragt hat, um welche Freigabe es in der Antwort ging, und ein "
        "verschlüsselter Prüfwert der Datei. Nicht, wer gefragt hat, keine Adresse, und nichts aus der Datei selbst.",
        "no file": "Es wurde keine Datei geschickt; wählen Sie zuerst eine Datei.",
        "busy": "Gerade werden viele Dateien geprüft; bitte versuchen Sie es in einer Minute noch einmal.",
        "unreadable": "Diese Datei lässt sich nicht als Video, Bild oder Ton lesen; ist sie vollständig?",
    },
}  # fmt: skip

WITHDRAW_WORDS: dict[str, dict[str, Any]] = {
    "en": {
        "title": "Withdraw your consent",
        "languages": "Language",
        "other": "de",
        "other_name": "Deutsch",
        "ask": "You gave {controller} your consent. Do you want to take it back?",
        "follows": (
            "Nothing new is made under it; work under way stops within seconds.",
            "What was published is withdrawn and put on the list of what must be taken down.",
            "If it was your last consent, what was stored of your face is destroyed.",
            "You need not give a reason.",
        ),
        "button": "Withdraw my consent",
        "done": "withdrawn",
        "after": "{controller} may not use your consent any more from this moment on.",
        "pulled": "Published films that are now to be taken down: {count}.",
        "already": "This consent was withdrawn before; nothing is left to do.",
        "invalid": "This link is not valid, or a newer receipt replaced it; ask whoever gave it to you for a new one.",
    },
    "de": {
        "title": "Einwilligung zurückziehen",
        "languages": "Sprache",
        "other": "en",
        "other_name": "English",
        "ask": "Sie haben {controller} Ihre Einwilligung gegeben. Möchten Sie sie zurückziehen?",
        "follows": (
            "Nichts Neues wird damit gemacht; laufende Arbeiten enden binnen Sekunden.",
            "Veröffentlichtes wird zurückgezogen und kommt auf die Liste dessen, was abgesetzt werden muss.",
            "War es Ihre letzte Einwilligung, wird vernichtet, was von Ihrem Gesicht gespeichert ist.",
            "Einen Grund müssen Sie nicht nennen.",
        ),
        "button": "Meine Einwilligung zurückziehen",
        "done": "zurückgezogen",
        "after": "{controller} darf Ihre Einwilligung ab sofort nicht mehr verwenden.",
        "pulled": "Veröffentlichte Filme, die nun abgesetzt werden müssen: {count}.",
        "already": "Diese Einwilligung wurde schon zurückgezogen; es ist nichts mehr zu tun.",
        "invalid": "Dieser Link gilt nicht, oder ein neuerer Beleg hat ihn ersetzt; bitten Sie um einen neuen.",
    },
}
