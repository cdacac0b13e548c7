"""The remedies for code that asks the data: source in, source out, and where they stay away."""

import pytest

from tests.remedy_source_support import ENTRY, function
from workers.remedies import (
    async_check,
    catalogue,
    cond_for_branch,
    drop_skip,
    loops,
    modules,
    number_in_range,
    pins,
    sizes,
    stack_for_tensor,
    tensor_for_number,
    torch_for_numpy,
    where_for_branch,
    where_for_choice,
    where_for_mask,
)
from workers.remedies.model import Cause, Remedy, Upload
from workers.remedies.syntax import parses

MARK = "  # <-"


def proposed(remedy: Remedy, source: str, **facts: object) -> list[str]:
    """All that a remedy makes of a source whose culprit line ends with the mark."""
    lines = source.splitlines()
    line = next(i for i, text in enumerate(lines, 1) if text.endswith(MARK))
    text = source.replace(MARK, "")
    category = sorted(remedy.categories)[0]
    cause = Cause(category, "", "", file=ENTRY, line=line, in_upload=True, **facts)  # type: ignore[arg-type]
    return [edit.files[ENTRY] for edit in remedy.propose(cause, Upload({ENTRY: text}, ENTRY))]


REWRITTEN = [
    (
        "a value that is replaced",
        where_for_branch.REMEDY,
        "if x.isnan().any():  # <-\n    x = x.nan_to_num()\nreturn x\n",
        "x = torch.where(x.isnan().any(), x.nan_to_num(), x)\nreturn x\n",
    ),
    (
        "an early return",
        where_for_branch.REMEDY,
        "if x.std() < 1e-3:  # <-\n    return x\nreturn x + y\n",
        "return torch.where(x.std() < 1e-3, x, x + y)\n",
    ),
    (
        "an early return before other work",
        where_for_branch.REMEDY,
        "if x.std() < 1e-3:  # <-\n    return x\nx = x * 2\nreturn x + y\n",
        "condition = x.std() < 1e-3\nearly = x\nx = x * 2\n"
        "return torch.where(condition, early, x + y)\n",
    ),
    (
        "two returns",
        where_for_branch.REMEDY,
        "if x.sum() > 0:  # <-\n    return x\nelse:\n    return y\n",
        "return torch.where(x.sum() > 0, x, y)\n",
    ),
    (
        "both ways",
        where_for_branch.REMEDY,
        "if x.sum() > 0:  # <-\n    x = x * 2\n    z = x + 1\nelse:\n    z = y\nreturn x, z\n",
        "condition = x.sum() > 0\nx = torch.where(condition, x * 2, x)\nz = x + 1\n"
        "z = torch.where(condition, z, y)\nreturn x, z\n",
    ),
    (
        "a tuple, part by part",
        where_for_branch.REMEDY,
        "if x.sum() > 0:  # <-\n    return x, y\nreturn y, x\n",
        "return (torch.where(x.sum() > 0, x, y), torch.where(x.sum() > 0, y, x),)\n",
    ),
    (
        "a test that is half about the code",
        where_for_branch.REMEDY,
        "if y is not None and not y.all():  # <-\n    x = x * y\nreturn x\n",
        "if y is not None:\n    x = torch.where(~y.all(), x * y, x)\nreturn x\n",
    ),
    (
        "an end of recursion",
        where_for_branch.REMEDY,
        "if limit == 0 or x.std() < 1:  # <-\n    return x\nreturn f(x / 2, y, found, limit - 1)\n",
        "if limit == 0:\n    return x\n"
        "return torch.where(x.std() < 1, x, f(x / 2, y, found, limit - 1))\n",
    ),
    (
        "what is changed in place",
        where_for_branch.REMEDY,
        "if x.mean() > 0:  # <-\n    x.mul_(0.5)\nreturn x\n",
        "x.copy_(torch.where(x.mean() > 0, x.mul(0.5), x))\nreturn x\n",
    ),
    (
        "what is added to",
        where_for_branch.REMEDY,
        "if x.mean() > 0:  # <-\n    x += y * 2\nreturn x\n",
        "x = torch.where(x.mean() > 0, x + (y * 2), x)\nreturn x\n",
    ),
    (
        "an item of a dict",
        where_for_branch.REMEDY,
        'if x.mean() > 0:  # <-\n    found["x"] = x\nreturn found\n',
        'found["x"] = torch.where(x.mean() > 0, x, found["x"])\nreturn found\n',
    ),
    (
        "one of two that is appended",
        where_for_branch.REMEDY,
        "if x.mean() > 0:  # <-\n    found.append(x)\nelse:\n    found.append(y)\nreturn found\n",
        "found.append(torch.where(x.mean() > 0, x, y))\nreturn found\n",
    ),
    (
        "a round that is skipped",
        where_for_branch.REMEDY,
        "for z in found:\n    if z.sum() > 0:  # <-\n        continue\n    x = x + z\nreturn x\n",
        "for z in found:\n    x = torch.where(z.sum() > 0, x, x + z)\nreturn x\n",
    ),
    (
        "a conditional expression",
        where_for_choice.REMEDY,
        "return x if float(x.sum()) > limit else y  # <-\n",
        "return torch.where(x.sum() > limit, x, y)\n",
    ),
    (
        "a mean of what a mask selects",
        where_for_mask.REMEDY,
        "mask = x > 0\nreturn x[mask].mean()  # <-\n",
        "mask = x > 0\nreturn (torch.where(mask, x, 0).sum() / mask.sum())\n",
    ),
    (
        "what a mask assigns to",
        where_for_mask.REMEDY,
        "x[x > 0] = y[x > 0]  # <-\nreturn x\n",
        "x.copy_(torch.where((x > 0), y, x))\nreturn x\n",
    ),
    (
        "two returns of which one is computed",
        cond_for_branch.REMEDY,
        "if x.sum() > 0:  # <-\n    return x\nreturn y * 2\n",
        "return torch.cond(x.sum() > 0, lambda: x.clone(), lambda: y * 2)\n",
    ),
    (
        "two ways of which one is computed",
        cond_for_branch.REMEDY,
        "if x.sum() > 0:  # <-\n    x = x * 2\nreturn x\n",
        "def taken(x):\n    x = x * 2\n    return (x,)\ndef otherwise(x):\n"
        "    return (x.clone(),)\nx, = torch.cond(x.sum() > 0, taken, otherwise, (x,))\nreturn x\n",
    ),
    (
        "an assertion",
        async_check.CHECK,
        'assert (x > 0).all(), "negative"  # <-\nreturn x\n',
        "torch._assert_async((x > 0).all(), 'negative')\nreturn x\n",
    ),
    (
        "an exception",
        async_check.CHECK,
        'if torch.isnan(x).any():  # <-\n    raise ValueError("NaN")\nreturn x\n',
        "torch._assert_async(~torch.isnan(x).any(), 'NaN')\nreturn x\n",
    ),
    (
        "a check that is left out",
        async_check.DROP,
        "if torch.isnan(x).any():  # <-\n    raise ValueError\nreturn x\n",
        "return x\n",
    ),
    (
        "a warning",
        async_check.SILENCE,
        "if x.max() > 9:  # <-\n    print(x.max())\nreturn x\n",
        "return x\n",
    ),
    (
        "a shortcut for nothing",
        drop_skip.REMEDY,
        "for rows in found:\n    if rows.numel() == 0:  # <-\n        continue\n    x = x[rows]\n",
        "for rows in found:\n    x = x[rows]\n",
    ),
    (
        "a number that is only computed with",
        tensor_for_number.REMEDY,
        "scale = max(x.max().item(), 1e-6)  # <-\nreturn x / scale\n",
        "scale = x.max().clamp(min=1e-6)\nreturn x / scale\n",
    ),
    (
        "numbers within numbers",
        tensor_for_number.REMEDY,
        "return x * math.sqrt(float(y.sum()))  # <-\n",
        "return x * torch.sqrt(y.sum())\n",
    ),
    (
        "a number that looks up a tuple",
        tensor_for_number.REMEDY,
        "best = int(x.argmax())  # <-\nreturn y * (-1, 1)[best]\n",
        "best = x.argmax().long()\nreturn y * torch.tensor((-1, 1))[best]\n",
    ),
    (
        "a tensor that picks out of a range",
        number_in_range.TENSOR_IN_RANGE,
        "return y * range(2, 9)[x.argmax()]  # <-\n",
        "return y * (2 + x.argmax() % (9 - 2))\n",
    ),
    (
        "a sum that picks out of a range, from the end where it is negative",
        number_in_range.TENSOR_IN_RANGE,
        "return y * range(9)[x.argmin() - 3]  # <-\n",
        "return y * ((x.argmin() - 3) % 9)\n",
    ),
    (
        "a number of known range",
        number_in_range.NUMBER_IN_RANGE,
        "return y[range(9)[x.argmax()] :]  # <-\n",
        "number = (x.argmax()).long().item()\ntorch._check(number >= 0)\n"
        "torch._check(number < 9)\nreturn y[number :]\n",
    ),
    (
        "a tensor of tensors",
        stack_for_tensor.REMEDY,
        "return torch.tensor([x.sum(), [y.sum(), 1]], dtype=torch.long)  # <-\n",
        "return torch.stack([torch.as_tensor(x.sum()), "
        "torch.stack([torch.as_tensor(y.sum()), torch.as_tensor(1)])]).to(torch.long)\n",
    ),
    (
        "NumPy there and back",
        torch_for_numpy.REMEDY,
        "z = np.clip(x.numpy(), 0, 1)  # <-\nz = np.max(z, axis=0)\nreturn torch.from_numpy(z)\n",
        "z = torch.clamp(x, 0, 1)\nz = torch.amax(z, dim=0)\nreturn z\n",
    ),
    (
        "parts",
        sizes.SLICED,
        "first, *_ = x.split(4)  # <-\nreturn first\n",
        "first = x[: 4]\nreturn first\n",
    ),
    (
        "a loop that is left",
        loops.BREAK_OFF,
        "for _ in range(9):\n    x = x / 2\n    if x.max() < 1:  # <-\n        break\nreturn x\n",
        "done = torch.zeros((), dtype=torch.bool)\nfor _ in range(9):\n"
        "    x = torch.where(done, x, x / 2)\n    done = done | (x.max() < 1)\nreturn x\n",
    ),
    (
        "the example's way",
        pins.BRANCH,
        "if x.sum() > 0:  # <-\n    return found[:1]\nreturn found\n",
        "torch._assert_async(x.sum() > 0, 'not as on the example')\n"
        "if True:\n    return found[:1]\nreturn found\n",
    ),
]


@pytest.mark.parametrize(("remedy", "before", "after"), [case[1:] for case in REWRITTEN], ids=[
    case[0] for case in REWRITTEN
])  # fmt: skip
def test_the_code_is_rewritten(remedy: Remedy, before: str, after: str) -> None:
    made = proposed(remedy, function(before), value="True")
    assert made[0] == function(after)
    assert all(parses(text) for text in made)


def test_a_while_loop_becomes_an_operator() -> None:
    before = function("while x.max() > 1:  # <-\n    y = x / 2\n    x = y\nreturn x, y\n")
    (made,) = proposed(loops.WHILE, before)
    assert "from torch._higher_order_ops.while_loop import while_loop" in made
    assert "def going(x, y):\n        return x.max() > 1\n" in made
    assert "        return x, y\n    x, y = while_loop(going, step, (x, y,))\n" in made


def test_a_loop_over_a_count_becomes_an_operator() -> None:
    before = function("n = int(y.sum())  # <-\nfor _ in range(n):\n    x = x * 0.9\nreturn x\n")
    (made,) = proposed(loops.COUNT, before)
    assert "    n = (y.sum()).long()\n" in made
    assert "return step < n\n" in made
    assert "step, x = while_loop(going, advance, (torch.zeros_like(n), x,))" in made


MODULE = """import torch
from torch import nn


class Router(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("longest", torch.tensor(3))
        self.experts = nn.ModuleList(nn.Linear(2, 2) for _ in range(3))

    def forward(self, x):
{body}"""


def test_a_buffers_number_is_read_when_the_module_is_built() -> None:
    before = MODULE.format(body="        return x[: int(self.longest)]  # <-\n")
    (made,) = proposed(modules.OF_BUFFER, before)
    assert "        self.number = (self.longest).item()\n" in made
    assert "return x[: int(self.number)]\n" in made


def test_all_modules_of_a_list_run() -> None:
    body = "        best = x.argmax().item()  # <-\n        return self.experts[best](x)\n"
    (made,) = proposed(modules.ALL_MODULES, MODULE.format(body=body))
    assert "        best = x.argmax()\n" in made
    assert "return torch.stack([one(x) for one in self.experts])[best]\n" in made


def test_sizes_are_told_of_what_the_data_selected() -> None:
    births = [{"symbol": "u0", "operation": "nonzero", "frame": {"line": 1}}]
    made = proposed(sizes.BOUNDED, function("return norm(x)  # <-\n"), births=births)
    assert [text.split("\n")[4].strip() for text in made] == [
        f"torch._check(x.shape[0] >= {least})" for least in (1, 2, 3)
    ]
    counted = [births[0] | {"operation": "item"}]
    assert proposed(sizes.BOUNDED, function("return norm(x)  # <-\n"), births=counted) == []


def test_a_fake_kernel_is_given_a_size_of_its_own() -> None:
    before = "import torch\n\n\n@keep.register_fake\ndef _(x):\n    n = int(x.sum())  # <-\n"
    (made,) = proposed(modules.DYNAMIC_SIZE, before)
    assert "    n = torch.library.get_ctx().new_dynamic_size()\n" in made


UNTOUCHED = [
    ("results of other kinds of lists are left", where_for_branch.REMEDY,
     "if x.sum() > 0:  # <-\n    yield x\nreturn\n"),
    ("a list that only one way fills", where_for_branch.REMEDY,
     "if x.sum() > 0:  # <-\n    found.append(x)\nreturn found\n"),
    ("a static test", where_for_branch.REMEDY,
     "if x.shape[0] > 2:  # <-\n    x = x[:2]\nreturn x\n"),
    ("a way out of a loop", where_for_branch.REMEDY,
     "for z in found:\n    if z.sum() > 0:  # <-\n        return z\nreturn x\n"),
    ("returns further down", where_for_branch.REMEDY,
     "if x.sum() > 0:  # <-\n    return x\nfor z in found:\n    return z\nreturn y\n"),
    ("an exception", where_for_branch.REMEDY,
     "if x.sum() > 0:  # <-\n    raise ValueError\nreturn x\n"),
    ("a deletion", where_for_branch.REMEDY,
     "if x.sum() > 0:  # <-\n    del found[0]\nreturn found\n"),
    ("a loop with an end of its own", loops.WHILE,
     "while x.sum() > 0:  # <-\n    if y is None:\n        break\n    x = x - 1\nreturn x\n"),
    ("a loop that carries nothing", loops.WHILE,
     "while x.sum() > 0:  # <-\n    found.append(x)\nreturn found\n"),
    ("a loop that gathers what it finds", loops.BREAK_OFF,
     "for z in found:\n    if z.sum() > 0:  # <-\n        break\n    y.append(z)\nreturn y\n"),
    ("a loop whose own names live on", loops.BREAK_OFF,
     "for z in found:\n    w = z\n    if w.sum() > 0:  # <-\n        break\nreturn w\n"),
    ("ways of unlike names", cond_for_branch.REMEDY,
     "if x.sum() > 0:  # <-\n    z = x\nelse:\n    w = x\nreturn x\n"),
    ("an index that is no mask", where_for_mask.REMEDY,
     "rows = y\nreturn x[rows].mean()  # <-\n"),
    ("a part of what the other way gives", where_for_branch.REMEDY,
     "if x.sum() > 0:  # <-\n    return x[:1]\nreturn x\n"),
    ("a part of what was", where_for_branch.REMEDY,
     "if x.sum() > 0:  # <-\n    x = x[:1]\nreturn x\n"),
    ("a part, or all", where_for_choice.REMEDY,
     "return x if x.sum() > 0 else x[1:]  # <-\n"),
    ("an exception among other things", async_check.CHECK,
     "if x.sum() > 0:  # <-\n    x = y\n    raise ValueError(x)\nreturn x\n"),
    ("a function that torch does not have", torch_for_numpy.REMEDY,
     "return np.unwrap(x)  # <-\n"),
    ("a number of Python's", tensor_for_number.REMEDY,
     "return x * max(limit, 2)  # <-\n"),
]  # fmt: skip


@pytest.mark.parametrize(("remedy", "source"), [case[1:] for case in UNTOUCHED], ids=[
    case[0] for case in UNTOUCHED
])  # fmt: skip
def test_what_has_another_shape_is_left_alone(remedy: Remedy, source: str) -> None:
    assert proposed(remedy, function(source), value="True") == []


def test_what_stands_in_a_library_is_left_alone() -> None:
    cause = Cause("data_dependent_branch", "", "", file="lib/ops.py", line=1, in_upload=False)
    upload = Upload({ENTRY: "import torch\n"}, ENTRY)
    assert [r.name for r, _ in catalogue.proposals(cause, upload) if r.kind == "rewrite"] == []


def test_comments_and_formatting_stay() -> None:
    before = function(
        "# why\nif x.sum()>0:  # <-\n    # because\n    x = x*2  # twice\nreturn ( x )\n"
    )
    (made,) = proposed(where_for_branch.REMEDY, before)
    assert "    # why\n    # because\n" in made
    assert "return ( x )\n" in made
