"""What the attacks share. It lies beside the script in the upload, with attack_host.json.

Only a thing that a script must never get is `reached`. What it sees of its own process, upload and
scratch folder is its own. Two values in HOST are hex, so that the secret they stand for is nowhere
in this process unless it was found: `secret_env` and `victim_marker`.
"""

import ctypes
import errno
import fcntl
import hashlib
import json
import os
import platform
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
HOST: dict[str, Any] = json.loads((HERE / "attack_host.json").read_text())
LEFT = "stagelight_attack_left"  # the name of everything that is left for the next job

MB = 2**20
MASK = 0x55
_MASKED = bytes(byte ^ MASK for byte in range(256))

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def reached(what: str) -> None:
    """Say that the attack got what it must never get."""
    os.write(1, f"\nREACHED {what}\n".encode(errors="replace"))


def tell(what: str) -> None:
    """Put a line into the log, for whoever reads why a test failed."""
    os.write(1, f"{what}\n".encode(errors="replace"))


def attempt(function: Callable[..., Any], *args: Any, **keywords: Any) -> Any:
    """The value of a call, or the exception that it raised."""
    try:
        return function(*args, **keywords)
    except (SystemExit, KeyboardInterrupt):
        raise
    except BaseException as error:
        return error


def worked(result: object) -> bool:
    """Whether an `attempt` raised nothing and a `syscall` gave no error."""
    return not isinstance(result, BaseException) and not (isinstance(result, int) and result < 0)


def expect_failure(what: str, function: Callable[..., Any], *args: Any) -> Any:
    """Attempt what must fail: `reached` if it works. Returns what `attempt` does."""
    result = attempt(function, *args)
    if worked(result):
        reached(what)
    return result


def syscall(name: str | int, *args: object) -> int:
    """A raw system call by name or number: its result, or -errno."""
    number = name if isinstance(name, int) else _number(name)
    if number is None:
        return -errno.ENOSYS
    ctypes.set_errno(0)
    result: int = libc.syscall(ctypes.c_long(number), *map(_argument, args))
    return result if result >= 0 else -ctypes.get_errno()


def _argument(value: object) -> object:
    if isinstance(value, int):
        return ctypes.c_long(value if value < 2**63 else value - 2**64)
    if isinstance(value, str):
        return os.fsencode(value)
    return ctypes.c_long(0) if value is None else value


def others() -> list[int]:
    """Process ids, as this process sees them, that are not its own."""
    named = [HOST["worker_pid"], *HOST["zygote_pids"], HOST["victim_pid"]]
    pids = [*named, os.getppid(), 1, 2]
    listed = attempt(os.listdir, "/proc")
    if isinstance(listed, list):
        pids += [int(name) for name in listed if name.isdigit()][:200]
    return [pid for pid in dict.fromkeys(pids) if pid not in (0, os.getpid())]


def holds_secret(data: object) -> bool:
    """Whether `data` is the text of the secret file, or has it as a line or a word."""
    if isinstance(data, str):
        data = data.encode(errors="surrogateescape")
    if not isinstance(data, bytes | bytearray | memoryview):
        return False
    data = bytes(data)
    pieces = [data, data.strip(), *data.split(b"\n"), *re.findall(rb"[\w-]{8,}", data)]
    return any(hashlib.sha256(piece).hexdigest() == HOST["secret_sha256"] for piece in pieces)


def check_secret(how: str, data: object) -> None:
    """`reached` if `data` holds the secret file's text; an exception or other value is none."""
    if holds_secret(data):
        reached(f"the secret file {how}")


def holds_masked(data: bytes, *secrets_hex: str) -> bool:
    """Whether `data` holds a secret that HOST has in hex, which stays unknown to this process."""
    masked = data.translate(_MASKED)
    return any(masked.find(bytes(b ^ MASK for b in _unhexed(one))) >= 0 for one in secrets_hex)


def _unhexed(text: str) -> Iterator[int]:
    return (int(text[at : at + 2], 16) for at in range(0, len(text), 2))


def read_path(path: str | Path, size: int = MB) -> bytes:
    """The start of a file, by plain open and read."""
    fd = os.open(path, os.O_RDONLY)
    try:
        return os.read(fd, size)
    finally:
        os.close(fd)


def own_folders() -> list[Path]:
    """The folders that are this run's: upload and scratch."""
    given = [os.environ.get(name) for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME")]
    return [HERE, *(Path(path).resolve() for path in given if path)]


def is_own(path: str | Path) -> bool:
    """Whether a path lies in this run's upload or scratch."""
    resolved = Path(path).resolve()
    return any(resolved == folder or folder in resolved.parents for folder in own_folders())


def scratch() -> Path:
    """A folder that a script may write to; the upload's where there is no other."""
    for folder in (*own_folders()[1:], HERE):
        probe = folder / f".try{os.getpid()}"
        if worked(attempt(probe.write_bytes, b"")):
            attempt(probe.unlink)
            return folder
    return HERE


def descriptors() -> Iterator[tuple[int, int]]:
    """Every open descriptor and its st_mode."""
    for fd in range(1024):
        found = attempt(os.fstat, fd)
        if isinstance(found, os.stat_result):
            yield fd, found.st_mode


def event_pipes() -> list[int]:
    """The descriptors that the probe's events may go to: pipes to write to above stderr."""
    return [
        fd
        for fd, mode in descriptors()
        if fd > 2
        and stat.S_ISFIFO(mode)
        and fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY
    ]


def say(data: bytes) -> None:
    """Write bytes where the worker reads events."""
    _pipes.extend(() if _pipes else event_pipes())
    for fd in _pipes:
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view) :]


def say_event(type_: str, **fields: Any) -> None:
    """Write one event."""
    say(json.dumps({"type": type_, **fields}).encode() + b"\n")


def exit_function() -> ctypes.c_void_p:
    """The address of _exit: what a process made with clone may run without Python."""
    return ctypes.cast(libc._exit, ctypes.c_void_p)


def clone(flags: int) -> int:
    """Make a process with clone that exits at once: its pid, or -errno."""
    stack = ctypes.create_string_buffer(64 * 1024)
    _kept.append(stack)
    top = (ctypes.addressof(stack) + len(stack)) & ~0xFF
    ctypes.set_errno(0)
    pid: int = libc.clone(exit_function(), ctypes.c_void_p(top), flags, None)
    return pid if pid >= 0 else -ctypes.get_errno()


_pipes: list[int] = []  # looked for once: a flood of events has no time for it
_kept: list[Any] = []  # stacks of processes that may still run


def _number(name: str) -> int | None:
    column = {"x86_64": 0, "aarch64": 1}.get(platform.machine())
    return None if column is None else NUMBERS[name][column]


# Name: number on x86_64, on aarch64.
NUMBERS: dict[str, tuple[int | None, int | None]] = {
    "acct": (163, 89),
    "add_key": (248, 217),
    "bpf": (321, 280),
    "capget": (125, 90),
    "capset": (126, 91),
    "chroot": (161, 51),
    "clone": (56, 220),
    "clone3": (435, 435),
    "close": (3, 57),
    "connect": (42, 203),
    "copy_file_range": (326, 285),
    "delete_module": (176, 106),
    "epoll_create1": (291, 20),
    "eventfd2": (290, 19),
    "execve": (59, 221),
    "execveat": (322, 281),
    "exit": (60, 93),
    "fallocate": (285, 47),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    "fcntl": (72, 25),
    "fork": (57, None),
    "fsconfig": (431, 431),
    "fsetxattr": (190, 7),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "ftruncate": (77, 46),
    "init_module": (175, 105),
    "inotify_add_watch": (254, 27),
    "inotify_init1": (294, 26),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "ioctl": (16, 29),
    "ioperm": (173, None),
    "iopl": (172, None),
    "ioprio_set": (251, 30),
    "kcmp": (312, 272),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "kill": (62, 129),
    "landlock_add_rule": (445, 445),
    "landlock_create_ruleset": (444, 444),
    "landlock_restrict_self": (446, 446),
    "linkat": (265, 37),
    "listmount": (458, 458),
    "lsm_set_self_attr": (460, 460),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "migrate_pages": (256, 238),
    "mlock2": (325, 284),
    "mlockall": (151, 230),
    "mmap": (9, 222),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "move_pages": (279, 239),
    "mq_open": (240, 180),
    "msgget": (68, 186),
    "name_to_handle_at": (303, 264),
    "open": (2, None),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "open_tree_attr": (467, 467),
    "openat": (257, 56),
    "openat2": (437, 437),
    "perf_event_open": (298, 241),
    "pidfd_getfd": (438, 438),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
    "pipe2": (293, 59),
    "pivot_root": (155, 41),
    "prctl": (157, 167),
    "prlimit64": (302, 261),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "reboot": (169, 142),
    "rename": (82, None),
    "renameat2": (316, 276),
    "request_key": (249, 218),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "sched_setaffinity": (203, 122),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "seccomp": (317, 277),
    "semget": (64, 190),
    "sendfile": (40, 71),
    "sendto": (44, 206),
    "setdomainname": (171, 162),
    "setfsuid": (122, 151),
    "setgid": (106, 144),
    "setgroups": (116, 159),
    "sethostname": (170, 161),
    "setns": (308, 268),
    "setpgid": (109, 154),
    "setpriority": (141, 140),
    "setregid": (114, 143),
    "setresgid": (119, 149),
    "setresuid": (117, 147),
    "setreuid": (113, 145),
    "settimeofday": (164, 170),
    "setuid": (105, 146),
    "setxattr": (188, 5),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "shmget": (29, 194),
    "socket": (41, 198),
    "splice": (275, 76),
    "statmount": (457, 457),
    "swapoff": (168, 225),
    "swapon": (167, 224),
    "sysfs": (139, None),
    "syslog": (103, 116),
    "tee": (276, 77),
    "tgkill": (234, 131),
    "time": (201, None),
    "timer_create": (222, 107),
    "timerfd_create": (283, 85),
    "tkill": (200, 130),
    "truncate": (76, 45),
    "umount2": (166, 39),
    "unlink": (87, None),
    "unshare": (272, 97),
    "uselib": (134, None),
    "userfaultfd": (323, 282),
    "utimensat": (280, 88),
    "vhangup": (153, 58),
    "vmsplice": (278, 75),
}

os.write(1, b"ATTACK BEGAN\n")
