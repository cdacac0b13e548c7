"""The courses that are followed after a verdict, in their order."""

from workers.follow.contract import contract
from workers.follow.model import Course
from workers.follow.remedies import remedies
from workers.follow.repros import repros
from workers.follow.serialized import serialized
from workers.follow.stages import draft, onnx, strict

COURSES: dict[str, Course] = {
    "serialized": serialized,
    "strict": strict,
    "remedies": remedies,
    "contract": contract,
    "repros": repros,
    "draft": draft,
    "onnx": onnx,
}
