"""HRNet pose estimation whose heatmap decode branches on tensor values.

Three branches of different resolution run side by side and exchange what they see; a head turns
the fused map into one heatmap a joint. Backbone, neck and head export. The decode does not: it
walks over the joints in Python and asks the data, first "is the peak high enough?", then "where is
it?" and "is it inside the border?". Export traces without data, so such a question has no answer.
The scales meet on trust: upsampling by a factor, no word about the shapes that must come out.

Verdict: partly
Category: data_dependent_branch
"""

from functools import reduce

import torch
from torch import Tensor, nn

WIDTHS = (16, 32, 64)  # channels of the branches at 1/4, 1/8 and 1/16 of the image
JOINTS = 17  # as in COCO


def conv_bn(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """Build a same-padded convolution without bias, followed by batch norm."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
    )


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
        """Build the way from one branch to another: up, straight or down."""
        if source == target:
            return nn.Identity()
        if source > target:
            up = nn.Upsample(scale_factor=2 ** (source - target), mode="nearest")
            return nn.Sequential(conv_bn(widths[source], widths[target], 1), up)
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
        for paths in self.paths:
            arrivals = [path(x) for path, x in zip(paths, branches, strict=True)]
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
        self.up = nn.ModuleList(
            nn.Upsample(scale_factor=2**i, mode="nearest") for i in range(len(widths))
        )
        self.mix = nn.Sequential(conv_bn(sum(widths), widths[-1], 1), nn.ReLU())

    def forward(self, scales: list[Tensor]) -> Tensor:
        """Map the backbone's scales to (N, widths[-1], H / 4, W / 4)."""
        return self.mix(torch.cat([up(x) for up, x in zip(self.up, scales, strict=True)], dim=1))


class HeatmapDecode(nn.Module):
    """Reads joint coordinates off the heatmaps, one joint after the other."""

    def __init__(self, stride: int = 4, threshold: float = 1.0) -> None:
        super().__init__()
        self.stride = stride
        self.threshold = threshold

    def decode_joint(self, heatmap: Tensor) -> tuple[Tensor, Tensor]:
        """Map (H, W) to the joint's x and y in the image (2,) and its score ()."""
        height, width = heatmap.shape
        score, index = heatmap.flatten().max(dim=0)
        if score < self.threshold:  # export stops here
            return heatmap.new_zeros(2), score
        y, x = int(index) // width, int(index) % width  # export would stop here next
        point = torch.tensor([x, y], dtype=heatmap.dtype)
        if 0 < x < width - 1 and 0 < y < height - 1:  # export would stop here next
            slope_x = heatmap[y, x + 1] - heatmap[y, x - 1]
            slope_y = heatmap[y + 1, x] - heatmap[y - 1, x]
            point += 0.25 * torch.stack([slope_x, slope_y]).sign()  # towards the higher neighbour
        return point * self.stride, score

    def forward(self, heatmaps: Tensor) -> tuple[Tensor, Tensor]:
        """Map (N, J, H, W) to keypoints (N, J, 2) and scores (N, J)."""
        batch, joints = heatmaps.shape[:2]
        decoded = [self.decode_joint(heatmap) for heatmap in heatmaps.flatten(0, 1)]
        keypoints, scores = zip(*decoded, strict=True)
        return (
            torch.stack(keypoints).view(batch, joints, 2),
            torch.stack(scores).view(batch, joints),
        )


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
