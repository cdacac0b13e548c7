"""A 3D ResNet for video that fixes the clip length it was asked to keep open.

Clips of 4 to 32 frames are requested through dynamic_shapes, and the backbone keeps time symbolic.
The temporal smoothing does not: it walks over the frames in Python, range() needs a number, and
export answers that time was specialised to the example's 8. Behind it waits a pool with a window
of 8 frames. About the third fault, a cache of frames kept on the module from call to call, torch
2.13 only warns: the exported program would start every clip from an empty past.

Verdict: partly
Category: dynamic_shape_violation
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.export import Dim

WIDTHS = (8, 16, 32, 64)  # channels of the stem and the three residual stages
CONTEXT = 2  # frames of the past that the stem sees
CLASSES = 10


def conv_bn(inputs: int, outputs: int, stride: tuple[int, int, int] = (1, 1, 1)) -> nn.Sequential:
    """Build a 3x3x3 convolution (time, height, width) without bias, followed by batch norm."""
    return nn.Sequential(
        nn.Conv3d(inputs, outputs, kernel_size=3, stride=stride, padding=1, bias=False),
        nn.BatchNorm3d(outputs),
    )


class Stem(nn.Sequential):
    """Causal in time: (N, 3, CONTEXT + T, H, W) to (N, C, T, H / 2, W / 2)."""

    def __init__(self, channels: int) -> None:
        super().__init__(
            nn.Conv3d(
                3,
                channels,
                kernel_size=(CONTEXT + 1, 7, 7),
                stride=(1, 2, 2),
                padding=(0, 3, 3),
                bias=False,
            ),
            nn.BatchNorm3d(channels),
            nn.ReLU(),
        )


class BasicBlock3D(nn.Module):
    """Two 3x3x3 convolutions with a shortcut; halves height and width, keeps time."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = conv_bn(inputs, outputs, stride=(1, 2, 2))
        self.conv2 = conv_bn(outputs, outputs)
        self.shortcut = nn.Sequential(
            nn.Conv3d(inputs, outputs, kernel_size=1, stride=(1, 2, 2), bias=False),
            nn.BatchNorm3d(outputs),
        )
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        out = self.conv2(self.relu(self.conv1(x)))
        return self.relu(out + self.shortcut(x))


class ResNet3D(nn.Module):
    """A stem and three residual stages; strides in space only, as in a slow pathway."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = Stem(WIDTHS[0])
        self.stages = nn.Sequential(
            *(BasicBlock3D(inputs, outputs) for inputs, outputs in pairwise(WIDTHS))
        )

    def forward(self, clip: Tensor) -> Tensor:
        """Map (N, 3, CONTEXT + T, H, W) to (N, 64, T, H / 16, W / 16)."""
        return self.stages(self.stem(clip))


class TemporalSmoothing(nn.Module):
    """Exponential moving average over time, frame by frame."""

    def __init__(self, decay: float = 0.6) -> None:
        super().__init__()
        self.decay = decay

    def forward(self, features: Tensor) -> Tensor:
        """Keep the shape (N, C, T, H, W)."""
        state = features[:, :, 0]
        smooth = [state]
        for step in range(1, features.shape[2]):  # export stops here
            state = self.decay * state + (1 - self.decay) * features[:, :, step]
            smooth.append(state)
        return torch.stack(smooth, dim=2)


class ClassifierHead(nn.Module):
    """Averages over the whole clip, as long as that is 8 frames of 4x4, and classifies."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.pool = nn.AvgPool3d(kernel_size=(8, 4, 4))
        self.fc = nn.Linear(channels, classes)

    def forward(self, features: Tensor) -> Tensor:
        """Map (N, C, 8, 4, 4) to logits (N, classes)."""
        return self.fc(self.pool(features).flatten(1))  # export would stop here next


class VideoResNet3D(nn.Module):
    """Clip to class: backbone, temporal neck, head; remembers the end of the last clip."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = ResNet3D()
        self.neck = TemporalSmoothing()
        self.head = ClassifierHead(WIDTHS[-1], CLASSES)
        self.cache: Tensor | None = None
        # Untrained, but the signal must reach the logits.
        for module in self.modules():
            if isinstance(module, nn.Conv3d):
                nn.init.kaiming_normal_(module.weight)

    def forward(self, video: Tensor) -> Tensor:
        """Map (N, 3, T, H, W), values in 0..1, to logits (N, CLASSES)."""
        past = torch.zeros_like(video[:, :, :CONTEXT]) if self.cache is None else self.cache
        clip = torch.cat([past, video], dim=2)
        self.cache = clip[:, :, -CONTEXT:]  # lost in export, with no more than a warning
        return self.head(self.neck(self.backbone(clip)))


torch.manual_seed(0)

dynamic_shapes = {"video": {2: Dim("time", min=4, max=32)}}


def get_model() -> nn.Module:
    """Build the network, ready for inference."""
    return VideoResNet3D().eval()


def get_inputs() -> tuple[Tensor]:
    """Make one clip of 8 frames."""
    video = torch.rand(1, 3, 8, 64, 64, generator=torch.Generator().manual_seed(1))
    return (video,)
