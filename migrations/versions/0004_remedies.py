"""What is found out after the verdict: remedies, repros, dimensions, files, fingerprints."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("run", sa.Column("contract", sa.JSON(), nullable=True))
    op.add_column(
        "run",
        sa.Column("following", sa.String(length=40), server_default=sa.text("''"), nullable=False),
    )
    op.add_column("stage", sa.Column("detail", sa.JSON(), nullable=True))
    op.add_column("stage", sa.Column("file_sha256", sa.String(length=64), nullable=True))
    op.add_column("stage", sa.Column("file_bytes", sa.Integer(), nullable=True))
    op.add_column("blocker", sa.Column("repro", sa.JSON(), nullable=True))
    for table in ("blocker", "failure"):
        op.add_column(table, sa.Column("fingerprint", sa.String(length=80), nullable=True))
        op.create_index(f"ix_{table}_fingerprint", table, ["fingerprint"])
    op.create_table(
        "remedy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("blocker", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("patch", sa.String(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("failure", sa.JSON(), nullable=True),
        sa.Column("replay", sa.String(length=40), nullable=False),
        sa.Column("replay_detail", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("run_id", "position"),
    )
    op.create_index("ix_remedy_run_id", "remedy", ["run_id"])


def downgrade() -> None:
    op.drop_table("remedy")
    for table in ("failure", "blocker"):
        op.drop_index(f"ix_{table}_fingerprint", table)
        op.drop_column(table, "fingerprint")
    op.drop_column("blocker", "repro")
    for column in ("file_bytes", "file_sha256", "detail"):
        op.drop_column("stage", column)
    op.drop_column("run", "following")
    op.drop_column("run", "contract")
