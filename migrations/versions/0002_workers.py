"""Workers say what they are; a run has no sandbox until a worker has started it.

`run` is changed column by column: SQLite would make the table anew to alter one, and dropping the
old table deletes, by their foreign keys, all stages, failures and logs.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "worker",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("runtimes", sa.JSON(), nullable=False),
        sa.Column("tier", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("layers", sa.JSON(), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    _replace_sandbox(sa.Column("tier", sa.String(length=20), nullable=True))
    # The runs that never started were 'off' too, for that was the default.
    op.execute("UPDATE run SET sandbox = NULL WHERE started_at IS NULL")


def downgrade() -> None:
    op.execute("UPDATE run SET sandbox = 'off' WHERE sandbox IS NULL")
    # A column that may not be null needs a default to be added to rows that are there.
    _replace_sandbox(sa.Column("tier", sa.String(length=20), server_default="off", nullable=False))
    op.drop_table("worker")


def _replace_sandbox(column: sa.Column[str]) -> None:
    """Put `column` in the place of `sandbox`, with its values."""
    op.add_column("run", column)
    op.execute("UPDATE run SET tier = sandbox")
    op.drop_column("run", "sandbox")
    op.execute("ALTER TABLE run RENAME COLUMN tier TO sandbox")
