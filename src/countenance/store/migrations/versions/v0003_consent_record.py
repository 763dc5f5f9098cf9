"""Grants keep the signed consent record and the hash of the receipt's withdrawal token."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("grant_record", sa.Column("record", sa.JSON))
    op.add_column("grant_record", sa.Column("token_sha256", sa.String(64)))


def downgrade() -> None:
    op.drop_column("grant_record", "token_sha256")
    op.drop_column("grant_record", "record")
