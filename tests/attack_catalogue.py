"""The attacks that a sandboxed run is tested against: tests/attacks/<name>.py, one a script.

What each may end in, under which limits. The scripts say REACHED when they get what they must
never get; how a run ends is the worker's word.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parent / "attacks"
KIT = FOLDER / "attack_kit.py"

# How a run may end. A script that gives no model is a finished run with the verdict script_error.
ENDS = frozenset(
    {
        "script_error",  # the script ended by itself, or with an exception
        "sandbox",  # the same, with a failure of the category sandbox
        "exported",  # it holds a model too, and the verdict on that is true
        "crash",
        "timeout",
        "out_of_memory",
        "output_limit",
        "internal",  # the probe was ended for what it said
    }
)

ENDED = frozenset({"script_error", "sandbox"})  # by itself, whatever was refused


@dataclass(frozen=True)
class Attack:
    """One script, how its run may end, and the settings that it runs under."""

    name: str
    family: str
    ends: frozenset[str] = ENDED
    limits: Mapping[str, int | float] = field(default_factory=dict)  # fields of Settings
    marks: tuple[str, ...] = ()  # x86_64: means nothing on another machine; torch: imports it

    @property
    def script(self) -> Path:
        """The file that is uploaded."""
        return FOLDER / f"{self.name}.py"


def missing() -> set[str]:
    """Names that have a file and no entry, or an entry and no file."""
    files = {path.stem for path in FOLDER.glob("*.py")} - {KIT.stem}
    return files ^ {attack.name for attack in ATTACKS}


def _attack(
    family: str,
    name: str,
    *ends: str,
    marks: tuple[str, ...] = (),
    **limits: int | float,
) -> Attack:
    return Attack(name, family, frozenset(ends) or ENDED, limits, marks)


ATTACKS: tuple[Attack, ...] = (
    _attack("environment", "environment_of_self"),
    _attack("environment", "environment_of_others"),
    _attack("environment", "environment_of_parent"),
    _attack("environment", "maps_of_others"),
    _attack("environment", "process_list"),
    _attack("memory of others", "memory_inherited"),
    _attack("memory of others", "memory_of_others"),
    _attack("memory of others", "process_vm_readv"),
    _attack("memory of others", "ptrace_others"),
    _attack("memory of others", "pidfd_of_others"),
    _attack("memory of others", "pages_of_others"),
    _attack("secrets on disk", "secret_open"),
    _attack("secrets on disk", "secret_by_detours"),
    _attack("secrets on disk", "secret_by_links"),
    _attack("secrets on disk", "secret_by_descriptors"),
    _attack("secrets on disk", "secret_by_copying"),
    _attack("secrets on disk", "secret_by_imports"),
    _attack("secrets on disk", "database_of_the_host"),
    _attack("secrets on disk", "files_of_the_host"),
    _attack("secrets on disk", "descriptors_inherited"),
    _attack("sockets", "socket_every_family"),
    _attack("sockets", "connect_tcp"),
    _attack("sockets", "send_udp"),
    _attack("sockets", "connect_unix"),
    _attack("sockets", "socketpair_kinds"),
    _attack("sockets", "netlink"),
    _attack("processes", "fork_by_python"),
    _attack("processes", "fork_by_system_call"),
    _attack("processes", "clone_variants"),
    _attack("processes", "fork_bomb"),
    _attack("processes", "exec_variants"),
    _attack("processes", "exec_own_file"),
    _attack("processes", "subprocess_variants"),
    _attack("processes", "daemon"),
    _attack("processes", "process_groups_of_others"),
)
