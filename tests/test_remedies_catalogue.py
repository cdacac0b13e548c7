"""The catalogue of remedies: its names, its page, what it lets through."""

import re

import pytest

from app.settings import ROOT
from tests.remedy_source_support import ENTRY, function
from workers.remedies import (
    catalogue,
)
from workers.remedies.model import Cause, Upload
from workers.remedies.syntax import is_tame, parse


def test_every_remedy_has_a_name_of_its_own_and_stands_behind_faithful_ones() -> None:
    names = [remedy.name for remedy in catalogue.REMEDIES]
    assert len(set(names)) == len(names)
    assert catalogue.REMEDIES[-1].kind == "pin"
    kinds = [remedy.kind for remedy in catalogue.REMEDIES]
    assert "pin" not in kinds[: kinds.index("request")]


def test_every_remedy_is_documented_by_its_name_and_kind() -> None:
    page = (ROOT / "docs" / "remedies.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|", page, flags=re.MULTILINE)
    assert sorted(rows) == sorted((remedy.name, remedy.kind) for remedy in catalogue.REMEDIES)


def test_proposals_are_changes_and_each_made_once() -> None:
    text = function("if x.sum() > 0:\n    x = y\nreturn x\n")
    cause = Cause(
        "data_dependent_branch", "", "", file=ENTRY, line=5, in_upload=True, value="False"
    )
    made = list(catalogue.proposals(cause, Upload({ENTRY: text}, ENTRY)))
    texts = [edit.files[ENTRY] for _, edit in made if edit.files]
    assert len(texts) == len(set(texts)) >= 2
    assert text not in texts
    assert all(edit.note for _, edit in made)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 100 + ")" * 100 + "\n",
        "x = " + "not " * 5_000 + "x\n",
        "if x: pass\n" + "elif x: pass\n" * 1_000,
        "x = 1\n" * 100_000,
        "def f(:\n",
        "".join(" " * depth + "if x:\n" for depth in range(60)) + " " * 60 + "pass\n",
    ],
    ids=["brackets", "operators", "elif", "long", "no Python", "indents"],
)
def test_what_cannot_be_read_safely_is_refused(text: str) -> None:
    assert parse(text) is None


def test_what_people_write_is_read() -> None:
    assert is_tame(function("return x\n"))
    assert parse(function("return [[(x,)]]\n")) is not None
