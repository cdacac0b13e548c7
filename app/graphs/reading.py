"""Reads stored graphs: a document of an earlier version becomes one of the version in use. Pure."""

import json
import re
from collections.abc import Callable
from typing import Any

from app.graphs.document import VERSION, GraphDocument

Json = dict[str, Any]

# Documents are stored with their keys in order, and this one is the last.
_IN_USE = b'"version":%d}' % VERSION
_CALL = re.compile(r"@(\d{1,9})$")


def read_document(data: bytes) -> GraphDocument:
    """The document that is stored as `data`, JSON of any version that there was.

    Raises:
        ValueError: it is none.
    """
    if data.endswith(_IN_USE):
        return GraphDocument.model_validate_json(data)
    value = json.loads(data)
    try:
        while step := _STEPS.get(value["version"]):
            value = step(value)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError("no version ever had this form") from error
    return GraphDocument.model_validate(value)


def _from_1(value: Json) -> Json:
    """Version 2 has the number of a module's call apart from its path, and names of values."""
    return {
        **value,
        "version": 2,
        "nodes": [_node_from_1(node) for node in value["nodes"]],
        "subgraphs": {
            name: {"nodes": [_node_from_1(node) for node in body["nodes"]]}
            for name, body in value.get("subgraphs", {}).items()
        },
    }


def _node_from_1(node: Json) -> Json:
    values = node.get("values", [])
    if len(values) > 1:
        values = [{**value, "name": f"[{index}]"} for index, value in enumerate(values)]
    modules = [_module_from_1(*module) for module in node.get("modules", ())]
    return {**node, "values": values, "modules": modules}


def _module_from_1(path: str, class_name: str) -> tuple[str, str, int]:
    """torch wrote `block@1` for the second call of a block."""
    call = _CALL.search(path)
    return (path[: call.start()], class_name, int(call[1])) if call else (path, class_name, 0)


_STEPS: dict[int, Callable[[Json], Json]] = {1: _from_1}
