"""Which joints are seen."""

import torch
from torch import Tensor


def visible_joints(joints: Tensor, scores: Tensor) -> Tensor:
    """Joints (J, 2), those that are not seen put into the middle."""
    seen = scores > 0.3
    if not bool(seen.all()):  # FAULT data_dependent_branch in .
        # FIX: if True:
        center = joints.mean(0, keepdim=True)
        joints = torch.where(seen[:, None], joints, center)
    return joints
