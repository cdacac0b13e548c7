"""A graph as outline, code, table and panel, apart from pages."""

from typing import Any

from app.graphs.code_view import (
    CONTEXT,
    UNFOLDED,
    WINDOW,
    BodyRow,
    Fold,
    NodeRow,
    SourceRow,
    unfold,
    window,
)
from app.graphs.diff.result import Kind
from app.graphs.outline import LEVELS, ROWS, SIBLINGS, Outline, Row, children, draw
from app.graphs.table import Query
from tests.graph_view_support import (
    COND,
    FLOAT,
    call,
    chain,
    comparison,
    document,
    names,
    output,
    placeholder,
    ref,
    with_relu,
)


def tree(row: Row) -> Any:
    """Names of what is open, below each other."""
    inside = {child.branch.name or child.branch.key: tree(child) for child in row.children or ()}
    return inside or None


def drawn(row: Row) -> int:
    return 1 + sum(drawn(child) for child in row.children or ())


def depth(row: Row) -> int:
    return 1 + max((depth(child) for child in row.children or ()), default=0)


def test_an_outline_nests_modules_by_call_and_names_them_below_each_other() -> None:
    made = comparison(
        document(
            placeholder("x"),
            placeholder("w"),
            call("conv", ref("x"), modules="body:Body body.layers.0:Conv"),
            call("relu", ref("conv"), modules="body:Body body.act:ReLU"),
            call("add", ref("relu"), ref("x"), modules="body:Body"),
            call("relu_1", ref("add"), modules="body:Body body.act:ReLU@1"),
            output(ref("relu_1")),
        )
    )
    outline = Outline(made)
    root = draw(outline, None)
    body = next(row for row in root.children or () if row.branch.path == "body")
    assert [(row.branch.name, row.branch.call) for row in body.children or ()] == [
        ("layers.0", 0),
        ("act", 0),
        ("add", 0),
        ("act", 1),
    ]
    assert list(tree(root)) == ["inputs", "body", "output"]
    assert outline.module("body.layers") is outline.module("body")
    assert outline.module("body.lay") is None
    second = outline.module("body.act@1")
    assert second is not None
    assert (second.call, second.name, second.operations) == (1, "act", 1)
    first = outline.module("body.act")
    assert first is not None
    assert first.number != second.number


def test_a_subgraph_is_below_the_node_that_runs_it_without_the_modules_around_that() -> None:
    outline = Outline(comparison(COND))
    cond = next(one for one in outline.branches if one.entry and one.name == "cond")
    bodies = [outline.branches[number] for number in cond.children]
    assert [(body.kind, body.name, body.operations) for body in bodies] == [
        ("body", "true_0", 1),
        ("body", "false_0", 1),
    ]
    inside = [outline.branches[number].name for number in bodies[0].children]
    assert inside == ["inputs", "sin", "output"]
    assert outline.branches[0].operations == 4
    sine = next(one for one in outline.branches if one.name == "sin")
    assert tree(draw(outline, sine))["cell"]["cond"]["true_0"] == {
        "inputs": None,
        "sin": None,
        "output": None,
    }


def test_subgraphs_that_run_each_other_or_that_nothing_runs_are_below_the_root() -> None:
    def body(runs: str) -> dict[str, Any]:
        return {"nodes": [call("go", {"graph": runs}), output(ref("go"))]}

    made = document(
        placeholder("x"),
        output(ref("x")),
        subgraphs={"a": body("b"), "b": body("a"), "self": body("self"), "lost": body("nowhere")},
    )
    outline = Outline(comparison(made))
    top = [outline.branches[number].name for number in outline.branches[0].children]
    assert top == ["inputs", "output", "a", "b", "self", "lost"]
    assert outline.branches[0].nodes == 10


def test_parameters_are_summed_by_module() -> None:
    made = document(
        placeholder("w", values=[FLOAT | {"shape": [3, 4]}]),
        placeholder("b", values=[FLOAT | {"shape": [4]}]),
        call("linear", ref("w"), ref("b"), modules="body:Body body.fc:Linear"),
        inputs=[
            {"name": "w", "kind": "parameter", "target": "body.fc.weight"},
            {"name": "b", "kind": "parameter", "target": "body.bias"},
        ],
    )
    outline = Outline(comparison(made))
    found = {one.path: one.parameters for one in outline.branches if one.kind == "module"}
    assert found == {"": 16, "body": 16, "body.fc": 12}


def test_a_large_outline_draws_only_what_fits_and_the_way_to_what_is_asked_for() -> None:
    outline = Outline(comparison(chain(10_000)))
    assert len(outline.branches) > 11_000
    assert drawn(draw(outline, None)) <= ROWS + SIBLINGS
    wanted = outline.module("stage7.blocks.31")
    assert wanted is not None
    row = draw(outline, wanted)
    assert list(tree(row)["stage7"]["blocks.31"]) == [f"n{n}" for n in range(3810, 3820)]
    assert drawn(row) < 300


def test_many_siblings_come_in_portions_and_none_is_left_out() -> None:
    nodes = [call(f"n{n}", modules="flat:Flat") for n in range(SIBLINGS * 2 + 5)]
    outline = Outline(comparison(document(*nodes)))
    flat = outline.module("flat")
    assert flat is not None
    seen, after = [], 0
    while True:
        row = children(outline, flat, after)
        assert row.children is not None
        seen += [child.branch.name for child in row.children]
        if not row.more:
            break
        after += len(row.children)
    assert seen == [node["name"] for node in nodes]
    last = outline.branches[flat.children[-1]]
    here = next(one for one in draw(outline, last).children or () if one.branch is flat)
    assert last.number in {child.branch.number for child in here.children or ()}


def test_modules_however_deep_are_drawn_to_a_level_only() -> None:
    path, modules = "m", []
    for _ in range(180):
        modules.append(f"{path}:M")
        path = f"{path}.m"[-300:]
    deep = call("deep", modules=" ".join(modules))
    outline = Outline(comparison(document(deep)))
    chosen = outline.branches[outline.of_entry[0]]
    assert depth(draw(outline, chosen)) <= LEVELS + 1
    assert depth(draw(outline, None)) <= LEVELS + 1


def test_badges_count_what_changed_below_and_changes_only_leaves_the_rest_out() -> None:
    base = chain(60)
    outline = Outline(comparison(with_relu(base, "n33"), base))
    counts = {one.key: one.counts for one in outline.branches if one.kind == "module"}
    assert (counts["stage0"].added, counts["stage0"].changed) == (1, 1)
    assert (counts["stage0.blocks.3"].added, counts["stage0.blocks.3"].changed) == (1, 1)
    assert counts["stage0.blocks.2"].is_empty
    assert outline.branches[0].operations == 61
    assert Outline(comparison(base, with_relu(base, "n33"))).branches[0].operations == 60
    assert tree(draw(outline, None, changes=True)) == {
        "stage0": {"blocks.3": {"extra": None, "n34": None}}
    }


def test_a_removed_node_is_below_its_module_as_the_head_calls_it() -> None:
    head = chain(60)
    base = with_relu(head, "n33")
    for node in base["nodes"]:
        if "modules" in node:
            wrapped = [
                [f"model.{path}" if path else "model", *rest] for path, *rest in node["modules"]
            ]
            node["modules"] = [["", "Wrapper", 0], *wrapped]
    made = comparison(head, base)
    removed = made.find("extra", base=True)
    assert removed is not None
    assert [path for path, _, _ in removed.modules] == ["", "stage0", "stage0.blocks.3"]
    assert tree(draw(Outline(made), None, changes=True)) == {
        "stage0": {"blocks.3": {"extra": None, "n34": None}}
    }
    assert names(made, Query(module="stage0.blocks.3", changes=True)) == ["extra", "n34"]


def test_code_without_a_base_comes_in_windows_that_have_every_node_once() -> None:
    made = comparison(chain(2 * WINDOW + 7))
    seen, first, pages = [], 0, 0
    while True:
        page = window(made, made.entries, first=first)
        seen += [row.entry.number for row in page.rows if isinstance(row, NodeRow)]
        pages += 1
        if page.after is None:
            break
        first = page.after
    assert seen == list(range(len(made.entries)))
    assert pages == 3
    late = made.find("n900")
    assert late is not None
    there = window(made, made.entries, seen=late)
    assert any(isinstance(row, NodeRow) and row.entry is late for row in there.rows)
    assert there.first == WINDOW


def test_a_source_line_stands_above_its_nodes_once_and_parameters_are_folded() -> None:
    weights = [placeholder(f"w{n}") for n in range(9)]
    made = comparison(
        document(
            *weights,
            call("a", modules="m:M"),
            call("b", modules="m:M"),
            call("c", modules="n:N"),
            inputs=[{"name": one["name"], "kind": "parameter"} for one in weights],
        )
    )
    fold, *rows = window(made, made.entries).rows
    assert isinstance(fold, Fold)
    assert (fold.first, fold.end, fold.what) == (0, 9, "parameters, buffers and constants")
    shown = [row.module if isinstance(row, SourceRow) else type(row).__name__ for row in rows]
    assert shown == ["m", "NodeRow", "NodeRow", "n", "NodeRow"]
    assert len(unfold(made, fold)) == 9


def test_the_diff_of_code_shows_what_changed_with_context_and_folds_the_rest() -> None:
    base = chain(60)
    made = comparison(with_relu(base, "n33"), base)
    page = window(made, made.entries, fold=True)
    rows = [row for row in page.rows if not isinstance(row, SourceRow)]
    first, *shown, last = rows
    assert isinstance(first, Fold)
    assert isinstance(last, Fold)
    nodes = [row.entry for row in shown if isinstance(row, NodeRow)]
    assert [entry.node.name for entry in nodes] == [
        *("n31", "n32", "n33", "extra", "n34", "n35", "n36", "n37")
    ]
    assert [entry.kind for entry in nodes if entry.differs] == [Kind.ADDED, Kind.CHANGED]
    changed = next(row for row in shown if isinstance(row, NodeRow) and row.two)
    assert changed.edited == {"[0]"}
    assert first.count + last.count + len(nodes) == len(made.entries)
    assert nodes[0].number == nodes[CONTEXT].number - CONTEXT


def test_names_and_numbers_are_no_change() -> None:
    base = chain(40)
    head = chain(40)
    for node in head["nodes"][1:-1]:
        node["name"] = f"other_{node['name']}"
        node["args"][0] = ref(f"other_{node['args'][0]['node']}".replace("other_x", "x"))
    head["nodes"][-1]["args"] = [[ref("other_n39")]]
    made = comparison(head, base)
    assert made.diff is not None
    assert made.diff.is_empty
    (only,) = window(made, made.entries, fold=True).rows
    assert isinstance(only, Fold)
    assert only.count == 42


def test_a_fold_opens_in_portions() -> None:
    made = comparison(chain(1_000))
    rows = unfold(made, Fold(100, 900))
    nodes = [row for row in rows if isinstance(row, NodeRow)]
    assert len(nodes) == UNFOLDED
    assert rows[-1] == Fold(100 + UNFOLDED, 900, "more")
    assert unfold(made, Fold(5_000, 9_000)) == ()
    assert [type(row) for row in unfold(made, Fold(1_000, 2**31))] == [SourceRow, NodeRow, NodeRow]


def test_code_says_where_a_subgraph_begins() -> None:
    made = comparison(COND)
    rows = window(made, made.entries).rows
    assert [row.name for row in rows if isinstance(row, BodyRow)] == ["true_0", "false_0"]
