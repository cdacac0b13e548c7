"""Failures over all runs: groups by fingerprint, where each was seen, and what people say of it."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# Of the runs that ended and are not deleted; what failed besides the user's own call does not
# count (see app/services/sightings.py).
SEEN = """
    INSERT INTO sighting (fingerprint, run_id, filename, runtime, blocker, stage)
    SELECT found.fingerprint, run.id, run.filename, run.runtime, min(found.position),
           coalesce(min(CASE WHEN found.kind = 'whole' THEN found.n END), min(found.n))
      FROM (SELECT fingerprint, run_id, position, NULL AS kind, NULL AS n FROM blocker
            UNION ALL
            SELECT failure.fingerprint, failure.run_id, NULL, stage.kind, stage.n
              FROM failure LEFT JOIN stage ON stage.id = failure.stage_id
             WHERE stage.kind IS NULL
                OR stage.kind NOT IN ('strict', 'draft', 'onnx', 'bypass')) AS found
      JOIN run ON run.id = found.run_id
     WHERE found.fingerprint IS NOT NULL AND run.deleted_at IS NULL
       AND run.status IN ('finished', 'failed', 'cancelled')
     GROUP BY found.fingerprint, run.id, run.filename, run.runtime"""
# The class of the module was not kept, so it is empty in the groups that are there already.
GROUP = """
    INSERT INTO failuregroup (fingerprint, category, exception, expression, module_class, text,
                              message, runs, scripts, state, state_by, note)
    SELECT one.fingerprint, one.category, one.exception, substr(one.expression, 1, 2000), '',
           substr(one.text, 1, 2000), substr(one.message, 1, 500), 0, 0, 'open', '', ''
      FROM {table} AS one
     WHERE one.id IN (SELECT min(id) FROM {table} WHERE fingerprint IS NOT NULL
                       GROUP BY fingerprint)
       AND one.fingerprint NOT IN (SELECT fingerprint FROM failuregroup)"""
PLACES = """
    INSERT INTO failureplace (fingerprint, filename, runtime, runs, first_run_id, last_run_id)
    SELECT fingerprint, filename, runtime, count(*), min(run_id), max(run_id) FROM sighting
     GROUP BY fingerprint, filename, runtime"""
COUNTS = """
    UPDATE failuregroup SET
        runs = (SELECT count(*) FROM sighting AS one
                 WHERE one.fingerprint = failuregroup.fingerprint),
        scripts = (SELECT count(DISTINCT filename) FROM failureplace AS one
                    WHERE one.fingerprint = failuregroup.fingerprint),
        first_run_id = (SELECT min(run_id) FROM sighting AS one
                         WHERE one.fingerprint = failuregroup.fingerprint),
        last_run_id = (SELECT max(run_id) FROM sighting AS one
                        WHERE one.fingerprint = failuregroup.fingerprint)"""
EMPTY = sa.text("''")


def upgrade() -> None:
    for table in ("blocker", "failure"):
        column = sa.Column("module_class", sa.String(), server_default=EMPTY, nullable=False)
        op.add_column(table, column)
    _make_groups()
    _make_sightings()
    for table in ("blocker", "failure"):
        op.execute(GROUP.format(table=table))
    for statement in (SEEN, PLACES, COUNTS, "DELETE FROM failuregroup WHERE runs = 0"):
        op.execute(statement)


def downgrade() -> None:
    for table in ("failureplace", "sighting", "failuregroup"):
        op.drop_table(table)
    for table in ("failure", "blocker"):
        op.drop_column(table, "module_class")


def _make_groups() -> None:
    op.create_table(
        "failuregroup",
        sa.Column("fingerprint", sa.String(length=80), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column("exception", sa.String(), nullable=False),
        sa.Column("expression", sa.String(), nullable=True),
        sa.Column("module_class", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("scripts", sa.Integer(), nullable=False),
        sa.Column("first_run_id", sa.Integer(), nullable=True),
        sa.Column("last_run_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("state_by", sa.String(length=80), nullable=False),
        sa.Column("state_at", sa.DateTime(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("fixed_run_id", sa.Integer(), nullable=True),
        sa.Column("back_run_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["fixed_run_id"], ["run.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["back_run_id"], ["run.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("fingerprint"),
    )
    order = ["last_run_id", "fingerprint"]
    for name, columns in (
        ("seen", order),
        ("state", ["state", *order]),
        ("category", ["category", *order]),
        ("fixed_run_id", ["fixed_run_id"]),
        ("back_run_id", ["back_run_id"]),
    ):
        op.create_index(f"ix_failuregroup_{name}", "failuregroup", columns)


def _make_sightings() -> None:
    op.create_table(
        "sighting",
        sa.Column("fingerprint", sa.String(length=80), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("runtime", sa.String(length=80), nullable=False),
        sa.Column("blocker", sa.Integer(), nullable=True),
        sa.Column("stage", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["fingerprint"], ["failuregroup.fingerprint"]),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("fingerprint", "run_id"),
    )
    place = ["fingerprint", "filename", "runtime"]
    op.create_index("ix_sighting_place", "sighting", [*place, "run_id"])
    op.create_index("ix_sighting_run_id", "sighting", ["run_id"])
    op.create_table(
        "failureplace",
        sa.Column("fingerprint", sa.String(length=80), nullable=False),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("runtime", sa.String(length=80), nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("first_run_id", sa.Integer(), nullable=True),
        sa.Column("last_run_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["fingerprint"], ["failuregroup.fingerprint"]),
        sa.PrimaryKeyConstraint(*place),
    )
    for name, columns in (
        ("seen", ["fingerprint", "last_run_id"]),
        ("script", ["filename", "runtime", "fingerprint"]),
        ("runtime", ["runtime", "fingerprint"]),
    ):
        op.create_index(f"ix_failureplace_{name}", "failureplace", columns)
