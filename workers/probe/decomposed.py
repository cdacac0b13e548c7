"""The stage `decomposed`: the whole model's program in the operators of core ATen."""

import warnings
from functools import partial

import torch

from .stages import Attempt, Bench

KEY = "decomposed"

Program = torch.export.ExportedProgram


def run_decomposed(bench: Bench, program: Program) -> None:
    """Decompose a program that export gave, and compare what comes of it with eager."""
    call = bench.call
    stage = {"key": KEY, "kind": "decomposed", "name": "whole model, decomposed"}
    export = partial(decompose, program)
    bench.run(
        Attempt(KEY, export, call.model, call.model, call.args, call.kwargs, other_sizes=0), stage
    )


def decompose(program: Program) -> Program:
    """`run_decompositions`, without what torch says of its own pytree in 2.13."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        made: Program = program.run_decompositions()
    return made
