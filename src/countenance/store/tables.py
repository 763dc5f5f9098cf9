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
