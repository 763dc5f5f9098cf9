"""Errands to places outside: uploads, removals, purges and webhooks that are tried until they are done."""

from __future__ import annotations

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
