"""What a team sorts its runs by: people, model classes, categories, tags, stars, notes."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

EMPTY = sa.text("''")
FILTERED = (
    *("status", "verdict", "runtime", "owner", "filename", "model_class", "category"),
    *("script_id", "created_at"),
)

# The model's own name, and the category of what stops it, of runs that are there already.
MODEL_CLASS = {
    "sqlite": "substr(coalesce(json_extract(loaded, '$.model_class'), ''), 1, 200)",
    "postgresql": "substr(coalesce(loaded ->> 'model_class', ''), 1, 200)",
}
CATEGORY = """coalesce(
    (SELECT min(failure.category) FROM failure
      WHERE failure.run_id = run.id AND failure.stage_id IS NULL),
    (SELECT min(failure.category) FROM failure JOIN stage ON stage.id = failure.stage_id
      WHERE failure.run_id = run.id AND stage.kind = 'whole'))"""


def upgrade() -> None:
    for name, length in (("owner", 80), ("note", None), ("model_class", 200)):
        column = sa.Column(name, sa.String(length=length), server_default=EMPTY, nullable=False)
        op.add_column("run", column)
    op.add_column("run", sa.Column("category", sa.String(length=40), nullable=True))
    op.add_column("run", sa.Column("pin", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("run", sa.Column("deleted_at", sa.DateTime(), nullable=True))
    model_class = MODEL_CLASS[op.get_bind().dialect.name]
    op.execute(f"UPDATE run SET model_class = {model_class}, category = {CATEGORY}")  # noqa: S608
    op.drop_index("ix_run_script_id", "run")
    for name in FILTERED:
        op.create_index(f"ix_run_{name}", "run", [name, "id"])
    op.create_index("ix_run_parent_id", "run", ["parent_id"])
    for name, columns, where in (
        ("ix_run_pin", ["id"], sa.text("pin")),
        ("ix_run_deleted_at", ["deleted_at"], sa.text("deleted_at IS NOT NULL")),
    ):
        op.create_index(name, "run", columns, sqlite_where=where, postgresql_where=where)
    op.create_table(
        "runtag",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("tag", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "tag"),
    )
    op.create_index("ix_runtag_tag", "runtag", ["tag", "run_id"])
    op.create_table(
        "savedfilter",
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("query", sa.String(), nullable=False),
        sa.Column("owner", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("slug"),
    )


def downgrade() -> None:
    op.drop_table("savedfilter")
    op.drop_table("runtag")
    for name in ("deleted_at", "pin", "parent_id", *FILTERED):
        op.drop_index(f"ix_run_{name}", "run")
    op.create_index("ix_run_script_id", "run", ["script_id"])
    for name in ("deleted_at", "pin", "category", "model_class", "note", "owner"):
        op.drop_column("run", name)
