"""The sandbox: the only way in which a probe is ever started."""

import contextlib
import itertools
import logging
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from app.errors import ConflictError
from app.settings import Settings
from workers.sandbox import host, runtime
from workers.sandbox.bundle import make_bundle, size_of
from workers.sandbox.launch import Process, Zygote, ZygoteLostError
from workers.sandbox.policy import (
    MB,
    PROBE,
    ROOM_FILES,
    LaunchSpec,
    Limits,
    Slot,
    build_env,
    build_limits,
    build_spec,
    exposed_by,
    thread_env,
)
from workers.sandbox.pool import Zygotes
from workers.sandbox.scratch_mount import MOUNTS, why_unbounded
from workers.sandbox.tiers import Plan, Tier, choose
from workers.sandbox.uids import hold_uid
from workers.sandbox.zygote.orders import Order
from workers.scratch import scratch

SEE = "See docs/security.md."
NO_SCRATCH = (
    "Mount a tmpfs with size= and nr_inodes=, name it in STAGELIGHT_SCRATCH, or allow user "
    f"namespaces. {SEE}"
)

Adjust = Callable[[LaunchSpec], LaunchSpec]

log = logging.getLogger(__name__)


class SandboxUnavailableError(ConflictError):
    """This machine cannot seal a script, so it does not run one."""

    code = "no_sandbox"


class Sandbox:
    """Zygotes by runtime, and what they are sealed with. A context manager of one thread."""

    def __init__(
        self, settings: Settings, program: Path = PROBE, adjust: Adjust = lambda spec: spec
    ) -> None:
        self.settings = settings
        self.host = host.look()
        self.plan: Plan = choose(self.host, settings.sandbox)
        self._program = program
        self._adjust = adjust  # a test takes a layer away by it
        self.zygotes = Zygotes(
            self._start,
            most_jobs=settings.zygote_jobs,
            most_growth_bytes=settings.zygote_growth_mb * MB,
        )
        self._numbers = itertools.count(1)
        self._undo = contextlib.ExitStack()

    def __enter__(self) -> "Sandbox":
        with contextlib.ExitStack() as undo:
            uid = 0
            if self.plan.tier not in (None, Tier.OFF):
                user = hold_uid(self.settings.sandbox_uid)
                undo.callback(user.release)
                uid = user.uid
            private = undo.enter_context(scratch())
            self.slot = Slot(private, uid)
            self.slot.canary.write_text("only the seal keeps you from reading this\n")
            self.slot.canary.chmod(0o644)
            for folder in (private, self.slot.scratch, self.slot.scratch / "home" / "tmp"):
                folder.mkdir(parents=True, exist_ok=True)
            self.give(private, self.slot.scratch, *self.slot.scratch.rglob("*"))
            undo.callback(self.zygotes.close)
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._undo.close()

    @property
    def tier(self) -> str:
        """As stored on runs; empty where there is none."""
        return self.plan.tier.value if self.plan.tier else ""

    def layers(self) -> dict[str, str]:
        """What holds here, layer by layer, in words."""
        held = {"bwrap": self.plan.bwrap} if self.plan.bwrap else {}
        held |= {layer: getattr(self.host, layer) for layer in self.plan.layers}
        if any(zygote.mounts for zygote in self.zygotes):
            held["scratch"] = "a file system for each job"
        elif self.settings.scratch:
            held["scratch"] = f"a folder in {self.settings.scratch}"
        return held | ({"user": f"uid {self.slot.uid}"} if self.slot.uid else {})

    def give(self, *paths: Path) -> None:
        """Make scripts' own user the owner of these."""
        if self.slot.uid:
            for path in paths:
                os.chown(path, self.slot.uid, self.slot.uid, follow_symlinks=False)

    def limits(self) -> Limits:
        """Of one probe."""
        return build_limits(self.settings)

    def warm_up(self, go_on: Callable[[], bool]) -> None:
        """Have all runtimes warm before the first run, waiting while `go_on()`.

        What only a warm process can tell, whether scratch can be mounted, may end in no tier.
        """
        if self.plan.tier is not None:
            self.zygotes.warm_up(list(self.settings.pythons), go_on)
        if self._needs_folders() and (why := self._why_no_folder()):
            self.plan = replace(self.plan, tier=None, reason=f"{why} {NO_SCRATCH}")

    def tidy(self, go_on: Callable[[], bool] = lambda: True) -> None:
        """Between runs: replace what is worn."""
        self.zygotes.tidy(go_on)

    def start(
        self,
        name: str,
        job: dict[str, Any],
        files: Sequence[tuple[str, bytes]],
        base: Path,
        handover: int | None = None,
    ) -> Process:
        """Start a probe.

        Args:
            name: the runtime's.
            job: what the probe is asked to do.
            files: the upload's, relative path and content.
            base: an empty folder of this run's; only used where scratch cannot be mounted.
            handover: the probe's end of a pipe between the two probes of one run.

        Raises:
            SandboxUnavailableError: nothing can be run on this machine; says what to do.
            RuntimeMissingError: the runtime's Python cannot be started.
        """
        if self.plan.tier is None:
            raise SandboxUnavailableError(self.plan.reason, SEE)
        bundle = make_bundle(job, files)
        try:
            try:
                return self._fork(name, bundle, files, base, handover)
            except ZygoteLostError as error:  # killed from outside, while it was idle
                log.warning("runtime %s starts afresh: %s", name, error)
                self.zygotes.drop(name)
                return self._fork(name, bundle, files, base, handover)
        except ZygoteLostError as error:
            raise SandboxUnavailableError(
                f"The warm process of runtime {name!r} could not be started: {error}",
                f"Ask whoever runs Stagelight to look at its log. {SEE}",
            ) from None
        finally:
            os.close(bundle)

    def _fork(
        self,
        name: str,
        bundle: int,
        files: Sequence[tuple[str, bytes]],
        base: Path,
        handover: int | None,
    ) -> Process:
        zygote = self.zygotes.ready(name)
        os.lseek(bundle, 0, os.SEEK_SET)
        return zygote.fork(self._order(name, zygote, files, base), bundle, handover)

    def _start(self, name: str) -> Zygote:
        found = runtime.inspect(self.settings.pythons[name])
        preload = self.settings.preloads(name)
        spec = build_spec(
            self.plan,
            self.host,
            found,
            self.slot,
            self.settings,
            program=self._program,
            preload=preload,
        )
        if inside := exposed_by(spec, self.settings.data.resolve()):
            raise SandboxUnavailableError(
                f"The folder of uploads lies in {inside}, which scripts may read.",
                f"Set STAGELIGHT_DATA to a folder of its own. {SEE}",
            )
        return Zygote(self._adjust(spec))

    def _order(
        self, name: str, zygote: Zygote, files: Sequence[tuple[str, bytes]], base: Path
    ) -> Order:
        size, inodes = size_of(files)
        limits = build_limits(self.settings, max((len(data) for _, data in files), default=0))
        env = thread_env(self.settings.threads)
        number = next(self._numbers)
        folder = "" if zygote.mounts else self._make_folder(base, number)
        if folder:
            python = self.settings.pythons[name]
            env = build_env(python, Path(folder) / "home", self.settings) | env
        return Order(
            id=number,
            folder=folder,
            scratch_bytes=self.settings.scratch_mb * MB + size,
            scratch_files=self.settings.scratch_files + inodes + ROOM_FILES,
            threads=limits.threads,
            rlimits=limits.as_rlimits(),
            extra=limits.as_extra(),
            env=env,
        )

    def _needs_folders(self) -> bool:
        """Whether jobs get folders that the worker makes, bounded by what they lie in."""
        sealed = self.plan.tier not in (None, Tier.OFF)
        return sealed and any(zygote.ready and not zygote.mounts for zygote in self.zygotes)

    def _why_no_folder(self) -> str:
        """Why no job can have one, in a sentence; empty if it can."""
        place = self.settings.scratch or Path(tempfile.gettempdir())
        why = why_unbounded(place.resolve(), MOUNTS.read_text())
        return why and (
            "This machine allows no user namespaces, so a script's scratch folder cannot be "
            f"mounted, and {why}."
        )

    def _make_folder(self, base: Path, number: int) -> str:
        if self._needs_folders() and (why := self._why_no_folder()):
            raise SandboxUnavailableError(why, NO_SCRATCH)
        folder = base / str(number)
        folder.mkdir(mode=0o700)
        self.give(base, folder)
        return str(folder)
