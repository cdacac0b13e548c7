"""A 3D ResNet for video that exports with the clip length as a dynamic dimension.

The fixed twin of video_resnet3d_broken.py, with the same weights. The moving average is one product
with a T x T matrix of decay weights, built from a symbolic arange; the pool is a mean over whatever
time there is; the frames that the stem still needs are passed in and returned. So a clip of 4 to 32
frames runs through one program, and a long video in pieces. On the broken one's 8 frames the logits
agree to 1e-5 (sums run in another order); other lengths are what it could not do.

Verdict: exported
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
    """Exponential moving average over time, as one matrix product."""

    def __init__(self, decay: float = 0.6) -> None:
        super().__init__()
        self.decay = decay

    def weights(self, frames: Tensor) -> Tensor:
        """Map frame numbers 0..T-1 to (T, T): how much frame k counts in the average at t.

        The recurrence s[0] = x[0], s[t] = d s[t-1] + (1 - d) x[t] written out.
        """
        lag = (frames[:, None] - frames).clamp(min=0)
        fading = self.decay**lag
        return torch.where(frames == 0, fading, (1 - self.decay) * fading).tril()

    def forward(self, features: Tensor) -> Tensor:
        """Keep the shape (N, C, T, H, W)."""
        frames = torch.arange(features.shape[2], device=features.device)
        return torch.einsum("tk,nckhw->ncthw", self.weights(frames), features)


class ClassifierHead(nn.Module):
    """Averages over the whole clip, however long, and classifies."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.fc = nn.Linear(channels, classes)

    def forward(self, features: Tensor) -> Tensor:
        """Map (N, C, T, H, W) to logits (N, classes)."""
        return self.fc(features.mean(dim=(2, 3, 4)))


class VideoResNet3D(nn.Module):
    """Clip to class: backbone, temporal neck, head; the caller keeps the end of the last clip."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = ResNet3D()
        self.neck = TemporalSmoothing()
        self.head = ClassifierHead(WIDTHS[-1], CLASSES)
        # Untrained, but the signal must reach the logits.
        for module in self.modules():
            if isinstance(module, nn.Conv3d):
                nn.init.kaiming_normal_(module.weight)

    def forward(self, video: Tensor, cache: Tensor) -> tuple[Tensor, Tensor]:
        """Map a clip and the frames before it to logits and the frames the next clip needs.

        video is (N, 3, T, H, W), values in 0..1; cache is (N, 3, CONTEXT, H, W), zeros at the
        start; logits are (N, CLASSES).
        """
        expected = (*video.shape[:2], CONTEXT, *video.shape[3:])
        torch._check(cache.shape == expected, lambda: f"cache must be {expected}")
        clip = torch.cat([cache, video], dim=2)
        logits = self.head(self.neck(self.backbone(clip)))
        return logits, clip[:, :, -CONTEXT:]


torch.manual_seed(0)

dynamic_shapes = {"video": {2: Dim("time", min=4, max=32)}, "cache": None}


def get_model() -> nn.Module:
    """Build the network, ready for inference."""
    return VideoResNet3D().eval()


def get_inputs() -> tuple[Tensor, Tensor]:
    """Make one clip of 8 frames, and the empty cache before it."""
    video = torch.rand(1, 3, 8, 64, 64, generator=torch.Generator().manual_seed(1))
    return video, torch.zeros(1, 3, CONTEXT, 64, 64)
