"""Kept results, references to blobs, keys of people's blobs, and what was erased."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "blob",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("put_at", sa.String(32), nullable=False),
        sa.Column("condemned_at", sa.String(32)),
        sa.Column("damaged_at", sa.String(32)),
    )
    op.create_index("blob_condemned", "blob", ["condemned_at"])
    op.create_table(
        "blob_ref",
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("name", sa.String(128), primary_key=True),
        sa.Column("sha256", sa.String(64), primary_key=True),
    )
    op.create_index("blob_ref_sha256", "blob_ref", ["sha256"])
    op.create_table(
        "kept_result",
        sa.Column("name", sa.String(128), primary_key=True),
        sa.Column("manifest", sa.JSON, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("campaign", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("made_at", sa.String(32), nullable=False),
        sa.Column("used_at", sa.String(32), nullable=False),
    )
    op.create_table(
        "subject_key",
        sa.Column("subject", sa.String(32), primary_key=True),
        sa.Column("sealed", sa.Text, nullable=False),
    )
    op.create_table(
        "tombstone",
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("name", sa.String(128), primary_key=True),
        sa.Column("at", sa.String(32), nullable=False),
    )


def downgrade() -> None:
    for name in ("tombstone", "subject_key", "kept_result", "blob_ref", "blob"):
        op.drop_table(name)
