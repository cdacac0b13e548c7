"""Made-up graphs, and edits of them whose size is known, for tests and bench of the diff."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from hypothesis import strategies as st

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

TARGETS = ("relu", "add", "mul", "linear", "cat", "softmax", "reshape", "layer_norm")
DTYPES = ("float32", "float16", "int64")


def document(nodes: Sequence[Node], **fields: Any) -> GraphDocument:
    """A graph of these nodes."""
    return GraphDocument(version=2, nodes=list(nodes), **fields)


def with_fields(node: Node, **fields: Any) -> Node:
    """The node with other fields."""
    return Node.model_validate({**dict(node), **fields})


def node(name: str, target: str, *args: Any, **fields: Any) -> Node:
    """A call of `target`; text that starts with % is a reference."""
    return Node(name=name, op="call_function", target=target, args=refer(list(args)), **fields)


def refer(value: Any) -> Any:
    """Arguments in which `%name` stands for a reference."""
    if isinstance(value, list):
        return [refer(item) for item in value]
    if isinstance(value, str) and value.startswith("%"):
        return {"node": value[1:]}
    return value


def placeholder(name: str) -> Node:
    """An input's node."""
    return Node(name=name, op="placeholder", target=name)


def output(*names: str) -> Node:
    """The output's node, of the nodes with these names."""
    return Node(name="output", op="output", target="output", args=refer([[f"%{n}" for n in names]]))


@dataclass(frozen=True)
class Make:
    """What a made-up graph is like."""

    size: int = 30
    placed: bool = True  # nodes know their module and their line
    symbolic: bool = True
    nested: bool = False  # one subgraph


def make_graph(random: Random, make: Make) -> GraphDocument:
    """A graph in topological order, in which every node but the last ones is used."""
    names = [f"p{number}" for number in range(max(1, make.size // 6))]
    nodes = [placeholder(name) for name in names]
    nodes = [with_fields(one, values=[_spec(random, make)]) for one in nodes]
    inputs = [
        GraphInput(name=name, kind="parameter", target=f"m{number % 4}.w{number}")
        for number, name in enumerate(names[:-1])
    ] + [GraphInput(name=names[-1], kind="user_input")]
    nodes += _calls(random, make, names, make.size - len(nodes))
    used = _used(nodes)
    last = [one.name for one in nodes if one.name not in used][:8]
    subgraphs = {}
    if make.nested:
        inner = Make(max(3, make.size // 3), make.placed, make.symbolic)
        subgraphs = {"body_graph_0": Subgraph(nodes=make_graph(random, inner).nodes)}
        nodes.append(Node(name="body_graph_0", op="get_attr", target="body_graph_0"))
        nodes.append(node("scan", "higher_order.scan", "%body_graph_0", f"%{last[0]}"))
        last.append("scan")
    symbols = [Symbol(name=f"s{n}", lower="2", upper=f"{n + 9}") for n in (0, 1, 2)]
    return document(
        [*nodes, output(*last)],
        subgraphs=subgraphs,
        inputs=inputs,
        outputs=[GraphOutput(name=name, kind="user_output") for name in last],
        symbols=symbols if make.symbolic else [],
    )


def _calls(random: Random, make: Make, known: list[str], number: int) -> list[Node]:
    names, calls = list(known), []
    for index in range(number):
        count = random.choice((1, 1, 2, 2, 3))
        recent = names[-4:] if random.random() < 0.8 else names
        args: list[Any] = [{"node": random.choice(recent)} for _ in range(count)]
        args.append(random.choice((1, 2, 0.5, True, None, "mean", [1, 2])))
        module = f"m{index * 4 // max(number, 1)}"
        fields: dict[str, Any] = {}
        if make.placed:
            path = f"{module}.part{random.randrange(3)}"
            line = SourceFrame(
                file="net.py", line=index, function="forward", text=f"x = f{index}(x)"
            )
            fields = {"modules": [("", "Net", 0), (module, "M", 0), (path, "P", 0)], "frame": line}
        calls.append(
            Node(
                name=f"n{index}",
                op="call_function",
                target=random.choice(TARGETS),
                args=args,
                values=[_spec(random, make)],
                **fields,
            )
        )
        names.append(f"n{index}")
    return calls


def _spec(random: Random, make: Make) -> TensorSpec:
    sizes: list[int | str] = [random.choice((8, 16, 32))]
    if make.symbolic:
        sizes.append(random.choice(("s0", "s1", "s2", "s0*s1", "2*s2 + 1")))
    return TensorSpec(shape=sizes, dtype=random.choice(DTYPES), device="cpu")


def _used(nodes: Sequence[Node]) -> set[str]:
    return {name for one in nodes for name in references(one.args)}


def references(value: Any) -> list[str]:
    """All names that arguments refer to, in order."""
    if isinstance(value, list):
        return [name for item in value for name in references(item)]
    if isinstance(value, dict):
        return [value["node"]] if set(value) == {"node"} else references(list(value.values()))
    return []


def rewire(value: Any, names: dict[str, str]) -> Any:
    """Arguments with other references."""
    if isinstance(value, list):
        return [rewire(item, names) for item in value]
    if isinstance(value, dict):
        if set(value) == {"node"}:
            return {"node": names.get(value["node"], value["node"])}
        return {key: rewire(item, names) for key, item in value.items()}
    return value


# An edit changes the list of nodes, and says how many changes a reader would count.
EditNodes = Callable[[Random, list[Node]], int]


def insert(random: Random, nodes: list[Node]) -> int:
    """A node between another and one of its users: it is added, an argument changes."""
    user = random.choice(_calling(nodes))
    old = random.choice(references(nodes[user].args))
    name = f"new{random.randrange(10**9)}"
    source = next(one for one in nodes if one.name == old)
    nodes[user] = _retargeted(nodes[user], old, name)
    new = node(name, random.choice(TARGETS), f"%{old}")
    nodes.insert(user, with_fields(new, values=source.values, modules=source.modules))
    return 2


def delete(random: Random, nodes: list[Node]) -> int:
    """A node whose users take its first argument instead."""
    place = random.choice(_calling(nodes))
    gone = nodes.pop(place)
    names = {gone.name: references(gone.args)[0]}
    changed = 0
    for index, one in enumerate(nodes):
        changed += references(one.args).count(gone.name)
        nodes[index] = with_fields(one, args=rewire(one.args, names))
    return 1 + changed


def retarget(random: Random, nodes: list[Node]) -> int:
    """One argument refers to another node."""
    user = random.choice(_calling(nodes))
    new = random.choice(nodes[:user]).name
    nodes[user] = _retargeted(nodes[user], random.choice(references(nodes[user].args)), new)
    return 1


def change_constant(random: Random, nodes: list[Node]) -> int:
    """The last argument, a constant, is another one."""
    place = random.choice(_calling(nodes))
    args = [*nodes[place].args[:-1], f"constant{random.randrange(10**9)}"]
    if isinstance(nodes[place].args[-1], dict):
        return 0  # an inserted node has none
    nodes[place] = with_fields(nodes[place], args=args)
    return 1


def change_shape(random: Random, nodes: list[Node]) -> int:
    """What a node computes is of another size."""
    place = random.choice(_calling(nodes))
    shape: list[int | str] = [random.randrange(100, 10**6), 3]
    values = [TensorSpec(shape=shape, dtype=one.dtype, device="cpu") for one in nodes[place].values]
    nodes[place] = with_fields(nodes[place], values=values)
    return len(values)


def change_target(random: Random, nodes: list[Node]) -> int:
    """A node calls another operator."""
    place = random.choice(_calling(nodes))
    nodes[place] = with_fields(nodes[place], target=f"other{random.randrange(10**9)}")
    return 1


def swap(random: Random, nodes: list[Node]) -> int:
    """Two neighbours that do not need each other change places."""
    places = [
        place
        for place in _calling(nodes)[:-1]
        if nodes[place + 1].op == "call_function"
        and nodes[place].name not in references(nodes[place + 1].args)
    ]
    if not places:
        return 0
    place = random.choice(places)
    nodes[place], nodes[place + 1] = nodes[place + 1], nodes[place]
    return 1


EDITS: tuple[EditNodes, ...] = (
    insert,
    delete,
    retarget,
    change_constant,
    change_shape,
    change_target,
    swap,
)


def _calling(nodes: Sequence[Node]) -> list[int]:
    return [i for i, one in enumerate(nodes) if one.op == "call_function" and references(one.args)]


def _retargeted(one: Node, old: str, new: str) -> Node:
    """With the first reference to `old` one to `new`."""
    args = list(one.args)
    place = next(index for index, arg in enumerate(args) if arg == {"node": old})
    args[place] = {"node": new}
    return with_fields(one, args=args)


def edited(
    random: Random, graph: GraphDocument, edits: Sequence[EditNodes]
) -> tuple[GraphDocument, int]:
    """The graph after these edits, and how many changes a reader would count."""
    nodes = list(graph.nodes)
    # Deletions may leave nothing that another edit could change.
    size = sum(edit(random, nodes) for edit in edits if _calling(nodes))
    return graph.model_copy(update={"nodes": nodes}), size


def disguised(random: Random, graph: GraphDocument) -> GraphDocument:
    """The same graph to a reader: other names, symbols, files and lines."""
    words = {name: f"t{9 - int(name[1:])}" for name in ("s0", "s1", "s2")}
    names = {"": _other_names(random, graph.nodes)}
    for name, body in graph.subgraphs.items():
        names[name] = _other_names(random, body.nodes)
    top = names[""]
    inner = {name: f"{name}_renumbered" for name in graph.subgraphs}
    return document(
        [_disguised(one, top, words, inner) for one in graph.nodes],
        subgraphs={
            inner[name]: Subgraph(
                nodes=[_disguised(one, names[name], words, inner) for one in body.nodes]
            )
            for name, body in graph.subgraphs.items()
        },
        inputs=[item.model_copy(update={"name": top[item.name]}) for item in graph.inputs],
        outputs=[
            item.model_copy(update={"name": top.get(item.name, item.name)})
            for item in graph.outputs
        ],
        symbols=[
            item.model_copy(update={"name": words[item.name]}) for item in reversed(graph.symbols)
        ],
    )


def _other_names(random: Random, nodes: Sequence[Node]) -> dict[str, str]:
    names = [one.name for one in nodes]
    mixed = list(names)
    random.shuffle(mixed)
    return dict(zip(names, mixed, strict=True))


def _disguised(
    one: Node, names: dict[str, str], symbols: dict[str, str], inner: dict[str, str]
) -> Node:
    def size(text: int | str) -> int | str:
        if not isinstance(text, str):
            return text
        return " ".join("*".join(map(_word, part.split("*"))) for part in text.split(" "))

    def _word(word: str) -> str:
        return symbols.get(word, word)

    frame = one.frame and one.frame.model_copy(update={"file": "other.py", "line": 7})
    target = {"placeholder": names[one.name], "get_attr": inner.get(one.target, one.target)}
    return with_fields(
        one,
        name=names[one.name],
        target=target.get(one.op, one.target),
        args=rewire(one.args, names),
        values=[
            spec.model_copy(update={"shape": [size(dim) for dim in spec.shape]})
            for spec in one.values
        ],
        frame=frame,
    )


randoms = st.integers(0, 2**32).map(Random)
makes = st.builds(Make, st.integers(4, 60), st.booleans(), st.booleans(), st.booleans())
graphs = st.builds(make_graph, randoms, makes)
edit_lists = st.lists(st.sampled_from(EDITS), min_size=1, max_size=5)
