"""A probe process as it is really started: environment, limits, who dies with whom."""

import json
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.services.options import RunOptions
from app.settings import ROOT, Settings
from tests.worker_support import make_settings, wait_until
from workers.diagnose import Exit
from workers.events import ProbeKind
from workers.sandbox.launch import Process, start
from workers.sandbox.policy import (
    MB,
    PROBE,
    Folders,
    LaunchSpec,
    build_env,
    build_limits,
    build_spec,
    make_job,
)

PYTHON = Path(sys.executable)


def spec_of(tmp_path: Path, code: str, **values: object) -> LaunchSpec:
    """A spec whose probe is `code`."""
    settings = make_settings(tmp_path, **values)
    folders = Folders(upload=tmp_path / "upload", home=tmp_path / "home")
    for folder in (folders.upload, folders.home / "tmp"):
        folder.mkdir(parents=True, exist_ok=True)
    probe = tmp_path / "probe.py"
    probe.write_text(textwrap.dedent(code))
    job = make_job(ProbeKind.WHOLE, "model.py", RunOptions(), folders, settings)
    return build_spec(job, PYTHON, folders, settings, probe)


@contextmanager
def running(spec: LaunchSpec) -> Iterator[Process]:
    process = start(spec)
    try:
        yield process
    finally:
        process.kill()
        process.close()


def read_to_end(fd: int) -> bytes:
    os.set_blocking(fd, True)
    data = b""
    while piece := os.read(fd, 65536):
        data += piece
    return data


def run(tmp_path: Path, code: str, **values: object) -> tuple[Exit, str, str]:
    """Run `code` as a probe; gives its exit, its events and its output."""
    with running(spec_of(tmp_path, code, **values)) as process:
        events, output = read_to_end(process.events), read_to_end(process.output)
        return process.reap(), events.decode(), output.decode()


def ask(tmp_path: Path, expression: str, **values: object) -> Any:
    """The JSON value of an expression, evaluated in a probe."""
    code = f"import json, os, resource, sys\nprint(json.dumps({expression}))"
    end, _, output = run(tmp_path, code, **values)
    assert (end.code, end.signal) == (0, 0), output
    return json.loads(output)


def test_the_spec_is_a_function_of_its_arguments(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, memory_mb=100, threads=3)
    folders = Folders(upload=Path("/u"), home=Path("/h"))
    options = RunOptions(argv=["--size", "8"], call=2, stages=["backbone"])
    job = make_job(ProbeKind.STAGED, "pkg/model.py", options, folders, settings)
    spec = build_spec(job, Path("/env/bin/python"), folders, settings)

    assert spec.argv == (
        *("/env/bin/python", "-I", "-B", "-X", "utf8"),
        *(str(PROBE), "--events", "3"),
    )
    assert spec.cwd == Path("/u")
    assert json.loads(spec.stdin) == {
        "probe": "staged",
        "root": "/u",
        "entry": "pkg/model.py",
        "argv": ["--size", "8"],
        "call": 2,
        "device": "auto",
        "strict": None,
        "stages": ["backbone"],
        "dynamic_shapes": None,
        "threads": 3,
    }
    assert spec.limits.data_bytes == spec.limits.resident_bytes == 100 * MB
    assert spec.limits.address_space_bytes == 200 * MB


def test_caches_are_the_settings_or_private(tmp_path: Path) -> None:
    private = build_env(PYTHON, Path("/h"), Settings())
    assert private["HF_HOME"].startswith("/h/")
    assert private["TORCH_HOME"].startswith("/h/")
    shared = build_env(PYTHON, Path("/h"), Settings(hf_home=Path("/hf"), torch_home=Path("/t")))
    assert (shared["HF_HOME"], shared["TORCH_HOME"]) == ("/hf", "/t")


def test_the_environment_is_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "of the worker")
    env = ask(tmp_path, "dict(os.environ)")
    assert env["HOME"] == str(tmp_path / "home")
    assert env["HF_HUB_OFFLINE"] == "1"
    assert env["OMP_NUM_THREADS"] == "1"
    assert set(env) <= set(build_env(PYTHON, Path("/h"), Settings())) | {"LC_CTYPE"}


def test_the_job_is_on_stdin_and_then_nothing(tmp_path: Path) -> None:
    text, rest = ask(tmp_path, "[sys.stdin.read(), sys.stdin.read()]")
    assert json.loads(text)["root"] == str(tmp_path / "upload")
    assert rest == ""


def test_events_and_output_are_apart(tmp_path: Path) -> None:
    code = "import os, sys\nos.write(3, b'event')\nprint('out')\nprint('err', file=sys.stderr)"
    _, events, output = run(tmp_path, code)
    assert events == "event"
    assert sorted(output.split()) == ["err", "out"]


def test_no_other_descriptor_reaches_it(tmp_path: Path) -> None:
    leak = os.open("/dev/null", os.O_RDONLY)
    os.set_inheritable(leak, True)
    try:
        # The last one is the listing's own.
        assert ask(tmp_path, "sorted(map(int, os.listdir('/proc/self/fd')))[:-1]") == [0, 1, 2, 3]
    finally:
        os.close(leak)


def test_it_leads_a_session_of_its_own(tmp_path: Path) -> None:
    assert ask(tmp_path, "os.getsid(0) == os.getpid() == os.getpgid(0)")
    assert ask(tmp_path, "os.getcwd()") == str(tmp_path / "upload")
    assert ask(tmp_path, "os.umask(0)") == 0o077


def test_limits_hold(tmp_path: Path) -> None:
    limits = build_limits(make_settings(tmp_path, memory_mb=300))
    names = "['DATA', 'AS', 'FSIZE', 'CORE']"
    asked = "{n: resource.getrlimit(getattr(resource, 'RLIMIT_' + n)) for n in " + names + "}"
    assert ask(tmp_path, asked, memory_mb=300) == {
        "DATA": [limits.data_bytes] * 2,
        "AS": [limits.address_space_bytes] * 2,
        "FSIZE": [limits.file_bytes] * 2,
        "CORE": [0, 0],
    }


def test_an_allocation_past_the_limit_fails_inside(tmp_path: Path) -> None:
    code = "try: bytearray(400 << 20)\nexcept MemoryError: print('refused')"
    assert run(tmp_path, code, memory_mb=300)[2] == "refused\n"


def test_exit_status_comes_from_the_kernel(tmp_path: Path) -> None:
    assert run(tmp_path, "raise SystemExit(7)")[0].code == 7
    end = run(tmp_path, "import os; os.kill(os.getpid(), 11)")[0]
    assert (end.code, end.signal) == (0, signal.SIGSEGV)


def test_its_peak_of_memory_comes_from_the_kernel(tmp_path: Path) -> None:
    # Above anything this process held, for below the kernel cannot tell the two apart.
    end, _, _ = run(tmp_path, "hold = b'x' * (600 << 20)", memory_mb=4096)
    assert end.peak_bytes > 600 << 20


def test_what_it_holds_now_is_read_while_it_runs(tmp_path: Path) -> None:
    code = "import sys, time\nhold = b'x' * (64 << 20)\nprint('held', flush=True)\ntime.sleep(60)"
    with running(spec_of(tmp_path, code)) as process:
        os.set_blocking(process.output, True)
        assert os.read(process.output, 10) == b"held\n"
        assert process.resident_bytes() > 64 << 20
        process.kill()
        process.reap()
        assert process.resident_bytes() == 0


def test_a_python_that_is_not_there_is_a_launch_error(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, "")
    with running(replace(spec, argv=("/no/python", *spec.argv[1:]))) as process:
        end = process.reap()
    assert "No such file" in end.launch_error


def test_its_descendants_are_killed_with_it(tmp_path: Path) -> None:
    code = """
        import os, time
        for _ in range(2):
            pid = os.fork()
            if pid == 0:
                break
            print(pid, flush=True)
        time.sleep(60)
    """
    with running(spec_of(tmp_path, code)) as process:
        os.set_blocking(process.output, True)
        output = b""
        while output.count(b"\n") < 2:
            output += os.read(process.output, 100)
        process.kill()
        assert process.reap().signal == signal.SIGKILL
        wait_until(lambda: all(gone(int(pid)) for pid in output.split()))


def gone(pid: int) -> bool:
    """Not there, or dead and about to be buried by whoever adopted it."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"


def test_no_zombie_is_left(tmp_path: Path) -> None:
    with running(spec_of(tmp_path, "")) as process:
        process.reap()
        assert not Path(f"/proc/{process.pid}").exists()


# A worker, as far as its death is concerned: starts a probe in its main thread, with another
# thread at work, and says the probe's pid.
STARTER = """
import sys, threading, time, pickle
from workers.sandbox.launch import start
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
process = start(pickle.loads(sys.stdin.buffer.read()))
print(process.pid, flush=True)
time.sleep(60)
"""


def test_it_dies_with_the_worker(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, "import time\nprint('up', flush=True)\ntime.sleep(60)")
    worker = subprocess.Popen(
        [sys.executable, "-c", STARTER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert worker.stdin is not None
    assert worker.stdout is not None
    with worker:
        worker.stdin.write(pickle.dumps(spec))
        worker.stdin.close()
        pid = int(worker.stdout.readline())
        time.sleep(0.1)
        assert not gone(pid)
        worker.kill()
        wait_until(lambda: gone(pid))


# What escapes its process group is adopted by the worker and ended between runs.
ESCAPE = """
import os, sys, time
from workers import orphans
orphans.adopt()
said, say = os.pipe()
pid = os.fork()
if pid == 0:
    os.setsid()
    if os.fork() == 0:
        os.setsid()
        print(os.getpid(), flush=True)
        os.write(say, b"!")
        time.sleep(60)
    os._exit(0)
os.waitpid(pid, 0)
os.read(said, 1)
print(orphans.end_all(), orphans.end_all(), flush=True)
"""


def test_what_escapes_its_group_is_adopted_and_ended() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ESCAPE],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=20,
    )
    lines = done.stdout.split("\n")
    assert "1 0" in lines
    (pid,) = [int(line) for line in lines if line.isdigit()]
    assert gone(pid)
