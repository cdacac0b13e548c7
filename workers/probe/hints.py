"""What to do next, in a sentence for each category."""

HINTS = {
    "data_dependent_branch": "Decide with tensors: torch.where for values, torch.cond for "
    "branches, or torch._check for what always holds.",
    "data_dependent_shape": "Keep shapes fixed: torch.where or top-k with a fixed count in place "
    "of boolean masks and nonzero, or bound the size with torch._check.",
    "tensor_to_python": "Keep the value a tensor, or, where a size is meant, take it from "
    ".shape; a loop over it can become a tensor operation with a fixed count.",
    "dynamic_shape_violation": "Let this line work for every size, take the bounds that torch "
    "suggests into dynamic_shapes, or ask for Dim.AUTO.",
    "unsupported_input": "Pass tensors, numbers, or lists, tuples and dicts of them, or register "
    "the class with torch.utils._pytree.register_dataclass.",
    "unsupported_output": "Return tensors, or lists, tuples and dicts of them, or register the "
    "class with torch.utils._pytree.register_dataclass.",
    "missing_fake_kernel": "Register the operator's shape inference with "
    "torch.library.register_fake.",
    "mismatched_fake_kernel": "The operator's fake kernel computes other shapes, dtypes or "
    "strides than the real one: correct it.",
    "unsupported_python": "Move this construct out of forward, or write it with what torch.export "
    "supports; non-strict export follows more Python than strict.",
    "numpy_conversion": "Use torch's own operations in place of numpy inside forward.",
    "mutation": "Register the state as a buffer, or pass it in and return it.",
    "serialization": "Keep what the program holds to tensors and registered classes; what loads it "
    "must first import what registers its operators and classes.",
    "out_of_memory": "Use a smaller input or model, or raise STAGELIGHT_MEMORY_MB.",
}


def hint_for(category: str) -> str:
    """What to do next; empty where nothing general can be said."""
    return HINTS.get(category, "")
