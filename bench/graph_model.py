"""A large graph as export gives it of a transformer: layers of modules in modules, parameters."""

from collections.abc import Iterator

from app.graphs.document import (
    GraphDocument,
    GraphInput,
    GraphOutput,
    Node,
    SourceFrame,
    TensorSpec,
)

LAYERS = 48
# One layer: module, its class, and what it calls.
LAYER = (
    ("norm1", "LayerNorm", ("layer_norm",)),
    ("attn.q", "Linear", ("linear", "view", "transpose")),
    ("attn.k", "Linear", ("linear", "view", "transpose")),
    ("attn.v", "Linear", ("linear", "view", "transpose")),
    ("attn", "Attention", ("matmul", "div", "softmax", "matmul", "transpose", "reshape")),
    ("attn.out", "Linear", ("linear",)),
    ("", "Layer", ("add",)),
    ("norm2", "LayerNorm", ("layer_norm",)),
    ("mlp.up", "Linear", ("linear",)),
    ("mlp.act", "GELU", ("gelu",)),
    ("mlp.down", "Linear", ("linear",)),
    ("", "Layer", ("add",)),
)
CALLS = sum(len(calls) for _, _, calls in LAYER)
WITH_WEIGHTS = ("linear", "layer_norm")
SPEC = TensorSpec(shape=["s0", 128, 768], dtype="float32", device="cpu")


def layered_graph(nodes: int) -> GraphDocument:
    """About so many nodes, a fifth of them parameters; a layer is as long as that takes."""
    repeats = max(1, round(nodes / (LAYERS * (CALLS + 16))))
    body = list(_body(repeats))
    weights = [
        Node(name=argument["node"], op="placeholder", target=argument["node"], values=[SPEC])
        for node in body
        for argument in node.args[1:]
        if argument["node"].startswith("p_")
    ]
    given = Node(name="hidden", op="placeholder", target="hidden", values=[SPEC])
    last = body[-1].name
    output = Node(name="output", op="output", target="output", args=[[{"node": last}]])
    inputs = [GraphInput(name=one.name, kind="parameter", target=one.name) for one in weights]
    return GraphDocument(
        version=2,
        nodes=[*weights, given, *body, output],
        inputs=[*inputs, GraphInput(name="hidden", kind="user_input")],
        outputs=[GraphOutput(name=last, kind="user_output")],
    )


def _body(repeats: int) -> Iterator[Node]:
    before = residual = "hidden"
    for layer in range(LAYERS):
        for block in range(repeats):
            path = (
                f"model.layers.{layer}.blocks.{block}" if repeats > 1 else f"model.layers.{layer}"
            )
            number = 0
            for module, class_name, calls in LAYER:
                for call in calls:
                    name = f"{call}_{layer}_{block}_{number}"
                    yield _node(name, call, path, module, class_name, before, residual)
                    residual = name if call == "add" else residual
                    before, number = name, number + 1


def _node(
    name: str, call: str, path: str, module: str, class_name: str, before: str, residual: str
) -> Node:
    args = [{"node": before}]
    if call in WITH_WEIGHTS:
        args += [{"node": f"p_{name}_weight"}, {"node": f"p_{name}_bias"}]
    elif call == "add":
        args.append({"node": residual})
    modules = [("", "Model", 0), ("model", "Decoder", 0)]
    layer = path.split(".blocks.")[0]
    modules.append((layer, "Layer", 0))
    if layer != path:
        modules.append((path, "Block", 0))
    parts = module.split(".") if module else []
    for depth in range(1, len(parts) + 1):
        kind = class_name if depth == len(parts) else parts[0].upper()
        modules.append((".".join((path, *parts[:depth])), kind, 0))
    return Node(
        name=name,
        op="call_function",
        target=f"aten.{call}.default",
        args=args,
        values=[SPEC],
        modules=modules,
        frame=SourceFrame(file="model.py", line=10, function="forward", text=f"x = {call}(x)"),
    )
