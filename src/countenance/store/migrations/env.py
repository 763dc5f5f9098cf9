"""Run by Alembic: applies the migrations on the connection that `database.migrate` hands over."""

from __future__ import annotations

from alembic import context

from countenance.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # SQLite can undo table changes; a failed migration leaves no trace
)
with context.begin_transaction():
    context.run_migrations()
