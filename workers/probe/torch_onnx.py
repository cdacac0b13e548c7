"""Which operators of a program have no translation to ONNX.

From the exporter's own registry (`torch.onnx._internal.exporter`, torch 2.13 and 2.14). Where that
has another form there is no list, and the exporter's error names the first of them.
"""

from collections import Counter
from typing import Any

import torch

from .decomposed import MOST, operator_calls
from .emit import SHORT, TEXT, cap


def untranslated(program: torch.export.ExportedProgram) -> dict[str, Any]:
    """The list, as a Detail of workers/events.py."""
    from torch.onnx._internal.exporter import _core, _dispatching, _registration

    registry = _registration.ONNXRegistry.from_torchlib()
    ready = _core._prepare_exported_program_for_export(program, registry=registry)
    known: set[str] = set()
    missing: Counter[str] = Counter()
    why: dict[str, str] = {}
    for node in operator_calls(ready):
        name = cap(node.target, SHORT)
        known.add(name)
        if name.startswith("onnx."):  # an operator of ONNX's own
            continue
        translation, message = _dispatching.dispatch(node, registry)
        if translation is None:
            missing[name] += 1
            why.setdefault(name, cap(message, TEXT))
    return {
        "operators": len(known),
        "outside": [
            {"name": name, "count": count, "why": why[name]}
            for name, count in sorted(missing.items())[:MOST]
        ],
    }
