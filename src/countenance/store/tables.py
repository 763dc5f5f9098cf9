"""The tables of the project database.

Moments are ISO 8601 text in UTC, ids are ULIDs, hashes are lower-case hex: what is read back is
exactly what was written, which the ledger's hashes rely on.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

VARIANT_STATES = ("planned", "rendered", "in_review", "approved", "rejected", "released", "withdrawn")
RELEASE_STATES = ("released", "withdrawn")

metadata = MetaData()


def _one_of(column: str, values: tuple[str, ...], name: str) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(value) for value in values)})", name=name)


ledger_entry = Table(
    "ledger_entry",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("prev_hash", String(64), nullable=False),
    Column("ts", String(32), nullable=False),
    Column("actor", Text, nullable=False),
    Column("kind", String(64), nullable=False),
    Column("data", Text, nullable=False),  # canonical JSON, byte for byte what was hashed
    Column("hash", String(64), nullable=False, unique=True),
    Column("signature", String(128), nullable=False),
    Index("ledger_entry_kind", "kind"),
)

# One row: the checkpoint over all entries, signed in the transaction that added the last of them.
ledger_head = Table(
    "ledger_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),  # a signed checkpoint (ledger/note.py)
    Column("previous", Text, nullable=False),  # the one before it; "" for none
    Column("frontier", Text, nullable=False),  # the tree's complete subtrees (ledger/tree.py), in hex, by spaces
    CheckConstraint("id = 1", name="ledger_head_one"),
)

grant_record = Table(
    "grant_record",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("talent", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("document", JSON, nullable=False),
    Column("recorded_at", String(32), nullable=False),
    Column("withdrawn_at", String(32)),
    Column("withdrawn_by", Text),
    Column("reason", Text),
    Column("record", JSON),  # the consent record as the controller signed it
    Column("token_sha256", String(64)),  # of the receipt's withdrawal token, while it can be used
    Index("grant_record_talent", "talent"),
)

variant = Table(
    "variant",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("job", String(64), nullable=False),
    Column("campaign", Text, nullable=False),
    Column("face", Text, nullable=False),
    Column("language", String(35), nullable=False),
    Column("state", String(16), nullable=False),
    Column("render", JSON),
    Column("review", JSON),
    _one_of("state", VARIANT_STATES, "variant_state"),
    Index("variant_job", "job"),
)

release = Table(
    "release",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("variant_id", String(26), ForeignKey("variant.id"), nullable=False),
    Column("mark_id", String(16), nullable=False, unique=True),
    Column("state", String(16), nullable=False),
    Column("record", JSON, nullable=False),
    Column("package", Text, nullable=False),
    Column("released_at", String(32), nullable=False),
    _one_of("state", RELEASE_STATES, "release_state"),
    Index("release_variant", "variant_id"),
)

holding = Table(  # whose data a variant, a job or a work folder is; people by their tag (`store.subjects`)
    "holding",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("name", String(128), primary_key=True),
    Column("subject", String(32), primary_key=True),
    Index("holding_subject", "subject"),
)

erased_document = Table(  # grant documents of erased people: keyed hashes that only whoever has the document can meet
    "erased_document",
    metadata,
    Column("fingerprint", String(64), primary_key=True),
    Column("erased_at", String(32), nullable=False),
)

policy_finding = Table(  # what policy found that a person has to decide; the ledger's entries are what counts
    "policy_finding",
    metadata,
    Column("id", String(24), primary_key=True),
    Column("rule", String(64), nullable=False),
    Column("about", Text, nullable=False),  # without names
    Column("found_at", String(32), nullable=False),
    Column("decision", String(16)),
    Column("decided_by", Text),
    Column("decided_at", String(32)),
    Column("reason", Text),
)

# Places outside (sinks): what lies there, the sites that were made there, and what somebody decided to withdraw.
PLACEMENT_STATES = ("placing", "placed", "gone")

placement = Table(
    "placement",
    metadata,
    Column("sink", String(64), primary_key=True),
    Column("name", String(512), primary_key=True),  # below the sink's address; tells no person's name
    Column("release_id", String(26), ForeignKey("release.id")),  # none: a page that is about several
    Column("site", String(255)),  # the path of the site that it is part of; none: of a package by itself
    Column("sha256", String(64), nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("url", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("at", String(32), nullable=False),
    Column("resume", Text, nullable=False),  # where an upload that was cut off goes on; the sink's own words
    _one_of("state", PLACEMENT_STATES, "placement_state"),
    Index("placement_release", "release_id"),
)

site = Table(  # how a site at a sink is made anew without what was withdrawn
    "site",
    metadata,
    Column("sink", String(64), primary_key=True),
    Column("path", String(255), primary_key=True),
    Column("packages", Text, nullable=False),
    Column("base_url", Text, nullable=False),
    Column("verify_url", Text),
    Column("at", String(32), nullable=False),
)

withdrawal = Table(  # decided by a person; what follows from consent stands in the grants
    "withdrawal",
    metadata,
    Column("release_id", String(26), ForeignKey("release.id"), primary_key=True),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", String(32), nullable=False),
)

# Storage: blobs, who needs them, results that machines share, people's keys, and what was erased.

blob = Table(  # every blob that was ever announced, in whatever place it lies
    "blob",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("put_at", String(32), nullable=False),  # when it was last asked for to be kept
    Column("condemned_at", String(32)),  # since when the collector knows that nobody refers to it
    Column("damaged_at", String(32)),  # since when it is known to have lost its content: the next put mends it
    Index("blob_condemned", "condemned_at"),
)

blob_ref = Table(
    "blob_ref",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("name", String(128), primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Index("blob_ref_sha256", "sha256"),
)

kept_result = Table(  # finished folders of work, by their path below `work`
    "kept_result",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("manifest", JSON, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("campaign", Text, nullable=False),  # whose quota it counts for; "" for nobody's
    Column("owner", Text, nullable=False),
    Column("made_at", String(32), nullable=False),
    Column("used_at", String(32), nullable=False),
)

subject_key = Table(  # what people's blobs are encrypted with, each sealed with the project's storage key
    "subject_key",
    metadata,
    Column("subject", String(32), primary_key=True),
    Column("sealed", Text, nullable=False),
)

tombstone = Table(  # what was erased and must not come back, not even from a backup (`store.buried`)
    "tombstone",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("name", String(128), primary_key=True),
    Column("at", String(32), nullable=False),
)

# Jobs. Moments are seconds of Unix time here, since the scheduler reckons with them.
JOB_STATES = ("active", "paused", "cancelled", "done", "failed")
TASK_STATES = ("waiting", "ready", "running", "resting", "done", "dead", "blocked")

job = Table(
    "job",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("campaign", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("deadline", Double),
    Column("budget_s", Double),
    Column("state", String(16), nullable=False),
    Column("reason", Text),
    Column("submitted_at", Double, nullable=False),
    Column("settled_at", Double),
    Column("size", Integer, nullable=False),  # tasks that it wants
    Column("open", Integer, nullable=False),  # of them not done
    Column("stuck", Integer, nullable=False),  # of these dead or blocked
    Column("left_s", Double, nullable=False),  # estimated processor seconds of the open ones
    Column("spent_s", Double, nullable=False),  # seconds that workers spent on its behalf
    _one_of("state", JOB_STATES, "job_state_known"),
    Index("job_state", "state"),
)

task = Table(
    "task",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("kind", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("skill", String(80), nullable=False),
    Column("queue", String(64), nullable=False),
    Column("about", Text, nullable=False),
    Column("variant", Text, nullable=False),
    Column("spec", Text, nullable=False),
    Column("cost_s", Double, nullable=False),
    Column("patience_s", Double, nullable=False),
    Column("retry_s", Double, nullable=False),
    Column("state", String(16), nullable=False),
    Column("lacks", Integer, nullable=False),  # needs that are not done
    Column("promised", Integer, nullable=False),  # of them those that do not exist yet
    Column("due", Double),  # running: end of the lease; resting: when to try again
    Column("attempt", Integer, nullable=False),  # the fence: who claimed an older attempt has no say any more
    Column("failures", Integer, nullable=False),
    Column("kills", Integer, nullable=False),  # workers that were lost over it
    Column("failing_since", Double),
    Column("worker", Text),
    Column("job", String(64)),  # on whose behalf it runs
    Column("price", Double),  # what a second of it costs the campaign's share
    Column("ready_at", Double),
    Column("started_at", Double),
    Column("ended_at", Double),
    Column("parts_done", Integer, nullable=False),
    Column("parts", Integer, nullable=False),
    Column("result", Text),
    Column("error", Text),
    _one_of("state", TASK_STATES, "task_state_known"),
    Index("task_due", "state", "due"),
)

task_need = Table(
    "task_need",
    metadata,
    Column("task", String(64), primary_key=True),
    Column("needs", String(64), primary_key=True),
    Index("task_need_needs", "needs"),
    sqlite_with_rowid=False,
)

task_brought = Table(  # tasks that became known when another was done
    "task_brought",
    metadata,
    Column("task", String(64), primary_key=True),
    Column("brought", String(64), primary_key=True),
    sqlite_with_rowid=False,
)

job_task = Table(  # who wants what, and in which order
    "job_task",
    metadata,
    Column("job", String(64), primary_key=True),
    Column("task", String(64), primary_key=True),
    Column("rank", Double, nullable=False),
    Index("job_task_task", "task"),
    sqlite_with_rowid=False,
)

task_ready = Table(  # what may be claimed now, once for each job that wants it
    "task_ready",
    metadata,
    Column("job", String(64), primary_key=True),
    Column("queue", String(64), primary_key=True),
    Column("rank", Double, primary_key=True),
    Column("task", String(64), primary_key=True),
    Column("skill", String(80), nullable=False),
    Index("task_ready_task", "task"),
    Index("task_ready_queue", "queue"),
    sqlite_with_rowid=False,
)

queue_share = Table(  # how much of a queue a campaign has used, weighted; campaign "": where the queue stands
    "queue_share",
    metadata,
    Column("queue", String(64), primary_key=True),
    Column("campaign", Text, primary_key=True),
    Column("used", Double, nullable=False),
)

job_owner = Table(  # the rate limit's memory
    "job_owner",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("full_until", Double, nullable=False),
)

worker = Table(
    "worker",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("machine", Text, nullable=False),
    Column("process", Text, nullable=False),
    Column("queues", Text, nullable=False),
    Column("skills", Text, nullable=False),
    Column("started_at", Double, nullable=False),
    Column("seen_at", Double, nullable=False),
)
