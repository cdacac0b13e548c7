"""Mask R-CNN with proposals, crops and masks handled one by one in Python.

Backbone, FPN and the heads proper (RPN head, box head, mask head) export. What joins them does
not: non-maximum suppression runs while boxes are left, which only data can tell, and the number of
boxes that stay is unknown from there on. Behind it wait RoIAlign, which turns box coordinates into
Python numbers to pick a pyramid level, and the pasting of masks, which cuts the image by them.

Verdict: partly
Category: data_dependent_branch
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
    """Greedy non-maximum suppression: the best box stays, those it overlaps go, and again."""

    def __init__(self, threshold: float) -> None:
        super().__init__()
        self.threshold = threshold

    def forward(self, boxes: Tensor, scores: Tensor) -> Tensor:
        """Map (N, 4) boxes and (N,) scores to the indices of those kept (K,), best first."""
        suppresses = pairwise_iou(boxes) > self.threshold
        alive = torch.ones_like(scores, dtype=torch.bool)
        keep = []
        while alive.any():  # export stops here
            best = scores.masked_fill(~alive, -torch.inf).argmax()
            keep.append(best)
            alive = alive & ~suppresses[best]
        return torch.stack(keep)


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
        self.nms = NMS(threshold=0.5)

    def forward(self, maps: list[Tensor], size: Size) -> Tensor:
        """Map the pyramid to proposals (P, 4), P <= PROPOSALS."""
        objectness, deltas = self.head(maps)
        scores, best = objectness.topk(CANDIDATES)
        boxes = apply_deltas(anchors(maps)[best], deltas[best], size)
        return boxes[self.nms(boxes, scores)[:PROPOSALS]]


def bilinear(x: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Sample (C, H, W) where (S,) rows and (S,) columns cross -> (C, S, S)."""
    height, width = x.shape[-2:]
    rows, columns = rows.clamp(0, height - 1), columns.clamp(0, width - 1)
    top, left = rows.long(), columns.long()
    bottom, right = (top + 1).clamp(max=height - 1), (left + 1).clamp(max=width - 1)
    down, across = (rows - top)[:, None], columns - left
    lines = x[:, top] * (1 - down) + x[:, bottom] * down
    return lines[..., left] * (1 - across) + lines[..., right] * across


class RoIAlign(nn.Module):
    """Samples a fixed grid in every box, from the pyramid level that suits its size."""

    def __init__(self, resolution: int) -> None:
        super().__init__()
        self.resolution = resolution

    def forward(self, maps: list[Tensor], boxes: Tensor) -> Tensor:
        """Map boxes (N, 4) to crops (N, PYRAMID, resolution, resolution)."""
        grid = (torch.arange(self.resolution) + 0.5) / self.resolution
        crops = []
        for box in boxes:
            x0, y0, x1, y1 = box.tolist()
            scale = ((x1 - x0) * (y1 - y0)) ** 0.5
            # Under 32 pixels from the finest map, under 64 from the next, larger from the last.
            level = min(int(scale // 32), len(maps) - 1)  # export would stop here next
            rows = (y0 + grid * (y1 - y0)) / STRIDES[level] - 0.5
            columns = (x0 + grid * (x1 - x0)) / STRIDES[level] - 0.5
            crops.append(bilinear(maps[level][0], rows, columns))
        return torch.stack(crops)


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
        self.nms = NMS(threshold=0.5)
        self.mask_align = RoIAlign(resolution=14)
        self.mask_head = MaskHead()

    def forward(self, maps: list[Tensor], proposals: Tensor, size: Size) -> tuple[Tensor, ...]:
        """Map proposals (P, 4) to boxes (D, 4), labels (D,), scores (D,), masks (D, 28, 28)."""
        logits, deltas = self.box_head(self.box_align(maps, proposals))
        scores, labels = logits.softmax(dim=1)[:, 1:].max(dim=1)
        boxes = apply_deltas(proposals, deltas, size)
        apart = labels[:, None] * max(size)  # so that only boxes of one class meet in NMS

        sure = scores > self.threshold
        keep = self.nms((boxes + apart)[sure], scores[sure])[:DETECTIONS]
        boxes, labels, scores = boxes[sure][keep], labels[sure][keep], scores[sure][keep]
        masks = self.mask_head(self.mask_align(maps, boxes))
        return boxes, labels, scores, masks[torch.arange(len(keep)), labels]


class MaskPaste(nn.Module):
    """Thresholds every mask and pastes it into the image at its box."""

    def forward(self, boxes: Tensor, masks: Tensor, size: Size) -> Tensor:
        """Map boxes (D, 4) and masks (D, 28, 28) to booleans (D, H, W)."""
        canvas = torch.zeros(len(boxes), *size, dtype=torch.bool)
        for target, box, mask in zip(canvas, boxes, masks, strict=True):
            x0, y0 = int(box[0]), int(box[1])  # export would stop here next
            x1, y1 = int(box[2].ceil()), int(box[3].ceil())
            patch = F.interpolate(mask[None, None], size=(y1 - y0, x1 - x0), mode="bilinear")
            target[y0:y1, x0:x1] = patch[0, 0] > 0.5
        return canvas


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
        """Map (1, 3, H, W) to D instances: boxes (D, 4), labels, scores (D,), masks (D, H, W)."""
        size = (image.shape[2], image.shape[3])
        maps = self.fpn(self.backbone(image))
        proposals = self.rpn(maps, size)
        boxes, labels, scores, masks = self.roi_heads(maps, proposals, size)
        masks = self.postprocess(boxes, masks, size)
        return {"boxes": boxes, "labels": labels, "scores": scores, "masks": masks}


torch.manual_seed(177)  # a net that finds 7 instances: 3 classes, read from 3 pyramid levels


def main() -> None:
    model = MaskRCNN().eval()
    image = torch.rand(1, 3, 96, 128)
    program = torch.export.export(model, (image,))
    print(f"exported: {len(program.graph.nodes)} nodes")


if __name__ == "__main__":
    main()
