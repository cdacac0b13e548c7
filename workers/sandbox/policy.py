"""What a zygote and its children get: programs, folders, environment, limits. Pure; launch.py
starts what this describes."""

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from app.services.options import RunOptions
from app.settings import ROOT, Settings
from workers.events import ProbeKind
from workers.sandbox.host import Host
from workers.sandbox.runtime import SYSTEM_FILES, Runtime, outermost
from workers.sandbox.tiers import Plan, Tier
from workers.sandbox.zygote.orders import Seal, Setup

PROBE = ROOT / "workers" / "probe" / "bootstrap.py"
ZYGOTE = Path(__file__).parent / "zygote"
ENTER = ZYGOTE / "enter.py"
CONTROL_FD = 3  # the zygote's control socket

MB = 2**20
OPEN_FILES = 512  # a pipe or a socket holds kernel memory that no other limit counts
TMP_BYTES = 64 * MB  # what the zygote itself may write while it warms up
ROOM_FILES = 16  # home, its folders and what the seal's self-test makes

# Inside bwrap; outside these are below the slot's private folder.
SCRATCH = "/job"
CANARY = "/canary"


@dataclass(frozen=True)
class Limits:
    """Each holds for one probe process."""

    resident_bytes: int  # memory it holds, read every 50 ms; it is killed above
    data_bytes: int  # RLIMIT_DATA: private memory it may map on top of what the zygote has
    address_space_bytes: int  # RLIMIT_AS: the same; torch maps far more than it uses
    file_bytes: int  # RLIMIT_FSIZE: size of a file it writes
    open_files: int  # RLIMIT_NOFILE: descriptors
    core_bytes: int  # RLIMIT_CORE: a core dump
    cpu_seconds: int  # RLIMIT_CPU: of all its threads; the kernel kills it above
    locked_bytes: int  # RLIMIT_MEMLOCK: memory that cannot be swapped
    queue_bytes: int  # RLIMIT_MSGQUEUE: POSIX message queues
    threads: int  # RLIMIT_NPROC
    output_bytes: int  # stdout and stderr; it is killed above
    event_bytes: int  # one event; it is killed above
    events_bytes: int  # all of them; the same
    graph_nodes: int  # of one stage, subgraphs included; the same

    def as_rlimits(self) -> dict[str, int]:
        """Those that the kernel holds, by their names there."""
        return {
            "RLIMIT_FSIZE": self.file_bytes,
            "RLIMIT_NOFILE": self.open_files,
            "RLIMIT_CORE": self.core_bytes,
            "RLIMIT_CPU": self.cpu_seconds,
            "RLIMIT_MEMLOCK": self.locked_bytes,
            "RLIMIT_MSGQUEUE": self.queue_bytes,
        }

    def as_extra(self) -> dict[str, int]:
        """Those that count on top of the zygote's own."""
        return {"RLIMIT_DATA": self.data_bytes, "RLIMIT_AS": self.address_space_bytes}


@dataclass(frozen=True)
class Slot:
    """Where one zygote lives on this machine."""

    private: Path  # a folder of its own
    uid: int  # that it runs as; 0: the worker's own

    @property
    def canary(self) -> Path:
        """A file that only the seal keeps children from."""
        return self.private / "canary"

    @property
    def scratch(self) -> Path:
        """Where scratch file systems are mounted, where bwrap gives no better place."""
        return self.private / "job"


@dataclass(frozen=True)
class LaunchSpec:
    """All that launch.py needs to start one zygote."""

    enter: dict[str, Any]  # for enter.py, but for the worker's pid
    env: dict[str, str]
    setup: Setup


def make_job(
    kind: ProbeKind,
    entry: str,
    options: RunOptions,
    settings: Settings,
    work: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What the probe is asked to do; the child adds `root`, the folder of the upload."""
    values = options.model_dump(mode="json")
    names = ("argv", "call", "device", "strict", "stages", "dynamic_shapes")
    return {
        "probe": kind.value,
        "entry": entry,
        "threads": settings.threads,
        "work": dict(work or {}),
        **{name: values[name] for name in names},
    }


def build_limits(settings: Settings, upload_bytes: int = 0) -> Limits:
    """The settings' limits for one probe, and the fixed ones."""
    memory = settings.memory_mb * MB
    return Limits(
        resident_bytes=memory,
        data_bytes=memory,
        address_space_bytes=2 * memory,
        file_bytes=max(settings.scratch_mb * MB, upload_bytes),
        open_files=OPEN_FILES,
        core_bytes=0,
        cpu_seconds=settings.cpu_seconds,
        locked_bytes=0,
        queue_bytes=0,
        threads=settings.thread_limit,
        output_bytes=settings.output_bytes,
        event_bytes=settings.event_bytes,
        events_bytes=settings.events_bytes,
        graph_nodes=settings.graph_nodes,
    )


def build_spec(
    plan: Plan,
    host: Host,
    runtime: Runtime,
    slot: Slot,
    settings: Settings,
    *,
    program: Path = PROBE,
    preload: tuple[str, ...] = (),
) -> LaunchSpec:
    """How a zygote of `runtime` is started in `slot`, by `plan`."""
    assert plan.tier is not None, "a host that gives no tier starts no zygote"
    caches = [str(path) for path in (settings.torch_home, settings.hf_home) if path]
    needed = outermost([*runtime.paths, str(program.parent), str(ZYGOTE), *caches])
    python = (str(runtime.python), "-I", "-B", "-X", "utf8")
    sealed = plan.tier is not Tier.OFF
    argv = [*python, str(ZYGOTE / "bootstrap.py"), str(CONTROL_FD)]
    scratch = SCRATCH if plan.bwrap else str(slot.scratch)
    if plan.bwrap:
        argv = [*bwrap_argv(plan, host, needed, slot), *argv]
    shown = "" if "landlock" not in plan.layers else CANARY if plan.bwrap else str(slot.canary)
    return LaunchSpec(
        enter={
            "uid": slot.uid,
            "needed": [*needed, str(slot.private)],
            "argv": argv,
        },
        env=build_env(runtime.python, Path(scratch) / "home", settings),
        setup=Setup(
            program=str(program),
            preload=preload,
            scratch=scratch,
            sealed=sealed,
            seal=Seal(
                layers=plan.layers,
                tested=plan.layers,
                read=(*needed, "/usr", *host.folders, *SYSTEM_FILES) if sealed else (),
                filter=base64.b64encode(host.filter).decode(),
                canary=shown,
            ),
        ),
    )


def exposed_by(spec: LaunchSpec, folder: Path) -> str:
    """The path that scripts may read in which `folder` lies; empty if there is none."""
    return next((path for path in spec.setup.seal.read if folder.is_relative_to(path)), "")


def bwrap_argv(plan: Plan, host: Host, needed: tuple[str, ...], slot: Slot) -> list[str]:
    """bwrap with its arguments: new namespaces of every kind, nothing that can be written but
    small file systems of its own, and of the machine only what a Python reads."""
    argv = [plan.bwrap, "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session"]
    argv += ["--cap-drop", "ALL", "--hostname", "stagelight", "--proc", "/proc", "--dev", "/dev"]
    argv += ["--size", str(TMP_BYTES), "--tmpfs", "/tmp"]  # noqa: S108 - inside, and its own
    argv += ["--ro-bind", "/usr", "/usr"]
    for place, target in host.links.items():
        argv += ["--symlink", target, place]
    for folder in host.folders:
        argv += ["--ro-bind", folder, folder]
    for path in (*SYSTEM_FILES, "/sys/devices/system/cpu", *needed):
        argv += ["--ro-bind-try", path, path]
    if "landlock" in plan.layers:
        argv += ["--ro-bind", str(slot.canary), CANARY]
    argv += ["--size", str(TMP_BYTES), "--tmpfs", SCRATCH]
    for folder in ("home", "home/tmp"):
        argv += ["--dir", f"{SCRATCH}/{folder}"]
    return [*argv, "--remount-ro", "/", "--chdir", "/", "--"]


def build_env(python: Path, home: Path, settings: Settings) -> dict[str, str]:
    """The whole environment: nothing of the worker's own is in it."""
    cache = home / ".cache"
    return {
        "PATH": f"{python.parent}:/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "USER": "stagelight",
        "LOGNAME": "stagelight",
        "HOME": str(home),
        "TMPDIR": str(home / "tmp"),
        "XDG_CACHE_HOME": str(cache),
        "MPLCONFIGDIR": str(cache / "matplotlib"),
        "TORCHINDUCTOR_CACHE_DIR": str(cache / "inductor"),
        "TORCH_HOME": str(settings.torch_home or cache / "torch"),
        "HF_HOME": str(settings.hf_home or cache / "huggingface"),
        "HF_HUB_OFFLINE": "1",
        # While it warms up: a child forked after OpenMP had more threads would hang.
        **thread_env(1),
    }


def thread_env(threads: int) -> dict[str, str]:
    """What tells OpenMP and the BLAS libraries how many threads they may use."""
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    return dict.fromkeys(names, str(threads))


def encode_setup(setup: Setup) -> bytes:
    """The first message to a zygote."""
    return json.dumps(asdict(setup)).encode()
