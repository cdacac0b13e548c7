"""Parts of libraries that do not export, replaced from the entry script.

A library's file cannot be edited: the script puts a stand-in of the same result in place of the
function, below its imports and before it builds the model. The code is in torchvision_code.py.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from workers.remedies import torchvision_code as code
from workers.remedies.blocks import after_imports
from workers.remedies.model import Cause, Edit, Kind, Remedy, Upload

_CATEGORIES = frozenset(
    {
        "data_dependent_branch",
        "data_dependent_shape",
        "tensor_to_python",
        "unsupported_python",
        "unknown",
    }
)


@dataclass(frozen=True)
class StandIn:
    """One replacement. `places` are the files and functions that it makes go, as in a frame."""

    name: str
    title: str
    kind: Kind
    places: frozenset[tuple[str, str]]
    imports: tuple[str, ...]
    code: str
    note: str

    def stands_for(self, cause: Cause) -> bool:
        """Whether the blocker lies in what is replaced."""
        reached = [(frame.get("file"), frame.get("function")) for frame in cause.frames]
        return any(
            str(file).endswith(place) and function == name
            for file, function in [*reached, (cause.file, cause.function)]
            for place, name in self.places
        )


_OPAQUE = "Export sees one operator; what loads the program has to define it too."

STAND_INS = (
    StandIn(
        "torchvision_nms",
        "Make torchvision's batched_nms one operator",
        "wrap",
        frozenset(
            ("torchvision/ops/boxes.py", name)
            for name in ("batched_nms", "_batched_nms_vanilla", "_batched_nms_coordinate_trick")
        ),
        (
            "import torch",
            "from torch import Tensor",
            "from torchvision.ops import boxes as box_ops",
        ),
        code.BATCHED_NMS,
        _OPAQUE,
    ),
    StandIn(
        "torchvision_decode_boxes",
        "Decode torchvision's boxes without asking how many there are",
        "rewrite",
        frozenset({("torchvision/models/detection/_utils.py", "BoxCoder.decode")}),
        ("import torch", "from torchvision.models.detection import _utils as detection_utils"),
        code.DECODE_BOXES,
        "The same reshapes, with no question whether there are boxes.",
    ),
    StandIn(
        "torchvision_roi_align",
        "Pool torchvision's regions without a Python number of boxes",
        "rewrite",
        frozenset({("torchvision/ops/poolers.py", "_multiscale_roi_align")}),
        ("import torch", "from torchvision.ops import poolers, roi_align"),
        code.ROI_ALIGN,
        "The same pooling, with the number of boxes left to the data.",
    ),
    StandIn(
        "torchvision_paste_masks",
        "Make torchvision's pasting of masks one operator",
        "wrap",
        frozenset(
            ("torchvision/models/detection/roi_heads.py", name)
            for name in ("paste_masks_in_image", "paste_mask_in_image")
        ),
        (
            "import torch",
            "from torch import Tensor",
            "from torchvision.models.detection import roi_heads, transform",
        ),
        code.PASTE_MASKS,
        _OPAQUE,
    ),
    StandIn(
        "torchvision_keypoints",
        "Make torchvision's reading of keypoint heatmaps one operator",
        "wrap",
        frozenset({("torchvision/models/detection/roi_heads.py", "heatmaps_to_keypoints")}),
        (
            "import torch",
            "from torch import Tensor",
            "from torchvision.models.detection import roi_heads",
        ),
        code.KEYPOINTS,
        _OPAQUE,
    ),
)


def _proposer(stand_in: StandIn) -> Callable[[Cause, Upload], Iterable[Edit]]:
    def propose(cause: Cause, upload: Upload) -> Iterator[Edit]:
        text = upload.files.get(upload.entry)
        if text is None or cause.in_upload or not stand_in.stands_for(cause):
            return
        if (new := after_imports(text, stand_in.imports, stand_in.code)) is not None:
            yield Edit({upload.entry: new}, note=stand_in.note)

    return propose


REMEDIES = tuple(
    Remedy(stand_in.name, stand_in.title, stand_in.kind, _CATEGORIES, _proposer(stand_in))
    for stand_in in STAND_INS
)
REWRITES = tuple(remedy for remedy in REMEDIES if remedy.kind == "rewrite")
WRAPS = tuple(remedy for remedy in REMEDIES if remedy.kind == "wrap")
