"""Whose data lies where, and which grant documents must not be recorded again since their person was erased."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "holding",
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("name", sa.String(128), primary_key=True),
        sa.Column("subject", sa.String(32), primary_key=True),
    )
    op.create_index("holding_subject", "holding", ["subject"])
    op.create_table(
        "erased_document",
        sa.Column("fingerprint", sa.String(64), primary_key=True),
        sa.Column("erased_at", sa.String(32), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("erased_document")
    op.drop_table("holding")
