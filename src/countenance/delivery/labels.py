"""The words of the pages that viewers and clients see, in English and in German."""

from __future__ import annotations

LABELS = {
    "en": {
        "many_variants": "{count} variants of one master: {states}.",
        "one_variant": "One variant of one master: {states}.",
        "speaks": "{name}, {language}",
        "face_kept": "Face as shot",
        "face_replaced": "Face replaced",
        "faces_replaced": "Faces replaced",
        "play_all": "Play all together",
        "pause_all": "Pause all",
        "play_hint": "Plays without sound; unmute a video to hear it.",
        "no_video": "Your browser cannot play this video. Download it:",
        "waits": "This variant is waiting for a person to approve it.",
        "not_yet": "There is no video to show for this variant.",
        "approve": "Approve it with",
        "passed": "Passes the {gate} gate",
        "failed": "Does not pass the {gate} gate",
        "report": "Quality report",
        "receipt": "Receipt",
        "footer": "Made with Countenance. Each released video carries its signed history and an invisible mark.",
        "check": "To check a file:",
    },
    "de": {
        "many_variants": "{count} Varianten eines Drehs: {states}.",
        "one_variant": "Eine Variante eines Drehs: {states}.",
        "speaks": "{name}, {language}",
        "face_kept": "Gesicht wie gedreht",
        "face_replaced": "Gesicht ersetzt",
        "faces_replaced": "Gesichter ersetzt",
        "play_all": "Alle zusammen abspielen",
        "pause_all": "Alle anhalten",
        "play_hint": "Läuft ohne Ton; wer eines hören will, schaltet dessen Ton ein.",
        "no_video": "Ihr Browser kann dieses Video nicht abspielen. Zum Herunterladen:",
        "waits": "Diese Variante wartet darauf, dass ein Mensch sie freigibt.",
        "not_yet": "Zu dieser Variante gibt es kein Video.",
        "approve": "Freigeben mit",
        "passed": "Besteht die Prüfung „{gate}“",
        "failed": "Besteht die Prüfung „{gate}“ nicht",
        "report": "Prüfbericht (englisch)",
        "receipt": "Beleg",
        "footer": "Hergestellt mit Countenance. Jedes veröffentlichte Video trägt seine signierte "
        "Herkunft und ein unsichtbares Zeichen.",
        "check": "So wird eine Datei geprüft:",
    },
}

STATES = {
    "en": {
        "released": "released",
        "approved": "approved",
        "in_review": "in review",
        "rendered": "rendered",
        "planned": "planned",
        "rejected": "rejected",
        "withdrawn": "withdrawn",
    },
    "de": {
        "released": "veröffentlicht",
        "approved": "freigegeben",
        "in_review": "in Prüfung",
        "rendered": "berechnet",
        "planned": "geplant",
        "rejected": "abgelehnt",
        "withdrawn": "zurückgezogen",
    },
}

FIGURES = {
    "en": {
        "identity_wanted": "Distance to the person",
        "identity_replaced": "Distance to the replaced",
        "identity_margin": "Gained from the replaced",
        "identity_top1": "Recognised",
        "jitter_ratio": "Trembling",
        "flicker_ratio": "Flicker",
        "av_offset_ms": "Lips against sound",
        "loudness_lufs": "Loudness",
        "true_peak_dbtp": "Highest peak",
        "missing_face_share": "Frames without face",
        "outside_exact": "Left untouched",
    },
    "de": {
        "identity_wanted": "Abstand zur Person",
        "identity_replaced": "Abstand zur ersetzten",
        "identity_margin": "Vorsprung vor der ersetzten",
        "identity_top1": "Erkannt",
        "jitter_ratio": "Zittern",
        "flicker_ratio": "Flimmern",
        "av_offset_ms": "Lippen gegen Ton",
        "loudness_lufs": "Lautheit",
        "true_peak_dbtp": "Höchster Pegel",
        "missing_face_share": "Bilder ohne Gesicht",
        "outside_exact": "Unberührt",
    },
}
