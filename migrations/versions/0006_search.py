"""Full-text search: what runs and scripts are found by.

The texts of scripts that are there already come from the store, so a worker fills them in.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

FIELDS = ("title", "filename", "note", "tags", "reason", "failures")
TEXTS = {"run_text": FIELDS, "script_text": ("text",)}

FAILURES = """SELECT exception || ' ' || substr(message, 1, 2000) AS text FROM {0}
    WHERE {0}.run_id = run.id"""
RUNS = f"""INSERT INTO run_text (rowid, title, filename, note, tags, reason, failures)
SELECT id, title, filename, note, '', reason, substr(coalesce((
    SELECT {{join}}(text, {{end}}) FROM
        ({FAILURES.format("failure")} UNION {FAILURES.format("blocker")}) AS said
), ''), 1, 20000) FROM run"""  # noqa: S608
JOINS = {
    "sqlite": {"join": "group_concat", "end": "char(10)"},
    "postgresql": {"join": "string_agg", "end": "chr(10)"},
}


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    for name, columns in TEXTS.items():
        if dialect == "sqlite":
            op.execute(
                f"CREATE VIRTUAL TABLE {name} USING fts5({', '.join(columns)}, "
                "tokenize = 'unicode61 remove_diacritics 0', prefix = '2 3 4 5 6')"
            )
        else:
            text = " || ' ' || ".join(columns)
            # Its own parser would keep `foo.bar` whole, as the name of a host.
            parts = f"regexp_replace({text}, '[^[:alnum:]]+', ' ', 'g')"
            op.execute(
                f"CREATE TABLE {name} (rowid integer PRIMARY KEY, "
                + "".join(f"{column} text NOT NULL, " for column in columns)
                + f"words tsvector GENERATED ALWAYS AS (to_tsvector('simple', {parts})) STORED)"
            )
            op.execute(f"CREATE INDEX ix_{name}_words ON {name} USING gin (words)")
    op.execute(RUNS.format(**JOINS[dialect]))


def downgrade() -> None:
    for name in TEXTS:
        op.execute(f"DROP TABLE {name}")
