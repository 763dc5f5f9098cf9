"""The first tables: ledger, grants, variants, releases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _make_ledger()
    _make_grants()
    _make_variants()
    _make_releases()


def downgrade() -> None:
    for table in ("release", "variant", "grant_record", "ledger_entry"):
        op.drop_table(table)


def _make_ledger() -> None:
    op.create_table(
        "ledger_entry",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("prev_hash", sa.String(64), nullable=False),
        sa.Column("ts", sa.String(32), nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False, unique=True),
        sa.Column("signature", sa.String(128), nullable=False),
    )
    op.create_index("ledger_entry_kind", "ledger_entry", ["kind"])
    if op.get_bind().dialect.name != "sqlite":
        return  # 0002 guards the ledger there
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER ledger_entry_no_{verb.lower()} BEFORE {verb} ON ledger_entry "
            f"BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
        )


def _make_grants() -> None:
    op.create_table(
        "grant_record",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("talent", sa.Text, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False, unique=True),
        sa.Column("document", sa.JSON, nullable=False),
        sa.Column("recorded_at", sa.String(32), nullable=False),
        sa.Column("withdrawn_at", sa.String(32)),
        sa.Column("withdrawn_by", sa.Text),
        sa.Column("reason", sa.Text),
    )
    op.create_index("grant_record_talent", "grant_record", ["talent"])


def _make_variants() -> None:
    op.create_table(
        "variant",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("job", sa.String(64), nullable=False),
        sa.Column("campaign", sa.Text, nullable=False),
        sa.Column("face", sa.Text, nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("render", sa.JSON),
        sa.Column("review", sa.JSON),
        sa.CheckConstraint(
            "state IN ('planned', 'rendered', 'in_review', 'approved', 'rejected', 'released', 'withdrawn')",
            name="variant_state",
        ),
    )
    op.create_index("variant_job", "variant", ["job"])


def _make_releases() -> None:
    op.create_table(
        "release",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("variant_id", sa.String(26), sa.ForeignKey("variant.id"), nullable=False),
        sa.Column("mark_id", sa.String(16), nullable=False, unique=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("record", sa.JSON, nullable=False),
        sa.Column("package", sa.Text, nullable=False),
        sa.Column("released_at", sa.String(32), nullable=False),
        sa.CheckConstraint("state IN ('released', 'withdrawn')", name="release_state"),
    )
    op.create_index("release_variant", "release", ["variant_id"])
