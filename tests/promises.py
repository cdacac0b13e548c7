"""What the examples promise in their own text, and scripts that the errands share."""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.py"))
MARK = "# export stops here"


@dataclass(frozen=True)
class Promise:
    """The end of an example's docstring, and the line it marks."""

    verdict: str
    category: str | None
    line: int | None


def promise_of(script: Path) -> Promise:
    """Read an example's promise without running it."""
    text = script.read_text()
    docstring = ast.get_docstring(ast.parse(text)) or ""
    said = dict(re.findall(r"^(Verdict|Category): (\w+)$", docstring, re.MULTILINE))
    marked = [n for n, line in enumerate(text.splitlines(), 1) if line.rstrip().endswith(MARK)]
    return Promise(said["Verdict"], said.get("Category"), marked[0] if marked else None)


# Its head takes for ever to trace: the backbone has passed when something is killed.
STALLS = """
import time
import torch
from torch import nn


class Stalls(nn.Module):
    def forward(self, x):
        if torch.compiler.is_exporting():
            time.sleep(SECONDS)
        return x + 1


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Linear(4, 4)
        self.head = Stalls()

    def forward(self, x):
        return self.head(self.backbone(x))


model, inputs = Net(), (torch.ones(2, 4),)
"""
