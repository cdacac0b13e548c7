"""Hostile scripts, let loose on this machine as root's and as a plain user's: none may get out.

Each attack is an upload of its own and goes through a worker's real drive; see attack_runner.py.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.settings import ROOT
from tests.attack_catalogue import ATTACKS, missing
from workers.sandbox import runtime
from workers.sandbox.policy import ENTER
from workers.sandbox.uids import HeldUid, hold_uid

UNPRIVILEGED = 1_900_000_000  # from here on: no account of any machine
SECONDS = 900

# One of each family that ends at once; the others are in the full suite.
QUICK = (
    *("environment_of_others", "memory_of_others", "ptrace_others", "secret_by_detours"),
    *("secret_by_links", "socket_every_family", "connect_unix", "fork_by_python", "clone_variants"),
    *("subprocess_variants", "thread_bomb", "memory_private_map", "shared_memory_posix"),
    *("descriptor_bomb", "disk_many_files", "disk_elsewhere", "output_to_stdout", "kill_others"),
    *("prlimit_others", "user_ids", "namespaces_unshared", "mounts", "io_uring", "bpf_and_perf"),
    *("other_abi_int80", "runtime_changed", "canary_changed", "devices", "leave_files"),
    *("leave_process_state", "next_job_looks_around", "crash_segfault", "forged_success"),
    *("malformed_bytes", "malformed_surrogates", "exception_circle", "model_hostile_names"),
)


@dataclass(frozen=True)
class Place:
    """Who runs the worker, and whether there is bwrap."""

    user: str
    tier: str
    contained: bool = False  # without user namespaces, but with a bounded tmpfs

    def __str__(self) -> str:
        return f"{self.user}-{self.tier}{'-contained' * self.contained}"


PLACES = [
    Place(user, tier)
    for user in (["root", "unprivileged"] if os.geteuid() == 0 else ["unprivileged"])
    for tier in ("full", "filters")
]
CONTAINED = [Place("unprivileged", "filters", contained=True)] if os.geteuid() == 0 else []
QUICK_PLACES = PLACES[:1] + PLACES[-1:] + CONTAINED


def run_attacks(
    folder: Path, place: Place, attacks: list[str], *, bounded: bool = True, **more: Any
) -> list[Any]:
    """The outcomes of these attacks, and of the harmless runs between them."""
    asked = json.dumps({"folder": str(folder), "tier": place.tier, "attacks": attacks, **more})
    argv = [sys.executable, "-B", "-m", "tests.attack_runner", asked]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TMPDIR": str(folder)}
    if place.contained and bounded:
        env["STAGELIGHT_SCRATCH"] = str(folder / "scratch")
    with _user_of(place) as uid:
        if uid:
            os.chown(folder, uid, uid)
            argv = (_in_a_container if place.contained else _as_a_plain_user)(folder, uid, argv)
        done = subprocess.run(
            argv,
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=env,
            timeout=SECONDS,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-4000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


@contextmanager
def _user_of(place: Place) -> Iterator[int]:
    """Whom root becomes, 0 for nobody: the kernel counts a user's threads, so two tests that run
    beside each other have one each.
    """
    held = hold_uid(UNPRIVILEGED) if place.user == "unprivileged" else HeldUid(0)
    try:
        yield held.uid
    finally:
        held.release()


def _in_a_container(folder: Path, uid: int, argv: list[str]) -> list[str]:
    """The same where nobody may make a namespace, with a bounded tmpfs, as Docker does it."""
    bwrap = shutil.which("bwrap")
    assert bwrap, "bwrap is not installed"
    inside = [bwrap, "--unshare-user", "--disable-userns", "--dev-bind", "/", "/", "--", *argv]
    (folder / "scratch").mkdir()
    mount = f"mount -t tmpfs -o size=64m,nr_inodes=8192,mode=1777 none {folder}/scratch"
    plain = _as_a_plain_user(folder, uid, inside)
    return ["unshare", "--mount", "sh", "-c", f'{mount} && exec "$@"', "sh", *plain]


def _as_a_plain_user(folder: Path, uid: int, argv: list[str]) -> list[str]:
    """The same, as a user who may not even enter the folders that the Python lies in."""
    needed = [*runtime.inspect(Path(sys.executable)).paths, str(ROOT), str(folder)]
    arguments = {
        "parent": os.getpid(),
        "control": 0,
        "uid": uid,
        "needed": needed,
        "argv": argv,
    }
    return [sys.executable, "-I", "-S", "-B", str(ENTER), json.dumps(arguments)]


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder that every user may enter; pytest closes its own to others."""
    with tempfile.TemporaryDirectory(prefix="stagelight-test-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def wrong(outcomes: list[Any]) -> dict[str, list[str]]:
    """Attack → what it did that it may not."""
    return {outcome["name"]: outcome["wrong"] for outcome in outcomes if outcome["wrong"]}


def test_every_attack_is_in_the_catalogue() -> None:
    assert missing() == set()
    assert len(ATTACKS) >= 60
    assert set(QUICK) <= {attack.name for attack in ATTACKS}


@pytest.mark.parametrize("place", QUICK_PLACES, ids=str)
@pytest.mark.timeout(SECONDS)
def test_one_attack_of_each_kind_reaches_nothing(folder: Path, place: Place) -> None:
    assert wrong(run_attacks(folder, place, list(QUICK))) == {}


@pytest.mark.full
@pytest.mark.parametrize("place", PLACES + CONTAINED, ids=str)
@pytest.mark.timeout(SECONDS)
def test_no_attack_reaches_anything(folder: Path, place: Place) -> None:
    done = QUICK if place in QUICK_PLACES else ()  # by the test above
    attacks = [attack.name for attack in ATTACKS if attack.name not in done]
    outcomes = run_attacks(folder, place, attacks)

    assert wrong(outcomes) == {}
    assert [one["name"] for one in outcomes if one["name"] != "harmless"] == attacks


@pytest.mark.parametrize(
    ("layer", "attacks"),
    [
        ("landlock", ["secret_open", "canary_changed", "environment_of_others"]),
        ("seccomp", ["fork_by_python", "connect_tcp", "kill_others"]),
    ],
)
def test_attacks_succeed_once_a_layer_is_taken_away(
    folder: Path, layer: str, attacks: list[str]
) -> None:
    place = Place("unprivileged", "filters")
    found = wrong(run_attacks(folder, place, attacks, without=[layer]))

    assert set(attacks) <= set(found), f"{layer} holds nothing that the other layers do not"


@pytest.mark.parametrize("layer", ["landlock", "seccomp"])
def test_a_child_without_a_layer_refuses_to_read_the_upload(folder: Path, layer: str) -> None:
    place = Place("unprivileged", "filters")
    more: dict[str, Any] = {"without": [layer], "tested": True}
    outcome, harmless = run_attacks(folder, place, ["secret_open"], **more)

    assert outcome["end"] == harmless["end"] == "internal"
    assert "self-test of the seal failed" in outcome["wrong"][0]
    assert outcome["log"] == "", "not a byte of it was run"


@pytest.mark.parametrize("place", CONTAINED, ids=str)
def test_without_namespaces_and_a_bounded_scratch_nothing_is_run(
    folder: Path, place: Place
) -> None:
    outcome, _ = run_attacks(folder, place, ["leave_files"], bounded=False)

    assert outcome["end"] == "internal"
    assert "allows no user namespaces" in outcome["wrong"][0]
    assert "STAGELIGHT_SCRATCH" in outcome["wrong"][0]
    assert outcome["log"] == ""
