"""A script that needs what the sandbox forbids is told so, with its line and what to do."""

from pathlib import Path

import pytest

from tests.probe_support import run_probe

MODEL = "model, inputs = torch.nn.Linear(4, 2), (torch.ones(3, 4),)\n"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("import subprocess; subprocess.run(['nvidia-smi'])", "starts another program"),
        ("import os; os.popen('ls').read()", "starts another program"),
        ("import os; os.fork()", "starts another program or process"),
        ("import os; os.execv('/bin/ls', ['ls'])", "starts another program or process"),
        ("import multiprocessing; multiprocessing.Process(target=print).start()", "processes"),
        ("import multiprocessing; multiprocessing.Pool(2)", "starts processes"),
        ("list(torch.utils.data.DataLoader([1, 2], num_workers=1))", "num_workers=0"),
        ("torch.ones(3).share_memory_()", "shares memory between processes"),
        ("import socket; socket.socket()", "opens a network connection"),
        ("import urllib.request as u; u.urlopen('http://127.0.0.1:9')", "network connection"),
        ("open('/etc/hostname', 'w')", "may not touch '/etc/hostname'"),
        ("import os; os.listdir('/')", "may not touch '/'"),
        ("open('big', 'wb').write(bytes(80 << 20))", "scratch folder is full"),
        ("[open(f'f{n}', 'w').close() for n in range(5000)]", "STAGELIGHT_SCRATCH_FILES"),
        (
            "import threading, time\n"
            "for _ in range(200): threading.Thread(target=time.sleep, args=(9,)).start()",
            "STAGELIGHT_THREAD_LIMIT",
        ),
    ],
)
def test_what_is_refused_is_said(tmp_path: Path, line: str, says: str) -> None:
    said = run_probe(tmp_path, f"import torch\n{MODEL}{line}\n")

    failure = said.first("failed").failure
    assert failure.category == "sandbox"
    assert says in failure.hint
    assert failure.culprit.file == "model.py"
    assert failure.culprit.line == 2 + line.count("\n") + 1


def test_os_system_says_that_it_did_nothing(tmp_path: Path) -> None:
    said = run_probe(tmp_path, f"import os, torch\nassert os.system('clear') == 32512\n{MODEL}")

    assert said.stage("whole").status == "passed"
    (note,) = said.all("note")
    assert note.message == "os.system('clear') did nothing: the sandbox starts no programs."


def test_a_refusal_inside_the_model_is_no_export_s_fault(tmp_path: Path) -> None:
    script = """
import subprocess
import torch

class Net(torch.nn.Module):
    def forward(self, x):
        subprocess.run(["ls"])
        return x

model, inputs = Net(), (torch.ones(2),)
"""
    assert run_probe(tmp_path, script, kind="staged").first("failed").failure.category == "sandbox"
    failure = run_probe(tmp_path, script).stage("whole").failure
    assert (failure.category, failure.culprit.line) == ("sandbox", 7)


def test_an_error_of_its_own_stays_its_own(tmp_path: Path) -> None:
    failure = run_probe(tmp_path, "open('missing.txt')").first("failed").failure
    assert failure.category == "script_error"


def test_what_scripts_expect_of_a_system_works(tmp_path: Path) -> None:
    script = f"""
import asyncio, getpass, os, pathlib, shutil, tempfile, threading
from concurrent.futures import ThreadPoolExecutor
import torch

async def one():
    return 1

assert asyncio.run(one()) == 1
assert ThreadPoolExecutor(2).submit(lambda: 2).result() == 2
assert getpass.getuser()
with tempfile.NamedTemporaryFile() as file:
    torch.save(torch.ones(2), file)
with tempfile.TemporaryDirectory() as folder:
    shutil.copy2(__file__, folder)
    shutil.copytree(folder, folder + "/copy")
pathlib.Path("touched").touch()
assert pathlib.Path("touched").exists()
pathlib.Path("touched").rename(pathlib.Path.home() / "moved")
os.makedirs(pathlib.Path.home() / ".cache" / "mine")
open(os.devnull, "w").write("nothing")
assert len(os.urandom(8)) == 8
assert open(__file__).read().count("asyncio.run") == 2
torch.set_num_threads(2)
torch.randn(300, 300) @ torch.randn(300, 300)
{MODEL}"""
    said = run_probe(tmp_path, script)
    assert said.stage("whole").status == "passed", said.log
