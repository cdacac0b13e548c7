"""What repros are made of, as text: values written, files made one, statements left out."""

import ast
import functools
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch import nn

from workers.probe.repro_clear import answers
from workers.probe.repro_code import CannotWriteError, Coder, recorded_constructions
from workers.probe.repro_propose import dynamic_shapes_code
from workers.probe.repro_record import Seen
from workers.probe.repro_reduce import reduced, tidy, without_unused
from workers.probe.repro_source import (
    CannotFlattenError,
    bare_line,
    flattened,
    statement_at,
    without_comments,
    without_lines,
)
from workers.probe.repro_unknown import unknown_lines


class Colour(Enum):
    RED = 1


class Point(NamedTuple):
    x: int
    y: int


class Box:
    def __init__(self, corners: torch.Tensor, name: str) -> None:
        self.corners = corners
        self.name = name


class Block(nn.Module):
    def __init__(self, width: int, act: nn.Module, *, scale: float = 1.0) -> None:
        super().__init__()
        self.fc, self.act, self.scale = nn.Linear(width, width), act, scale


@pytest.fixture
def coder() -> Iterator[Coder]:
    with recorded_constructions() as made:
        coder = Coder(made, Path("/nowhere"))
        yield coder


def made_again(coder: Coder, value: Any) -> Any:
    """What the value's code gives."""
    names: dict[str, Any] = {}
    code = coder.value(value)
    exec("\n".join(coder.imports), names)
    return eval(code, names)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        -3,
        2.5,
        float("inf"),
        "it's",
        b"x",
        (1,),
        [],
        {"a": [1, (2, 3)]},
        {1, 2},
        slice(1, None),
        Colour.RED,
        Point(1, 2),
        torch.float16,
        torch.device("cpu"),
        torch.relu,
        torch.nn.functional.gelu,
        Block,
    ],
    ids=lambda value: getattr(value, "__name__", None) or repr(value),
)
def test_a_value_is_written_as_code_that_gives_it(coder: Coder, value: Any) -> None:
    assert made_again(coder, value) == value


def test_a_partial_is_written(coder: Coder) -> None:
    again = made_again(coder, functools.partial(nn.Linear, 3, bias=False))
    assert (again.func, again.args, again.keywords) == (nn.Linear, (3,), {"bias": False})


@pytest.mark.parametrize(
    ("tensor", "code"),
    [
        (torch.full((2, 3), 0.25), "torch.rand((2, 3))"),
        (torch.full((2,), -4.0), "torch.randn((2,))"),
        (torch.zeros(1, dtype=torch.float16) + 2, "torch.randn((1,), dtype=torch.float16)"),
        (torch.tensor([3, 9]), "torch.randint(3, 10, (2,))"),
        (torch.tensor(7), "torch.full((), 7)"),
        (torch.tensor([True]), "torch.rand((1,)) > 0.5"),
        (torch.zeros(0, 4), "torch.empty((0, 4))"),
        (torch.ones(1, dtype=torch.complex64), "torch.randn((1,), dtype=torch.complex64)"),
        (torch.ones(2).mul(3).requires_grad_(), "torch.randn((2,)).requires_grad_()"),
    ],
    ids=str,
)
def test_a_tensor_is_written_without_its_values(
    coder: Coder, tensor: torch.Tensor, code: str
) -> None:
    assert coder.value(tensor) == code
    again = made_again(coder, tensor)
    assert (again.shape, again.dtype) == (tensor.shape, tensor.dtype)


def test_numpy_is_written_without_its_values(coder: Coder) -> None:
    again = made_again(coder, np.full((2, 3), 9, dtype=np.int32))
    assert (again.shape, again.dtype) == ((2, 3), np.int32)


def test_an_object_is_written_as_its_constructor_takes_it(coder: Coder) -> None:
    again = made_again(coder, Box(torch.full((2, 2), 3.0), "a"))
    assert (again.corners.shape, again.name) == ((2, 2), "a")


def test_a_module_is_written_as_it_was_constructed(coder: Coder) -> None:
    block = Block(4, nn.Sequential(nn.ReLU(), nn.Dropout(0.25)), scale=2.0)
    code = coder.value(block)
    assert code.endswith(
        "Block(4, torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Dropout(0.25)), scale=2.0)"
    )
    again = made_again(coder, block)
    assert (again.fc.in_features, again.act[1].p) == (4, 0.25)


@pytest.mark.parametrize(
    "value",
    [object(), lambda: None, torch.ones(2).to_sparse(), [0] * 1_000, iter(())],
    ids=["object", "lambda", "sparse", "long", "generator"],
)
def test_what_has_no_code_is_refused(coder: Coder, value: Any) -> None:
    with pytest.raises(CannotWriteError):
        coder.value(value)


def test_a_circle_is_refused(coder: Coder) -> None:
    circle: list[Any] = []
    circle.append(circle)
    with pytest.raises(CannotWriteError, match="too deep"):
        coder.value(circle)


def test_dynamic_shapes_are_written() -> None:
    dim = torch.export.Dim
    shapes = {"x": {0: dim("batch", min=2, max=8), 1: None}, "y": (dim.AUTO, 3), "z": [dim.STATIC]}
    code = dynamic_shapes_code(shapes)
    again = eval(code, {"torch": torch})
    assert (again["x"][0].min, again["x"][0].max, again["x"][0].__name__) == (2, 8, "batch")
    assert again["y"] == (dim.AUTO, 3)
    assert again["z"] == [dim.STATIC]
    with pytest.raises(CannotWriteError):
        dynamic_shapes_code(object())


ENTRY = """import torch
from parts.head import Head, width as w
import tools
from parts import neck

class Net(torch.nn.Module):
    def forward(self, x):
        return tools.double(neck.shrink(x)) * w
"""
FILES = {
    "parts": "",
    "parts.head": "from .neck import shrink\nwidth = 3\nclass Head: pass\n",
    "parts.neck": "def shrink(x):\n    return x - 1\n",
    "tools": "import math\ndef double(x):\n    return x * 2 + math.floor(0.5)\n",
}


def test_files_are_made_one() -> None:
    text = flattened(ENTRY, FILES)
    names: dict[str, Any] = {}
    exec(text, names)
    assert names["Net"]().forward(torch.tensor(5)).item() == 24
    assert text.count("def shrink") == 1
    assert "parts" not in text


def test_two_files_that_define_one_name_are_not() -> None:
    with pytest.raises(CannotFlattenError, match="two files define width"):
        flattened("from a import width\nwidth = 2\n", {"a": "width = 1\n"})


def test_comments_are_left_out_and_texts_are_not() -> None:
    text = 'x = "# no"  # yes\n# all of it\ny = 1\n'
    assert without_comments(text) == 'x = "# no"\ny = 1\n'
    assert bare_line("x = '#'  # yes") == "x = '#'"


def test_statements_are_found_by_their_lines() -> None:
    text = "if a:\n    b = (1,\n         2)\nc = 3\n"
    found = [statement_at(text, line) for line in (1, 3, 4, 5)]
    assert [one and (one.first, one.last) for one in found] == [(1, 3), (2, 3), (4, 4), None]
    assert without_lines(text, {3}) == "c = 3\n"


SCRIPT = '''"""Words."""
import os
from math import floor, ceil


class Idle:
    pass


class Net:
    @staticmethod
    def help(x):
        """More words."""
        if x:
            for one in range(3):
                y = floor(one)
                print("KEEP", y)
        return x


net = Net()
net.help(1)
'''


def test_a_script_is_cut_down_to_what_is_needed() -> None:
    def still(text: str) -> bool:
        """Whether it prints KEEP when it runs."""
        said: list[Any] = []
        try:
            exec(text, {"print": lambda *given: said.append(given)})
        except Exception:
            return False
        return any(given[0] == "KEEP" for given in said)

    text = reduced(SCRIPT, still, lambda: True)
    assert still(text)
    assert "Idle" not in text
    assert "import os" not in text
    assert "ceil" not in text
    assert '"""' not in text
    assert "return" not in text
    assert len(text.splitlines()) <= 13


def test_without_time_it_stays_as_it_is() -> None:
    assert reduced(SCRIPT, lambda text: True, lambda: False) == tidy(SCRIPT)


def test_lines_that_stay_are_not_touched() -> None:
    text = "a = 1\nif  a>0 :\n    b = ( a+1 )\nc = 2\n"
    assert "if  a>0 :\n" in reduced(text, lambda one: "if  a>0 :" in one, lambda: True)


def test_unused_definitions_go_with_what_only_they_use() -> None:
    text = "import os\nimport re\ndef f():\n    return os\nx = 1\nprint(re)\ncall = f2()\n"
    assert without_unused(text) == "import re\nprint(re)\ncall = f2()\n"


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("if a:\n    b\n", 1, ["if False:\n    b\n", "if True:\n    b\n"]),
        ("while a:\n    b\n", 1, ["while False:\n    b\n", "while True:\n    b\n"]),
        ("x = f(a)\n", 1, ["x = 1\n", "x = 2\n"]),
        ("assert a\n", 1, ["pass\n"]),
        ("def f():\n    return int(a)\n", 2, [f"def f():\n    return {n}\n" for n in (1, 2)]),
        ("a\n", 7, []),
    ],
)
def test_a_question_is_answered_in_its_place(text: str, line: int, expected: list[str]) -> None:
    found = [*answers(text, line)]
    assert found == expected
    for one in found:
        ast.parse(one)


def test_variables_get_sizes_that_only_the_data_knows() -> None:
    seen = Seen(rows={"boxes": 9}, rows_of_each={"masks": 9}, numbers={"count": 7})
    names = ["boxes", "masks", "count", "scale"]
    assert unknown_lines(names, seen, "x.shape[0] == 3") == []
    assert unknown_lines(names, seen, "u3 == 0") == [
        "kept_9 = torch.nonzero(torch.ones(9))[:, 0]",
        "boxes = boxes[kept_9]",
        "masks = [one[kept_9] for one in masks]",
        "kept_7 = torch.nonzero(torch.ones(7))[:, 0]",
        "count = kept_7.shape[0]",
    ]
    assert unknown_lines(["boxes"], seen, "Min(100, u3) > 0") == [
        "kept_9 = torch.nonzero(torch.ones(200))[:100, 0]",
        "boxes = boxes[kept_9]",
    ]
