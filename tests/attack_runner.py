"""Runs attacks through the real drive of a worker, in a process of its own, as whoever starts it.

    python -m tests.attack_runner '{"folder": …, "tier": "full", "attacks": ["fork", …]}'

One sandbox serves all of them, one after the other, as it does in a worker. Prints one line of
JSON for each: how the run ended, and everything that is not as it should be.
"""

import io
import json
import os
import sys
import time
import zipfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from app.db import make_engine, session_scope
from app.models import RunStatus, Verdict
from app.services import queue
from app.services.identity import nobody
from app.services.migrate import migrate
from app.services.options import RunOptions
from app.services.runs import create_run
from app.services.storage import BlobStore
from app.settings import Settings
from bench.processes import descendants, is_forked, lives
from tests.attack_catalogue import ATTACKS, KIT, Attack
from tests.attack_host import AttackHost
from tests.worker_support import Story
from workers.drive import Ended, drive
from workers.sandbox.box import Sandbox
from workers.sandbox.policy import LaunchSpec
from workers.scratch import scratch
from workers.wish import Wish

WALL_SECONDS = 20
CHECK_EVERY = 20  # attacks, between runs of a model that must export
CHECK_AFTER = "left for the next job"  # a family: such a run after each of it
FILES_MOVE = 3  # descriptors of ours that may come and go between two looks

HARMLESS = """
import torch
model = torch.nn.Linear(4, 2).eval()
inputs = (torch.randn(3, 4),)
"""


@dataclass(frozen=True)
class Outcome:
    """What came of one attack. `wrong` is empty where all is well."""

    name: str
    end: str
    seconds: float
    wrong: list[str]
    log: str  # its last lines


def without(layers: tuple[str, ...], *, tested: bool) -> Any:
    """Take layers away from a zygote's children, and from what they test of themselves."""

    def adjust(spec: LaunchSpec) -> LaunchSpec:
        seal = spec.setup.seal
        kept = tuple(layer for layer in seal.layers if layer not in layers)
        checks = seal.tested if tested else kept
        canary = seal.canary if tested else ""
        sealed = replace(seal, layers=kept, tested=checks, canary=canary)
        return replace(spec, setup=replace(spec.setup, seal=sealed))

    return adjust


class Runner:
    """One sandbox, one database, one host."""

    def __init__(self, engine: Engine, settings: Settings, host: AttackHost, box: Sandbox) -> None:
        self._engine = engine
        self._settings = settings
        self._host = host
        self._box = box
        self._own = self._private_files()  # what the zygote made while it warmed up

    def attack(self, attack: Attack) -> Outcome:
        """Run one, and look at what it left."""
        files = {
            f"{attack.name}.py": attack.script.read_bytes(),
            KIT.name: KIT.read_bytes(),
            "attack_host.json": self._host.facts(list(descendants(os.getpid()))),
        }
        before, descriptors = self._host.state(), _descriptors()
        story, seconds = self._run(files, f"{attack.name}.py", dict(attack.limits))
        end = outcome(story)
        wrong = [line for line in story.log.splitlines() if line.startswith("REACHED")]
        if end not in attack.ends:
            wrong.append(f"it ended as {end} ({story.run.reason or _said(story)})")
        if self._host.secret in repr(_texts(story)):
            wrong.append("the secret is in the report")
        if calls := self._host.heard():
            wrong.append(f"{calls} connection(s) or packet(s) arrived")
        after = asdict(self._host.state())
        wrong += [f"{key} changed" for key, old in asdict(before).items() if after[key] != old]
        wrong += self._left_behind(descriptors)
        return Outcome(attack.name, end, seconds, wrong, story.log[-1500:])

    def check(self) -> Outcome:
        """Run a model that exports: it must, whatever ran before it."""
        story, seconds = self._run({"model.py": HARMLESS.encode()}, "model.py", {})
        end = outcome(story)
        wrong = [] if end == "exported" else [f"a harmless model ended as {end}"]
        return Outcome("harmless", end, seconds, wrong, story.log[-1500:])

    def _run(
        self, files: dict[str, bytes], entry: str, limits: dict[str, Any]
    ) -> tuple[Story, float]:
        settings = self._settings.model_copy(update=limits)
        self._box.settings = settings
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        with session_scope(self._engine) as session:
            run = create_run(
                session,
                BlobStore(settings.data / "scripts"),
                made.getvalue(),
                "attack.zip",
                entry=entry,
                options=RunOptions(),
                settings=settings,
                asker=nobody(),
            )
            session.flush()
            assert run.id is not None
            run_id = run.id
        claim = queue.claim(self._engine, "attacked", ["default"], 600)
        assert claim is not None
        started = time.monotonic()
        with scratch(settings.scratch) as base:
            result = drive(self._engine, claim, settings, lambda: Wish.GO_ON, base, self._box)
        assert isinstance(result, Ended)
        seconds = time.monotonic() - started
        assert queue.finish(self._engine, claim, status=result.status, reason=result.reason)
        self._box.tidy()
        return Story(self._engine, run_id), seconds

    def _left_behind(self, descriptors: int) -> list[str]:
        wrong = []
        if (found := _descriptors()) > descriptors + FILES_MOVE:
            wrong.append(f"the worker has {found} descriptors, {descriptors} before")
        wrong += [
            f"process {pid} is left"
            for pid in descendants(os.getpid())
            if lives(pid) and is_forked(pid)
        ]
        if extra := self._private_files() - self._own:
            wrong.append(f"files are left: {sorted(extra)[:5]}")
        return wrong

    def _private_files(self) -> set[Path]:
        places = filter(None, (self._box.slot.private, self._settings.scratch))
        return {path for place in places for path in place.rglob("*")}


def outcome(story: Story) -> str:
    """How a run ended, in a word of the catalogue."""
    run = story.run
    categories = [failure.category.value for failure in story.failures]
    if run.status == RunStatus.FINISHED:
        if run.verdict == Verdict.EXPORTED:
            return "exported"
        if run.verdict == Verdict.SCRIPT_ERROR:
            return "sandbox" if "sandbox" in categories else "script_error"
        return "blocked"
    return categories[0] if categories else run.status.value


def _said(story: Story) -> str:
    return "; ".join(f"{f.category}: {f.message}" for f in story.failures)[:500]


def _texts(story: Story) -> list[Any]:
    rows = [story.run, *story.stages, *story.failures, *story.guards]
    return [story.log, *(row.model_dump() for row in rows)]


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def main(text: str) -> None:
    """Run what the arguments name, and print the outcomes."""
    asked = json.loads(text)
    folder = Path(asked["folder"])
    settings = Settings(
        data=folder / "data-of-stagelight",
        sandbox=asked["tier"],
        wall_seconds=WALL_SECONDS,
        memory_mb=2048,
        runtimes={"default": Path(sys.executable)},
        preload={"default": ("numpy",)},
        follow_ups=False,
    )
    migrate(settings.url)
    engine = make_engine(settings.url)
    wanted = [attack for attack in ATTACKS if attack.name in set(asked["attacks"])]
    removed = tuple(asked.get("without", ()))
    adjust = without(removed, tested=asked.get("tested", False))
    with Sandbox(settings, adjust=adjust) as box:
        box.warm_up(lambda: True)
        with AttackHost(folder, box.slot.uid, Path(sys.executable)) as host:
            runner = Runner(engine, settings, host, box)
            for number, attack in enumerate(wanted, start=1):
                _print(runner.attack(attack))
                last = number == len(wanted)
                if last or number % CHECK_EVERY == 0 or attack.family == CHECK_AFTER:
                    _print(runner.check())


def _print(outcome: Outcome) -> None:
    sys.stdout.write(json.dumps(asdict(outcome)) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
