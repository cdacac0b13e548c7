"""All blockers of a run, where the symbols of a failure were born, and each module's fate."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("run", sa.Column("search", sa.JSON(), nullable=True))
    op.add_column("failure", sa.Column("births", sa.JSON(), server_default="[]", nullable=False))
    op.add_column(
        "failure", sa.Column("value", sa.String(), server_default=sa.text("''"), nullable=False)
    )
    op.create_table(
        "blocker",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column("exception", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("hint", sa.String(), nullable=False),
        sa.Column("file", sa.String(), nullable=True),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("function", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("module", sa.String(), nullable=True),
        sa.Column("expression", sa.String(), nullable=True),
        sa.Column("births", sa.JSON(), server_default="[]", nullable=False),
        sa.Column("value", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("upload_file", sa.String(), nullable=True),
        sa.Column("upload_line", sa.Integer(), nullable=True),
        sa.Column("frames", sa.JSON(), nullable=False),
        sa.Column("source", sa.JSON(), nullable=True),
        sa.Column("stack", sa.String(), nullable=False),
        sa.Column("occurrences", sa.JSON(), nullable=False),
        sa.Column("behind", sa.Boolean(), nullable=False),
        sa.Column("bypass", sa.String(), nullable=False),
        sa.Column("jumped", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("run_id", "position"),
    )
    op.create_index("ix_blocker_run_id", "blocker", ["run_id"])


def downgrade() -> None:
    op.drop_table("blocker")
    op.drop_column("failure", "value")
    op.drop_column("failure", "births")
    op.drop_column("run", "search")
