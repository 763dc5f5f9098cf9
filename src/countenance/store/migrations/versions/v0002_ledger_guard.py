"""The signed head of the ledger within the database, and guards on both databases against any change of entries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_GENESIS = "0" * 64
_TRIGGERS = {
    "ledger_entry": ("ledger_entry_no_update", "ledger_entry_no_delete", "ledger_entry_in_order"),
    "ledger_head": ("ledger_head_no_delete",),
}


def upgrade() -> None:
    op.create_table(
        "ledger_head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("previous", sa.Text, nullable=False),
        sa.Column("frontier", sa.Text, nullable=False),
        sa.CheckConstraint("id = 1", name="ledger_head_one"),
    )
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_sqlite()


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table, names in _TRIGGERS.items():
            for name in (*names, f"{table}_no_truncate"):
                op.execute(f"DROP TRIGGER {name} ON {table}")
        op.execute("DROP FUNCTION ledger_refuse(), ledger_in_order()")
    else:
        op.execute("DROP TRIGGER ledger_entry_in_order")
    op.drop_table("ledger_head")


def _guard_sqlite() -> None:
    # INSERT OR REPLACE deletes rows without any delete trigger; so what would replace is refused as it comes in.
    op.execute(
        f"""CREATE TRIGGER ledger_entry_in_order BEFORE INSERT ON ledger_entry
        WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM ledger_entry)
          OR NEW.prev_hash IS NOT coalesce((SELECT hash FROM ledger_entry ORDER BY seq DESC LIMIT 1), '{_GENESIS}')
          OR EXISTS (SELECT 1 FROM ledger_entry WHERE hash = NEW.hash)
        BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: an entry goes behind the last one'); END"""
    )
    op.execute(
        "CREATE TRIGGER ledger_head_no_delete BEFORE DELETE ON ledger_head "
        "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: its head stays'); END"
    )


def _guard_postgresql() -> None:
    op.execute(
        """CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'the ledger is append-only' USING ERRCODE = 'restrict_violation'; END $$"""
    )
    op.execute(
        f"""CREATE FUNCTION ledger_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            last_seq integer := 0;
            last_hash text := '{_GENESIS}';
        BEGIN
            SELECT seq, hash INTO last_seq, last_hash FROM ledger_entry ORDER BY seq DESC LIMIT 1;
            IF NEW.seq IS DISTINCT FROM coalesce(last_seq, 0) + 1
               OR NEW.prev_hash IS DISTINCT FROM coalesce(last_hash, '{_GENESIS}') THEN
                RAISE EXCEPTION 'the ledger is append-only: an entry goes behind the last one'
                USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN NEW;
        END $$"""
    )
    op.execute(
        "CREATE TRIGGER ledger_entry_in_order BEFORE INSERT ON ledger_entry "
        "FOR EACH ROW EXECUTE FUNCTION ledger_in_order()"
    )
    for table, verb in (("ledger_entry", "UPDATE"), ("ledger_entry", "DELETE"), ("ledger_head", "DELETE")):
        op.execute(
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION ledger_refuse()"
        )
    for table in _TRIGGERS:
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()"
        )
