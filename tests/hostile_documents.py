"""Graphs as a hostile script could make them: any names, references to anywhere and in circles."""

from typing import Any

from hypothesis import strategies as st

from app.graphs.document import GraphDocument, Node, Subgraph

NASTY = (
    *('"', "\\", '\\"', "a\nb", "a\r\nb", "<b>", "&lt;", "</script>", "]]>", "{", "}", "//", "/*"),
    *(
        "=1+1",
        "+1",
        "-1",
        "@x",
        "\t=1",
        "a;=1",
        "\uff1d1",
        "",
        " ",
        "\0",
        "\x1b[31m",
        "\u202e",
        "a/b",
    ),
    *("\N{PILE OF POO}", "self", "cluster_0", "node", "a.b", ".", "'", "a,b", "x" * 400),
)
NAMES = st.one_of(st.sampled_from(NASTY), st.sampled_from("abc"), st.text(max_size=8))
SURROGATE = "\ud800"  # no name can have one, but an argument's text can
REFERENCES = st.builds(lambda name: {"node": name}, NAMES)
ATOMS = st.one_of(
    REFERENCES,
    *(st.none(), st.booleans(), st.integers(-3, 3), NAMES, st.just(SURROGATE)),
    st.builds(lambda kind, text: {kind: text}, st.sampled_from(["sym", "dtype", "node"]), NAMES),
)
ARGUMENTS: st.SearchStrategy[Any] = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.builds(lambda items: {"dict": items}, st.dictionaries(NAMES, inner, max_size=2)),
        st.builds(lambda *parts: {"slice": list(parts)}, inner, inner, inner),
        st.dictionaries(NAMES, inner, max_size=2),
    ),
    max_leaves=6,
)
OPS = ("placeholder", "get_attr", "call_function", "call_method", "call_module", "output")


@st.composite
def nodes(draw: st.DrawFn) -> Node:
    """A node with any names; a third of them are of the few that others refer to."""
    modules = draw(st.lists(st.tuples(NAMES, NAMES, st.integers(0, 2)), max_size=4))
    shape = draw(st.lists(st.one_of(st.integers(0, 9), NAMES), max_size=3))
    return Node.model_validate(
        {
            "name": draw(NAMES),
            "op": draw(st.sampled_from(OPS)),
            "target": draw(st.one_of(NAMES, st.just("_operator.getitem"))),
            "args": draw(st.lists(ARGUMENTS, max_size=3)),
            "kwargs": draw(st.dictionaries(NAMES, ARGUMENTS, max_size=2)),
            "values": [{"name": draw(NAMES), "shape": shape, "dtype": draw(NAMES)}],
            "modules": [list(module) for module in modules],
            "frame": {"file": draw(NAMES), "line": 3, "text": draw(NAMES)},
        }
    )


@st.composite
def documents(draw: st.DrawFn) -> GraphDocument:
    """A document of a few such nodes, and of subgraphs."""
    bodies = st.lists(nodes(), max_size=5)
    subgraphs = draw(st.dictionaries(NAMES, bodies, max_size=2))
    return GraphDocument(
        version=2,
        nodes=draw(bodies),
        subgraphs={name: Subgraph(nodes=body) for name, body in subgraphs.items()},
    )
