"""200 runs through a real server, one in four an attack or a crash: what is left afterwards?

    python -m bench.soak [--runs N] [--workers N]

Every run must end as it should, and neither processes, files, descriptors nor memory may grow.
Prints the figures before and after; ends with status 1 if anything is not as it should be.
"""

import argparse
import io
import itertools
import os
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx

from bench.processes import children, descendants
from bench.server import VERDICT_ONLY, running_server, wait_for
from tests.attack_catalogue import ATTACKS, KIT, Attack
from tests.attack_host import AttackHost

MODELS = {
    "exported": "import torch\nmodel, inputs = torch.nn.Linear(4, 2).eval(), (torch.ones(3, 4),)\n",
    "blocked": (
        "import torch\nclass Net(torch.nn.Module):\n    def forward(self, x):\n"
        "        return x if x.sum() > 0 else -x\nmodel, inputs = Net(), (torch.ones(3, 4),)\n"
    ),
    "script_error": "raise ValueError('a mistake of its own')\n",
}
HOSTILE = (
    *("crash_segfault", "crash_abort", "exit_without_a_word", "fork_bomb", "thread_bomb"),
    *("memory_heap", "kill_others", "subprocess_variants", "disk_many_files", "leave_files"),
    *("leave_process_state", "malformed_bytes", "forged_success", "events_closed", "daemon"),
    *("memory_of_others", "descriptor_bomb", "other_abi_int80", "shared_memory_posix"),
)
WARM_RUNS = 12  # before the first look: caches fill, pools grow to their size
SLACK_BYTES = 8 * 2**20  # that a process may differ by without having grown
SLACK_DESCRIPTORS = 1  # the same


@dataclass(frozen=True)
class Place:
    """Where to look for what is left."""

    server: int  # pid; its workers and all their children are below it
    temporary: Path


@dataclass(frozen=True)
class Figures:
    """What the server and all below it hold."""

    processes: int
    descriptors: int
    files: int  # temporary ones
    resident_bytes: int


def main() -> None:
    """Run it, and say what grew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    wrong = soak(options.runs, options.workers)
    for line in wrong:
        print(f"WRONG: {line}")
    sys.exit(bool(wrong))


def soak(runs: int, workers: int) -> list[str]:
    """Make the runs, `workers` at a time; returns what is not as it should be."""
    with tempfile.TemporaryDirectory(prefix="stagelight-soak-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "tmp").mkdir()
        (folder / "host").mkdir()
        settings = {
            "STAGELIGHT_WORKERS": str(workers),
            "STAGELIGHT_MEMORY_MB": "2048",
            **VERDICT_ONLY,
            "TMPDIR": str(folder / "tmp"),
        }
        with AttackHost(folder / "host", 0, Path(sys.executable)) as host:
            others = set(children(os.getpid()))
            with running_server(**settings) as client:
                (server,) = set(children(os.getpid())) - others
                place = Place(server, folder / "tmp")
                return _soak(client, host, place, runs, workers)


def _soak(
    client: httpx.Client, host: AttackHost, place: Place, runs: int, workers: int
) -> list[str]:
    jobs = itertools.cycle(_jobs(host))
    wrong = _make(client, itertools.islice(jobs, WARM_RUNS * workers), workers)[0]
    before = _look(place)
    started = time.monotonic()
    found, ends = _make(client, itertools.islice(jobs, runs), workers)
    seconds = time.monotonic() - started
    after = _settled(place, before)
    print(f"{runs} runs, {workers} at a time, {seconds:.0f} s: {dict(ends)}")
    for key, old in asdict(before).items():
        print(f"  {key:16} {old:>14,} before {asdict(after)[key]:>14,} after")
    return [*wrong, *found, *_grown(before, after)]


def _jobs(host: AttackHost) -> Iterator[tuple[str, bytes, frozenset[str]]]:
    """File name, upload and how it may end: three models, then something hostile."""
    hostile = [attack for attack in ATTACKS if attack.name in HOSTILE]
    for attack in hostile:
        for end, text in MODELS.items():
            ends = {end, "partly"} if end == "blocked" else {end}
            yield f"{end}.py", text.encode(), frozenset(ends)
        yield f"{attack.name}.zip", _pack(attack, host), attack.ends


def _pack(attack: Attack, host: AttackHost) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("main.py", attack.script.read_bytes())
        archive.writestr(KIT.name, KIT.read_bytes())
        archive.writestr("attack_host.json", host.facts([]))
    return made.getvalue()


def _make(
    client: httpx.Client, jobs: Iterator[tuple[str, bytes, frozenset[str]]], at_a_time: int
) -> tuple[list[str], Counter[str]]:
    """Submit and wait, so many at a time; returns what ended wrongly, and all ends."""
    wrong: list[str] = []
    ends: Counter[str] = Counter()
    waiting: list[tuple[str, str, frozenset[str]]] = []
    for name, upload, allowed in jobs:
        answer = client.post("/api/runs", files={"script": (name, upload)})
        answer.raise_for_status()
        waiting.append((f"/api/runs/{answer.json()['id']}", name, allowed))
        if len(waiting) == at_a_time:
            _collect(client, waiting, wrong, ends)
    _collect(client, waiting, wrong, ends)
    return wrong, ends


def _collect(
    client: httpx.Client,
    waiting: list[tuple[str, str, frozenset[str]]],
    wrong: list[str],
    ends: Counter[str],
) -> None:
    while waiting:
        address, name, allowed = waiting.pop(0)
        run = wait_for(client, address)
        failure = run["failure"] or {}
        stages = [stage["failure"]["category"] for stage in run["stages"] if stage["failure"]]
        categories = [category for category in (failure.get("category"), *stages) if category]
        end = run["verdict"] or (categories[0] if categories else run["status"])
        if end == "script_error" and "sandbox" in categories:
            end = "sandbox"
        ends[end] += 1
        if end not in allowed:
            wrong.append(f"{name} ended as {end}: {run['reason']}")


def _look(place: Place) -> Figures:
    pids = [place.server, *descendants(place.server)]
    return Figures(
        processes=len(pids),
        descriptors=sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids),
        files=len(list(place.temporary.rglob("*"))),
        resident_bytes=sum(_resident(pid) for pid in pids),
    )


def _settled(place: Place, before: Figures) -> Figures:
    """Look again, once what is on its way out has gone."""
    deadline = time.monotonic() + 10
    found = _look(place)
    while time.monotonic() < deadline and _grown(before, found):
        time.sleep(0.2)
        found = _look(place)
    return found


def _grown(before: Figures, after: Figures) -> list[str]:
    wrong = []
    if after.processes > before.processes:
        wrong.append(f"{after.processes - before.processes} more process(es)")
    if after.files > before.files:
        wrong.append(f"{after.files - before.files} more temporary file(s)")
    if after.descriptors > before.descriptors + SLACK_DESCRIPTORS * before.processes:
        wrong.append(f"{after.descriptors - before.descriptors} more descriptors")
    if after.resident_bytes > before.resident_bytes + SLACK_BYTES * before.processes:
        wrong.append(f"{(after.resident_bytes - before.resident_bytes) / 2**20:.0f} MiB more held")
    return wrong


def _resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
