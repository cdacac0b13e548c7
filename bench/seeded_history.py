"""A history of many runs, written as rows into a fresh database: what a team has after a year.

The rows are those of revision 0005, and the database is migrated on from there, so that whatever
later revisions derive from runs that are there is derived at that scale, too.
"""

import hashlib
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate, cycle, islice
from pathlib import Path
from random import Random
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, MetaData, insert, text

from app.db import make_engine
from app.services.housekeeping import keep_house
from app.services.migrate import migrate
from app.services.storage import BlobStore
from app.settings import ROOT, Settings

BASE = "0005"
DAYS = 400
BATCH = 2_000  # runs
STAGES = ("backbone", "neck", "head", "backbone + neck", "whole model")
RUNTIMES = (("torch-2.13", 80), ("vision", 15), ("nightly", 5))
ENDS = (
    ("exported", 45),
    ("partly", 25),
    ("blocked", 15),
    ("script_error", 9),
    ("failed", 5),
    ("cancelled", 1),
)
CATEGORIES = (
    ("data_dependent_branch", 30),
    ("data_dependent_shape", 20),
    ("tensor_to_python", 14),
    ("dynamic_shape_violation", 10),
    ("unsupported_python", 8),
    ("missing_fake_kernel", 7),
    ("mutation", 6),
    ("numpy_conversion", 4),
    ("unsupported_input", 1),
)
WORDS = (
    *("anchor", "beam", "box", "crop", "decode", "encoder", "fuse", "gate", "head", "index"),
    *("joint", "keypoint", "logits", "mask", "nms", "offset", "pose", "query", "roi", "scores"),
    *("segment", "tile", "topk", "video", "window", "heatmap", "refine", "sample", "token", "warp"),
)
TAGS = ("release", "nightly", "ci", "flaky", "customer", "bisect", "quantised", "edge")


@dataclass(frozen=True)
class Cause:
    """One of the causes that many runs share."""

    fingerprint: str
    category: str
    text: str
    line: int
    expression: str


@dataclass
class Author:
    """Draws rows; the same seed draws the same."""

    runs: int
    draw: Random = field(default_factory=lambda: Random(7))

    def __post_init__(self) -> None:
        """Draw what runs share: people, files, classes, causes."""
        self.names = [f"{one}_{two}.py" for one in WORDS for two in WORDS]
        self.people = [f"person-{n:02}" for n in range(40)]
        self.classes = [f"{one.title()}{two.title()}Net" for one in WORDS for two in WORDS[:10]]
        self.causes = [self._cause(n) for n in range(max(30, self.runs // 30))]
        self.scripts = max(10, self.runs // 5)
        self.start = datetime.now(UTC).replace(tzinfo=None, microsecond=0) - timedelta(days=DAYS)

    def pick(self, weighted: Sequence[tuple[str, int]]) -> str:
        """One of the words, by weight."""
        weights = list(accumulate(weight for _, weight in weighted))
        return self.draw.choices([word for word, _ in weighted], cum_weights=weights)[0]

    def often(self, few: Sequence[Any]) -> Any:
        """One of them; the first come far more often than the last."""
        return few[int(len(few) * self.draw.random() ** 3)]

    def source(self, number: int) -> bytes:
        """The text of a script."""
        words = " ".join(self.draw.choices(WORDS, k=60))
        return f'"""{words}."""\nimport torch\nVERSION = {number}\n'.encode()

    def _cause(self, number: int) -> Cause:
        name, other = self.draw.choice(WORDS), self.draw.choice(WORDS)
        return Cause(
            fingerprint=f"v1:{hashlib.sha256(str(number).encode()).hexdigest()[:16]}",
            category=self.pick(CATEGORIES),
            text=f"if {name}.{other}_{number}.sum() > 0:",
            line=number % 200 + 1,
            expression=f"Eq(u{number % 3}, {number % 7})",
        )


def write_history(settings: Settings, runs: int) -> None:
    """Fill a fresh data folder with so many runs, and bring it to the newest revision."""
    settings.data.mkdir(parents=True, exist_ok=True)
    config = Config(ROOT / "alembic.ini")
    config.set_main_option("sqlalchemy.url", settings.url)
    command.upgrade(config, BASE)
    author = Author(runs)
    engine = make_engine(settings.url)
    with engine.begin() as connection:
        connection.execute(text("PRAGMA foreign_keys = OFF"))
        Writer(connection, author, settings.data / "scripts").write()
    migrate(settings.url)
    deque(keep_house(engine, settings), maxlen=0)  # as a worker does once it is idle
    engine.dispose()


class Writer:
    """Writes rows in batches. Row ids are counted here, for other rows name them."""

    def __init__(self, connection: Connection, author: Author, scripts: Path) -> None:
        self.connection = connection
        self.author = author
        self.store = BlobStore(scripts)
        self.tables = MetaData()
        self.tables.reflect(connection)
        self.stage = 0

    def write(self) -> None:
        """All of it."""
        for batch in _batches(range(1, self.author.scripts + 1)):
            self._insert("script", [self._script(number) for number in batch])
        for batch in _batches(range(1, self.author.runs + 1)):
            self._write_runs(batch)

    def _insert(self, table: str, rows: list[dict[str, Any]]) -> None:
        if rows:
            self.connection.execute(insert(self.tables.tables[table]), rows)

    def _script(self, number: int) -> dict[str, Any]:
        data = self.author.source(number)
        sha256 = hashlib.sha256(data).hexdigest()
        path = self.store.root / sha256[:2] / sha256
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)  # the store's own way waits for the disk at each
        return {
            "id": number,
            "sha256": sha256,
            "kind": "py",
            "size": len(data),
            "created_at": self.author.start,
        }

    def _write_runs(self, numbers: Sequence[int]) -> None:
        rows: dict[str, list[dict[str, Any]]] = {
            name: [] for name in ("run", "stage", "failure", "blocker", "runtag")
        }
        for number in numbers:
            draw = RunDraw(self.author, number, self.stage)
            self.stage += draw.stage_count
            rows["run"].append(draw.run())
            rows["stage"] += draw.stages()
            rows["failure"] += draw.failures()
            rows["blocker"] += draw.blockers()
            rows["runtag"] += draw.tags()
        for table, some in rows.items():
            self._insert(table, some)


class RunDraw:
    """One run with its rows. The latest few have not ended."""

    def __init__(self, author: Author, number: int, stage: int) -> None:
        self.author, self.number, self.stage = author, number, stage
        age = author.runs - number
        self.end = author.pick(ENDS) if age > 3 else ("running" if age == 3 else "queued")
        self.name = author.often(author.names)
        self.cause: Cause = author.often(author.causes)
        minutes = DAYS * 24 * 60 * number / author.runs
        self.at = author.start + timedelta(minutes=minutes)

    @property
    def fails(self) -> bool:
        """Whether something stops it."""
        return self.end in ("partly", "blocked", "script_error", "failed")

    @property
    def category(self) -> str | None:
        """Of what stops it."""
        known = {"script_error": "eager_error", "failed": "timeout"}
        return known.get(self.end, self.cause.category) if self.fails else None

    def run(self) -> dict[str, Any]:
        """Its own row."""
        draw = self.author.draw
        ended = self.end not in ("running", "queued")
        is_verdict = self.end in ("exported", "partly", "blocked", "script_error")
        seconds = draw.uniform(1, 90)
        model_class = self.author.often(self.author.classes)
        done = draw.randint(0, 40) if self.fails else 40
        return {
            "id": self.number,
            "script_id": max(1, int(self.author.scripts * self.number / self.author.runs)),
            "title": f"{self.name.removesuffix('.py').replace('_', ' ')} {self.number}",
            "filename": self.name,
            "entry": self.name,
            "runtime": self.author.pick(RUNTIMES),
            "options": {},
            "owner": self.author.often(self.author.people),
            "note": "looked at with the vendor" if draw.random() < 0.01 else "",
            "pin": draw.random() < 0.005,
            "deleted_at": None,
            "status": "finished" if is_verdict else self.end,
            "verdict": self.end if is_verdict else None,
            "reason": "The time limit of 600 s was reached." if self.end == "failed" else "",
            "model_class": model_class,
            "category": self.category,
            "sandbox": "full",
            "priority": 0,
            "attempt": 1,
            "lost": 0,
            "cancel_requested": False,
            "created_at": self.at,
            "started_at": self.at + timedelta(seconds=1) if self.end != "queued" else None,
            "whole_at": self.at + timedelta(seconds=seconds / 2) if is_verdict else None,
            "finished_at": self.at + timedelta(seconds=seconds) if ended else None,
            "loaded": _loaded(model_class),
            "coverage": _coverage(done),
            "search": {"complete": "clean", "reason": ""} if self.fails else None,
            "notes": [],
            "following": "",
        }

    @property
    def stage_count(self) -> int:
        """One run has many."""
        return 50 if self.number == self.author.runs - 10 else len(STAGES)

    def stages(self) -> list[dict[str, Any]]:
        """Those of its plan; the whole model is the last."""
        parts = islice(cycle(STAGES[:-1]), self.stage_count - 1)
        return [self._stage(n, name) for n, name in enumerate([*parts, STAGES[-1]], 1)]

    def _stage(self, n: int, name: str) -> dict[str, Any]:
        is_whole = n == self.stage_count
        kind = "whole" if is_whole else "assembled" if "+" in name else "component"
        fails = self.fails and is_whole
        return {
            "id": self.stage + n,
            "run_id": self.number,
            "n": n,
            "key": f"{kind}:{n}",
            "kind": kind,
            "name": name,
            "component": None if is_whole else name.split()[0],
            "status": "failed" if fails else "passed",
            "reason": "",
            "seconds": self.author.draw.uniform(0.1, 9),
            "replay": "not_run" if fails else "equal",
            "inputs": [],
            "outputs": [],
        }

    def failures(self) -> list[dict[str, Any]]:
        """What its whole stage failed with, or the run itself."""
        if not self.fails:
            return []
        is_own = self.end in ("script_error", "failed")
        stage = None if is_own else self.stage + self.stage_count
        return [{**self._cause(self.cause), "stage_id": stage, "category": self.category}]

    def blockers(self) -> list[dict[str, Any]]:
        """What stops the whole model: that, and sometimes more."""
        if self.end not in ("partly", "blocked"):
            return []
        more = self.author.draw.randint(0, 2)
        causes = [self.cause, *(self.author.often(self.author.causes) for _ in range(more))]
        return [
            {
                **self._cause(cause),
                "position": position,
                "occurrences": [],
                "behind": position > 1,
                "bypass": "the module",
            }
            for position, cause in enumerate(causes, 1)
        ]

    def tags(self) -> list[dict[str, Any]]:
        """A few runs have some."""
        if self.author.draw.random() > 0.1:
            return []
        tags = self.author.draw.sample(TAGS, self.author.draw.randint(1, 3))
        return [{"run_id": self.number, "tag": tag} for tag in tags]

    def _cause(self, cause: Cause) -> dict[str, Any]:
        return {
            "run_id": self.number,
            "category": cause.category,
            "exception": "torch.fx.experimental.symbolic_shapes.GuardOnDataDependentSymNode",
            "message": f"Could not guard on data-dependent expression {cause.expression}",
            "hint": "",
            "file": self.name,
            "line": cause.line,
            "function": "forward",
            "text": cause.text,
            "module": "head",
            "expression": cause.expression,
            "births": [],
            "value": "",
            "frames": [],
            "stack": "Traceback (most recent call last): …",
            "fingerprint": cause.fingerprint,
        }


def _loaded(model_class: str) -> dict[str, Any]:
    return {
        "form": "names",
        "model_class": f"model.{model_class}",
        "parameters": 1_284_113,
        "buffers": 4,
        "dtypes": ["float32"],
        "devices": ["cpu"],
        "training": False,
        "strict": False,
        "environment": {"python": "3.11.2", "torch": "2.13.0", "packages": {"numpy": "2.3.1"}},
        "seconds": 0.8,
    }


def _coverage(done: int) -> dict[str, int]:
    return {
        "modules": 40,
        "modules_exported": done,
        "parameters": 4_000,
        "parameters_exported": done * 100,
        "calls": 80,
        "calls_exported": done * 2,
    }


def _batches(numbers: range) -> Iterator[list[int]]:
    left = iter(numbers)
    while batch := list(islice(left, BATCH)):
        yield batch
