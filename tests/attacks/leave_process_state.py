"""Leaves marks in what a process shares with its forks: modules, builtins, environment, cwd."""

import builtins
import gc
import locale
import os
import random
import signal
import sys
import types
import warnings

import torch
from attack_kit import LEFT, attempt

module = types.ModuleType(LEFT)
sys.modules[LEFT] = module
setattr(builtins, LEFT, module)
setattr(torch, LEFT, module)
setattr(torch.nn.Module, LEFT, True)
os.environ[LEFT] = os.environ["PYTHONPATH"] = LEFT
sys.path.insert(0, f"/{LEFT}")
sys.meta_path.insert(0, module)
sys.argv.append(LEFT)
os.umask(0)
attempt(os.chdir, "/")
for number in range(1, 65):
    attempt(signal.signal, number, signal.SIG_IGN)
attempt(signal.pthread_sigmask, signal.SIG_BLOCK, signal.valid_signals())
torch.set_default_dtype(torch.float64)
torch.set_grad_enabled(False)
torch.manual_seed(1)
random.seed(1)
warnings.simplefilter("error")
gc.disable()
attempt(locale.setlocale, locale.LC_ALL, "C")
sys.setswitchinterval(100)
sys.stdout = sys.stderr = None
