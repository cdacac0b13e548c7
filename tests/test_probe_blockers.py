"""How the search for blockers goes on, and what it may not do. See tests/planted for its aim."""

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from tests.probe_support import run_probe

HEAD = """import torch
import torch.nn.functional as F
from torch import nn
from torch.export import Dim
"""


def search(tmp_path: Path, forward: str, tail: str = "inputs = (torch.rand(6, 4),)") -> Any:
    """The last word on the blockers of a model with this forward."""
    script = f"{HEAD}{dedent(forward)}\nmodel = Net().eval()\n{dedent(tail)}\n"
    said = run_probe(tmp_path, script)
    assert said.status == 0, said.log
    assert said.all("blockers"), [(e.key, e.status) for e in said.all("stage_finished")]
    return said.all("blockers")[-1]


def lines(found: Any) -> list[tuple[str, str]]:
    return [(b.failure.category.value, b.failure.culprit.text) for b in found.blockers]


def test_an_answer_is_the_eager_run_s_and_is_told(tmp_path: Path) -> None:
    found = search(
        tmp_path,
        """
        class Net(nn.Module):
            def forward(self, x):
                kept = x[x[:, 0] > 2]
                if kept.shape[0] == 0:
                    return x
                raise ValueError("eager does not come here")
        """,
    )
    assert found.complete == "clean"
    (only,) = found.blockers
    assert (only.failure.expression, only.failure.value) == ("u0 == 0", "True")
    (birth,) = only.failure.births
    assert (birth.symbol, birth.operation, birth.frame.text) == (
        "u0",
        "nonzero",
        "kept = x[x[:, 0] > 2]",
    )


def test_messages_do_not_name_the_probe_s_own_files(tmp_path: Path) -> None:
    """torch names its caller, which on the way past a blocker is the probe."""
    found = search(
        tmp_path,
        """
        class Net(nn.Module):
            def forward(self, x):
                if x.sum() > 0:
                    x = x + 1
                return x * int(x.max())
        """,
    )
    assert len(found.blockers) == 2
    for blocker in found.blockers:
        for told in (blocker.failure.message, blocker.failure.stack):
            assert "Could not" in told
            assert "probe/" not in told
            assert "The following call raised this error" not in told


def test_a_question_on_a_stand_in_s_size_is_no_finding(tmp_path: Path) -> None:
    """The batch is dynamic; what stands in for NumPy's part has its size, and is added to it."""
    found = search(
        tmp_path,
        """
        class Net(nn.Module):
            def forward(self, x):
                flipped = torch.from_numpy(x.numpy()[:, ::-1].copy())
                return x + flipped, torch.cat([x, flipped]).reshape(2 * x.shape[0], -1)
        """,
        "inputs = (torch.rand(6, 4),)\ndynamic_shapes = ({0: Dim('batch')},)",
    )
    assert lines(found) == [
        ("numpy_conversion", "flipped = torch.from_numpy(x.numpy()[:, ::-1].copy())")
    ]


def test_a_loop_is_left_once_its_blockers_are_known(tmp_path: Path) -> None:
    found = search(
        tmp_path,
        """
        def paste(box):
            size = int(box[0] * 10)
            return F.pad(box[None, :2], (0, size))[:, :2]

        class Net(nn.Module):
            def forward(self, x):
                return torch.cat([paste(box) for box in x])
        """,
        "inputs = (torch.rand(60, 4),)",
    )
    assert found.complete == "clean"
    (only,) = found.blockers
    assert only.failure.culprit.text == "size = int(box[0] * 10)"
    assert sum(place.calls for place in only.occurrences) == 60


def test_what_the_code_itself_handles_stops_nothing(tmp_path: Path) -> None:
    found = search(
        tmp_path,
        """
        class Net(nn.Module):
            def forward(self, x):
                try:
                    scale = float(x.numpy().max())
                except RuntimeError:
                    scale = 1.0
                if x.sum() > 0:
                    x = x * scale
                return x
        """,
    )
    assert lines(found) == [("data_dependent_branch", "if x.sum() > 0:")]


def test_a_function_is_jumped_where_a_call_of_torch_s_is_too_fine(tmp_path: Path) -> None:
    found = search(
        tmp_path,
        """
        class Head(nn.Module):
            def forward(self, x):
                sizes = {x[x > 0.5].shape[0]: 1}
                return x * sum(sizes.values())

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.head = Head()

            def forward(self, x):
                x = self.head(x)
                return x + int(x.sum())
        """,
    )
    assert [b.failure.category.value for b in found.blockers] == [
        "unsupported_python",
        "tensor_to_python",
    ]
    assert [b.jumped for b in found.blockers] == ["head", None]
    assert [b.behind for b in found.blockers] == [False, True]


def test_in_strict_export_the_first_alone_is_told(tmp_path: Path) -> None:
    found = search(
        tmp_path,
        """
        class Net(nn.Module):
            def forward(self, x):
                if x.sum() > 0:
                    return x
                return -x
        """,
        "torch.export.export(model, (torch.rand(3),), strict=True)",
    )
    assert (found.complete, len(found.blockers)) == ("stuck", 1)
    assert "strict" in found.reason


def test_no_more_than_twenty_are_looked_for(tmp_path: Path) -> None:
    body = "\n".join(f"        x = x + 0 * int(x.sum() * {step})" for step in range(1, 25))
    forward = f"class Net(nn.Module):\n    def forward(self, x):\n{body}\n        return x"
    found = search(tmp_path, forward)
    assert len(found.blockers) == 20
    assert found.complete in ("capped", "clean")


def test_a_model_that_exports_has_no_search(tmp_path: Path) -> None:
    script = f"{HEAD}model = nn.Linear(4, 2)\ninputs = (torch.rand(2, 4),)\n"
    assert run_probe(tmp_path, script).all("blockers") == []


def test_a_model_that_fails_in_eager_is_not_searched(tmp_path: Path) -> None:
    script = f"{HEAD}model = nn.Linear(4, 2)\ninputs = (torch.rand(2, 5),)\n"
    (found,) = run_probe(tmp_path, script).all("blockers")
    assert (found.complete, len(found.blockers)) == ("stuck", 1)
    assert "eager run that it starts from fails" in found.reason


@pytest.mark.parametrize(
    "tail", ["inputs = (torch.rand(6, 4),)", "torch.export.export(model, (torch.rand(6, 4),))"]
)
def test_a_weight_s_new_data_is_the_line_s_that_gives_it(tmp_path: Path, tail: str) -> None:
    """Whether or not the script has an export call, whose line is all that torch knows of."""
    found = search(
        tmp_path,
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.weight = nn.Parameter(torch.rand(4, 4))

            def forward(self, x):
                self.weight.data = self.weight.data / 2
                return x @ self.weight
        """,
        tail,
    )
    assert lines(found) == [("mutation", "self.weight.data = self.weight.data / 2")]
