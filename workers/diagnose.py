"""Why a probe process ended: from the kernel's word alone, never from its own. Pure."""

import signal
from dataclasses import dataclass

from app.models import Category
from workers.verdict import Trouble

PROBE_FAILED = 70  # EX_SOFTWARE: what the probe exits with on an error of its own
NEAR = 0.9  # of a limit: what was killed above it was killed for it
CPU_SLACK = 1.5  # seconds: the kernel's limit counts whole ticks, too many on a busy machine

_MEMORY_HINT = "Use a smaller input or model, or raise STAGELIGHT_MEMORY_MB."


@dataclass(frozen=True)
class Exit:
    """What the kernel says of an ended process."""

    code: int  # exit status; 0 if a signal ended it
    signal: int  # number; 0 if it exited
    peak_bytes: int  # the most memory it held; 0 where that is not known
    cpu_seconds: float = 0.0  # of all its threads
    launch_error: str = ""  # why it was not sealed, so that it never read the upload
    lost: bool = False  # the zygote died too: nothing is known


def diagnose(
    exit_: Exit, resident_peak: int, resident_limit: int, cpu_limit: float = float("inf")
) -> Trouble:
    """The trouble of a process that ended before its last event, and not by our hand.

    Args:
        exit_: what the kernel says.
        resident_peak: the most memory that it was seen to hold, in bytes.
        resident_limit: what it may hold, in bytes.
        cpu_limit: CPU seconds after which the kernel kills it.
    """
    resident_peak = max(resident_peak, exit_.peak_bytes)
    if exit_.lost:
        return Trouble(
            Category.INTERNAL,
            "The warm process that the probe was forked from is gone, and the probe with it.",
            "The machine may have run out of memory: see the kernel's log (dmesg).",
        )
    if exit_.launch_error:
        return Trouble(
            Category.INTERNAL,
            f"The sandbox could not be put on, so the script was not read: {exit_.launch_error}.",
            "Ask whoever runs Stagelight; docs/security.md says what the sandbox needs.",
        )
    near_cpu = min(NEAR * cpu_limit, max(cpu_limit / 2, cpu_limit - CPU_SLACK))
    if exit_.signal == signal.SIGKILL and exit_.cpu_seconds >= near_cpu:
        return over_cpu(cpu_limit)
    if exit_.signal == signal.SIGSYS:
        return Trouble(
            Category.SANDBOX,
            "The script made a system call of another kind of program (32-bit or x32), which the "
            "sandbox ends a process for.",
            "Leave that code out at export time.",
            "SIGSYS",
        )
    how = _describe(exit_)
    if resident_peak >= NEAR * resident_limit and (exit_.code or exit_.signal):
        return Trouble(
            Category.OUT_OF_MEMORY,
            f"The probe {how} when it held {megabytes(resident_peak)} of the "
            f"{megabytes(resident_limit)} of memory that it may have.",
            _MEMORY_HINT,
            signal_name(exit_.signal),
        )
    if exit_.code == PROBE_FAILED:
        return Trouble(
            Category.INTERNAL,
            "The probe itself failed; its traceback is in the log.",
            "Please report this run as a bug, with its log.",
        )
    if exit_.signal == signal.SIGKILL:
        hint = "The machine may have run out of memory: see the kernel's log (dmesg)."
    elif exit_.signal:
        hint = "Native code crashed. Run the script by itself with python -X faulthandler."
    else:
        hint = "The script, or a library in it, ended the process: look for os._exit."
    return Trouble(Category.CRASH, f"The probe {how}.", hint, signal_name(exit_.signal))


def over_memory(resident: int, limit: int) -> Trouble:
    """It held more than it may, and we killed it."""
    return Trouble(
        Category.OUT_OF_MEMORY,
        f"The probe held {megabytes(resident)} of memory; it may have {megabytes(limit)}.",
        _MEMORY_HINT,
    )


def over_time(seconds: float) -> Trouble:
    """The run came to its limit of wall-clock time, and we killed it."""
    return Trouble(
        Category.TIMEOUT,
        f"The run reached its time limit of {seconds:g} s.",
        "Use a smaller input or model, or raise STAGELIGHT_WALL_SECONDS.",
    )


def over_cpu(seconds: float) -> Trouble:
    """It came to its limit of CPU time, and the kernel killed it."""
    return Trouble(
        Category.TIMEOUT,
        f"The probe used up its {seconds:g} s of CPU time, all threads together.",
        "Use a smaller input or model, or raise STAGELIGHT_CPU_SECONDS.",
    )


def over_output(what: str, setting: str) -> Trouble:
    """It put out more than it may, and we killed it.

    Args:
        what: what there was too much of, with the limit: "wrote more than 1,000 bytes of output".
        setting: the variable that raises the limit.
    """
    return Trouble(
        Category.OUTPUT_LIMIT,
        f"The probe was ended because it {what}.",
        f"Print less, use a smaller model, or raise {setting}.",
    )


def against_protocol(what: str) -> Trouble:
    """It said what it may not, and we killed it."""
    return Trouble(
        Category.INTERNAL,
        f"The probe was ended because {what}.",
        "A script must leave the probe's pipe alone. If it does, report this run as a bug.",
    )


def megabytes(size: int) -> str:
    """Bytes, for people."""
    return f"{size / 2**20:,.0f} MB"


def signal_name(number: int) -> str:
    """SIGSEGV for 11; empty for 0."""
    if not number:
        return ""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _describe(exit_: Exit) -> str:
    if exit_.signal == signal.SIGKILL:
        return "was killed by SIGKILL (not by Stagelight)"
    if exit_.signal:
        return f"was killed by {signal_name(exit_.signal)}"
    return f"exited with code {exit_.code} before it was done"
