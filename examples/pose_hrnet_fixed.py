"""HRNet pose estimation whose heatmap decode is tensor operations only.

The fixed twin of pose_hrnet_broken.py, with the same weights, inputs and results to the bit. The
decode handles all joints at once: max finds the peaks, gather reads their neighbours, torch.where
answers the questions that were Python branches (a peak at the border reads around an inner pixel
instead and drops what it read). Where scales meet, upsampling aims at the size it must meet and
torch._check says what was expected; on shapes known at export such a check leaves no node.

Verdict: exported
"""

from functools import reduce

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

WIDTHS = (16, 32, 64)  # channels of the branches at 1/4, 1/8 and 1/16 of the image
JOINTS = 17  # as in COCO


def conv_bn(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """Build a same-padded convolution without bias, followed by batch norm."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
    )


def meet(x: Tensor, target: Tensor) -> Tensor:
    """Bring x (N, C, h, w) up to the resolution of target (N, D, H, W)."""
    (height, width), size = x.shape[-2:], target.shape[-2:]
    torch._check(
        size[0] % height == 0 and size[1] % width == 0,
        lambda: f"scales do not meet: {height}x{width} has no whole factor to {size[0]}x{size[1]}",
    )
    return x if x.shape[-2:] == size else F.interpolate(x, size=size, mode="nearest")


class BasicBlock(nn.Module):
    """Two 3x3 convolutions with a shortcut; keeps (N, C, H, W)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = conv_bn(channels, channels, 3)
        self.conv2 = conv_bn(channels, channels, 3)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(x + self.conv2(self.relu(self.conv1(x))))


class ExchangeUnit(nn.Module):
    """Gives every branch the sum of all branches, each brought to its resolution."""

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.paths = nn.ModuleList(
            nn.ModuleList(self.path(widths, source, target) for source in range(len(widths)))
            for target in range(len(widths))
        )
        self.relu = nn.ReLU()

    @staticmethod
    def path(widths: tuple[int, ...], source: int, target: int) -> nn.Module:
        """Build the way from one branch to another: up (but for the size), straight or down."""
        if source == target:
            return nn.Identity()
        if source > target:
            return nn.Sequential(conv_bn(widths[source], widths[target], 1))
        steps: list[nn.Module] = []
        for level in range(source, target):
            last = level + 1 == target
            outputs = widths[target] if last else widths[source]
            steps += [conv_bn(widths[source], outputs, 3, stride=2)]
            steps += [] if last else [nn.ReLU()]
        return nn.Sequential(*steps)

    def forward(self, branches: list[Tensor]) -> list[Tensor]:
        """Map branches of (N, widths[i], H / 2**i, W / 2**i) to the same shapes."""
        fused = []
        for target, paths in zip(branches, self.paths, strict=True):
            arrivals = [meet(path(x), target) for path, x in zip(paths, branches, strict=True)]
            fused.append(self.relu(reduce(torch.add, arrivals)))
        return fused


class Stage(nn.Module):
    """Opens a branch of half the lowest resolution, refines all branches, lets them exchange."""

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.open = nn.Sequential(conv_bn(widths[-2], widths[-1], 3, stride=2), nn.ReLU())
        self.branches = nn.ModuleList(
            nn.Sequential(BasicBlock(width), BasicBlock(width)) for width in widths
        )
        self.exchange = ExchangeUnit(widths)

    def forward(self, branches: list[Tensor]) -> list[Tensor]:
        opened = [*branches, self.open(branches[-1])]
        refined = [branch(x) for branch, x in zip(self.branches, opened, strict=True)]
        return self.exchange(refined)


class HRNet(nn.Module):
    """High-resolution network: the stem's resolution is kept to the end."""

    def __init__(self, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            conv_bn(3, widths[0], 3, stride=2),
            nn.ReLU(),
            conv_bn(widths[0], widths[0], 3, stride=2),
            nn.ReLU(),
            BasicBlock(widths[0]),
        )
        self.stages = nn.ModuleList(Stage(widths[:count]) for count in range(2, len(widths) + 1))

    def forward(self, images: Tensor) -> list[Tensor]:
        """Map (N, 3, H, W) to one feature map a scale, finest first."""
        branches = [self.stem(images)]
        for stage in self.stages:
            branches = stage(branches)
        return branches


class ScaleFusion(nn.Module):
    """Brings all scales to the finest one and mixes their channels."""

    def __init__(self, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__()
        self.mix = nn.Sequential(conv_bn(sum(widths), widths[-1], 1), nn.ReLU())

    def forward(self, scales: list[Tensor]) -> Tensor:
        """Map the backbone's scales to (N, widths[-1], H / 4, W / 4)."""
        return self.mix(torch.cat([meet(x, scales[0]) for x in scales], dim=1))


class HeatmapDecode(nn.Module):
    """Reads the coordinates of all joints off their heatmaps at once."""

    def __init__(self, stride: int = 4, threshold: float = 1.0) -> None:
        super().__init__()
        self.stride = stride
        self.threshold = threshold

    def forward(self, heatmaps: Tensor) -> tuple[Tensor, Tensor]:
        """Map (N, J, H, W) to keypoints (N, J, 2) and scores (N, J)."""
        height, width = heatmaps.shape[-2:]
        pixels = heatmaps.flatten(2)
        scores, index = pixels.max(dim=2)
        x, y = index % width, index // width
        inside = (x > 0) & (x < width - 1) & (y > 0) & (y < height - 1)

        center = torch.where(inside, index, width + 1)  # at the border, some inner pixel
        around = torch.stack([center + 1, center - 1, center + width, center - width], dim=2)
        right, left, below, above = pixels.gather(2, around).unbind(dim=2)
        offset = 0.25 * torch.stack([right - left, below - above], dim=2).sign()
        offset = torch.where(inside[..., None], offset, 0.0)

        points = (torch.stack([x, y], dim=2) + offset) * self.stride
        seen = scores >= self.threshold
        return torch.where(seen[..., None], points, 0.0), scores


class HRNetPose(nn.Module):
    """Image to joints: backbone, neck, head, decode."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = HRNet()
        self.neck = ScaleFusion()
        self.head = nn.Conv2d(WIDTHS[-1], JOINTS, kernel_size=1)
        self.decode = HeatmapDecode()
        # Untrained, but the signal must reach the heatmaps: some joints are seen, some are not.
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Map (N, 3, H, W) to keypoints (N, 17, 2), in pixels, and scores (N, 17)."""
        return self.decode(self.head(self.neck(self.backbone(images))))


torch.manual_seed(0)
model = HRNetPose().eval()
inputs = (torch.rand(2, 3, 128, 96),)
