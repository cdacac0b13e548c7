"""Quotas: what a run took, what each owner's runs keep, limits of a person; whose turn it is."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ZERO = sa.text("0")
QUOTAS = ("quota_runs", "quota_minutes", "quota_storage_mb")
INDEXES = {
    "ix_run_owner_status": ["owner", "status", "id"],
    "ix_run_owner_started": ["owner", "started_at", "used_seconds"],
    "ix_run_script_owner": ["script_id", "owner"],
}

# Of runs that are there already. How long a worker had them was not kept; it only counts for a day.
LEFT = """
    UPDATE run SET stored_bytes = kept.bytes
      FROM (SELECT stage.run_id, sum(coalesce(stage.file_bytes, 0)
                   + coalesce(length(graph.document) + length(graph.code), 0)) AS bytes
              FROM stage LEFT JOIN graph ON graph.id = stage.graph_id
             GROUP BY stage.run_id) AS kept
     WHERE kept.run_id = run.id AND kept.bytes > 0
       AND run.status IN ('finished', 'failed', 'cancelled')"""
HELD = """
    INSERT INTO holding (owner, bytes)
    SELECT owner, sum(bytes)
      FROM (SELECT owner, stored_bytes AS bytes FROM run
            UNION ALL
            SELECT used.owner, script.size
              FROM (SELECT DISTINCT owner, script_id FROM run) AS used
              JOIN script ON script.id = used.script_id) AS every
     GROUP BY owner"""


def upgrade() -> None:
    for name in QUOTAS:
        op.add_column("person", sa.Column(name, sa.Integer(), nullable=True))
    for name, kind in (("used_seconds", sa.Float()), ("stored_bytes", sa.BigInteger())):
        op.add_column("run", sa.Column(name, kind, server_default=ZERO, nullable=False))
    op.create_table(
        "holding",
        sa.Column("owner", sa.String(length=80), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("owner"),
    )
    op.execute(LEFT)
    for name, columns in INDEXES.items():
        op.create_index(name, "run", columns)
    op.execute(HELD)
    op.drop_index("ix_run_queue", "run")
    op.create_index("ix_run_queue", "run", ["status", "runtime", "owner", "priority", "id"])


def downgrade() -> None:
    op.drop_index("ix_run_queue", "run")
    op.create_index("ix_run_queue", "run", ["status", "runtime", "priority", "id"])
    for name in INDEXES:
        op.drop_index(name, "run")
    op.drop_table("holding")
    for name in ("stored_bytes", "used_seconds"):
        op.drop_column("run", name)
    for name in QUOTAS:
        op.drop_column("person", name)
