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
        "blocked",  # or partly: the same, with a model whose export fails
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
    _attack("memory of others", "memory_inherited", wall_seconds=240),
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
    _attack("secrets on disk", "source_is_a_link"),
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
    _attack("threads", "thread_bomb", thread_limit=32),
    _attack("threads", "thread_bomb_in_c", thread_limit=32),
    _attack("threads", "main_thread_gone", "timeout", "crash", wall_seconds=5),
    _attack("memory bombs", "memory_heap", "out_of_memory", memory_mb=1024),
    _attack("memory bombs", "memory_swallowed", *ENDED, "out_of_memory", memory_mb=1024),
    _attack("memory bombs", "memory_small_objects", "out_of_memory", memory_mb=1024),
    _attack("memory bombs", "memory_private_map", "out_of_memory", memory_mb=1024),
    _attack("memory bombs", "memory_shared_map", "out_of_memory", memory_mb=1024),
    _attack("memory bombs", "memory_memfd", *ENDED, "out_of_memory", memory_mb=1024),
    _attack(
        "memory bombs",
        "memory_scratch_mapped",
        *ENDED,
        "crash",
        "out_of_memory",
        memory_mb=1024,
        scratch_mb=16,
    ),
    _attack("memory bombs", "memory_locked", *ENDED, "out_of_memory", memory_mb=1024),
    _attack(
        "memory bombs",
        "memory_stack",
        *ENDED,
        "crash",
        "out_of_memory",
        memory_mb=1024,
        wall_seconds=20,
    ),
    _attack(
        "memory bombs",
        "memory_tensor",
        "out_of_memory",
        "script_error",
        memory_mb=1024,
        marks=("torch",),
    ),
    _attack("memory bombs", "memory_of_the_kernel", *ENDED, "out_of_memory", memory_mb=1024),
    _attack("shared memory", "shared_memory_posix"),
    _attack("shared memory", "shared_memory_sysv"),
    _attack("shared memory", "message_queues"),
    _attack("descriptors", "descriptor_bomb"),
    _attack("descriptors", "descriptor_kinds"),
    _attack("descriptors", "limits_raised"),
    _attack("disk", "disk_big_file", scratch_mb=16),
    _attack("disk", "disk_sparse", scratch_mb=16),
    _attack("disk", "disk_many_files", scratch_files=1000),
    # Its own getcwd() walks all the way up, which Landlock makes slow.
    _attack("disk", "disk_deep_folders", *ENDED, "timeout", scratch_files=20_000, wall_seconds=6),
    _attack("disk", "disk_links", scratch_files=1000),
    _attack("disk", "disk_odd_names"),
    _attack("disk", "disk_elsewhere"),
    _attack("output", "output_to_stdout", "output_limit", output_bytes=2_000_000),
    _attack("output", "output_to_stderr", "output_limit", output_bytes=2_000_000),
    _attack("output", "output_without_end", "output_limit", output_bytes=2_000_000),
    _attack("signals", "kill_others"),
    _attack("signals", "queue_signals"),
    _attack("signals", "signals_by_descriptors"),
    _attack("signals", "locks_and_leases"),
    _attack("signals", "prctl_on_itself"),
    _attack("signals", "timers_and_alarms", *ENDED, "crash"),
    _attack("rights", "prlimit_others"),
    _attack("rights", "schedule_others"),
    _attack("rights", "user_ids"),
    _attack("rights", "capabilities"),
    _attack("namespaces and mounts", "namespaces_unshared"),
    _attack("namespaces and mounts", "namespaces_of_others"),
    _attack("namespaces and mounts", "mounts"),
    _attack("namespaces and mounts", "mounts_by_descriptor"),
    _attack("kernel", "keyrings"),
    _attack("kernel", "io_uring"),
    _attack("kernel", "bpf_and_perf"),
    _attack("kernel", "administration"),
    _attack("kernel", "seal_loosened"),
    _attack("kernel", "watches_on_the_host"),
    _attack("kernel", "kernel_settings"),
    _attack("other ABIs", "other_abi_int80", *ENDED, "crash", marks=("x86_64",)),
    _attack("other ABIs", "other_abi_x32", *ENDED, "crash", marks=("x86_64",)),
    _attack("writes", "runtime_new_files"),
    _attack("writes", "runtime_changed"),
    _attack("writes", "runtime_metadata"),
    _attack("writes", "canary_changed"),
    _attack("devices", "device_nodes"),
    _attack("devices", "devices"),
    _attack("left for the next job", "leave_files"),
    _attack("left for the next job", "leave_process_state", *ENDED, "internal", marks=("torch",)),
    _attack("left for the next job", "leave_closed_folders"),
    _attack("left for the next job", "leave_a_cloned_tree", scratch_files=50_000),
    _attack("left for the next job", "next_job_looks_around", marks=("torch",)),
    _attack("hangs", "hang_in_python", "timeout", wall_seconds=3),
    _attack("hangs", "hang_cpu_time", "timeout", cpu_seconds=3, wall_seconds=30),
    _attack("hangs", "hang_many_threads", "timeout", cpu_seconds=3, wall_seconds=30),
    _attack("hangs", "hang_in_regex", "timeout", wall_seconds=3),
    _attack("hangs", "hang_in_power", "timeout", wall_seconds=3),
    _attack("hangs", "hang_holding_the_lock", "timeout", wall_seconds=3),
    _attack("hangs", "hang_deadlock", "timeout", wall_seconds=3),
    _attack("hangs", "hang_deaf", "timeout", wall_seconds=3),
    _attack("hangs", "hang_stopped", "timeout", wall_seconds=3),
    _attack("hangs", "hang_without_pipes", "timeout", "crash", "internal", wall_seconds=3),
    _attack("hangs", "hang_trickle", "timeout", wall_seconds=3),
    _attack("hangs", "hang_at_exit"),
    _attack("hangs", "hang_in_forward", "timeout", wall_seconds=3, marks=("torch",)),
    _attack("crashes", "crash_segfault", "crash"),
    _attack("crashes", "crash_abort", "crash"),
    _attack("crashes", "exit_without_a_word", "crash"),
    _attack("forged events", "forged_end", "script_error", "timeout", "internal", wall_seconds=8),
    _attack("forged events", "forged_success", *ENDS),
    _attack("forged events", "forged_for_another_run", "internal"),
    _attack("forged events", "forged_as_the_worker", *ENDS),
    _attack("forged events", "forged_after_the_end", "script_error", "internal", wall_seconds=8),
    _attack("forged events", "events_by_the_emitter", *ENDS),
    _attack("malformed events", "events_flood", "internal"),
    _attack("malformed events", "events_withheld", "timeout", wall_seconds=3),
    _attack("malformed events", "events_closed", *ENDED, "crash", "internal"),
    _attack("malformed events", "events_nonblocking", *ENDED, "crash", "internal"),
    _attack("malformed events", "malformed_bytes", "internal"),
    _attack("malformed events", "malformed_utf8", "internal"),
    _attack("malformed events", "malformed_surrogates", "internal"),
    _attack("malformed events", "malformed_numbers", "internal"),
    _attack("malformed events", "malformed_keys", "internal"),
    _attack("malformed events", "malformed_nesting", "internal"),
    _attack("malformed events", "malformed_long_line", "output_limit"),
    _attack("malformed events", "malformed_nulls", "internal"),
    _attack("malformed events", "malformed_shapes", "internal"),
    _attack("hostile exceptions", "exception_text_raises", "script_error", "internal", "crash"),
    _attack(
        "hostile exceptions", "exception_text_hangs", "script_error", "timeout", wall_seconds=4
    ),
    _attack("hostile exceptions", "exception_text_huge", "script_error"),
    _attack("hostile exceptions", "exception_circle", "script_error"),
    _attack(
        "hostile exceptions",
        "exception_recursion",
        "script_error",
        "crash",
        "out_of_memory",
        "timeout",
        "internal",
        wall_seconds=8,
    ),
    _attack("hostile exceptions", "exception_names", "script_error"),
    _attack("hostile exceptions", "exception_wrong_end", "script_error", "out_of_memory"),
    _attack("hostile exceptions", "exception_memory_liar", "out_of_memory", "script_error"),
    _attack("hostile exceptions", "patched_probe", *ENDS, wall_seconds=4),
    _attack("hostile exceptions", "patched_interpreter", *ENDS, wall_seconds=4),
    _attack("hostile models", "model_honest_beside_attacks", "exported", marks=("torch",)),
    _attack(
        "hostile models", "model_attacks_in_forward", "exported", "script_error", marks=("torch",)
    ),
    _attack("hostile models", "model_hostile_names", "exported", marks=("torch",)),
    _attack("hostile models", "model_patched_export", *ENDS, marks=("torch",)),
    _attack("hostile models", "model_hostile_tensor", *ENDS, marks=("torch",)),
)
