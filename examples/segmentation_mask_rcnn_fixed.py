"""Mask R-CNN with fixed counts of proposals and detections, in tensors only.

The fixed twin of segmentation_mask_rcnn_broken.py, with the same weights. NMS takes as many greedy
steps as boxes are wanted, RoIAlign samples all boxes on every pyramid level and picks, and masks
are sampled at every pixel of the image. The output has 8 slots where the broken one returns as
many rows as there are instances: the valid ones are the same instances in the same order (boxes
and scores to 1e-4, masks to the pixel), the others have score 0 and an empty mask.

Verdict: exported
"""

from itertools import pairwise

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

WIDTHS = (16, 32, 64)  # channels of the backbone's maps at 1/4, 1/8 and 1/16 of the image
STRIDES = (4, 8, 16)
PYRAMID = 32  # channels of every FPN map
RATIOS = (0.5, 1.0, 2.0)  # height to width of the anchors
CLASSES = 3  # without the background, which is class 0 of the logits
CANDIDATES, PROPOSALS, DETECTIONS = 64, 12, 8  # boxes into the RPN's NMS, out of it, in the end

Size = tuple[int, int]  # height and width of the image


def conv_bn(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """Build a same-padded convolution without bias, followed by batch norm."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
    )


def pairwise_iou(boxes: Tensor) -> Tensor:
    """Intersection over union of (N, 4) boxes x0, y0, x1, y1 with each other -> (N, N)."""
    low = torch.maximum(boxes[:, None, :2], boxes[:, :2])
    high = torch.minimum(boxes[:, None, 2:], boxes[:, 2:])
    shared = (high - low).clamp(min=0).prod(dim=2)
    area = (boxes[:, 2:] - boxes[:, :2]).prod(dim=1)
    return shared / (area[:, None] + area - shared)


def apply_deltas(boxes: Tensor, deltas: Tensor, size: Size) -> Tensor:
    """Move (N, 4) boxes by (N, 4) deltas, in tenths; keep them in the image, a pixel or larger."""
    extent = boxes[:, 2:] - boxes[:, :2]
    center = boxes[:, :2] + extent * (0.5 + deltas[:, :2] / 10)
    half = extent * (deltas[:, 2:] / 10).clamp(max=1).exp() / 2
    limit = boxes.new_tensor([size[1], size[0]])
    low = (center - half).clamp(min=0).minimum(limit - 1)
    high = (center + half).minimum(limit).maximum(low + 1)
    return torch.cat([low, high], dim=1)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions and a projected shortcut, at half the resolution."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = conv_bn(inputs, outputs, stride=2)
        self.conv2 = conv_bn(outputs, outputs)
        self.shortcut = conv_bn(inputs, outputs, kernel=1, stride=2)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.shortcut(x) + self.conv2(self.relu(self.conv1(x))))


class ResNet(nn.Module):
    """Stem and three residual stages."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(conv_bn(3, WIDTHS[0], kernel=7, stride=2), nn.ReLU())
        widths = (WIDTHS[0], *WIDTHS)
        self.stages = nn.ModuleList(ResidualBlock(*pair) for pair in pairwise(widths))

    def forward(self, image: Tensor) -> list[Tensor]:
        """Map (1, 3, H, W) to maps (1, WIDTHS[i], H / STRIDES[i], W / STRIDES[i])."""
        x = self.stem(image)
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return maps


class FPN(nn.Module):
    """Feature pyramid: every level hears from the coarser ones."""

    def __init__(self) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(nn.Conv2d(width, PYRAMID, 1) for width in WIDTHS)
        self.output = nn.ModuleList(nn.Conv2d(PYRAMID, PYRAMID, 3, padding=1) for _ in WIDTHS)

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """Give all maps PYRAMID channels, finest first."""
        merged = [lateral(x) for lateral, x in zip(self.lateral, maps, strict=True)]
        for level in reversed(range(len(merged) - 1)):
            coarser = F.interpolate(merged[level + 1], size=merged[level].shape[-2:])
            merged[level] = merged[level] + coarser
        return [output(x) for output, x in zip(self.output, merged, strict=True)]


def anchors(maps: list[Tensor]) -> Tensor:
    """Boxes of all ratios around every pixel of every map, in image pixels -> (A, 4)."""
    boxes = []
    for x, stride in zip(maps, STRIDES, strict=True):
        height, width = x.shape[-2:]
        rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        centers = (torch.stack([columns, rows], dim=2) + 0.5)[:, :, None] * stride
        half = torch.tensor([(ratio**-0.5, ratio**0.5) for ratio in RATIOS]) * 2 * stride
        boxes.append(torch.cat([centers - half, centers + half], dim=3).reshape(-1, 4))
    return torch.cat(boxes)


class NMS(nn.Module):
    """Greedy non-maximum suppression, in as many steps as boxes are wanted."""

    def __init__(self, threshold: float, count: int) -> None:
        super().__init__()
        self.threshold = threshold
        self.count = count

    def forward(self, boxes: Tensor, scores: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """Map boxes (N, 4), scores (N,) and validity (N,) to slots, best first.

        A slot is the index of a box (count,), and whether a box was left to fill it (count,).
        """
        suppresses = pairwise_iou(boxes) > self.threshold
        alive = scores.masked_fill(~valid, -torch.inf)[None]  # a dead box scores -inf
        keep, kept_scores = [], []
        for _ in range(self.count):
            score, best = alive.max(dim=1)
            keep.append(best)
            kept_scores.append(score)
            alive = alive.masked_fill(suppresses[best], -torch.inf)
        return torch.cat(keep), torch.cat(kept_scores) > -torch.inf


class RPNHead(nn.Module):
    """Asks every anchor whether it holds an object, and how it should move."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Sequential(nn.Conv2d(PYRAMID, PYRAMID, 3, padding=1), nn.ReLU())
        self.objectness = nn.Conv2d(PYRAMID, len(RATIOS), 1)
        self.deltas = nn.Conv2d(PYRAMID, len(RATIOS) * 4, 1)

    def forward(self, maps: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Map the pyramid to objectness (A,) and deltas (A, 4), in the order of the anchors."""
        shared = [self.conv(x) for x in maps]
        scores = [self.objectness(x).permute(0, 2, 3, 1).flatten() for x in shared]
        deltas = [self.deltas(x).permute(0, 2, 3, 1).reshape(-1, 4) for x in shared]
        return torch.cat(scores), torch.cat(deltas)


class RPN(nn.Module):
    """Region proposals: the most promising anchors, moved, without near duplicates."""

    def __init__(self) -> None:
        super().__init__()
        self.head = RPNHead()
        self.nms = NMS(threshold=0.5, count=PROPOSALS)

    def forward(self, maps: list[Tensor], size: Size) -> tuple[Tensor, Tensor]:
        """Map the pyramid to proposals (PROPOSALS, 4) and whether they are valid (PROPOSALS,)."""
        objectness, deltas = self.head(maps)
        scores, best = objectness.topk(CANDIDATES)
        boxes = apply_deltas(anchors(maps)[best], deltas[best], size)
        keep, valid = self.nms(boxes, scores, torch.ones_like(scores, dtype=torch.bool))
        return boxes[keep], valid


def mesh(columns: Tensor, rows: Tensor) -> Tensor:
    """Cross columns (N, W) and rows (N, H) to points x, y (N, H, W, 2)."""
    shape = (-1, rows.shape[1], columns.shape[1])
    return torch.stack([columns[:, None].expand(shape), rows[:, :, None].expand(shape)], dim=3)


class RoIAlign(nn.Module):
    """Samples a fixed grid in every box, from the pyramid level that suits its size."""

    def __init__(self, resolution: int) -> None:
        super().__init__()
        self.resolution = resolution

    def forward(self, maps: list[Tensor], boxes: Tensor) -> Tensor:
        """Map boxes (N, 4) to crops (N, PYRAMID, resolution, resolution)."""
        count, side = len(boxes), self.resolution
        grid = (torch.arange(side) + 0.5) / side
        low, extent = boxes[:, :2, None], (boxes[:, 2:] - boxes[:, :2])[:, :, None]
        columns, rows = (low + grid * extent).unbind(dim=1)
        height, width = maps[0].shape[2] * STRIDES[0], maps[0].shape[3] * STRIDES[0]
        points = mesh(columns / width, rows / height) * 2 - 1  # -1..1 across the image
        tall = points.flatten(0, 1)[None]  # all boxes in one grid
        levels = [F.grid_sample(x, tall, padding_mode="border", align_corners=False) for x in maps]
        crops = torch.cat(levels).unflatten(2, (count, side))

        # Under 32 pixels from the finest map, under 64 from the next, larger from the last.
        scale = extent.prod(dim=1).sqrt().squeeze(1)
        level = (scale // 32).clamp(max=len(maps) - 1).long()
        return crops[level, :, torch.arange(count)]


class BoxHead(nn.Module):
    """Classifies a crop and refines its box."""

    def __init__(self, resolution: int = 7, hidden: int = 128) -> None:
        super().__init__()
        self.fc = nn.Sequential(nn.Linear(PYRAMID * resolution**2, hidden), nn.ReLU())
        self.classes = nn.Linear(hidden, CLASSES + 1)
        self.deltas = nn.Linear(hidden, 4)

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Map crops (N, PYRAMID, 7, 7) to logits (N, CLASSES + 1) and deltas (N, 4)."""
        hidden = self.fc(crops.flatten(1))
        return self.classes(hidden), self.deltas(hidden)


class MaskHead(nn.Sequential):
    """Draws one mask a class: (N, PYRAMID, 14, 14) -> (N, CLASSES, 28, 28), values in 0..1."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(PYRAMID, PYRAMID, 3, padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(PYRAMID, PYRAMID, 2, stride=2),
            nn.ReLU(),
            nn.Conv2d(PYRAMID, CLASSES, 1),
            nn.Sigmoid(),
        )


class RoIHeads(nn.Module):
    """Turns proposals into detections, and detections into masks."""

    def __init__(self, threshold: float = 0.6) -> None:
        super().__init__()
        self.threshold = threshold
        self.box_align = RoIAlign(resolution=7)
        self.box_head = BoxHead()
        self.nms = NMS(threshold=0.5, count=DETECTIONS)
        self.mask_align = RoIAlign(resolution=14)
        self.mask_head = MaskHead()

    def forward(
        self, maps: list[Tensor], proposals: Tensor, valid: Tensor, size: Size
    ) -> tuple[Tensor, ...]:
        """Map proposals (P, 4) and their validity (P,) to D = DETECTIONS slots.

        Boxes (D, 4), labels (D,), scores (D,), masks (D, 28, 28) and validity (D,).
        """
        logits, deltas = self.box_head(self.box_align(maps, proposals))
        scores, labels = logits.softmax(dim=1)[:, 1:].max(dim=1)
        boxes = apply_deltas(proposals, deltas, size)
        apart = labels[:, None] * max(size)  # so that only boxes of one class meet in NMS

        sure = valid & (scores > self.threshold)
        keep, valid = self.nms(boxes + apart, scores, sure)
        boxes, labels, scores = boxes[keep], labels[keep], scores[keep] * valid
        masks = self.mask_head(self.mask_align(maps, boxes))
        return boxes, labels, scores, masks[torch.arange(DETECTIONS), labels], valid


class MaskPaste(nn.Module):
    """Samples every mask at every pixel of the image, and thresholds it inside its box."""

    def forward(self, boxes: Tensor, masks: Tensor, valid: Tensor, size: Size) -> Tensor:
        """Map boxes (D, 4), masks (D, 28, 28) and validity (D,) to booleans (D, H, W)."""
        low, high = boxes[:, :2, None].floor(), boxes[:, 2:, None].ceil()
        columns, rows = (torch.arange(length) + 0.5 for length in reversed(size))
        x = (columns - low[:, 0]) / (high - low)[:, 0]
        y = (rows - low[:, 1]) / (high - low)[:, 1]
        points = mesh(x, y) * 2 - 1  # -1..1 across the box
        inside = (points.abs() < 1).all(dim=3)
        patch = F.grid_sample(masks[:, None], points, padding_mode="border", align_corners=False)
        return (patch[:, 0] > 0.5) & inside & valid[:, None, None]


class MaskRCNN(nn.Module):
    """Image to instances: backbone, neck, proposals, heads, pasted masks."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = ResNet()
        self.fpn = FPN()
        self.rpn = RPN()
        self.roi_heads = RoIHeads()
        self.postprocess = MaskPaste()
        # Untrained, but the signal must reach the heads: boxes differ in score, class and size.
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight)

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """Map (1, 3, H, W) to D = DETECTIONS slots.

        boxes (D, 4), labels (D,), scores (D,), masks (D, H, W) and valid (D,).
        """
        size = (image.shape[2], image.shape[3])
        torch._check(image.shape[0] == 1, lambda: "one image at a time")
        torch._check(
            size[0] % STRIDES[-1] == 0 and size[1] % STRIDES[-1] == 0,
            lambda: f"height and width must be multiples of {STRIDES[-1]}, not {size}",
        )
        maps = self.fpn(self.backbone(image))
        proposals, valid = self.rpn(maps, size)
        boxes, labels, scores, masks, valid = self.roi_heads(maps, proposals, valid, size)
        masks = self.postprocess(boxes, masks, valid, size)
        return {"boxes": boxes, "labels": labels, "scores": scores, "masks": masks, "valid": valid}


torch.manual_seed(177)  # a net that finds 7 instances: 3 classes, read from 3 pyramid levels


def main() -> None:
    model = MaskRCNN().eval()
    image = torch.rand(1, 3, 96, 128)
    program = torch.export.export(model, (image,))
    print(f"exported: {len(program.graph.nodes)} nodes")


if __name__ == "__main__":
    main()
