"""Looking at a campaign with the eyes of policy: what the brief declares, what is said, and whose faces are meant.

Faces are compared with the block list and with nothing else. No age, sex, origin, feeling or other trait is worked out
from a face or a voice: who is under age is known from the declared birth date alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import numpy as np

from countenance.campaign.bareskin import BARE, barest
from countenance.campaign.brief import Brief
from countenance.campaign.likenesses import embeddings_of
from countenance.campaign.render import Rendering, with_paint
from countenance.campaign.stages import Seen
from countenance.campaign.task import Task, shown_frames
from countenance.errors import RightsError
from countenance.ledger.log import commitment
from countenance.media.frame import F32
from countenance.perception.identity import chip, embed
from countenance.perception.networks import FaceNetworks
from countenance.rights.blocklist import Blocked, block_list, nearest
from countenance.rights.clock import today
from countenance.rights.findings import Finding, Judged, judge_findings, record_findings, record_policy
from countenance.rights.grants import RecordedGrant, document_sha256
from countenance.rights.keywords import hits
from countenance.rights.policy import Policy, load_policy
from countenance.rights.register import all_grants
from countenance.store.files import sha256_file
from countenance.store.project import Project
from countenance.synthesis.likeness import reference_embedding

FULL_AGE = 18
_PICTURES = 5  # of each painted person, that are compared with the block list


def findings_in_brief(project: Project, brief: Brief, policy: Policy) -> list[Finding]:
    """What policy finds before anything is made: in the declarations, the ages, the texts and the references."""
    return [
        *_declared(brief),
        *_ages(project, brief, all_grants(project), today(project)),
        *_words(brief, policy),
        *_references(project, brief, policy, block_list(project)),
    ]


def screen_brief(project: Project, brief: Brief) -> None:
    """Raises RightsError, after writing it to the ledger, when policy blocks something or a decision is missing."""
    policy = load_policy(project)
    record_policy(project, policy, brief.owner)
    _enforce(project, brief, findings_in_brief(project, brief, policy), policy)


def screen_master(project: Project, brief: Brief, seen: Seen) -> None:
    """The same for everybody whom the master shows, named in the brief or not, for however short a time."""
    blocked = block_list(project)
    if not blocked:
        return
    policy = load_policy(project)
    findings = [
        finding
        for person in range(seen.perception.people)
        for finding in _looks_like(
            np.stack([track.embedding for track in seen.perception.of_person(person)]),
            f"person {person} of the master", f"person {person} of the master", seen.sha256, blocked, policy,
        )
    ]  # fmt: skip
    _enforce(project, brief, findings, policy)


def screen_scenes(project: Project, brief: Brief, seen: Seen) -> None:
    """The same for what people wear: where much skin is bare, somebody looks before anything is made."""
    policy = load_policy(project)
    if policy.action("bare_skin") == "allow":
        return
    findings = []
    for person in range(seen.perception.people):
        bare = barest(seen.master, seen.perception, person)
        if bare is not None and bare.extent >= BARE:
            at_s = float(seen.master.pts[bare.picture] * seen.master.time_base)
            what = f"much bare skin at {at_s:.1f} s ({bare.extent:.1f} times the face)"
            where = f"person {person} of the master"
            findings.append(Finding("bare_skin", where, what, f"{where}: {what}", seen.sha256))
    _enforce(project, brief, findings, policy)


def screen_rendering(task: Task, rendering: Rendering) -> None:
    """The same for the faces that were made: nobody may come out of two others either."""
    blocked = block_list(task.project)
    if not blocked or not task.variant.swapped:
        return
    policy = load_policy(task.project)
    pictures = rendering.facts["pictures_sha256"]
    findings = [
        finding
        for track, embeddings in _painted_faces(task, rendering).items()
        for finding in _looks_like(
            embeddings, f"the face made for track {track} in {task.variant.key}",
            f"the face made for track {track} of variant {task.variant_id}", pictures, blocked, policy,
        )
    ]  # fmt: skip
    _enforce(task.project, task.brief, findings, policy)


def screen_references(project: Project, name: str, paths: Sequence[Path], actor: str) -> None:
    """The same for a talent who is to be put on record, by the stills and clips that show them."""
    blocked = block_list(project)
    if not blocked:
        return
    networks = FaceNetworks()
    embeddings = np.stack([reference_embedding(path, networks) for path in paths])
    policy, who = load_policy(project), _anonymous(project, name)
    findings = _looks_like(embeddings, f"talent {name}", who, _scope_of_files(paths), blocked, policy)
    judged = judge_findings(project, findings, policy)
    record_findings(project, judged, actor)
    _raise(judged, f"{name} cannot be put on record")


def _enforce(project: Project, brief: Brief, findings: Sequence[Finding], policy: Policy) -> None:
    judged = judge_findings(project, findings, policy)
    record_findings(project, judged, brief.owner)
    _raise(judged, f"Nothing was made for campaign '{brief.campaign}'")


def _raise(judged: Sequence[Judged], consequence: str) -> None:
    stopped = [one for one in judged if one.action != "allow"]
    if not stopped:
        return
    blocked = sum(one.action == "block" for one in stopped)
    parts = [f"policy blocks {blocked}"] if blocked else []
    parts += [f"{len(stopped) - blocked} must be decided"] if blocked < len(stopped) else []
    raise RightsError(
        f"{consequence}: of what policy found, {' and '.join(parts)}; `countenance policy show` tells the rules.",
        tuple(one.sentence for one in stopped),
    )


def _declared(brief: Brief) -> Iterator[Finding]:
    scope = brief.digest()
    for rule in ("sexual", "political"):
        if getattr(brief.content, rule):
            what = f"content.{rule} is true"
            yield Finding(rule, f"{brief.path.name}", what, f"brief {scope[:16]}: {what}", scope)


def _ages(project: Project, brief: Brief, grants: Sequence[RecordedGrant], day: date) -> Iterator[Finding]:
    for talent in brief.talents:
        own = [one.grant for one in grants if one.grant.talent == talent and one.withdrawn_at is None]
        if not any(grant.kind == "real" for grant in own):
            continue  # nobody, or nobody on record: the rights are asked about that
        who = _anonymous(project, talent)
        declared = [age for grant in own if (age := grant.age_on(day)) is not None]
        scope = document_sha256({"grants": sorted(grant.document_sha256 for grant in own)})
        if not declared:
            what = "no grant declares a birth date; add `born`"
            yield Finding("age_undeclared", f"talent {talent}", what, f"{who}: {what}", scope)
        elif min(declared) < FULL_AGE:
            what = f"under {FULL_AGE} by the declared birth date"
            yield Finding("minor", f"talent {talent}", what, f"{who}: {what}", scope)


def _words(brief: Brief, policy: Policy) -> Iterator[Finding]:
    texts = {f"the text in {one}": (one, brief.words(one)) for one in (brief.script.language, *brief.translations)}
    texts["the campaign's name"] = (brief.script.language, brief.campaign.replace("-", " ").replace("_", " "))
    for where, (language, text) in texts.items():
        scope = document_sha256({"language": language, "text": text})
        for hit in hits(text, language, policy.words):
            what = f"'{hit.term}'"
            yield Finding(hit.rule, where, what, f"{where}: {what}", scope)


def _references(project: Project, brief: Brief, policy: Policy, blocked: Sequence[Blocked]) -> Iterator[Finding]:
    for talent in (one.name for one in brief.talents.values() if blocked and one.references):
        who, scope = _anonymous(project, talent), _scope_of_files(brief.talents[talent].references)
        embeddings = embeddings_of(brief, talent)
        yield from _looks_like(embeddings, f"the references of {talent}", who, scope, blocked, policy)


def _looks_like(
    embeddings: F32, where: str, about: str, scope: str, blocked: Sequence[Blocked], policy: Policy
) -> Iterator[Finding]:
    near = nearest(blocked, embeddings)
    if near is None or near[1] >= policy.alike:
        return
    entry, distance = near
    rule = "protected_person" if distance < policy.same else "protected_likeness"
    verb = "is" if distance < policy.same else "looks like"
    what = f"{verb} {entry.label}, who is on the block list (distance {distance:.2f})"
    yield Finding(rule, where, what, f"{about}: {verb} entry {entry.id}", f"{scope} {entry.id}")


def _painted_faces(task: Task, rendering: Rendering) -> dict[int, F32]:
    """Embeddings `(n, 128)` of the faces as painted, by track, of a few evenly spaced pictures."""
    timeline, tracks = task.timeline, {part.track for part in task.variant.swapped}
    wanted = set(np.linspace(0, len(timeline.source) - 1, _PICTURES + 2)[1:-1].astype(int).tolist())
    chips: dict[int, list[np.ndarray]] = {}
    for number, frame in enumerate(with_paint(rendering.painted(), shown_frames(task.master, timeline))):
        source = timeline.source[number]
        if number in wanted:
            for track in tracks:
                face = task.face(track, source)
                if face is not None:
                    chips.setdefault(track, []).append(chip(frame, face.mesh))
    return {track: embed(found) for track, found in chips.items()}


def _scope_of_files(paths: Sequence[Path]) -> str:
    return document_sha256({"files": sorted(sha256_file(path) for path in paths)})


def _anonymous(project: Project, talent: str) -> str:
    return f"talent {commitment(project, talent, talent)[:16]}"
