"""Nets as people write them, in the layouts of well-known repositories, small."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate


def conv(source: int, target: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(source, target, 3, stride, 1), nn.BatchNorm2d(target), nn.ReLU())


def conv3d(source: int, target: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv3d(source, target, 3, (1, stride, stride), 1), nn.ReLU())


def stage(source: int, target: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(conv(source, target, stride), conv(target, target))


class SimpleBaseline(nn.Module):
    """Simple Baselines for pose: a ResNet's stages, deconvolutions, one last layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 7, 2, 3)
        self.bn1 = nn.BatchNorm2d(16)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = stage(16, 16)
        self.layer2 = stage(16, 32, 2)
        self.layer3 = stage(32, 64, 2)
        self.layer4 = stage(64, 128, 2)
        self.deconv_layers = nn.Sequential(
            nn.ConvTranspose2d(128, 64, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(64, 64, 4, 2, 1)
        )
        self.final_layer = nn.Conv2d(64, 17, 1)

    def forward(self, x: Tensor) -> Any:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.final_layer(self.deconv_layers(x))


class Wrapped(nn.Module):
    """What training code puts around a net."""

    def __init__(self) -> None:
        super().__init__()
        self.net = SimpleBaseline()

    def forward(self, x: Tensor) -> Any:
        return self.net(x)


class BasedOn(nn.Module):
    """A base model with a layer of one's own behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.base_model = SimpleBaseline()
        self.new_fc = nn.Linear(17, 10)

    def forward(self, x: Tensor) -> Any:
        return self.new_fc(self.base_model(x).mean((2, 3)))


class Exchange(nn.Module):
    """A module of an HRNet: branches, then each fused into each."""

    def __init__(self, widths: list[int]) -> None:
        super().__init__()
        self.branches = nn.ModuleList(stage(width, width) for width in widths)
        self.fuse_layers = nn.ModuleList(
            nn.ModuleList(nn.Conv2d(source, target, 1) for source in widths) for target in widths
        )

    def forward(self, xs: list[Tensor]) -> list[Tensor]:
        xs = [branch(x) for branch, x in zip(self.branches, xs, strict=True)]
        out = []
        rows: list[Any] = list(self.fuse_layers)
        for target, row in zip(xs, rows, strict=True):
            terms = [
                interpolate(fuse(x), size=target.shape[-2:])
                for fuse, x in zip(row, xs, strict=True)
            ]
            out.append(torch.stack(terms).sum(0))
        return out


class HRNet(nn.Module):
    """HRNet: stages of parallel branches, transitions that open one more."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 2, 1)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = stage(16, 32)
        self.transition1 = nn.ModuleList([conv(32, 8), nn.Sequential(conv(32, 16, 2))])
        self.stage2 = nn.Sequential(Exchange([8, 16]))
        self.transition2 = nn.ModuleList([nn.Identity(), nn.Identity(), conv(16, 32, 2)])
        self.stage3 = nn.Sequential(Exchange([8, 16, 32]), Exchange([8, 16, 32]))
        self.final_layer = nn.Conv2d(8, 17, 1)

    def forward(self, x: Tensor) -> Any:
        x = self.layer1(self.bn1(self.conv1(x)))
        xs = self.stage2([move(x) for move in self.transition1])
        xs = self.stage3([*xs, self.transition2[2](xs[-1])])
        return self.final_layer(xs[0])


class Hourglass(nn.Module):
    """Stacked hourglasses, a prediction behind each."""

    def __init__(self) -> None:
        super().__init__()
        self.pre = nn.Sequential(conv(3, 16, 2), conv(16, 32, 2))
        self.hgs = nn.ModuleList(stage(32, 32) for _ in range(3))
        self.outs = nn.ModuleList(nn.Conv2d(32, 17, 1) for _ in range(3))

    def forward(self, x: Tensor) -> Any:
        x = self.pre(x)
        heatmaps = []
        for hourglass, out in zip(self.hgs, self.outs, strict=True):
            x = hourglass(x)
            heatmaps.append(out(x))
        return heatmaps


class CenterNet(nn.Module):
    """CenterNet: a base, upsampling, three heads with short names."""

    def __init__(self) -> None:
        super().__init__()
        self.base = nn.Sequential(conv(3, 16, 2), conv(16, 32, 2), conv(32, 64, 2))
        self.dla_up = nn.Sequential(nn.ConvTranspose2d(64, 32, 2, 2), conv(32, 32))
        self.hm, self.wh, self.reg = (
            nn.Sequential(conv(32, 32), nn.Conv2d(32, outputs, 1)) for outputs in (5, 2, 2)
        )

    def forward(self, x: Tensor) -> Any:
        x = self.dla_up(self.base(x))
        return [self.hm(x), self.wh(x), self.reg(x)]


class UNet(nn.Module):
    """A U-Net: down, up, one last convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.inc = conv(3, 8)
        self.down1 = conv(8, 16, 2)
        self.down2 = conv(16, 32, 2)
        self.up1 = nn.ConvTranspose2d(32, 16, 2, 2)
        self.conv_up1 = conv(32, 16)
        self.up2 = nn.ConvTranspose2d(16, 8, 2, 2)
        self.conv_up2 = conv(16, 8)
        self.outc = nn.Conv2d(8, 4, 1)

    def forward(self, x: Tensor) -> Any:
        first = self.inc(x)
        second = self.down1(first)
        x = self.up1(self.down2(second))
        x = self.up2(self.conv_up1(torch.cat([x, second], 1)))
        return self.outc(self.conv_up2(torch.cat([x, first], 1)))


class Pathways(nn.Module):
    """A stage of SlowFast: the slow and the fast path beside each other."""

    def __init__(self, slow: tuple[int, int], fast: tuple[int, int]) -> None:
        super().__init__()
        self.pathway0_res0 = conv3d(*slow, stride=2)
        self.pathway1_res0 = conv3d(*fast, stride=2)

    def forward(self, xs: list[Tensor]) -> list[Tensor]:
        return [self.pathway0_res0(xs[0]), self.pathway1_res0(xs[1])]


class FuseFastToSlow(nn.Module):
    """SlowFast's lateral connection."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv_f2s = nn.Conv3d(width, 2 * width, (5, 1, 1), (4, 1, 1), (2, 0, 0))

    def forward(self, xs: list[Tensor]) -> list[Tensor]:
        return [torch.cat([xs[0], self.conv_f2s(xs[1])], 1), xs[1]]


class SlowFast(nn.Module):
    """SlowFast: two paths in one stage, fused behind each."""

    def __init__(self) -> None:
        super().__init__()
        self.s1 = Pathways((3, 16), (3, 4))
        self.s1_fuse = FuseFastToSlow(4)
        self.s2 = Pathways((24, 32), (4, 4))
        self.s2_fuse = FuseFastToSlow(4)
        self.s3 = Pathways((40, 64), (4, 8))
        self.head = nn.Linear(72, 10)

    def forward(self, video: Tensor) -> Any:
        xs = self.s1_fuse(self.s1([video[:, :, ::4], video]))
        xs = self.s3(self.s2_fuse(self.s2(xs)))
        return self.head(torch.cat([x.mean((2, 3, 4)) for x in xs], 1))


class TwoPaths(nn.Module):
    """Two whole paths, joined late."""

    def __init__(self) -> None:
        super().__init__()
        self.fast_path = nn.Sequential(conv3d(3, 4, 2), conv3d(4, 8, 2))
        self.slow_path = nn.Sequential(conv3d(3, 32, 2), conv3d(32, 64, 2))
        self.lateral = nn.Conv3d(8, 16, (5, 1, 1), (4, 1, 1), (2, 0, 0))
        self.projection = nn.Linear(80, 10)

    def forward(self, video: Tensor) -> Any:
        slow, fast = self.slow_path(video[:, :, ::4]), self.fast_path(video)
        return self.projection(torch.cat([slow, self.lateral(fast)], 1).mean((2, 3, 4)))


class ConvLSTM(nn.Module):
    """A CNN on each frame, an LSTM over them."""

    def __init__(self) -> None:
        super().__init__()
        self.cnn = nn.Sequential(conv(3, 16, 2), conv(16, 32, 2), nn.AdaptiveAvgPool2d(1))
        self.rnn = nn.LSTM(32, 32, batch_first=True)
        self.out = nn.Linear(32, 5)

    def forward(self, video: Tensor) -> Any:
        frames = self.cnn(video.flatten(0, 1)).view(*video.shape[:2], -1)
        return self.out(self.rnn(frames)[0][:, -1])


class Concat(nn.Module):
    """A YOLO's joint."""

    def forward(self, xs: list[Tensor]) -> Tensor:
        return torch.cat(xs, 1)


class Detect(nn.Module):
    """A YOLO's head."""

    def __init__(self, *widths: int) -> None:
        super().__init__()
        self.cv2 = nn.ModuleList(nn.Conv2d(width, 64, 1) for width in widths)

    def forward(self, xs: list[Tensor]) -> list[Tensor]:
        return [layer(x) for layer, x in zip(self.cv2, xs, strict=True)]


class YOLO(nn.Module):
    """A YOLO: one flat list, each item called with the outputs it names."""

    ROUTES: tuple[int | tuple[int, ...], ...] = (-1, -1, -1, -1, (-1, 1), -1, -1, (5, 6))

    def __init__(self) -> None:
        super().__init__()
        self.model = nn.Sequential(
            conv(3, 16, 2), stage(16, 32, 2), stage(32, 64, 2), nn.Upsample(scale_factor=2),
            Concat(), stage(96, 32), conv(32, 64, 2), Detect(32, 64),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Any:
        outputs: list[Any] = []
        for route, module in zip(self.ROUTES, self.model, strict=True):
            if isinstance(route, tuple):
                x = module([x if n == -1 else outputs[n] for n in route])
            else:
                x = module(x)
            outputs.append(x)
        return outputs[-1]


IMAGE, VIDEO = (1, 3, 64, 64), (1, 3, 8, 32, 32)
NETS: dict[str, tuple[Callable[[], nn.Module], list[tuple[int, ...]]]] = {
    "base_model_and_fc": (BasedOn, [IMAGE]),
    "centernet": (CenterNet, [IMAGE]),
    "cnn_lstm": (ConvLSTM, [(1, 4, 3, 32, 32)]),
    "equal_layers": (lambda: nn.Sequential(*(nn.Linear(4, 4) for _ in range(20))), [(1, 4)]),
    "hourglass": (Hourglass, [IMAGE]),
    "hrnet": (HRNet, [IMAGE]),
    "mlp": (lambda: nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)), [(1, 4)]),
    "simple_baseline": (SimpleBaseline, [IMAGE]),
    "slowfast": (SlowFast, [VIDEO]),
    "transformer": (lambda: nn.Transformer(32, 4, 2, 2, 64, batch_first=True), [(1, 5, 32)] * 2),
    "two_paths": (TwoPaths, [VIDEO]),
    "unet": (UNet, [IMAGE]),
    "wrapped": (Wrapped, [IMAGE]),
    "yolo": (YOLO, [IMAGE]),
}
