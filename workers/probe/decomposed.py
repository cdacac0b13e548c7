"""The stage `decomposed`: the whole model's program in the operators of core ATen."""

import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch

from .emit import SHORT, cap
from .stages import Attempt, Bench

KEY = "decomposed"
MOST = 2_000  # kinds of operators

Program = torch.export.ExportedProgram


def run_decomposed(bench: Bench, program: Program) -> None:
    """Decompose a program that export gave, and compare what comes of it with eager."""
    call = bench.call
    stage = {"key": KEY, "kind": "decomposed", "name": "whole model, decomposed"}
    export, inputs = partial(decompose, program), (call.args, call.kwargs)
    attempt = Attempt(
        KEY, export, call.model, call.model, *inputs, other_sizes=0, detail=outside_core
    )
    bench.run(attempt, stage)


def decompose(program: Program) -> Program:
    """`run_decompositions`, with nothing printed that is not of the model."""
    with quiet():
        made: Program = program.run_decompositions()
    return made


@contextmanager
def quiet() -> Iterator[None]:
    """Without what torch says of its own pytree in 2.13 when it copies a program."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield


def outside_core(program: Program) -> dict[str, Any]:
    """Which operators of a program have no place in core ATen, as a Detail of workers/events.py."""
    counts = Counter(node.target for node in operator_calls(program))
    outside = [(str(target), count) for target, count in counts.items() if not _is_core(target)]
    return {
        "operators": len(counts),
        "outside": [
            {"name": cap(name, SHORT), "count": count} for name, count in sorted(outside)[:MOST]
        ],
    }


def operator_calls(program: Program) -> Iterator[torch.fx.Node]:
    """The nodes that call an operator, subgraphs included. Arithmetic on sizes calls none."""
    for module in program.graph_module.modules():
        if isinstance(module, torch.fx.GraphModule):
            for node in module.graph.nodes:
                if isinstance(node.target, torch._ops.OperatorBase):
                    yield node


def _is_core(target: Any) -> bool:
    return torch.Tag.core in getattr(target, "tags", ())
