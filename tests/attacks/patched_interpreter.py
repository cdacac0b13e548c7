"""Hooks the interpreter: traces, profiles, audit and import hooks, collections, finalisers."""

import gc
import sys
import threading
from typing import Any


def trace(frame: Any, event: str, argument: object) -> Any:
    frame.f_trace_opcodes = True
    if "emit" in frame.f_code.co_name:
        raise SystemExit(0)
    return trace


def audit(event: str, arguments: tuple[object, ...]) -> None:
    if event in ("open", "os.listdir"):
        raise RuntimeError("not from here")


class Finder:
    def find_spec(self, *arguments: object) -> None:
        raise ImportError("no more modules")


sys.meta_path.insert(0, Finder())
gc.callbacks.append(lambda phase, info: sys._getframe(1).clear())
gc.set_threshold(1)
threading.settrace(trace)
sys.setprofile(trace)
sys.settrace(trace)
sys.addaudithook(audit)
sys.modules.clear()
