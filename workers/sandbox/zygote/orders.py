"""What the worker asks of a zygote: JSON over its control socket, written by workers/sandbox."""

from dataclasses import dataclass

SEALED = b"sealed"  # what a child says on its status pipe before it reads the upload


@dataclass(frozen=True)
class Seal:
    """What a child puts on before it reads a byte of an upload."""

    layers: tuple[str, ...]  # of landlock, seccomp
    tested: tuple[str, ...]  # whose promises the self-test checks
    read: tuple[str, ...]  # files and folders that may be read
    filter: str  # the seccomp program in base64, its own pid in it as PID_MARK
    canary: str  # a file that only the seal keeps from it; empty: there is none to be seen


@dataclass(frozen=True)
class Setup:
    """The first message: how this zygote warms up and what its children get."""

    program: str  # the file with `warm` and `run`
    preload: tuple[str, ...]  # modules to import before any child
    scratch: str  # the folder that scratch file systems are mounted on
    sealed: bool  # False: the tier `off`
    seal: Seal

    @property
    def may_fork(self) -> bool:
        """Whether a child may leave processes behind."""
        return "seccomp" not in self.seal.layers


@dataclass(frozen=True)
class Order:
    """One job. Its descriptors come beside it: bundle, events, output, status."""

    id: int
    folder: str  # its scratch folder, made by the worker; empty: one is mounted
    scratch_bytes: int
    scratch_files: int
    threads: int  # that it may have at once
    rlimits: dict[str, int]  # RLIMIT name → soft and hard limit
    extra: dict[str, int]  # the same, on top of what the zygote itself has mapped
    env: dict[str, str]  # on top of the zygote's own
