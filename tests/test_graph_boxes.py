"""Which boxes of a graph are drawn: every node in one of them, and never too many."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.graphs.boxes import (
    BOXES,
    ENDS,
    SHOWN,
    Drawing,
    Fold,
    draw,
    kind_of,
    way_to,
    without,
)
from app.graphs.boxes_keys import LENGTH, Keys
from app.graphs.boxes_tree import LEVELS, Tree, grow
from app.graphs.boxes_words import Family, family_of, one_line, short_target
from app.graphs.comparison import Comparison
from app.graphs.diff import diff
from app.graphs.diff.result import Kind
from app.graphs.document import GraphDocument, GraphInput, Module, Node, Subgraph
from app.graphs.index import GraphIndex
from bench.graph_model import layered_graph
from tests.boxes_support import SPEC, call, document, placed

NAMES = st.sampled_from(["a", "b", "c", "d", "<b>&", "x,y", "a~0-3", "\u202eb", "a\nb", "", "a@1"])
PATHS = st.sampled_from(["", "a", "a.b", "a.b.c", "d", "x,y", "<i>", "a~0-3", "a@1"])
OPS = st.sampled_from(["placeholder", "get_attr", "call_function", "output"])
MODULES = st.lists(st.tuples(PATHS, NAMES, st.integers(0, 2)), max_size=4)


def tree_of(head: GraphDocument, base: GraphDocument | None = None) -> Tree:
    """The tree of a graph, or of two."""
    if base is None:
        return grow(Comparison(GraphIndex(head)))
    return grow(Comparison(GraphIndex(head), GraphIndex(base), diff(base, head)))


def keys(drawing: Drawing) -> list[str]:
    return [box.key for box in drawing.boxes]


def edges(drawing: Drawing) -> set[tuple[str, str]]:
    return {(edge.source, edge.target) for edge in drawing.edges}


@st.composite
def nodes(draw_one: st.DrawFn, subgraphs: list[str]) -> list[Node]:
    """A body: names may come twice, references dangle, any node may run any subgraph."""
    made = []
    for _ in range(draw_one(st.integers(0, 12))):
        op = draw_one(OPS)
        args: list[Any] = [{"node": name} for name in draw_one(st.lists(NAMES, max_size=3))]
        if draw_one(st.booleans()) and subgraphs:
            args.append({"graph": draw_one(st.sampled_from(subgraphs))})
        target = draw_one(st.sampled_from(["aten.add.Tensor", "g", "h", "\x1b[31mred", ""]))
        made.append(
            Node(
                name=draw_one(NAMES),
                op=op,  # type: ignore[arg-type]
                target=target,
                args=[args],
                modules=draw_one(MODULES),
                values=draw_one(st.lists(st.just(SPEC), max_size=2)),
            )
        )
    return made


@st.composite
def documents(draw_one: st.DrawFn) -> GraphDocument:
    """Whatever a hostile script may leave."""
    names = draw_one(st.lists(st.sampled_from(["g", "h", "g.h"]), unique=True))
    return GraphDocument(
        version=2,
        nodes=draw_one(nodes(names)),
        subgraphs={name: Subgraph(nodes=draw_one(nodes(names))) for name in names},
        inputs=[
            GraphInput(name=name, kind=draw_one(st.sampled_from(["parameter", "user_input"])))
            for name in draw_one(st.lists(NAMES, max_size=3))
        ],
    )


def check_sound(tree: Tree, drawing: Drawing) -> None:
    """What holds for every picture."""
    assert sorted(tree.order) == list(range(len(tree.comparison.entries)))
    shown = keys(drawing)
    assert len(set(shown)) == len(shown) <= BOXES
    inside = {box.key: box.parent for box in drawing.boxes}
    for box in drawing.boxes:
        assert box.parent is None or box.parent in inside
    drawn = [number for number in range(len(tree.order)) if drawing.owners[number]]
    unused = {tree.order[at] for at in range(len(tree.order)) if not drawing.owners[at]}
    assert all(tree.holders[number] is tree.root for number in unused)  # no node takes them
    assert all(drawing.owners[at] in inside for at in drawn)
    for edge in drawing.edges:
        assert edge.source in inside
        assert edge.target in inside
        assert edge.source != edge.target
        assert edge.head or edge.base
    for key in shown:
        assert key.isascii()
        assert "," not in key


@given(documents(), st.lists(st.sampled_from(["a", "a.b", "*b", "**g", "~", "a~0-3", "zz"])))
def test_every_node_is_in_one_box_and_edges_go_between_boxes(
    head: GraphDocument, wanted: list[str]
) -> None:
    tree = tree_of(head)
    for opened in (None, wanted, list(tree.keys)):
        drawing = draw(tree, opened)
        check_sound(tree, drawing)
        assert sorted(draw(tree, drawing.open).open) == sorted(drawing.open)


@given(documents(), documents())
def test_the_same_holds_for_two_graphs_drawn_as_one(
    base: GraphDocument, head: GraphDocument
) -> None:
    tree = tree_of(head, base)
    drawing = draw(tree, list(tree.keys))
    check_sound(tree, drawing)
    for box in drawing.boxes:
        assert sum(box.counts) == box.piece.last - box.piece.first


@given(documents(), st.data())
def test_the_way_to_a_node_leads_there(head: GraphDocument, data: st.DataObject) -> None:
    tree = tree_of(head)
    parts = [part for part in dict.fromkeys(tree.keys.values()) if part is not tree.root]
    if not parts:
        return
    part = data.draw(st.sampled_from(parts))
    assert part.key in keys(draw(tree, [piece.key for piece in way_to(part)]))


def test_modules_are_boxes_that_open_in_place() -> None:
    tree = tree_of(
        document(
            call("one", "x", modules=placed("a.b")),
            call("two", "one", modules=placed("a.c")),
            call("three", "two", modules=placed("a.c")),
            call("four", "three", modules=placed("d")),
            call("five", "four", modules=placed("d")),
        )
    )
    closed = draw(tree, [])
    assert keys(closed) == ["*x", "a", "d"]
    assert edges(closed) == {("*x", "a"), ("a", "d")}
    opened = draw(tree, ["a"])
    assert keys(opened) == ["*x", "a", "*one", "a.c", "d"]
    assert edges(opened) == {("*x", "*one"), ("*one", "a.c"), ("a.c", "d")}
    assert [box.parent for box in opened.boxes] == [None, None, "a", "a", None]
    assert keys(draw(tree, ["a.c"])) == ["*x", "a", "*one", "a.c", "*two", "*three", "d"]


def test_the_only_module_is_open_at_first() -> None:
    tree = tree_of(
        document(*(call(f"n{n}", "x", modules=placed(f"model.{n // 2}")) for n in range(6)))
    )
    assert keys(draw(tree, None)) == ["*x", "model", "model.0", "model.1", "model.2"]
    assert draw(tree, None).open == ("model",)


def test_a_module_with_one_part_is_drawn_as_that_part() -> None:
    tree = tree_of(document(call("one", "x", modules=placed("a.b.c")), call("two", "one")))
    assert keys(draw(tree, [])) == ["*x", "*one", "*two"]
    assert [path for path, _, _ in tree.keys["*one"].modules] == ["a", "a.b", "a.b.c"]
    assert tree.keys["a.b"] is tree.keys["*one"]


def test_each_call_of_a_module_is_a_box() -> None:
    made = [
        call(f"n{number}{part}", "x", modules=placed("a", number))
        for number in range(2)
        for part in range(2)
    ]
    assert keys(draw(tree_of(document(*made)), [])) == ["*x", "a", "a@1"]


def test_parameters_are_counted_at_their_first_user() -> None:
    weights = [Node(name=f"w{n}", op="placeholder", target=f"w{n}") for n in range(3)]
    kinds = [GraphInput(name=f"w{n}", kind="parameter") for n in range(3)]
    tree = tree_of(document(*weights, call("y", "x", "w0", "w1"), call("z", "y"), inputs=kinds))
    drawing = draw(tree, [])
    assert {box.key: box.hidden for box in drawing.boxes} == {"*x": 0, "*y": 2, "*z": 0}
    assert edges(drawing) == {("*x", "*y"), ("*y", "*z")}


def test_subgraphs_open_in_the_node_that_runs_them() -> None:
    branches = {
        name: Subgraph(nodes=[call("p"), call("q", "p")]) for name in ("true_graph", "false_graph")
    }
    names = [Node(name=name, op="get_attr", target=name) for name in branches]
    cond = call("cond", "x", *branches, target="torch.ops.higher_order.cond")
    tree = tree_of(document(*names, cond, call("y", "cond"), subgraphs=branches))
    assert keys(draw(tree, [])) == ["*x", "*cond", "*y"]
    opened = draw(tree, ["*cond", "**true_graph"])
    assert keys(opened) == [
        *("*x", "*cond", "**true_graph", "*true_graph:p", "*true_graph:q"),
        *("**false_graph", "*y"),
    ]
    assert edges(opened) == {
        ("*x", "*cond"),
        ("*cond", "*y"),
        ("*true_graph:p", "*true_graph:q"),
    }
    assert all(box.hidden == 0 for box in opened.boxes)  # a subgraph's name is no parameter


def test_a_subgraph_that_runs_itself_is_drawn_once() -> None:
    body = Subgraph(
        nodes=[Node(name="again", op="call_function", target="h", args=[{"graph": "g"}])]
    )
    tree = tree_of(document(subgraphs={"g": body}))
    check_sound(tree, draw(tree, list(tree.keys)))
    assert len(tree.order) == 2


def test_many_parts_are_folded_and_open_in_part() -> None:
    count = 500
    tree = tree_of(document(*(call(f"n{n}", "x" if not n else f"n{n - 1}") for n in range(count))))
    closed = draw(tree, [])
    folds = [box for box in closed.boxes if isinstance(box.piece, Fold)]
    assert [box.key for box in closed.boxes[:ENDS]] == ["*x", *(f"*n{n}" for n in range(ENDS - 1))]
    assert len(closed.boxes) <= SHOWN
    assert sum(box.operations for box in closed.boxes) == count
    opened = draw(tree, [folds[0].key])
    assert folds[0].key not in keys(opened)
    assert len(closed.boxes) < len(opened.boxes) <= BOXES
    deep = draw(tree, [piece.key for piece in way_to(tree.keys["*n250"])])
    assert "*n250" in keys(deep)
    check_sound(tree, deep)


def test_there_are_never_too_many_boxes_and_what_was_opened_last_is_open() -> None:
    tree = tree_of(layered_graph(10_000))
    wanted = [f"model.layers.{layer}" for layer in range(48)]
    drawing = draw(tree, wanted)
    check_sound(tree, drawing)
    assert drawing.refused
    assert "model.layers.47" in drawing.open
    assert set(drawing.refused).isdisjoint(drawing.open)


def test_what_is_closed_is_closed_with_all_in_it() -> None:
    tree = tree_of(layered_graph(2_000))
    drawing = draw(tree, ["model.layers.3.attn", "model.layers.20", "model.layers.30"])
    kept = without(tree, drawing.open, "model.layers.3")
    assert set(drawing.open) - set(kept) == {"model.layers.3", "model.layers.3.attn"}
    assert without(tree, drawing.open, "model") == []


def test_modules_that_nest_without_end_are_drawn_to_a_depth() -> None:
    deep: list[Module] = [(f"m{n}", "M", 0) for n in range(3_000)]
    some = [call(f"n{n}", "x", modules=deep[: 500 * (n + 1)]) for n in range(6)]
    tree = tree_of(document(*some))
    check_sound(tree, draw(tree, list(tree.keys)))
    assert max(len(part.modules) for part in tree.keys.values()) <= LEVELS


def test_what_was_added_or_removed_is_in_the_boxes_and_edges() -> None:
    before = [
        call("a", "x", modules=placed("m")),
        call("b", "a", modules=placed("m"), target="aten.sin.default"),
    ]
    after = call("d", "c", "x", modules=placed("n"))
    less = document(*before, call("c", "b", target="aten.cos.default"), after)
    more = document(
        *before,
        call("new", "b", target="aten.exp.default"),
        call("c", "new", target="aten.cos.default"),
        after,
    )
    for base, head, key, kind in (
        (less, more, "*new", Kind.ADDED),
        (more, less, "-new", Kind.REMOVED),
    ):
        drawing = draw(tree_of(head, base), [])
        kinds = {box.key: kind_of(box) for box in drawing.boxes}
        assert kinds == {"*x": None, "m": None, key: kind, "*c": Kind.CHANGED, "*d": None}
        added = (head is more, base is more)
        sides = {(edge.source, edge.target): (edge.head, edge.base) for edge in drawing.edges}
        assert sides == {
            ("*x", "m"): (True, True),
            ("m", key): added,
            (key, "*c"): added,
            ("m", "*c"): added[::-1],
            ("*c", "*d"): (True, True),
            ("*x", "*d"): (True, True),
        }


def test_keys_are_short_plain_and_of_one_thing() -> None:
    put = Keys[int]()
    made = [put.put(text, 0) for text in ("a", "a", "a@@2", "x,y", "a~1-2", "\u202e", "n" * 999)]
    assert len(set(made)) == len(made)
    assert all(key.isascii() and "," not in key and "~" not in key for key in made)
    assert max(map(len, made)) <= LENGTH + len("@@2")


@pytest.mark.parametrize(
    ("target", "family"),
    [
        ("aten.conv2d.default", Family.MATRIX),
        ("aten.scaled_dot_product_attention.default", Family.MATRIX),
        ("aten.add.Tensor", Family.ELEMENTWISE),
        ("aten._softmax.default", Family.REDUCTION),
        ("aten.view.default", Family.SHAPE),
        ("_operator.getitem", Family.SHAPE),
        ("_operator.mul", Family.NUMBER),
        ("aten.sym_size.int", Family.NUMBER),
        ("aten.zeros.default", Family.CREATION),
        ("torchvision.nms.default", Family.OTHER),
        ("", Family.OTHER),
    ],
)
def test_an_operation_has_a_family(target: str, family: Family) -> None:
    assert family_of(target) is family


def test_text_of_a_script_is_one_short_visible_line() -> None:
    assert one_line("a\n\u202eb" + "c" * 500).startswith("a \u2039U+202E\u203abc")
    assert len(one_line("c" * 500)) == 120
    assert short_target("aten.add.Tensor") == "add"
