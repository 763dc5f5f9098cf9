"""Durable jobs: their tasks, what each needs, and the workers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TABLES = ("job", "task", "task_need", "task_brought", "job_task", "task_ready", "queue_share", "job_owner", "worker")


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("campaign", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("deadline", sa.Double),
        sa.Column("budget_s", sa.Double),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("submitted_at", sa.Double, nullable=False),
        sa.Column("settled_at", sa.Double),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("open", sa.Integer, nullable=False),
        sa.Column("stuck", sa.Integer, nullable=False),
        sa.Column("left_s", sa.Double, nullable=False),
        sa.Column("spent_s", sa.Double, nullable=False),
        sa.CheckConstraint("state IN ('active', 'paused', 'cancelled', 'done', 'failed')", name="job_state_known"),
    )
    op.create_index("job_state", "job", ["state"])
    op.create_table(
        "task",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("skill", sa.String(80), nullable=False),
        sa.Column("queue", sa.String(64), nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("variant", sa.Text, nullable=False),
        sa.Column("spec", sa.Text, nullable=False),
        sa.Column("cost_s", sa.Double, nullable=False),
        sa.Column("patience_s", sa.Double, nullable=False),
        sa.Column("retry_s", sa.Double, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("lacks", sa.Integer, nullable=False),
        sa.Column("promised", sa.Integer, nullable=False),
        sa.Column("due", sa.Double),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("kills", sa.Integer, nullable=False),
        sa.Column("failing_since", sa.Double),
        sa.Column("worker", sa.Text),
        sa.Column("job", sa.String(64)),
        sa.Column("price", sa.Double),
        sa.Column("ready_at", sa.Double),
        sa.Column("started_at", sa.Double),
        sa.Column("ended_at", sa.Double),
        sa.Column("parts_done", sa.Integer, nullable=False),
        sa.Column("parts", sa.Integer, nullable=False),
        sa.Column("result", sa.Text),
        sa.Column("error", sa.Text),
        sa.CheckConstraint(
            "state IN ('waiting', 'ready', 'running', 'resting', 'done', 'dead', 'blocked')", name="task_state_known"
        ),
    )
    op.create_index("task_due", "task", ["state", "due"])
    op.create_table(
        "task_need",
        sa.Column("task", sa.String(64), primary_key=True),
        sa.Column("needs", sa.String(64), primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_index("task_need_needs", "task_need", ["needs"])
    op.create_table(
        "task_brought",
        sa.Column("task", sa.String(64), primary_key=True),
        sa.Column("brought", sa.String(64), primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "job_task",
        sa.Column("job", sa.String(64), primary_key=True),
        sa.Column("task", sa.String(64), primary_key=True),
        sa.Column("rank", sa.Double, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("job_task_task", "job_task", ["task"])
    op.create_table(
        "task_ready",
        sa.Column("job", sa.String(64), primary_key=True),
        sa.Column("queue", sa.String(64), primary_key=True),
        sa.Column("rank", sa.Double, primary_key=True),
        sa.Column("task", sa.String(64), primary_key=True),
        sa.Column("skill", sa.String(80), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("task_ready_task", "task_ready", ["task"])
    op.create_index("task_ready_queue", "task_ready", ["queue"])
    op.create_table(
        "queue_share",
        sa.Column("queue", sa.String(64), primary_key=True),
        sa.Column("campaign", sa.Text, primary_key=True),
        sa.Column("used", sa.Double, nullable=False),
    )
    op.create_table(
        "job_owner",
        sa.Column("owner", sa.Text, primary_key=True),
        sa.Column("full_until", sa.Double, nullable=False),
    )
    op.create_table(
        "worker",
        sa.Column("name", sa.String(128), primary_key=True),
        sa.Column("machine", sa.Text, nullable=False),
        sa.Column("process", sa.Text, nullable=False),
        sa.Column("queues", sa.Text, nullable=False),
        sa.Column("skills", sa.Text, nullable=False),
        sa.Column("started_at", sa.Double, nullable=False),
        sa.Column("seen_at", sa.Double, nullable=False),
    )


def downgrade() -> None:
    for name in reversed(_TABLES):
        op.drop_table(name)
