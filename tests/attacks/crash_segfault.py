"""Crashes in C, with handlers that crash again and a core dump asked for."""

import ctypes
import faulthandler
import resource
import signal

from attack_kit import attempt, syscall

attempt(resource.setrlimit, resource.RLIMIT_CORE, (2**30, 2**30))
syscall("prctl", 4, 1, 0, 0, 0)  # PR_SET_DUMPABLE
attempt(faulthandler.enable)
attempt(signal.signal, signal.SIGSEGV, signal.SIG_IGN)
attempt(faulthandler.disable)
ctypes.string_at(0)
