"""The machine that attacks are let loose on: secrets, bystanders and listeners, and what became of
them. Everything here may be reached by plain permissions, so that only the sandbox is in the way.
"""

import contextlib
import ctypes
import hashlib
import json
import os
import resource
import secrets
import select
import socket
import subprocess
import sys
from dataclasses import dataclass
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Any

from workers.sandbox import runtime

IPC_CREAT = 0o1000
VICTIM = """
import os, sys
uid = int(sys.argv[1])
if uid:
    os.setgroups([]); os.setresgid(uid, uid, uid); os.setresuid(uid, uid, uid)
marker = bytes.fromhex(sys.argv[2])
print("up", flush=True)
sys.stdin.read()
"""


@dataclass(frozen=True)
class State:
    """What an attack must leave as it was."""

    canary: tuple[bytes, int, int]  # text, mode, time of change in ns; zeros once it is gone
    writable: tuple[str, ...]
    data: tuple[str, ...]
    runtime: tuple[int, ...]  # times of change of its folders
    victim: tuple[bool, str, int]  # alive, its limits, its nice value
    worker: tuple[Any, ...]  # our own limits, nice value and processors


class AttackHost:
    """A folder of secrets and everything around it. A context manager."""

    def __init__(self, folder: Path, script_uid: int, python: Path) -> None:
        self._folder = folder
        self._uid = script_uid
        self._undo = contextlib.ExitStack()
        self._paths = [Path(path) for path in runtime.inspect(python).paths]
        self.secret = secrets.token_urlsafe(16)
        self.secret_env = f"env-{secrets.token_hex(16)}"
        self.marker = secrets.token_bytes(24)

    def __enter__(self) -> "AttackHost":
        os.environ["STAGELIGHT_TEST_SECRET"] = self.secret_env
        for name in ("data", "writable", "other_run"):
            (self._folder / name).mkdir(mode=0o755)
        (self._folder / "writable").chmod(0o777)
        (self._folder / "other_run").chmod(0o777)
        for name in ("secret.txt", "data/secret.txt", "other_run/secret.txt"):
            (self._folder / name).write_text(self.secret)
        self._canary = self._folder / "writable" / "canary.txt"
        self._canary.write_text("untouched")
        self._canary.chmod(0o666)
        self._listen()
        self._share()
        self._victim = subprocess.Popen(
            [sys.executable, "-I", "-c", VICTIM, str(self._uid), self.marker.hex()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._undo.callback(self._end_victim)
        assert self._victim.stdout is not None
        assert self._victim.stdout.readline() == b"up\n"
        return self

    def __exit__(self, *_exc: object) -> None:
        self._undo.close()

    def facts(self, zygotes: list[int]) -> bytes:
        """What the attacker knows: attack_host.json."""
        facts = {
            "worker_pid": os.getpid(),
            "zygote_pids": zygotes,
            "victim_pid": self._victim.pid,
            "victim_marker": self.marker.hex(),
            "secret_env": self.secret_env.encode().hex(),
            "secret_file": str(self._folder / "secret.txt"),
            "secret_sha256": hashlib.sha256(self.secret.encode()).hexdigest(),
            "data_dir": str(self._folder / "data"),
            "writable_dir": str(self._folder / "writable"),
            "canary_file": str(self._canary),
            "tcp_port": self._tcp.getsockname()[1],
            "udp_port": self._udp.getsockname()[1],
            "unix_socket": str(self._folder / "unix.sock"),
            "abstract_socket": self._abstract.getsockname()[1:].decode(),
            "python_prefix": sys.prefix,
            "site_packages": str(next(Path(sys.prefix).glob("lib/python3*/site-packages"))),
            "other_run_dir": str(self._folder / "other_run"),
            "shm_name": self._memory.name.lstrip("/"),
            "sysv_key": self._key,
        }
        return json.dumps(facts).encode()

    def state(self) -> State:
        """All that must be the same after an attack."""
        inner = [self._folder / name for name in ("writable", "data")]
        listed = [tuple(sorted(map(str, folder.rglob("*")))) for folder in inner]
        times = [path.stat().st_mtime_ns for path in self._watched()]
        alive = self._victim.poll() is None
        limits = Path(f"/proc/{self._victim.pid}/limits").read_text() if alive else ""
        nice = os.getpriority(os.PRIO_PROCESS, self._victim.pid) if alive else 0
        return State(
            canary=self._canary_now(),
            writable=listed[0],
            data=listed[1],
            runtime=tuple(times),
            victim=(alive, limits, nice),
            worker=(
                tuple(map(resource.getrlimit, (resource.RLIMIT_NOFILE, resource.RLIMIT_CPU))),
                os.getpriority(os.PRIO_PROCESS, 0),
                os.sched_getaffinity(0),
            ),
        )

    def heard(self) -> int:
        """Connections and packets that arrived since the last call."""
        count = 0
        while ready := select.select(self._listeners, [], [], 0)[0]:
            for listener in ready:
                count += 1
                if listener.type == socket.SOCK_DGRAM:
                    listener.recv(1000)
                else:
                    listener.accept()[0].close()
        return count

    def _canary_now(self) -> tuple[bytes, int, int]:
        if not self._canary.exists():
            return (b"", 0, 0)
        found = self._canary.stat()
        return (self._canary.read_bytes(), found.st_mode, found.st_mtime_ns)

    def _watched(self) -> list[Path]:
        site = next(Path(sys.prefix).glob("lib/python3*/site-packages"))
        return [Path(sys.prefix), site, site / "torch", *filter(Path.exists, self._paths)]

    def _listen(self) -> None:
        kinds = (
            (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            (socket.AF_UNIX, socket.SOCK_STREAM, str(self._folder / "unix.sock")),
            (socket.AF_UNIX, socket.SOCK_STREAM, f"\0stagelight-test-{secrets.token_hex(8)}"),
        )
        self._listeners = []
        for family, kind, address in kinds:
            made = self._undo.enter_context(socket.socket(family, kind))
            made.bind(address)
            if kind == socket.SOCK_STREAM:
                made.listen()
            self._listeners.append(made)
        self._tcp, self._udp, unix, self._abstract = self._listeners
        Path(unix.getsockname()).chmod(0o777)

    def _share(self) -> None:
        self._memory = SharedMemory(create=True, size=4096)
        self._undo.callback(self._memory.unlink)
        self._undo.callback(self._memory.close)
        assert self._memory.buf is not None
        self._memory.buf[: len(self.secret)] = self.secret.encode()
        Path("/dev/shm", self._memory.name.lstrip("/")).chmod(0o666)
        libc = ctypes.CDLL(None, use_errno=True)
        self._key = secrets.randbelow(2**30) + 1
        segment = libc.shmget(self._key, 4096, IPC_CREAT | 0o666)
        assert segment >= 0
        self._undo.callback(libc.shmctl, segment, 0, None)

    def _end_victim(self) -> None:
        self._victim.kill()
        self._victim.communicate()
