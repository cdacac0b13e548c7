"""Makes a run's stages once more by plain exports, in a fresh Python, and times each.

    python -m bench.plain_stages script.py < stages.json

`stages.json` is a list of {"kind", "component", "replay"}, as the API's run has them. Prints one
JSON object: `seconds`, one item a stage: its export and, where the run replayed it, a replay (eager
and the exported program, once each). One thread; one small export before the clock starts.
"""

import contextlib
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn

from bench.loading import model_and_inputs
from bench.torch_tools import export_small
from workers.probe.prefix import Prefix

Inputs = tuple[tuple[Any, ...], dict[str, Any]]


class Plain:
    """A model with the inputs that each of its modules gets first."""

    def __init__(self, model: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.model = model
        self.inputs: dict[str, Inputs] = {"": (args, kwargs)}
        self.calls: Counter[str] = Counter()
        hooks = [
            module.register_forward_pre_hook(self._keeper(path), with_kwargs=True)
            for path, module in model.named_modules()
            if path
        ]
        with torch.no_grad():
            model(*args, **kwargs)
        for hook in hooks:
            hook.remove()

    def _keeper(self, path: str) -> Any:
        def keep(_module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            self.calls[path] += 1
            self.inputs.setdefault(path, (args, kwargs))

        return keep

    def seconds(self, kind: str, path: str, *, replay: bool) -> dict[str, float]:
        """What one stage takes."""
        prefix = Prefix(self.model, path, self.calls[path]) if kind == "assembled" else None
        module = self.model if prefix else self.model.get_submodule(path)
        args, kwargs = self.inputs["" if prefix else path]
        with prefix.installed() if prefix else contextlib.nullcontext():
            started = time.perf_counter()
            program = _exported(module, args, kwargs)
            export = time.perf_counter() - started
            if program is None or not replay:
                return {"export": export, "replay": 0.0}
            started = time.perf_counter()
            with torch.no_grad():
                module(*args, **kwargs)
                program.module()(*args, **kwargs)
            return {"export": export, "replay": time.perf_counter() - started}


def _exported(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The program, or None: a stage that fails takes its time as well."""
    try:
        return torch.export.export(module, args, kwargs, strict=False)
    except Exception:
        return None


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """What models and torch print goes nowhere."""
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        yield


def main() -> None:
    """Time all stages of one script."""
    torch.set_num_threads(1)
    stages = json.load(sys.stdin)
    with silent():
        export_small()
        plain = Plain(*model_and_inputs(Path(sys.argv[1])))
        seconds = [
            plain.seconds(stage["kind"], stage["component"] or "", replay=stage["replay"])
            for stage in stages
        ]
    print(json.dumps({"seconds": seconds}))


if __name__ == "__main__":
    main()
