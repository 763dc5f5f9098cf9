"""The structured data of a watch page: the video with absolute addresses, and the work that it is a version of."""

from __future__ import annotations

from typing import Any

from countenance.delivery.addresses import Page, Site, media_of
from countenance.delivery.chapters import LEAST_CLIPS_S, clips


def page_data(page: Page, site: Site, title: str) -> dict[str, Any]:
    """A JSON-LD document with a VideoObject and a CreativeWork for schema.org's context.

    Moments are told in one of two ways, never both: clips where the video has chapters, else how to jump to a second,
    where the video is long enough that search engines look for moments themselves.
    """
    watch, media = page.watch, media_of(page.watch, site.base)
    described = {name: value for name, value in watch.jsonld.items() if name not in ("@context", "hasPart")}
    work_id, video_id = f"{page.url}#work", f"{page.url}#video"
    video = {
        **described,
        "@id": video_id,
        "name": title,
        "url": page.url,
        "thumbnailUrl": [media.thumbnail],
        "contentUrl": media.video,
        "caption": {**described["caption"], "contentUrl": media.captions},
        "mainEntityOfPage": page.url,
        "isPartOf": {"@id": work_id},
        **_moments(page),
    }
    work = {
        "@type": "CreativeWork",
        "@id": work_id,
        "name": watch.title,
        "url": page.url,
        "inLanguage": watch.language,
        "text": watch.text,
        "video": {"@id": video_id},
        "workTranslation": [
            {"@type": "CreativeWork", "@id": f"{one.url}#work", "url": one.url, "inLanguage": one.watch.language}
            for one in site.translations(page)
        ],
    }
    kept = {name: value for name, value in work.items() if value not in ([], "")}
    return {"@context": "https://schema.org", "@graph": [video, kept]}


def _moments(page: Page) -> dict[str, Any]:
    watch = page.watch
    if watch.extras.chapters:
        return {"hasPart": clips(watch.extras.chapters, page.url)}
    if watch.duration_s < LEAST_CLIPS_S:
        return {}
    return {
        "potentialAction": {
            "@type": "SeekToAction",
            "target": f"{page.url}?t={{seek_to_second_number}}",
            "startOffset-input": "required name=seek_to_second_number",
        }
    }
