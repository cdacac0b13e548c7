"""Roles: what a module's name and class say it does. Pure."""

import re
from typing import Literal

Role = Literal["backbone", "neck", "head", "postprocess", "other"]

_WORDS: dict[str, Role] = {
    **dict.fromkeys(("backbone", "encoder", "body", "stem", "trunk", "features"), "backbone"),
    **dict.fromkeys(("neck", "fpn", "decoder", "fuse", "fusion", "pyramid"), "neck"),
    **dict.fromkeys(
        ("head", "heads", "classifier", "predictor", "rpn", "roi", "fc", "logits"), "head"
    ),
    **dict.fromkeys(
        ("postprocess", "postprocessor", "postprocessing", "decode", "nms", "paste"), "postprocess"
    ),
}

_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
# Layers whose names say what they compute, not what they are for.
_PLAIN = re.compile(r"(Norm(\dd)?|ReLU\d?|GELU|SiLU|Sigmoid|Softmax|Dropout(\dd)?|Identity)$")


def role_of(path: str, class_name: str) -> tuple[Role, str] | None:
    """The role that the attribute's name gives, else the class's, with the reason in words."""
    attribute = path.rpartition(".")[2]
    if _PLAIN.search(class_name):
        return None
    for text, what in ((attribute, "its name"), (class_name, "its class")):
        if word := _last_word(text):
            return _WORDS[word], f"{what} {text} says {word}"
    return None


def _last_word(text: str) -> str | None:
    """The last word with a role: a `decode_head` is a head, a `BackboneWithFPN` a neck's."""
    words = [part.lower() for part in _PARTS.findall(text)]
    return next((word for word in reversed(words) if word in _WORDS), None)
