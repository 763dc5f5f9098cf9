"""The master's own phrases in time: where a dub's sentences may be placed."""

from __future__ import annotations

from countenance.campaign.brief import Brief
from countenance.campaign.ownwords import own_words
from countenance.campaign.stages import Seen
from countenance.media.audio import read_mono
from countenance.speech.activity import speech_segments
from countenance.speech.fit import Slot
from countenance.speech.points import word_places
from countenance.speech.sentences import sentences
from countenance.store.project import Project

_HEARD_HZ = 16000


def master_phrases(project: Project, brief: Brief, seen: Seen, start_s: float) -> tuple[Slot, ...]:
    """Start and end of each of the script's sentences as the master says them, in seconds after `start_s`.

    By the words' own times where script and sound are aligned; else by the pauses, where they cut the speech into as
    many phrases as the script has sentences; else none.
    """
    language, text = brief.script.language, brief.words(brief.script.language)
    said = sentences(text, language)
    if len(said) < 2:
        return ()
    own = own_words(project, brief, seen)
    if own.aligned:
        places = word_places(text, own.words)
        spans = []
        for sentence in said:
            inside = [
                word for word, place in zip(own.words, places, strict=True) if sentence.start <= place < sentence.end
            ]
            if not inside:
                return ()
            spans.append((inside[0].start_s, inside[-1].end_s))
    else:
        heard = read_mono(seen.master.path, _HEARD_HZ, seen.master.origin_s)
        spans = list(speech_segments(heard, _HEARD_HZ)) if heard is not None else []
        if len(spans) != len(said):
            return ()
    first = min(start_s, spans[0][0])
    return ((0.0, spans[0][1] - first), *((start - first, end - first) for start, end in spans[1:]))
