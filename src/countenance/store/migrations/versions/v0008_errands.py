"""What lies at places outside, and what was withdrawn from them by somebody's decision."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "placement",
        sa.Column("sink", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(512), primary_key=True),
        sa.Column("release_id", sa.String(26), sa.ForeignKey("release.id")),
        sa.Column("site", sa.String(255)),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("resume", sa.Text, nullable=False),
        sa.CheckConstraint("state IN ('placing', 'placed', 'gone')", name="placement_state"),
    )
    op.create_index("placement_release", "placement", ["release_id"])
    op.create_table(
        "site",
        sa.Column("sink", sa.String(64), primary_key=True),
        sa.Column("path", sa.String(255), primary_key=True),
        sa.Column("packages", sa.Text, nullable=False),
        sa.Column("base_url", sa.Text, nullable=False),
        sa.Column("verify_url", sa.Text),
        sa.Column("at", sa.String(32), nullable=False),
    )
    op.create_table(
        "withdrawal",
        sa.Column("release_id", sa.String(26), sa.ForeignKey("release.id"), primary_key=True),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("withdrawal")
    op.drop_table("site")
    op.drop_index("placement_release", "placement")
    op.drop_table("placement")
