"""Probes as they are really started: sealed, bounded, apart, and ended with the worker."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.services.options import RunOptions
from app.settings import ROOT, Settings
from bench.processes import lives
from tests.probe_support import read_both
from tests.worker_support import wait_until
from workers.diagnose import Exit
from workers.events import ProbeKind
from workers.sandbox import host
from workers.sandbox.box import Sandbox, SandboxUnavailableError
from workers.sandbox.policy import make_job
from workers.sandbox.runtime import RuntimeMissingError
from workers.sandbox.uids import hold_uid

# A program without torch: the upload is what it does.
PROGRAM = """
def warm(preload):
    return []
def run(job, events):
    exec(open("model.py").read(), {"job": job, "events": events})
"""
SEALED = ["full", "filters", "reduced"]


@dataclass
class Done:
    """What came of one job."""

    end: Exit
    events: str
    output: str


@dataclass
class Box:
    """A sandbox for small programs."""

    sandbox: Sandbox
    base: Path

    @property
    def zygote(self) -> int:
        """The pid of the one that is there."""
        (zygote,) = self.sandbox.zygotes
        return zygote.pid

    def start(self, code: str, name: str = "model.py") -> Any:
        settings = self.sandbox.settings
        job = make_job(ProbeKind.WHOLE, "model.py", RunOptions(), settings)
        base = self.base / str(time.monotonic_ns())
        base.mkdir()
        files = [(name, textwrap.dedent(code).encode())]
        return self.sandbox.start("default", job, files, base)

    def run(self, code: str, name: str = "model.py") -> Done:
        process = self.start(code, name)
        events, output = read_both(process)
        end = process.reap()
        process.close()
        return Done(end, events.decode(), output.decode())

    def ask(self, expression: str) -> Any:
        """The JSON value of an expression, evaluated in a child."""
        done = self.run(f"import json, os, resource, sys\nprint(json.dumps({expression}))")
        assert (done.end.code, done.end.signal) == (0, 0), (done.end, done.output)
        return json.loads(done.output)


@contextmanager
def boxed(tmp_path: Path, tier: str = "auto", **values: object) -> Iterator[Box]:
    program = tmp_path / "program" / "program.py"
    program.parent.mkdir(mode=0o755)
    program.write_text(PROGRAM)
    settings = Settings(data=tmp_path, sandbox=tier, memory_mb=512, **values)  # type: ignore[arg-type]
    with Sandbox(settings, program) as sandbox:
        yield Box(sandbox, tmp_path)


@pytest.fixture(params=SEALED)
def box(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Box]:
    """A sandbox of each tier that seals."""
    with boxed(tmp_path, request.param) as made:
        yield made


def test_the_environment_is_its_own(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    env = box.ask("dict(os.environ)")
    assert env["HF_HUB_OFFLINE"] == "1"
    assert env["HOME"] == box.ask("os.path.dirname(os.getcwd()) + '/home'")
    assert not {name for name in env if name.startswith(("STAGELIGHT", "PYTEST"))}


def test_it_has_the_job_the_upload_and_nothing_else(box: Box) -> None:
    job = box.ask("job")
    assert (job["entry"], job["sealed"]) == ("model.py", True)
    assert box.ask("[os.getcwd(), os.listdir()]") == [job["root"], ["model.py"]]
    assert box.ask("sys.stdin.read()") == ""


def test_no_other_descriptor_reaches_it(box: Box) -> None:
    leak = os.open("/dev/null", os.O_RDONLY)
    os.set_inheritable(leak, True)
    code = """
    import fcntl
    for fd in range(512):
        try: fcntl.fcntl(fd, fcntl.F_GETFD)
        except OSError: continue
        print(fd)
    """
    try:
        # The bundle's was closed once it was read; the last one is the source that is being run.
        assert box.run(code).output.split() == ["0", "1", "2", "3"]
    finally:
        os.close(leak)


def test_events_and_output_are_apart(box: Box) -> None:
    done = box.run(
        "import os, sys\nos.write(events, b'event')\nprint('out')\nsys.stderr.write('e')"
    )
    assert (done.events, sorted(done.output)) == ("event", sorted("out\ne"))


def test_it_has_no_rights_and_gets_none(box: Box) -> None:
    status = box.ask("open('/proc/self/status').read()")
    fields = dict(line.split(":\t") for line in status.splitlines() if ":\t" in line)
    assert {fields[f"Cap{kind}"] for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {"0" * 16}
    assert (fields["NoNewPrivs"], fields["Seccomp"]) == ("1", "2")
    assert box.ask("os.getpid() == os.getsid(0)")


def test_limits_of_the_kernel_are_on(box: Box) -> None:
    names = ["NPROC", "NOFILE", "CORE", "CPU", "FSIZE", "MEMLOCK"]
    asked = "{n: resource.getrlimit(getattr(resource, 'RLIMIT_' + n)) for n in " + f"{names}}}"
    settings = box.sandbox.settings
    assert box.ask(asked) == {
        "NPROC": [settings.thread_limit] * 2,
        "NOFILE": [512] * 2,
        "CORE": [0, 0],
        "CPU": [settings.cpu_seconds] * 2,
        "FSIZE": [settings.scratch_mb * 2**20] * 2,
        "MEMLOCK": [0, 0],
    }


def test_exit_status_and_peak_come_from_the_kernel(box: Box) -> None:
    assert box.run("raise SystemExit(7)").end.code == 7
    assert box.run("import os; os._exit(9)").end.code == 9
    end = box.run("import os; os.kill(os.getpid(), 11)").end
    assert (end.code, end.signal) == (0, signal.SIGSEGV)
    assert box.run("hold = b'x' * (200 << 20)").end.peak_bytes > 200 << 20
    assert box.run("sum(range(10**7))").end.cpu_seconds > 0.05


def test_the_last_words_before_a_crash_are_kept(box: Box) -> None:
    assert box.run("print('last words')\nimport os\nos.abort()").output == "last words\n"


def test_an_allocation_past_the_limit_fails_inside(box: Box) -> None:
    code = "try: bytearray(600 << 20)\nexcept MemoryError: print('refused')"
    assert box.run(code).output == "refused\n"


def test_what_it_holds_is_seen_from_outside(box: Box) -> None:
    process = box.start("import time; hold = b'x' * (64 << 20); print('held'); time.sleep(60)")
    os.set_blocking(process.output, True)
    assert os.read(process.output, 10) == b"held\n"
    assert process.resident_bytes() > 64 << 20
    process.kill()
    assert process.reap().signal == signal.SIGKILL
    assert process.resident_bytes() == 0
    process.close()


def test_no_job_sees_what_another_wrote(box: Box) -> None:
    write = """
    import os, pathlib, tempfile
    for folder in (".", pathlib.Path.home(), tempfile.gettempdir()):
        pathlib.Path(folder, "left").write_text("left")
    import builtins
    builtins.left = True
    """
    look = "[os.listdir(), os.listdir(os.environ['HOME']), os.listdir(os.environ['TMPDIR'])]"
    before = box.ask(look)
    box.run(write)
    assert box.ask(look) == before == [["model.py"], ["tmp"], []]
    assert box.ask("hasattr(__import__('builtins'), 'left')") is False


def test_its_scratch_has_an_end_in_bytes_and_files(tmp_path: Path) -> None:
    with boxed(tmp_path, scratch_mb=2, scratch_files=10) as box:
        big = "open('big', 'wb').write(bytes(3 << 20))"
        many = "[open(f'f{n}', 'w').close() for n in range(50)]"
        assert "No space left on device" in box.run(f"{big}\nprint('fits')").output or (
            "File too large" in box.run(big).output
        )
        assert "No space left on device" in box.run(many).output
        assert box.run("print('the next one is well')").output == "the next one is well\n"


def test_an_upload_larger_than_the_scratch_has_its_own_room(tmp_path: Path) -> None:
    with boxed(tmp_path, scratch_mb=1) as box:
        code = f"print(len(open('model.py').read()))\n#{'x' * (3 << 20)}"
        assert int(box.run(code).output) == len(code)


def test_a_runtime_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with (
        boxed(tmp_path, runtimes={"default": tmp_path / "python"}) as box,
        pytest.raises(RuntimeMissingError, match="could not be started"),
    ):
        box.start("")


def test_uploads_in_a_folder_that_scripts_may_read_are_refused(tmp_path: Path) -> None:
    with boxed(tmp_path, torch_home=tmp_path) as box:
        with pytest.raises(SandboxUnavailableError, match="which scripts may read") as caught:
            box.start("")
        assert "STAGELIGHT_DATA" in caught.value.hint


def test_a_program_that_cannot_warm_up_says_why(tmp_path: Path) -> None:
    with boxed(tmp_path) as box:
        (tmp_path / "program" / "program.py").write_text("raise ImportError('no torch here')")
        with pytest.raises(SandboxUnavailableError, match="no torch here"):
            box.start("")


def test_a_zygote_that_has_threads_is_refused(tmp_path: Path) -> None:
    with boxed(tmp_path) as box:
        (tmp_path / "program" / "program.py").write_text(
            "import threading, time\ndef warm(preload):\n"
            "    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
            "    return []\n"
        )
        with pytest.raises(SandboxUnavailableError, match="shorten STAGELIGHT_PRELOAD"):
            box.start("")


def test_a_worn_zygote_is_replaced_between_jobs(tmp_path: Path) -> None:
    with boxed(tmp_path, zygote_jobs=2) as box:
        zygotes = []
        for _ in range(4):
            box.run("")
            zygotes.append(box.zygote)
            box.sandbox.tidy()
        first, same, second, same_again = zygotes
        assert first == same != second == same_again


def test_a_zygote_that_was_killed_is_replaced(tmp_path: Path) -> None:
    with boxed(tmp_path) as box:
        process = box.start("import time; print('up'); time.sleep(60)")
        os.set_blocking(process.output, True)
        os.read(process.output, 3)
        os.kill(box.zygote, signal.SIGKILL)
        assert process.reap().lost, "its child went with it, and nobody knows how"
        process.close()
        assert box.run("print('again')").output == "again\n"


def test_a_zygote_that_grew_is_replaced(tmp_path: Path) -> None:
    with boxed(tmp_path, zygote_growth_mb=1) as box:
        box.run("")
        before = box.zygote
        box.sandbox.tidy()
        assert box.zygote == before
        (zygote,) = box.sandbox.zygotes
        zygote.resident_bytes += 2 << 20
        box.sandbox.tidy()
        assert box.zygote != before


def test_a_cache_of_the_admin_s_can_be_read_and_not_written(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir(mode=0o755)
    (cache / "weights").write_text("weights")
    with boxed(tmp_path, torch_home=cache) as box:
        path = "os.environ['TORCH_HOME'] + '/weights'"
        assert box.ask(f"open({path}).read()") == "weights"
        assert "Error" in box.run(f"import os; open({path}, 'w')").output


def test_a_machine_without_a_sandbox_runs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr("workers.sandbox.box.host.look", host.look.__wrapped__)
    with boxed(tmp_path) as box:
        box.sandbox.warm_up(lambda: True)
        assert (box.sandbox.tier, box.sandbox.layers()) == ("", {})
        with pytest.raises(SandboxUnavailableError, match="needs Linux") as caught:
            box.start("")
    assert "docs/security.md" in caught.value.hint


def test_what_an_unsealed_script_left_running_is_ended(tmp_path: Path) -> None:
    escape = """
    import os, time
    for _ in range(2):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                print(os.getpid())
                time.sleep(60)
            os._exit(0)
    time.sleep(0.3)
    """
    with boxed(tmp_path, "off") as box:
        done = box.run(escape)
        pids = [int(pid) for pid in done.output.split()]
        assert len(pids) == 2
        wait_until(lambda: not any(lives(pid) for pid in pids))


def test_two_workers_of_root_have_two_users(tmp_path: Path) -> None:
    held = [hold_uid(2_000_000_000) for _ in range(2)]
    uids = [user.uid for user in held]
    assert uids == ([2_000_000_000, 2_000_000_001] if os.geteuid() == 0 else [0, 0])
    for user in held:
        user.release()


# A worker, as far as its death is concerned, with another thread at work.
WORKER = """
import os, sys, threading, time
from pathlib import Path
from tests.test_sandbox import boxed
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
with boxed(Path(sys.argv[1]), sys.argv[2]) as box:
    process = box.start("import time; time.sleep(60)")
    print(process.pid, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("tier", [*SEALED, "off"])
def test_it_dies_with_the_worker(tmp_path: Path, tier: str) -> None:
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(tmp_path), tier],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)},
    )
    assert worker.stdout is not None
    with worker:
        pid = int(worker.stdout.readline())
        assert lives(pid)
        worker.kill()
        wait_until(lambda: not lives(pid))
