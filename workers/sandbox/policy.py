"""What a probe process gets: its program, environment and limits. Pure; launch.py starts it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from app.services.options import RunOptions
from app.settings import ROOT, Settings
from workers.events import ProbeKind

PROBE = ROOT / "workers" / "probe" / "bootstrap.py"
EVENTS_FD = 3  # the pipe that the probe writes its events to

MB = 2**20


@dataclass(frozen=True)
class Job:
    """What the probe is asked to do; it reads this as one JSON object on stdin."""

    probe: ProbeKind
    root: str  # the folder of the unpacked upload
    entry: str
    argv: list[str]
    call: int
    device: str
    strict: bool | None
    stages: Any
    dynamic_shapes: Any
    threads: int

    def to_json(self) -> bytes:
        """The object on stdin."""
        return json.dumps(asdict(self)).encode()


@dataclass(frozen=True)
class Limits:
    """Each holds for one probe process."""

    resident_bytes: int  # memory it holds, read every 50 ms; it is killed above
    data_bytes: int  # RLIMIT_DATA: private memory it may map; allocations fail above
    address_space_bytes: int  # RLIMIT_AS: torch maps far more than it uses
    file_bytes: int  # RLIMIT_FSIZE: size of a file it writes
    open_files: int  # RLIMIT_NOFILE: descriptors
    core_bytes: int  # RLIMIT_CORE: a core dump


@dataclass(frozen=True)
class Folders:
    """What a probe process may call its own."""

    upload: Path  # the unpacked upload, its working directory
    home: Path  # empty at the start; HOME, caches and temporary files


@dataclass(frozen=True)
class LaunchSpec:
    """All that launch.py needs to start one probe process."""

    argv: tuple[str, ...]
    env: dict[str, str]
    cwd: Path
    stdin: bytes
    limits: Limits


def make_job(
    kind: ProbeKind, entry: str, options: RunOptions, folders: Folders, settings: Settings
) -> Job:
    """The job of one of a run's two children."""
    values = options.model_dump(mode="json")
    return Job(
        probe=kind,
        root=str(folders.upload),
        entry=entry,
        threads=settings.threads,
        **{name: values[name] for name in ("argv", "call", "device", "strict", "stages")},
        dynamic_shapes=values["dynamic_shapes"],
    )


def build_spec(
    job: Job, python: Path, folders: Folders, settings: Settings, probe: Path = PROBE
) -> LaunchSpec:
    """How `probe` is started in the runtime `python` for `job`."""
    program = [str(python), "-I", "-B", "-X", "utf8", str(probe), "--events", str(EVENTS_FD)]
    return LaunchSpec(
        argv=tuple(program),
        env=build_env(python, folders.home, settings),
        cwd=folders.upload,
        stdin=job.to_json(),
        limits=build_limits(settings),
    )


def build_limits(settings: Settings) -> Limits:
    """The settings' limits, and the fixed ones."""
    memory = settings.memory_mb * MB
    return Limits(
        resident_bytes=memory,
        data_bytes=memory,
        address_space_bytes=2 * memory,
        file_bytes=1024 * MB,
        open_files=1024,
        core_bytes=0,
    )


def build_env(python: Path, home: Path, settings: Settings) -> dict[str, str]:
    """The whole environment: nothing of the worker's own is in it."""
    cache = home / ".cache"
    threads = str(settings.threads)
    return {
        "PATH": f"{python.parent}:/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": str(home),
        "TMPDIR": str(home / "tmp"),
        "XDG_CACHE_HOME": str(cache),
        "MPLCONFIGDIR": str(cache / "matplotlib"),
        "TORCHINDUCTOR_CACHE_DIR": str(cache / "inductor"),
        "TORCH_HOME": str(settings.torch_home or cache / "torch"),
        "HF_HOME": str(settings.hf_home or cache / "huggingface"),
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
    }
