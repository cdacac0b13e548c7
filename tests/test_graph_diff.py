"""The diff, case by case: what is no change, and what each change is called."""

from typing import Any

import pytest

from app.graphs.diff import apply, diff, mirrored
from app.graphs.diff.result import Counts, Edit, Field, GraphDiff, Kind
from app.graphs.document import (
    GraphDocument,
    GraphInput,
    GraphOutput,
    Node,
    SourceFrame,
    Subgraph,
    Symbol,
    TensorSpec,
)
from tests.graph_strategies import document, node, output, placeholder, refer, with_fields


def tensor(*shape: int | str, **fields: Any) -> list[TensorSpec]:
    return [TensorSpec(shape=list(shape), dtype="float32", device="cpu", **fields)]


def line(text: str, number: int = 1) -> SourceFrame:
    return SourceFrame(file="net.py", line=number, function="forward", text=text)


def graph(*nodes: Node, **fields: Any) -> GraphDocument:
    return document([placeholder("x"), *nodes], **fields)


def compare(base: GraphDocument, head: GraphDocument) -> GraphDiff:
    found = diff(base, head)
    assert apply(base, found) == head
    assert apply(head, mirrored(found)) == base
    assert diff(head, base) == mirrored(found)
    assert mirrored(mirrored(found)) == found
    return found


def edits(found: GraphDiff) -> list[Edit]:
    return [edit for one in found.nodes for edit in one.edits]


def kinds(found: GraphDiff, head: GraphDocument, base: GraphDocument) -> dict[str, Kind]:
    names = {}
    for one in found.nodes:
        if one.head is not None:
            names[head.nodes[one.head.index].name] = one.kind
        elif one.base is not None:
            names[base.nodes[one.base.index].name] = one.kind
    return names


BASE = graph(
    node("a", "conv", "%x", 3, values=tensor(1, 8)),
    node("b", "relu", "%a", values=tensor(1, 8)),
    node("c", "add", "%a", "%b", values=tensor(1, 8)),
    output("c"),
)


def replaced(base: GraphDocument, name: str, **fields: Any) -> GraphDocument:
    nodes = [with_fields(one, **fields) if one.name == name else one for one in base.nodes]
    return base.model_copy(update={"nodes": nodes})


def test_the_same_graph_has_no_changes() -> None:
    found = compare(BASE, BASE.model_copy(deep=True))
    assert found.is_empty
    assert (found.is_empty, found.summary) == (True, Counts(same=5))
    assert not any(one.renamed for one in found.nodes)


def test_names_are_no_change() -> None:
    head = graph(
        node("b", "conv", "%x", 3, values=tensor(1, 8)),
        node("c", "relu", "%b", values=tensor(1, 8)),
        node("a", "add", "%b", "%c", values=tensor(1, 8)),
        output("a"),
    )
    found = compare(BASE, head)
    assert found.is_empty
    assert [one.renamed for one in found.nodes] == [False, True, True, True, False]


def test_an_inserted_node_is_added_and_the_argument_of_its_user_changes() -> None:
    head = graph(
        BASE.nodes[1],
        node("new", "gelu", "%a", values=tensor(1, 8)),
        node("b", "relu", "%new", values=tensor(1, 8)),
        *BASE.nodes[3:],
    )
    found = compare(BASE, head)
    assert kinds(found, head, BASE) == {
        "x": Kind.SAME,
        "a": Kind.SAME,
        "new": Kind.ADDED,
        "b": Kind.CHANGED,
        "c": Kind.SAME,
        "output": Kind.SAME,
    }
    assert edits(found) == [Edit(Field.ARGUMENT, "[0]", {"node": "a"}, {"node": "new"})]


def test_a_removed_node_stands_where_it_was() -> None:
    head = graph(BASE.nodes[1], node("c", "add", "%a", "%a", values=tensor(1, 8)), output("c"))
    found = compare(BASE, head)
    assert [one.kind for one in found.nodes].index(Kind.REMOVED) == 2
    assert found.summary == Counts(same=3, changed=1, removed=1)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"target": "gelu"}, Edit(Field.TARGET, "", "relu", "gelu")),
        ({"args": refer(["%x"])}, Edit(Field.ARGUMENT, "[0]", {"node": "a"}, {"node": "x"})),
        ({"args": refer(["%a", 1])}, Edit(Field.ARGUMENT, "[1]", None, 1)),
        ({"kwargs": {"dim": 1}}, Edit(Field.ARGUMENT, "['dim']", None, 1)),
        ({"values": tensor(1, 9)}, Edit(Field.SHAPE, "", [1, 8], [1, 9])),
        ({"values": tensor(1, 8, stride=[1, 1])}, Edit(Field.SHAPE, ".stride", [], [1, 1])),
        ({"values": tensor(1, 8, layout="coo")}, Edit(Field.VALUE, ".layout", "", "coo")),
        ({"values": []}, Edit(Field.SHAPE, "", [1, 8], None)),
    ],
)
def test_one_field_is_one_edit(fields: dict[str, Any], expected: Edit) -> None:
    assert edits(compare(BASE, replaced(BASE, "b", **fields))) == [expected]


def test_dtype_and_device_of_one_of_several_values() -> None:
    ours = [*tensor(1, name="[0]"), *tensor(2, name="['k']")]
    theirs = [ours[0], TensorSpec(name="['k']", shape=[2], dtype="int64", device="cuda:0")]
    base, head = replaced(BASE, "b", values=ours), replaced(BASE, "b", values=theirs)
    assert edits(compare(base, head)) == [
        Edit(Field.DTYPE, "['k']", "float32", "int64"),
        Edit(Field.DEVICE, "['k']", "cpu", "cuda:0"),
    ]


def test_true_and_one_and_one_point_zero_are_different() -> None:
    base = replaced(BASE, "a", args=refer(["%x", 1]))
    for other in (True, 1.0):
        assert len(edits(diff(base, replaced(BASE, "a", args=refer(["%x", other]))))) == 1


def test_file_and_line_are_no_change_and_the_text_of_the_line_is() -> None:
    base = replaced(BASE, "b", frame=line("y = relu(x)"))
    moved = SourceFrame(file="other.py", line=70, text="    y =  relu(x)")
    assert compare(base, replaced(BASE, "b", frame=moved)).is_empty
    changed = edits(compare(base, replaced(BASE, "b", frame=line("return relu(x)"))))
    assert changed == [Edit(Field.SOURCE, "", "y = relu(x)", "return relu(x)")]


def test_an_element_of_a_list_is_one_edit() -> None:
    parts = [node(f"p{n}", f"f{n}", "%x") for n in range(5)]
    base = graph(*parts, node("cat", "cat", ["%p0", "%p1", "%p3", "%p4"]), output("cat"))
    head = graph(*parts, node("cat", "cat", ["%p0", "%p1", "%p2", "%p3", "%p4"]), output("cat"))
    assert edits(compare(base, head)) == [Edit(Field.ARGUMENT, "[0][2]", None, {"node": "p2"})]


def test_nested_arguments_say_where() -> None:
    base = replaced(BASE, "b", kwargs={"how": {"dict": {"size": [1, [2, 3]]}}})
    head = replaced(BASE, "b", kwargs={"how": {"dict": {"size": [1, [2, 4]]}}})
    assert edits(compare(base, head)) == [Edit(Field.ARGUMENT, "['how']['size'][1][1]", 3, 4)]


def test_swapped_neighbours_are_one_move() -> None:
    left, right = node("l", "sin", "%x"), node("r", "cos", "%x")
    last = (node("sum", "add", "%l", "%r"), output("sum"))
    found = compare(graph(left, right, *last), graph(right, left, *last))
    assert found.summary == Counts(same=4, moved=1)


SYMBOLIC = graph(
    node("a", "f", "%x", {"sym": "s0*s1"}, values=tensor("s0", "2*s1 + s0")),
    output("a"),
    symbols=[Symbol(name="s0", lower="2", upper="9"), Symbol(name="s1", lower="2", upper="oo")],
)


def test_renumbered_symbols_are_no_change_however_products_are_printed() -> None:
    head = graph(
        node("a", "f", "%x", {"sym": "s5*s7"}, values=tensor("s7", "s7 + 2*s5")),
        output("a"),
        symbols=[Symbol(name="s5", lower="2", upper="oo"), Symbol(name="s7", lower="2", upper="9")],
    )
    found = compare(SYMBOLIC, head)
    assert found.is_empty
    assert found.symbols == {"s0": "s7", "s1": "s5"}


def test_an_expression_that_means_something_else_is_a_change() -> None:
    head = replaced(SYMBOLIC, "a", values=tensor("s0", "2*s0 + s1"))
    assert [edit.field for edit in edits(compare(SYMBOLIC, head))] == [Field.SHAPE]


def test_a_range_stands_beside() -> None:
    symbols = [SYMBOLIC.symbols[0].model_copy(update={"upper": "64"}), SYMBOLIC.symbols[1]]
    found = compare(SYMBOLIC, SYMBOLIC.model_copy(update={"symbols": symbols}))
    assert [(one.what, one.name, one.after["upper"]) for one in found.beside] == [
        ("symbol", "s0", "64")
    ]
    assert not found.is_empty
    assert found.summary.is_empty


def test_the_number_of_a_node_in_an_assertion_is_no_change() -> None:
    def asserted(name: str, symbol: str) -> GraphDocument:
        text = f"Runtime assertion failed for expression {symbol} >= 2 on node '{name}'"
        return graph(
            node(name, "ge", {"sym": symbol}, 2),
            node("c", "aten._assert_scalar.default", f"%{name}", text),
        )

    assert compare(asserted("ge", "u0"), asserted("ge_4", "u3")).is_empty


def with_input(**fields: Any) -> GraphDocument:
    return graph(output("x"), inputs=[GraphInput(name="x", kind="buffer", **fields)])


def test_inputs_stand_beside() -> None:
    base = with_input(target="bn.mean", digest="aa", persistent=True)
    for field, value in (("target", "bn.var"), ("digest", "bb"), ("persistent", False)):
        head = with_input(**{"target": "bn.mean", "digest": "aa", "persistent": True, field: value})
        (changed,) = compare(base, head).beside
        assert (changed.what, changed.after[field]) == ("input", value)


def test_outputs_stand_beside() -> None:
    def with_outputs(*kinds: Any) -> GraphDocument:
        return graph(output("x"), outputs=[GraphOutput(name="x", kind=kind) for kind in kinds])

    base = with_outputs("user_output", "mutation")
    assert [one.before for one in compare(base, with_outputs("loss", "mutation")).beside] == [
        {"name": "x", "kind": "user_output", "target": ""}
    ]
    (added,) = compare(base, with_outputs("user_output", "token", "mutation")).beside
    assert (added.before, added.after["kind"]) == (None, "token")


def layers(paths: list[str], sizes: list[int]) -> GraphDocument:
    """A tower whose layers tell each other apart by their sizes alone."""
    nodes, last = [], "x"
    for number, (path, size) in enumerate(zip(paths, sizes, strict=True)):
        fields = {
            "values": tensor(size),
            "modules": [("", "Net", 0), (path, "Layer", 0)],
        }
        nodes.append(node(f"l{number}", "linear", f"%{last}", **fields))
        nodes.append(node(f"r{number}", "relu", f"%l{number}", **fields))
        last = f"r{number}"
    return graph(*nodes, output(last))


def test_a_renamed_module_is_one_change_beside() -> None:
    base = layers(["stem", "body.0", "body.1"], [1, 2, 3])
    found = compare(base, layers(["stem", "trunk.0", "trunk.1"], [1, 2, 3]))
    assert found.summary.is_empty
    assert [(one.before["name"], one.after["name"]) for one in found.beside] == [
        ("body.0", "trunk.0"),
        ("body.1", "trunk.1"),
    ]


def test_a_layer_out_of_the_middle_is_that_layer_by_what_it_is() -> None:
    names = [f"layers.{number}" for number in range(12)]
    base = layers(names, list(range(10, 22)))
    head = layers(names[:-1], [size for size in range(10, 22) if size != 15])
    found = compare(base, head)
    assert found.summary == Counts(same=23, changed=1, removed=2)
    gone = {one.base.index for one in found.nodes if one.kind is Kind.REMOVED and one.base}
    assert gone == {11, 12}  # of the sixth layer


def test_a_layer_out_of_the_middle_of_equal_ones_by_its_name() -> None:
    names = [f"layers.{number}" for number in range(12)]
    base, head = layers(names, [8] * 12), layers(names[:5] + names[6:], [8] * 11)
    found = compare(base, head)
    assert found.summary == Counts(same=23, changed=1, removed=2)
    assert found.modules["layers.5"] == Counts(removed=2)
    assert found.modules["layers"] == Counts(same=21, changed=1, removed=2)
    assert found.beside == ()


def test_a_node_that_went_to_another_module_says_so() -> None:
    base = layers(["a", "b", "c"], [1, 2, 3])
    moved = [("", "Net", 0), ("c", "Layer", 0)]
    found = compare(base, replaced(base, "r0", modules=moved))
    assert edits(found) == [Edit(Field.MODULE, "", "a", "c")]


def test_the_class_of_a_module_is_one_change_beside() -> None:
    base = layers(["a", "b"], [1, 2])
    nodes = [
        with_fields(one, modules=[(path, f"My{name}", n) for path, name, n in one.modules])
        for one in base.nodes
    ]
    found = compare(base, base.model_copy(update={"nodes": nodes}))
    assert found.summary.is_empty
    assert [one.after["class"] for one in found.beside] == ["MyNet", "MyLayer", "MyLayer"]


def test_sums_by_operator_and_module() -> None:
    base = layers(["a", "b"], [1, 2])
    head = replaced(base, "r1", target="gelu")
    found = compare(base, head)
    assert found.operators == {
        "gelu": Counts(changed=1),
        "linear": Counts(same=2),
        "relu": Counts(same=1),
    }
    assert mirrored(found).operators["relu"] == Counts(same=1, changed=1)
    assert found.modules["b"] == Counts(same=1, changed=1)
    assert found.modules[""] == found.summary


def branching(number: int, left: str, right: str, **more: Subgraph) -> GraphDocument:
    """A cond whose subgraphs have this number."""
    names = [f"true_graph_{number}", f"false_graph_{number}"]
    gets = [Node(name=name, op="get_attr", target=name) for name in names]
    bodies = [[placeholder("y"), node("z", target, "%y"), output("z")] for target in (left, right)]
    return graph(
        *gets,
        node("c", "cond", "%x", *(f"%{name}" for name in names), ["%x"]),
        output("c"),
        subgraphs={
            **{name: Subgraph(nodes=body) for name, body in zip(names, bodies, strict=True)},
            **more,
        },
    )


def test_subgraphs_are_aligned_by_their_owners() -> None:
    found = compare(branching(0, "sin", "cos"), branching(3, "sin", "cos"))
    assert found.is_empty
    assert set(found.bodies[1:]) == {
        ("true_graph_0", "true_graph_3"),
        ("false_graph_0", "false_graph_3"),
    }


def test_a_change_in_a_subgraph_is_one_of_its_node_alone() -> None:
    found = compare(branching(0, "sin", "cos"), branching(0, "sin", "tan"))
    (changed,) = (one for one in found.nodes if one.kind is Kind.CHANGED)
    assert changed.head is not None
    assert changed.head.body == "false_graph_0"
    assert changed.edits == (Edit(Field.TARGET, "", "cos", "tan"),)


def test_a_subgraph_without_a_counterpart_is_added_whole() -> None:
    found = compare(graph(output("x")), branching(0, "sin", "cos"))
    assert (None, "true_graph_0") in found.bodies
    assert found.summary == Counts(same=1, changed=1, added=9)


def test_branches_that_changed_places_are_a_change() -> None:
    found = compare(branching(0, "sin", "cos"), branching(0, "cos", "sin"))
    assert not found.is_empty


HOSTILE = '<script>\n\u202e"quoted" \\ {"node": "x"}'


@pytest.mark.parametrize(
    "nodes",
    [
        [],
        [placeholder("x"), placeholder("x"), node("x", "f", "%x")],
        [node("a", "f", "%b"), node("b", "f", "%a")],
        [node("a", "f", "%a", "%nobody")],
        [node(HOSTILE, HOSTILE, f"%{HOSTILE}", {"sym": HOSTILE}, values=tensor(HOSTILE))],
        [node("a", "f", {"sym": "1 +* (s0"}, {"sym": 3}, {"node": 4}, {"node": "a", "b": 1})],
        [Node(name="g", op="get_attr", target="nothing"), Node(name="o", op="output", target="")],
        [node("a", "f", [[[[[[["%a"]]]]]]] * 3, {"dict": {"]['": "%a"}})],
    ],
)
def test_what_no_model_has_is_compared_all_the_same(nodes: list[Node]) -> None:
    strange = GraphDocument(version=2, nodes=nodes, subgraphs={"": Subgraph(nodes=nodes)})
    assert compare(strange, strange.model_copy(deep=True)).is_empty
    for other in (BASE, document([]), document([], subgraphs={"a.b": Subgraph(nodes=nodes)})):
        compare(strange, other)


def test_arguments_deeper_than_a_reader_looks() -> None:
    deep: Any = {"node": "x"}
    for _ in range(150):
        deep = [deep]
    base, head = graph(node("a", "f", deep)), graph(node("a", "f", [deep]))
    assert compare(base, base.model_copy(deep=True)).is_empty
    assert not compare(base, head).is_empty


def test_apply_takes_what_is_the_same_from_its_base() -> None:
    head = graph(*BASE.nodes[1:3], node("new", "relu", "%b"), *BASE.nodes[3:])
    found = diff(BASE, head)
    other = replaced(BASE, "a", target="conv3d")
    assert [one.target for one in apply(other, found).nodes][1] == "conv3d"
