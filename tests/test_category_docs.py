"""The page of each category of failures: it is there, and its code does what it says.

Every Python block is one half of a pair. A `before` fails with the page's category at the line that
carries the mark, or does what its word `outcome=` says; an `after` exports with an equal replay.
`same` promises that both give the same on the example inputs, `kind=staged` that it is the eager
run that fails, not the export.
"""

import contextlib
import io
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import torch
from torch.utils import _pytree as pytree

from app.docs import OUTCOMES, CodeBlock, code_blocks, outline, render, slug
from app.models import Category, ReplayStatus, StageStatus
from app.services.docs import CATEGORIES, FOLDER, GROUPS
from app.settings import ROOT, Settings
from tests.probe_support import Said, run_probe
from workers.diagnose import diagnose, over_output, over_time
from workers.events import FailureReport
from workers.verdict import Trouble

MANY_TIMES = 10  # how much larger the graph of a `large` is
MUCH = 10_000  # characters that a `prints` prints at least
WIDTH = 73  # characters of code that fit into half of a page of 1,280 pixels
WITHOUT_CODE = {Category.INTERNAL}  # no code of a script's makes it happen
# What the worker says, not the probe.
TROUBLES = {
    Category.TIMEOUT: [over_time(Settings().wall_seconds)],
    Category.OUTPUT_LIMIT: [
        over_output(f"wrote more than {Settings().output_bytes:,} bytes of output", "it")
    ],
}


@dataclass(frozen=True)
class Pair:
    """A way out: what fails, and what works."""

    category: Category
    before: CodeBlock
    after: CodeBlock

    def __str__(self) -> str:
        return f"{self.category.value}:{self.before.line}"


def text_of(category: Category) -> str:
    return (CATEGORIES / f"{category.value}.md").read_text(encoding="utf-8")


def pairs_of(category: Category) -> Iterator[Pair]:
    blocks = [block for block in code_blocks(text_of(category)) if block.language == "python"]
    for before, after in zip(blocks[::2], blocks[1::2], strict=True):
        assert (before.role, after.role) == ("before", "after"), (category, before.line)
        yield Pair(category, before, after)


PAIRS = [pair for category in Category for pair in pairs_of(category)]


def named(pair: Pair) -> str:
    return str(pair)


@cache
def probe(block: CodeBlock) -> Said:
    """Run a block up to the end of its first stage, or to the script's failure; once."""
    kind = block.option("kind") or "whole"
    until = "stage_finished" if kind == "whole" else "finished"
    return run_probe(Path(), block.text, kind=kind, until=until)


def failure_of(said: Said) -> FailureReport | None:
    """The failure of the whole stage, or of the script."""
    failures = (getattr(event, "failure", None) for event in said.events)
    return next(filter(None, failures), None)


def test_every_category_has_a_page_and_nothing_else() -> None:
    assert {path.stem for path in CATEGORIES.iterdir()} == {one.value for one in Category}
    assert sorted(one for _, group in GROUPS for one in group) == sorted(Category)


@pytest.mark.parametrize("category", Category)
def test_a_page_begins_with_what_it_means_and_ends_with_more(category: Category) -> None:
    text = text_of(category)
    title, lead, *_ = text.split("\n\n")
    assert title.startswith("# ")
    assert 20 <= len(lead.split()) <= 50, "ten seconds of reading"
    headings = render(text, "categories/x.md").headings
    sections = [heading.title for heading in headings if heading.level == 2]
    assert sections == ["What it looks like", "Ways out", "More"]
    assert headings[1].title == "Ways out", "what lies below a section is a way out"
    assert headings[2].level == 3
    assert outline(text).lead
    assert ("```text" in text) or category in WITHOUT_CODE, "the message as torch prints it"
    assert list(pairs_of(category)) or category in WITHOUT_CODE


@pytest.mark.parametrize("pair", PAIRS, ids=named)
def test_before_stops_where_the_page_says(pair: Pair) -> None:
    outcome = pair.before.option("outcome")
    if outcome:
        assert pair.before.stops_at is None
        CLAIMS[outcome](pair)
        return
    failure = failure_of(probe(pair.before))
    assert failure is not None, "it exports"
    where = failure.upload or failure.culprit
    assert where is not None, failure.stack
    assert (failure.category, where.line, where.text) == (
        pair.category,
        pair.before.stops_at,
        pair.before.text.splitlines()[(pair.before.stops_at or 1) - 1].strip(),
    ), failure.message


@pytest.mark.parametrize("pair", PAIRS, ids=named)
def test_after_exports_and_computes_what_eager_does(pair: Pair) -> None:
    said = probe(pair.after)
    failure = failure_of(said)
    assert failure is None, failure
    whole = said.stage("whole")
    assert whole.status == StageStatus.PASSED
    assert whole.replay.status == ReplayStatus.EQUAL, whole.replay.why


@pytest.mark.parametrize("pair", [p for p in PAIRS if "same" in p.after.words], ids=named)
def test_before_and_after_compute_the_same(
    pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # some write a file
    before, after = eager(pair.before), eager(pair.after)
    assert len(before) == len(after)
    for left, right in zip(before, after, strict=True):
        torch.testing.assert_close(right, left)


@pytest.mark.parametrize("category", Category)
def test_a_message_on_the_page_is_one_that_its_code_has(category: Category) -> None:
    blocks = [block for block in code_blocks(text_of(category)) if block.language == "text"]
    messages = [folded(message_of(pair)) for pair in pairs_of(category)]
    messages += [folded(trouble.message) for trouble in TROUBLES.get(category, ())]
    for block in blocks:
        assert any(folded(block.text) in message for message in messages), messages


@dataclass(frozen=True)
class Loaded:
    """The export call of a block, in this process."""

    model: torch.nn.Module
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


LIBRARIES: list[torch.library.Library] = []


class CaughtError(Exception):
    """The block has made its export call."""


def load(block: CodeBlock) -> Loaded:
    """Run a block, and take what it exports."""
    caught: list[Loaded] = []

    def stand_in(model: Any, args: Any, kwargs: Any = None, **_: Any) -> None:
        caught.append(Loaded(model, args, kwargs or {}))
        raise CaughtError

    names: dict[str, Any] = {"__name__": "__main__"}
    torch.manual_seed(0)
    with mock.patch.object(torch.export, "export", stand_in), contextlib.suppress(CaughtError):
        exec(compile(block.text, f"line {block.line}", "exec"), names)
    LIBRARIES.extend(value for value in names.values() if isinstance(value, torch.library.Library))
    return caught[0] if caught else Loaded(names["model"], names["inputs"], {})


def eager(block: CodeBlock) -> list[Any]:
    """What the model gives on its inputs, flat."""
    loaded = load(block)
    torch.manual_seed(0)
    with torch.no_grad():
        leaves = pytree.tree_leaves(loaded.model(*loaded.args, **loaded.kwargs))
    while LIBRARIES:  # or the next block could not define the same operators
        LIBRARIES.pop()._destroy()  # type: ignore[no-untyped-call]
    return [part for leaf in leaves for part in opened(leaf)]


def opened(leaf: Any) -> list[Any]:
    """A result that is no pytree: a generator's items, an object's attributes."""
    if isinstance(leaf, torch.Tensor | int | float | str):
        return [leaf]
    return list(leaf) if isinstance(leaf, Iterator) else list(vars(leaf).values())


def message_of(pair: Pair) -> str:
    """What there is to read of a `before`: its failure, or whatever its outcome leaves."""
    said = probe(pair.before)
    if failure := failure_of(said):
        return f"{failure.exception.rpartition('.')[2]}: {failure.message}"
    outcome = pair.before.option("outcome")
    if outcome == "dies":
        trouble = ended(said)
        return f"{trouble.exception}: {trouble.message}"
    if outcome == "unsaved":
        with pytest.raises((NotImplementedError, RuntimeError)) as raised:
            through_a_file(exported(pair.before))
        return f"{raised.type.__name__}: {raised.value}"
    notes = [note.message for note in said.all("note")]
    return "\n".join([said.stage("whole").replay.why, *notes, said.log])


def folded(text: str) -> str:
    return " ".join(text.split())


def exported(block: CodeBlock) -> torch.export.ExportedProgram:
    loaded = load(block)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.export.export(loaded.model, loaded.args, loaded.kwargs)


def differs(pair: Pair) -> None:
    """Its replay is different."""
    whole = probe(pair.before).stage("whole")
    assert (whole.status, whole.replay.status) == (StageStatus.PASSED, ReplayStatus.DIFFERENT)


def forgets(pair: Pair) -> None:
    """The second call of the program is not the second call in eager; afterwards it is."""
    said = probe(pair.before)
    assert said.stage("whole").status == StageStatus.PASSED
    assert [note.code for note in said.all("note")] == ["state_lost"]
    assert not second_calls_agree(pair.before)
    assert second_calls_agree(pair.after)


def second_calls_agree(block: CodeBlock) -> bool:
    program, plain = exported(block).module(), load(block)
    with torch.no_grad():
        for call in range(1, 3):
            args = [arg * call for arg in plain.args]
            got, wanted = program(*args), plain.model(*args)
    pairs = zip(pytree.tree_leaves(got), pytree.tree_leaves(wanted), strict=True)
    return all(torch.allclose(left, right) for left, right in pairs)


def unsaved(pair: Pair) -> None:
    """It can't be saved and loaded; afterwards it can, and computes the same."""
    assert probe(pair.before).stage("whole").status == StageStatus.PASSED
    with pytest.raises((NotImplementedError, RuntimeError)):
        through_a_file(exported(pair.before))
    loaded = load(pair.after)
    got = through_a_file(exported(pair.after)).module()(*loaded.args)
    torch.testing.assert_close(pytree.tree_leaves(got), eager(pair.after))


def through_a_file(program: torch.export.ExportedProgram) -> torch.export.ExportedProgram:
    file = io.BytesIO()
    torch.export.save(program, file)
    file.seek(0)
    return torch.export.load(file)


def large(pair: Pair) -> None:
    """Its graph is many times that of what comes after."""
    sizes = [len(probe(block).stage("whole").graph.nodes) for block in both(pair)]
    assert sizes[0] > MANY_TIMES * sizes[1]


def prints(pair: Pair) -> None:
    """It prints much, and afterwards next to nothing."""
    sizes = [len(probe(block).log) for block in both(pair)]
    assert sizes[0] > MUCH
    assert sizes[1] < MUCH / 100


def dies(pair: Pair) -> None:
    """Its process ends before its last event."""
    said = probe(pair.before)
    assert said.events[-1].type not in ("stage_finished", "finished")
    assert ended(said).category == pair.category


def ended(said: Said) -> Trouble:
    return diagnose(said.end, 0, Settings().memory_mb * 2**20)


def both(pair: Pair) -> tuple[CodeBlock, CodeBlock]:
    return pair.before, pair.after


CLAIMS: dict[str, Callable[[Pair], None]] = {
    "differs": differs,
    "forgets": forgets,
    "unsaved": unsaved,
    "large": large,
    "prints": prints,
    "dies": dies,
}


def test_every_outcome_can_be_shown_and_is_held_to() -> None:
    assert CLAIMS.keys() == OUTCOMES.keys()
    assert {pair.before.option("outcome") for pair in PAIRS} - {""} == CLAIMS.keys()


@pytest.mark.parametrize("path", sorted(FOLDER.glob("**/*.md")), ids=lambda path: path.stem)
def test_every_anchor_that_a_page_links_to_is_there(path: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#\s:]*)#([^)\s]+)\)", path.read_text()):
        linked = (path.parent / target).read_text() if target else path.read_text()
        titles = re.findall(r"^#+ (.+)$", linked, re.MULTILINE)
        assert anchor in [slug(title) for title in titles], (target, anchor)


def test_code_fits_beside_each_other() -> None:
    for pair in PAIRS:
        for block in both(pair):
            longest = max(block.text.splitlines(), key=len)
            assert len(longest) <= WIDTH, (str(pair), longest)


def test_the_readme_says_where_the_pages_are() -> None:
    assert "docs/categories/" in (ROOT / "README.md").read_text()
