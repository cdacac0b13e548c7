"""Fingerprints: one cause has one, in every dress; two causes have two."""

from itertools import combinations
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fingerprint import fingerprint
from app.models import Category


class Cause(NamedTuple):
    """What a fingerprint is made of."""

    category: str = "data_dependent_branch"
    expression: str | None = "u0 > 0.5"
    module_classes: tuple[str, ...] = ("Detector", "heads.BoxHead")
    text: str = "if scores.max() > 0.5 and self.gate(x[:, 2]):"
    message: str = "Could not guard on data-dependent expression u0 > 0.5"


BASE = Cause()

DISGUISES: dict[str, dict[str, Any]] = {
    "another symbol": {"expression": "u7 > 0.5"},
    "another threshold": {"expression": "u0 > 0.7"},
    "a number instead of another": {"text": "if scores.max() > 0.7 and self.gate(x[:, 2]):"},
    "a negative number": {"text": "if scores.max() > -0.7 and self.gate(x[:, 2]):"},
    "a number in another notation": {"text": "if scores.max() > 5e-1 and self.gate(x[:, 0x2]):"},
    "mirrored": {"expression": "0.5 < u0"},
    "as sympy names it": {"expression": "Gt(u3, 0.5)"},
    "as sympy names it, mirrored": {"expression": "Lt(0.5, u0)"},
    "the expression spaced": {"expression": "  u0>0.5 "},
    "spaces": {"text": "   if  scores.max()>0.5   and self.gate( x[:,2] ) :"},
    "tabs": {"text": "\tif scores.max() >\t0.5 and self.gate(x[:, 2]):"},
    "no spaces": {"text": "if scores.max()>0.5 and self.gate(x[:,2]):"},
    "a comment": {"text": BASE.text + "  # FAULT here"},
    "a comment with a quote": {"text": BASE.text + "  # isn't it"},
    "grouped": {"text": "if (scores.max() > 0.5 and self.gate(x[:, 2])):"},
    "grouped twice": {"text": "if ((scores.max() > 0.5 and self.gate(x[:, 2]))):"},
    "a comma at the end": {"text": "if scores.max() > 0.5 and self.gate(x[:, 2],):"},
    "a line that goes on": {"text": BASE.text + " \\"},
    "wide characters": {"text": "if \uff53cores.max() > 0.5 and self.gate(x[:, 2]):"},
    "a class in another file": {"module_classes": ("Detector", "lib.models.head.BoxHead")},
    "a class in another model": {"module_classes": ("Pose", "torch.nn.Sequential", "BoxHead")},
    "a class alone": {"module_classes": ("BoxHead",)},
    "another message": {"message": "Cannot decide u4 at /srv/me/model.py:14"},
    "no message": {"message": ""},
}

NEAR_MISSES: dict[str, dict[str, Any]] = {
    "another category": {"category": "tensor_to_python"},
    "another class": {"module_classes": ("Detector", "heads.MaskHead")},
    "no class": {"module_classes": ()},
    "the other way": {"expression": "u0 < 0.5"},
    "or equal": {"expression": "u0 >= 0.5"},
    "equal": {"expression": "u0 == 0.5"},
    "nothing undecided": {"expression": None},
    "against one": {"expression": "u0 > 1"},
    "against nought": {"expression": "u0 > 0"},
    "against another symbol": {"expression": "u0 > u1"},
    "a backed symbol": {"expression": "s0 > 0.5"},
    "a sum": {"expression": "u0 + u1 > 0.5"},
    "another method": {"text": "if scores.min() > 0.5 and self.gate(x[:, 2]):"},
    "another variable": {"text": "if logits.max() > 0.5 and self.gate(x[:, 2]):"},
    "another operator": {"text": "if scores.max() < 0.5 and self.gate(x[:, 2]):"},
    "or": {"text": "if scores.max() > 0.5 or self.gate(x[:, 2]):"},
    "not": {"text": "if not scores.max() > 0.5 and self.gate(x[:, 2]):"},
    "a loop": {"text": "while scores.max() > 0.5 and self.gate(x[:, 2]):"},
    "an assertion": {"text": "assert scores.max() > 0.5 and self.gate(x[:, 2])"},
    "another axis": {"text": "if scores.max() > 0.5 and self.gate(x[2, :]):"},
    "another attribute": {"text": "if scores.max() > 0.5 and self.door(x[:, 2]):"},
    "one argument more": {"text": "if scores.max(0) > 0.5 and self.gate(x[:, 2]):"},
    "grouped otherwise": {"text": "if (scores.max() > 0.5) and self.gate(x[:, 2]):"},
    "a minus between": {"text": "if scores.max() - 0.5 and self.gate(x[:, 2]):"},
    "a text for a number": {"text": "if scores.max() > '0.5' and self.gate(x[:, 2]):"},
    "half a line": {"text": "if scores.max() > 0.5"},
    "no line": {"text": ""},
}


def name_of(**changes: Any) -> str:
    return fingerprint(*BASE._replace(**changes))


@pytest.mark.parametrize("dress", DISGUISES)
def test_a_cause_is_known_in_every_dress(dress: str) -> None:
    assert name_of(**DISGUISES[dress]) == name_of()


def test_near_misses_stay_apart() -> None:
    names = {what: name_of(**change) for what, change in NEAR_MISSES.items()} | {"": name_of()}
    same = [pair for pair in combinations(names, 2) if names[pair[0]] == names[pair[1]]]
    assert same == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Eq(u0, 1)", "u5 == 1"),
        ("1 == u0", "u0 == 1"),
        ("u0 < u1", "u9 > u2"),
        ("video.shape[1] == 8", "clip.shape[1] == 16"),
        ("Eq(Mod(s0, 4), 0)", "Eq(Mod(s77, 8), 0)"),
    ],
)
def test_expressions_that_are_one(one: str, other: str) -> None:
    assert name_of(expression=one) == name_of(expression=other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("u0 == 0", "u0 == 1"),
        ("u0 == u0", "u0 == u1"),
        ("video.shape[1] == 8", "video.shape[2] == 8"),
        ("Eq(Mod(s0, 4), 0)", "Eq(FloorDiv(s0, 4), 0)"),
        ("u0 < u1", "u0 <= u1"),
    ],
)
def test_expressions_that_are_two(one: str, other: str) -> None:
    assert name_of(expression=one) != name_of(expression=other)


def test_texts_of_a_line_do_not_count() -> None:
    one = name_of(text='raise ValueError(f"{user} sent {x.item()}")')
    assert one == name_of(text="raise ValueError('somebody')")
    assert one != name_of(text="raise ValueError(somebody)")


def test_an_export_call_is_no_part_of_the_cause() -> None:
    change: dict[str, Any] = {"category": "unsupported_input", "expression": None}
    said = {"message": "Unsupported input type <class '__main__.Box'>. Export only supports …"}
    ways = ("", "torch.export.export(model, (box,))", "program = export(", "export(Net(), args)")
    assert len({name_of(text=text, **change, **said) for text in ways}) == 1
    other = {"message": "Unsupported input type <class 'shapes.Point'>. Export only supports …"}
    assert name_of(text="", **change, **said) != name_of(text="", **change, **other)


def test_a_message_counts_where_nothing_else_is_known_and_without_the_users_data() -> None:
    bare: dict[str, Any] = {"category": "unknown", "expression": None, "text": ""}
    one = name_of(message="No rule for 'alice' at 0x7f3a in /srv/alice/net.py, 3 of 17", **bare)
    assert one == name_of(message='No rule for "bob" at 0x1 in C:\\bob\\x.py, 4 of 2\nmore', **bare)
    assert one != name_of(message="No law for 'alice' at 0x7f3a in /srv/alice/net.py, 1", **bare)


@given(st.text(), st.text(), st.text(), st.text(), st.sampled_from(Category))
def test_any_text_has_a_fingerprint(a: str, b: str, c: str, d: str, category: Category) -> None:
    found = fingerprint(category, a, (b,), c, d)
    assert len(found.removeprefix("v1:")) == 16
    assert found == fingerprint(category, a, (b,), c, d)


@pytest.mark.parametrize("unit", ["(", '"', "'''", "-", "if (", "\\", "#", "1.", "not ", "/", "ﷺ"])
def test_hostile_text_ends(unit: str) -> None:
    text = unit * 200_000
    assert fingerprint("unknown", text, (text,), text, text).startswith("v1:")
    assert fingerprint("unknown", f"Eq({text})", ("\ud800",), f"if ({text}", "\udfff")
