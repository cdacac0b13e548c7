"""Looks for what any earlier job left: files, modules, environment, state of the process."""

import builtins
import os
import random
import signal
import sys
import tempfile
from pathlib import Path

import torch
from attack_kit import HERE, HOST, LEFT, attempt, own_folders, reached

folders = {*own_folders(), HERE, HERE.parent, Path.cwd(), Path(tempfile.gettempdir())}
folders |= {Path(name) for name in ("/tmp", "/dev/shm", "/var/tmp", "/", "/run")}
for folder in {*folders, Path(HOST["site_packages"]), Path(HOST["writable_dir"])}:
    for name in (LEFT, f".{LEFT}", f"{LEFT}_folder", f"{LEFT}_link", f"{LEFT}_elsewhere"):
        if os.path.lexists(folder / name):
            reached(f"{folder / name} of an earlier job")
for folder in own_folders()[1:]:
    found = attempt(lambda folder=folder: [path.name for path in folder.rglob("*")])
    known = {"tmp", ".cache", "matplotlib", "torch", "inductor", "huggingface", "upload"}
    if isinstance(found, list) and not HERE.is_relative_to(folder) and set(found) - known:
        reached(f"{folder} is not empty: {sorted(found)[:5]}")
for owner in (builtins, torch, torch.nn.Module):
    if hasattr(owner, LEFT):
        reached(f"a mark of an earlier job on {owner}")
for where in (sys.modules, os.environ, sys.argv, "".join(sys.path)):
    if LEFT in where:
        reached(f"a mark of an earlier job in {type(where)}")
tried = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGTERM, signal.SIGCHLD, signal.SIGALRM)
ignored = [number for number in tried if signal.getsignal(number) == signal.SIG_IGN]
if ignored:
    reached(f"signals that an earlier job ignored: {ignored}")
if signal.pthread_sigmask(signal.SIG_BLOCK, ()):
    reached("signals that an earlier job blocked")
if torch.get_default_dtype() != torch.float32 or not torch.is_grad_enabled():
    reached("torch as an earlier job left it")
random.seed(os.urandom(8))
