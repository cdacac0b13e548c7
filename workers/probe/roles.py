"""Clues: what a module's name and class say it does. Pure."""

import re
from dataclasses import dataclass
from typing import Literal

Role = Literal["backbone", "neck", "head", "postprocess", "other"]
# What a clue is worth. `named` decides alone. `output` does too, but says nothing of the module
# around it: blocks hold an fc and base models a pooler. The others depend on what runs before and
# after: where a backbone starts, an encoder, a decoder, a base model, what links two parts.
Kind = Literal["named", "output", "stem", "encoder", "decoder", "base", "link"]

_MEANINGS: tuple[tuple[Role, Kind, str], ...] = (
    ("backbone", "named", "backbone trunk body features base cnn tower"),
    ("backbone", "stem", "stem embed embedder embeddings embedding extractor"),
    ("backbone", "encoder", "encoder"),
    ("backbone", "base", "detector"),
    ("neck", "named", "neck fpn fuse fusion pyramid lateral"),
    ("neck", "decoder", "decoder"),
    ("neck", "link", "proj projection projector up upsample deconv transpose"),
    ("head", "named", "head heads classifier predictor rpn roi logits detect"),
    ("head", "output", "fc"),
    ("backbone", "output", "pooler"),
    ("postprocess", "named", "postprocess postprocessor postprocessing decode nms paste"),
)
_WORDS: dict[str, tuple[Role, Kind]] = {
    word: (role, kind) for role, kind, words in _MEANINGS for word in words.split()
}
# What a model is asked for. In an attribute's name that makes a head of a decoder or of an
# embedding; in a class's name it is often the model's own (MaskFormer, PoseNet).
_TASK_WORDS = (
    "bbox box class cls depth descriptor heatmap hm keypoint keypoints mask offset reg score "
    "scores segmentation wh"
)
_TASKS = frozenset(_TASK_WORDS.split())
_BY_TASK: frozenset[Kind] = frozenset(("stem", "decoder"))

_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
# Layers whose names say what they compute, not what they are for.
_PLAIN = re.compile(
    r"(Norm(\dd)?|Re?LU6?|GELU|SiLU|Sigmoid|Softmax|Dropout(\dd)?|Identity|Flatten|Pool\dd)$"
    r"|Position(al)?(Embed|Encod)|Rotary"
)
# A layer of a decoder is no decoder.
_LAYER = re.compile(r"(Layer|Block|Attention|Cell)$")
_SINGLE = re.compile(r"Linear|Conv\dd")
# How transformers names its models: SwinModel bare, BertForMaskedLM with a head on it.
_MODEL = re.compile(r"\w_model$")
_BASE = re.compile(r"\w(Model|For[A-Z]\w+)$")


@dataclass(frozen=True)
class Clue:
    """What a module's own name or class says."""

    role: Role
    kind: Kind
    why: str


def is_plain(class_name: str) -> bool:
    """Whether this is a normalisation, an activation, a pooling: no part of its own."""
    return bool(_PLAIN.search(class_name))


def is_layer(class_name: str) -> bool:
    """Whether this is a single layer with weights, as the last one of a net often is."""
    return bool(_SINGLE.fullmatch(class_name))


def clue_of(path: str, class_name: str) -> Clue | None:
    """What the attribute's name says, else the class's."""
    if is_plain(class_name):
        return None
    name = _name(path)
    if _MODEL.search(name):
        return Clue("backbone", "base", f"its name {name} says it is a model of its own")
    words = _split(name)
    known = [word for word in words if word in _WORDS or word in _TASKS]
    if not known:
        return _clue_of_class(class_name)
    word = known[-1]
    task = next((task for task in reversed(words) if task in _TASKS), None)
    if task and (word == task or _WORDS[word][1] in _BY_TASK):
        return Clue("head", "output", f"its name {name} says {task}, which a head gives")
    return Clue(*_WORDS[word], f"its name {name} says {word}")


def _clue_of_class(class_name: str) -> Clue | None:
    if _BASE.search(class_name):
        return Clue("backbone", "base", f"its class {class_name} is a whole base model")
    if _LAYER.search(class_name):
        return None
    if known := [word for word in _split(class_name) if word in _WORDS]:
        return Clue(*_WORDS[known[-1]], f"its class {class_name} says {known[-1]}")
    return None


def _name(path: str) -> str:
    """The attribute; of an item of a list, the list's."""
    return next((part for part in reversed(path.split(".")) if not part.isdigit()), "")


def _split(text: str) -> list[str]:
    return [part.lower() for part in _PARTS.findall(text)]
