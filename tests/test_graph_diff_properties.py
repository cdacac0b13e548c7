"""What is true of every diff: exact, symmetric, empty where nothing changed, small, no error."""

from collections.abc import Sequence
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.graphs.diff import apply, diff, mirrored
from app.graphs.diff.result import GraphDiff, Kind
from app.graphs.diff.sequences import common_subsequence, increasing
from app.graphs.document import GraphDocument, GraphInput, Node, Subgraph, Symbol, TensorSpec
from tests.graph_strategies import (
    EDITS,
    EditNodes,
    Make,
    disguised,
    edit_lists,
    edited,
    graphs,
    make_graph,
    randoms,
)

SLACK = 1.2  # times the known edit


def size_of(found: GraphDiff) -> int:
    """How many changes a reader counts. A parameter that came or went is a node that did."""
    of_nodes = sum(
        len(one.edits) + one.moved + (one.kind in (Kind.ADDED, Kind.REMOVED)) for one in found.nodes
    )
    both = [one for one in found.beside if one.before is not None and one.after is not None]
    return of_nodes + len(both)


def holds(base: GraphDocument, head: GraphDocument) -> GraphDiff:
    found = diff(base, head)
    assert apply(base, found).model_dump_json() == head.model_dump_json()
    turned = mirrored(found)
    assert apply(head, turned).model_dump_json() == base.model_dump_json()
    assert diff(head, base) == turned
    assert mirrored(turned) == found
    assert_every_node_once(base, head, found)
    return found


def assert_every_node_once(base: GraphDocument, head: GraphDocument, found: GraphDiff) -> None:
    for document, places in (
        (base, [one.base for one in found.nodes if one.base]),
        (head, [one.head for one in found.nodes if one.head]),
    ):
        bodies = {"": document.nodes, **{k: v.nodes for k, v in document.subgraphs.items() if k}}
        expected = [(name, index) for name, nodes in bodies.items() for index in range(len(nodes))]
        assert sorted((place.body, place.index) for place in places) == sorted(expected)
    counts = found.summary
    total = counts.same + counts.changed + counts.added + counts.removed + counts.moved
    assert total == len(found.nodes)
    assert found.modules[""] == counts
    assert all(bool(one.edits) == (one.kind is Kind.CHANGED) for one in found.nodes)


@given(graphs)
def test_a_graph_has_no_changes_against_itself(graph: GraphDocument) -> None:
    assert diff(graph, graph.model_copy(deep=True)).is_empty


@given(graphs, randoms)
def test_other_names_symbols_files_and_lines_are_no_change(
    graph: GraphDocument, random: Random
) -> None:
    found = holds(graph, disguised(random, graph))
    assert found.is_empty, [one for one in found.nodes if one.kind is not Kind.SAME]


@settings(max_examples=150)
@given(graphs, randoms, edit_lists, st.booleans())
def test_a_diff_is_exact_symmetric_and_hardly_larger_than_the_edit(
    graph: GraphDocument, random: Random, edits: Sequence[EditNodes], hide: bool
) -> None:
    head, size = edited(random, graph, edits)
    found = holds(graph, disguised(random, head) if hide else head)
    # One more on graphs of a few nodes, where an edit may look like another one.
    assert size_of(found) <= max(SLACK * size, size + 1)


def test_a_diff_is_rarely_larger_than_the_edit() -> None:
    """In so many graphs, all of a seed: none may be past the slack."""
    random = Random(7)
    too_large = []
    for number in range(100):
        placed, symbolic = random.random() < 0.5, random.random() < 0.5
        graph = make_graph(random, Make(random.randrange(20, 100), placed, symbolic))
        head, size = edited(random, graph, random.choices(EDITS, k=random.randrange(1, 6)))
        if size_of(diff(graph, disguised(random, head))) > SLACK * size:
            too_large.append(number)
    assert too_large == []


@settings(max_examples=50)
@given(graphs, graphs)
def test_any_two_graphs_are_compared(base: GraphDocument, head: GraphDocument) -> None:
    holds(base, head)


WORDS = st.sampled_from(["a", "b", "s0", "", "a.b", "<b>", "\u202e", "get", "2*s0", "\n'] "])
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-2, 2), st.floats(-1, 1), WORDS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(WORDS, st.sampled_from(["node", "sym", "graph", "dict", "slice"])),
            inner,
            max_size=2,
        ),
    ),
    max_leaves=6,
)
SPECS = st.builds(
    TensorSpec,
    name=WORDS,
    kind=st.sampled_from(["tensor", "symint", "constant", "object"]),
    shape=st.lists(st.one_of(st.integers(0, 3), WORDS), max_size=2),
    dtype=WORDS,
    stride=st.lists(st.one_of(st.integers(0, 3), WORDS), max_size=2),
    value=WORDS,
)
NODES = st.builds(
    Node,
    name=WORDS,
    op=st.sampled_from(["placeholder", "get_attr", "call_function", "call_module", "output"]),
    target=st.one_of(WORDS, st.just("_assert_scalar")),
    args=st.lists(VALUES, max_size=3),
    kwargs=st.dictionaries(WORDS, VALUES, max_size=2),
    values=st.lists(SPECS, max_size=2),
    modules=st.lists(st.tuples(WORDS, WORDS, st.integers(0, 1)), max_size=2),
)
ANYTHING = st.builds(
    GraphDocument,
    version=st.just(2),
    nodes=st.lists(NODES, max_size=5),
    subgraphs=st.dictionaries(
        WORDS, st.builds(Subgraph, nodes=st.lists(NODES, max_size=3)), max_size=2
    ),
    inputs=st.lists(
        st.builds(
            GraphInput,
            name=WORDS,
            kind=st.sampled_from(["parameter", "buffer", "constant", "user_input"]),
            target=WORDS,
        ),
        max_size=3,
    ),
    symbols=st.lists(st.builds(Symbol, name=WORDS, lower=WORDS, upper=WORDS), max_size=2),
)


@settings(max_examples=100)
@given(ANYTHING, ANYTHING)
def test_whatever_a_document_may_hold_is_compared(base: GraphDocument, head: GraphDocument) -> None:
    holds(base, head)


NUMBERS = st.lists(st.integers(0, 4), max_size=40)


def longest(base: Sequence[int], head: Sequence[int]) -> int:
    """The length of the longest common subsequence, by the book."""
    row = [0] * (len(head) + 1)
    for ours in base:
        before = 0
        for place, theirs in enumerate(head, 1):
            before, row[place] = (
                row[place],
                before + 1 if ours == theirs else max(row[place], row[place - 1]),
            )
    return row[-1]


@given(NUMBERS, NUMBERS)
def test_small_sequences_are_aligned_exactly(base: list[int], head: list[int]) -> None:
    pairs = common_subsequence(base, head)
    assert all(base[i] == head[j] for i, j in pairs)
    assert all(i < k and j < m for (i, j), (k, m) in pairwise(pairs))
    assert len(pairs) == longest(base, head)


@pytest.mark.parametrize("size", [1_000, 4_000])
def test_large_sequences_that_share_little_are_aligned_in_order(size: int) -> None:
    random = Random(size)
    base = [random.randrange(size) for _ in range(size)]
    head = [random.randrange(size) for _ in range(size)]
    pairs = common_subsequence(base, head)
    assert all(base[i] == head[j] for i, j in pairs)
    assert all(i < k and j < m for (i, j), (k, m) in pairwise(pairs))
    assert len(pairs) > size**0.5 / 2


@given(st.lists(st.integers(), unique=True, max_size=9))
def test_the_longest_increasing_subsequence(values: list[int]) -> None:
    chain = [values[place] for place in increasing(values)]
    assert chain == sorted(chain)
    lengths: list[int] = []
    for place, value in enumerate(values):
        before = [lengths[k] for k in range(place) if values[k] < value]
        lengths.append(1 + max(before, default=0))
    assert len(chain) == max(lengths, default=0)
