"""Findings of policy that a person has to decide."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "policy_finding",
        sa.Column("id", sa.String(24), primary_key=True),
        sa.Column("rule", sa.String(64), nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("found_at", sa.String(32), nullable=False),
        sa.Column("decision", sa.String(16)),
        sa.Column("decided_by", sa.Text),
        sa.Column("decided_at", sa.String(32)),
        sa.Column("reason", sa.Text),
    )


def downgrade() -> None:
    op.drop_table("policy_finding")
