"""How long the diff of two graphs takes, and how much memory, by size and in its worst cases.

Times are of the processor, so that a busy machine does not count; memory is what the diff adds at
its peak, its result included, measured in a second run. Ends with 1 where a budget is missed.

    python -m bench.graph_diff [--sizes 1000 2000 …] [--plot docs/pictures/graph-diff.svg]
"""

import argparse
import gc
import math
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from app.graphs.diff import apply, diff
from app.graphs.document import (
    GraphDocument,
    GraphInput,
    GraphOutput,
    Node,
    SourceFrame,
    TensorSpec,
)

SIZES = (1_000, 2_000, 5_000, 10_000, 20_000, 50_000)
AT = 20_000  # nodes that the budgets are for
SECONDS = 2.0
MEGABYTES = 500.0
GROWTH = 1.25  # of time per node from the smallest to the largest, as an exponent of size

LAYER = 7  # nodes of a layer of `tower`


@dataclass(frozen=True)
class Measure:
    """One diff."""

    case: str
    nodes: int
    seconds: float
    megabytes: float
    changes: str


class Paths(Enum):
    """How layers are called where one is gone."""

    ANEW = "numbered anew"
    KEPT = "as before"
    NONE = "none has a path: only topology and parameters tell"


def tower(
    layers: int,
    *,
    gone: int = -1,
    relu: int = -1,
    text: str = "y = f(x)",
    paths: Paths = Paths.ANEW,
) -> GraphDocument:
    """Equal layers, each with three parameters."""
    kept = [layer for layer in range(layers) if layer != gone]
    names = list(range(len(kept))) if paths is Paths.ANEW else kept
    nodes: list[Node] = []
    inputs: list[GraphInput] = []
    for layer in names:
        for part in ("weight", "bias", "scale"):
            name = f"p_{layer}_{part}"
            inputs.append(GraphInput(name=name, kind="parameter", target=f"layers.{layer}.{part}"))
            nodes.append(_placeholder(name))
    inputs.append(GraphInput(name="x", kind="user_input"))
    nodes.append(_placeholder("x"))
    last = "x"
    for layer in names:
        call = _Caller(nodes, "" if paths is Paths.NONE else f"layers.{layer}", text)
        middle = call("linear", last, f"p_{layer}_weight", f"p_{layer}_bias")
        if layer == relu:
            middle = call("relu", middle)
        middle = call("mul", call("gelu", middle), f"p_{layer}_scale")
        last = call("add", last, middle)
    output = Node(name="output", op="output", target="output", args=[[{"node": last}]])
    outputs = [GraphOutput(name=last, kind="user_output")]
    return GraphDocument(version=2, nodes=[*nodes, output], inputs=inputs, outputs=outputs)


class _Caller:
    """Appends calls to a graph."""

    def __init__(self, nodes: list[Node], path: str, text: str) -> None:
        self._nodes = nodes
        self._modules = [("", "Net", 0), *([(path, "Layer", 0)] if path else [])]
        self._text = text

    def __call__(self, target: str, *names: str) -> str:
        name = f"{target}_{len(self._nodes)}"
        node = Node(
            name=name,
            op="call_function",
            target=f"aten.{target}.default",
            args=[{"node": name} for name in names],
            values=[_tensor()],
            modules=list(self._modules),
            frame=SourceFrame(file="net.py", line=len(self._nodes), text=self._text),
        )
        self._nodes.append(node)
        return name


def _placeholder(name: str) -> Node:
    return Node(name=name, op="placeholder", target=name, values=[_tensor()])


def _tensor() -> TensorSpec:
    return TensorSpec(shape=["s0", 64], dtype="float32", device="cpu")


def chain(nodes: int, target: Callable[[int], str], back: Callable[[int], int]) -> GraphDocument:
    """Nodes that say nothing but their target, each with the one so far back as its argument."""
    made = [_placeholder("x")]
    for place in range(1, nodes):
        other = made[max(0, place - back(place))].name
        made.append(
            Node(name=f"n{place}", op="call_function", target=target(place), args=[{"node": other}])
        )
    return GraphDocument(version=2, nodes=made)


def _named(kind: str, place: int) -> str:
    return f"{kind}{place}"


def without(graph: GraphDocument, place: int) -> GraphDocument:
    """The graph without one node, whose users take its argument."""
    gone = graph.nodes[place]
    nodes = [
        one.model_copy(update={"args": gone.args}) if one.args == [{"node": gone.name}] else one
        for one in graph.nodes
        if one is not gone
    ]
    return graph.model_copy(update={"nodes": nodes})


def noise(nodes: int, targets: int, seed: int) -> GraphDocument:
    """A graph that shares nothing with one of another seed but its operators."""
    random = Random(seed)
    return chain(
        nodes, lambda _: f"f{random.randrange(targets)}", lambda _: 1 + random.randrange(3)
    )


def growing(nodes: int) -> "Pair":
    """A net, and the same with a ReLU early."""
    return tower(nodes // LAYER), tower(nodes // LAYER, relu=1)


Pair = tuple[GraphDocument, GraphDocument]


def worst_cases(nodes: int) -> Iterator[tuple[str, Pair]]:
    """What is known to be hard, one after the other: a large heap would count for the next."""
    layers = nodes // LAYER
    same = chain(nodes, lambda _: "relu", lambda _: 1)
    yield "all nodes alike, one gone from the middle", (same, without(same, nodes // 2))
    star = chain(nodes, lambda _: "relu", lambda place: place)
    yield "all nodes alike, and all of one input", (star, without(star, nodes // 2))
    del same, star
    others = [chain(nodes, partial(_named, a), lambda _: 1) for a in "ab"]
    yield "all operators others", (others[0], others[1])
    for targets in (5, 1_000):
        others = [noise(nodes, targets, seed) for seed in (1, 2)]
        yield f"unrelated, {targets:,} operators", (others[0], others[1])
    del others
    yield "every line of source another", (tower(layers), tower(layers, text="z = f(x)"))
    for many in (layers, 200):
        bare = Paths.NONE
        pair = tower(many, paths=bare), tower(many, gone=many // 2, paths=bare)
        yield f"{many:,} equal layers without a path, the middle one gone", pair
        pair = tower(many), tower(many, gone=many // 2)
        yield f"{many:,} equal layers numbered anew, the middle one gone", pair
        pair = tower(many), tower(many, gone=many // 2, paths=Paths.KEPT)
        yield f"{many:,} equal layers that keep their path, the middle one gone", pair


def measure(case: str, base: GraphDocument, head: GraphDocument) -> Measure:
    """Time and memory of one diff, and that it is one."""
    gc.collect()
    start = time.process_time()
    found = diff(base, head)
    seconds = time.process_time() - start
    assert apply(base, found) == head
    counts = found.summary
    del found
    gc.collect()
    tracemalloc.start()
    diff(base, head)
    megabytes = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    changes = f"={counts.same} ~{counts.changed} +{counts.added} -{counts.removed} m{counts.moved}"
    return Measure(case, len(base.nodes), seconds, megabytes, changes)


def show(one: Measure) -> None:
    """One line of the table."""
    line = f"{one.nodes:>7,}  {one.seconds:>7.2f} s  {one.megabytes:>6.0f} MB"
    print(f"{line}  {one.seconds / one.nodes * 1e6:>5.0f} µs/node  {one.case}: {one.changes}")


def growth(measures: list[Measure]) -> float:
    """The exponent of size that the time grows with: 1 is linear."""
    first, last = measures[0], measures[-1]
    return math.log(last.seconds / first.seconds) / math.log(last.nodes / first.nodes)


def plot(measures: list[Measure], worst: list[Measure]) -> str:
    """Size against time, both logarithmic, as SVG."""
    width, height, left, bottom = 640, 400, 60, 50

    def x(nodes: float) -> float:
        return left + (math.log10(nodes) - 2.9) / (4.8 - 2.9) * (width - left - 20)

    def y(seconds: float) -> float:
        return height - bottom - (math.log10(seconds) + 2) / (1 + 2) * (height - bottom - 20)

    def text(at_x: float, at_y: float, words: str, anchor: str = "middle") -> str:
        return f'<text x="{at_x:.0f}" y="{at_y:.0f}" text-anchor="{anchor}">{words}</text>'

    def line(ends: tuple[float, float, float, float], style: str) -> str:
        a, b, c, d = ends
        return f'<line x1="{a:.0f}" y1="{b:.0f}" x2="{c:.0f}" y2="{d:.0f}" {style}/>'

    parts: list[str] = []
    for seconds in (0.01, 0.1, 1, 10):
        parts.append(line((left, y(seconds), width - 20, y(seconds)), 'stroke="#8884"'))
        parts.append(text(left - 8, y(seconds) + 4, f"{seconds:g} s", "end"))
    for nodes in SIZES:
        parts.append(line((x(nodes), 20, x(nodes), height - bottom), 'stroke="#8884"'))
        parts.append(text(x(nodes), height - bottom + 18, f"{nodes:,}"))
    parts.append(text((left + width) / 2, height - 8, "nodes of each graph"))
    points = " ".join(f"{x(one.nodes):.0f},{y(one.seconds):.0f}" for one in measures)
    parts.append(f'<polyline points="{points}" fill="none" stroke="#2a7de1" stroke-width="2"/>')
    circles = [(one, "#2a7de1") for one in measures] + [(one, "#d1495b") for one in worst]
    parts += [
        f'<circle cx="{x(one.nodes):.0f}" cy="{y(one.seconds):.0f}" r="4" fill="{colour}">'
        f"<title>{one.case}: {one.seconds:.2f} s</title></circle>"
        for one, colour in circles
    ]
    bound = (x(AT) - 30, y(SECONDS), x(AT) + 30, y(SECONDS))
    parts.append(line(bound, 'stroke="#d1495b" stroke-dasharray="4"'))
    parts.append(text(x(AT), y(SECONDS) - 8, f"budget: {SECONDS:g} s"))
    parts.append(text(left + 12, 36, "blue: a net with one ReLU more; red: worst cases", "start"))
    style = 'font-family="system-ui, sans-serif" font-size="12" fill="#777"'
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    body = "\n".join(parts)
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>\n{body}\n</svg>\n'


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, perhaps plot; 1 where a budget is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--worst", type=int, default=AT, help="nodes of the worst cases")
    parser.add_argument("--plot", type=Path)
    options: Any = parser.parse_args(arguments)
    diff(*growing(500))  # what only the first diff takes
    measures = [measure("one ReLU more", *growing(size)) for size in options.sizes]
    for one in measures:
        show(one)
    print(f"time grows with size to the power of {growth(measures):.2f}")
    worst = [measure(case, *pair) for case, pair in worst_cases(options.worst)]
    for one in worst:
        show(one)
    if options.plot:
        options.plot.write_text(plot(measures, worst))
    held = [one for one in [*measures, *worst] if one.nodes <= AT + LAYER]
    missed = [one for one in held if one.seconds > SECONDS or one.megabytes > MEGABYTES]
    for one in missed:
        print(f"OVER: {one.case} at {one.nodes:,} nodes")
    return int(bool(missed) or growth(measures) > GROWTH)


if __name__ == "__main__":
    sys.exit(main())
