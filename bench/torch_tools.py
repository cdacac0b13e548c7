"""What torch's own tools need for a script's model, in a fresh Python without Stagelight.

    python -m bench.torch_tools [--warm] {export,draft_export,report_exportability} script.py

Prints one JSON object: `seconds` of the call alone, with torch imported and the model made before
the clock starts, and what the tool `said`. `--warm` exports one small model first, for the first
export of a process costs about a second more than the next.
"""

import argparse
import contextlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch._export.tools import report_exportability as _report

from bench.loading import model_and_inputs


def export(model: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """Plain, non-strict export."""
    torch.export.export(model, args, kwargs, strict=False)
    return "exported"


def draft_export(model: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """The number of failures in its report."""
    program = torch.export.draft_export(model, args, kwargs, strict=False)
    failures: list[Any] = getattr(program, "_report").failures  # noqa: B009 - mypy knows it not
    return f"{len(failures)} failures"


def report_exportability(model: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """The number of modules that it tried, and of those that did not export."""
    report = _report(model, args, kwargs, strict=False)
    return f"{sum(error is not None for error in report.values())} of {len(report)} modules fail"


TOOLS: dict[str, Callable[[nn.Module, tuple[Any, ...], dict[str, Any]], str]] = {
    tool.__name__: tool for tool in (export, draft_export, report_exportability)
}


def export_small() -> None:
    """What the first export of a process costs more than the next is spent here."""
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()).eval()
    torch.export.export(model, (torch.randn(2, 3, 8, 8),))


def main() -> None:
    """Time one tool on one script."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--warm", action="store_true")
    parser.add_argument("tool", choices=TOOLS)
    parser.add_argument("script", type=Path)
    options = parser.parse_args()
    model, args, kwargs = model_and_inputs(options.script)
    if options.warm:
        export_small()
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        started = time.perf_counter()
        try:
            said = TOOLS[options.tool](model, args, kwargs)
        except Exception as error:  # raising is an answer, and its time counts
            said = f"raised {type(error).__name__}"
        seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "said": said}))


if __name__ == "__main__":
    main()
