"""Modules as a tree that fits on a page."""

import time

from app.models import Fate
from app.paths import path_runs
from app.services.failure_views import BlockerView
from app.services.module_tree import LEVELS, ROWS, SIBLINGS, Branch, grow, stops_of
from app.services.views import ModuleView
from tests.web_support import CAUSE

EXPORTED, FAILED, NOT_REACHED = Fate.EXPORTED, Fate.FAILED, Fate.NOT_REACHED


def module(
    path: str, fate: Fate | None = EXPORTED, kind: str = "Conv", size: int = 1
) -> ModuleView:
    return ModuleView(path=path, class_name=kind, calls=1, parameters=size, fate=fate)


def names(branches: tuple[Branch, ...]) -> list[object]:
    """Names, those with children as pairs."""
    return [(one.name, names(one.children)) if one.children else one.name for one in branches]


def drawn(branches: tuple[Branch, ...]) -> int:
    return sum(1 + drawn(one.children) for one in branches)


def test_paths_that_count_up_are_one_run() -> None:
    def texts(*paths: str) -> list[str]:
        return [run.text for run in path_runs(paths)]

    assert texts(*(f"blocks.{n}" for n in range(12))) == ["blocks.0 … blocks.11"]
    assert texts("a.0.x", "a.1.x") == ["a.0.x, a.1.x"]
    assert texts("a.0", "a.2", "b.3", "b") == ["a.0", "a.2", "b.3", "b"]
    assert texts("a.0.0", "a.0.1", "a.1.1") == ["a.0.0, a.0.1", "a.1.1"]
    assert texts("", "\u0661", "9" * 5_000, "0") == ["", "\u0661", "9" * 5_000, "0"]


def test_what_a_container_holds_stands_below_the_module_around_it() -> None:
    modules = [module("net"), module("net.layers.0"), module("net.layers.0.conv"), module("a.b")]
    assert names(grow(modules, {}).branches) == [
        ("net", [("layers.0", ["conv"])]),
        "a.b",
    ]


def test_equal_siblings_next_to_each_other_are_drawn_once() -> None:
    modules = []
    for n in range(12):
        fate = FAILED if n == 5 else EXPORTED
        modules += [module(f"layers.{n}", fate), module(f"layers.{n}.conv", fate)]
    tree = grow(modules, {})
    assert names(tree.branches) == [
        ("layers.0 … layers.4", ["conv"]),
        ("layers.5", ["conv"]),
        ("layers.6 … layers.11", ["conv"]),
    ]
    assert [branch.count for branch in tree.branches] == [5, 1, 6]
    assert tree.fates == {EXPORTED: 22, FAILED: 2}


def test_siblings_that_differ_in_anything_are_drawn_apart() -> None:
    base = [module(f"a.{n}") for n in range(4)]
    for other in (module("a.1", size=2), module("a.1", kind="ReLU"), module("a.1", NOT_REACHED)):
        tree = grow([base[0], other, *base[2:]], {})
        assert names(tree.branches) == ["a.0", "a.1", "a.2", "a.3"]
    assert names(grow(base, {"a.1": (1,)}).branches) == ["a.0", "a.1", "a.2", "a.3"]
    assert names(grow([*base, module("a.3.inside")], {}).branches)[-1] == ("a.3", ["inside"])


def test_a_filter_keeps_what_matches_and_what_is_around_it() -> None:
    modules = [
        module("a"), module("a.x", FAILED), module("a.y"), module("b"), module("c", FAILED),
    ]  # fmt: skip
    tree = grow(modules, {}, fate=FAILED)
    assert names(tree.branches) == [("a", ["x"]), "c"]
    assert tree.matches == 2
    assert tree.fates == {EXPORTED: 3, FAILED: 2}
    assert grow(modules, {}, fate=Fate.BYPASSED).branches == ()


def test_one_module_is_opened_on_a_page_of_its_own() -> None:
    modules = [module("a"), module("a.x"), module("a.x.y"), module("ab")]
    assert names(grow(modules, {}, under="a").branches) == [("x", ["y"])]


def test_blockers_stand_at_the_modules_whose_code_they_are_in() -> None:
    fields = CAUSE | {"births": [], "value": "", "upload_file": None, "upload_line": None}
    places = [{"module": path} for path in ("a", "a", "b", None, "")]
    blockers = [
        BlockerView.model_validate(fields | {"position": n, "occurrences": places[: 3 + n]})
        for n in (1, 2)
    ]
    stops = stops_of(blockers)
    assert stops == {"a": (1, 2), "b": (1, 2), "": (2,)}
    tree = grow([module("a", FAILED), module("c")], stops)
    assert [branch.stops for branch in tree.branches] == [(1, 2), ()]


def test_a_huge_model_fits_on_a_page_with_what_fails_in_sight() -> None:
    modules = [module(f"s{stage}", FAILED if stage == 3 else EXPORTED) for stage in range(4)]
    for stage in range(4):
        for n in range(5_000):
            fate = FAILED if (stage, n) == (3, 120) else EXPORTED
            modules.append(module(f"s{stage}.m{n}", fate, size=n))
    begun = time.monotonic()
    tree = grow(modules, {})
    assert time.monotonic() - begun < 5
    assert drawn(tree.branches) <= ROWS
    failing = tree.branches[3]
    assert "m120" in names(failing.children)
    assert (len(failing.children), failing.hidden) == (SIBLINGS, 5_000 - SIBLINGS)
    assert sum(branch.hidden for branch in tree.branches) + drawn(tree.branches) == len(modules)


def test_a_very_deep_model_ends_in_a_link() -> None:
    paths = [".".join("x" * depth) for depth in range(1, 400)]
    (branch,) = grow([module(path) for path in paths], {}).branches
    depth = 1
    while branch.children:
        (branch,) = branch.children
        depth += 1
    assert (depth, branch.hidden) == (LEVELS, 399 - LEVELS)


def test_a_hostile_list_of_modules_is_drawn_once_each() -> None:
    odd = [module(path) for path in ("a.b", "a", "a", "", ".", "..", "a..b", ".a")]
    tree = grow(odd, {})
    assert sorted(tree.fates.values()) == [6]
    assert drawn(tree.branches) == 6
