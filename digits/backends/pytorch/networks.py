"""The networks in PyTorch, and nothing else: how they are made fast, trained and saved is elsewhere.

Each takes images `(n, 1, 28, 28)` and returns a score for each class, `(n, classes)`, called logits; `finder` alone
takes pages. Shapes at the side are those of ten classes and the usual numbers of filters and units.
"""

import torch
from torch import nn


def baseline(filters: tuple[int, ...], hidden_units: int, dropout: float, classes: int) -> nn.Module:
    """Two convolutions and two dense layers."""
    return nn.Sequential(  # (n, 1, 28, 28): one grey image each
        nn.Conv2d(1, filters[0], kernel_size=3),  # (n, 16, 26, 26): 16 maps, each of where one pattern was found
        nn.ReLU(),
        nn.MaxPool2d(2),  # (n, 16, 13, 13)
        nn.Conv2d(filters[0], filters[1], kernel_size=3),  # (n, 32, 11, 11): patterns of patterns
        nn.ReLU(),
        nn.MaxPool2d(2),  # (n, 32, 5, 5)
        nn.Flatten(),  # (n, 800)
        nn.Linear(filters[1] * 5 * 5, hidden_units),  # (n, 128)
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(hidden_units, classes),  # (n, 10): a score for each class
    )


def fast(filters: tuple[int, ...], hidden_units: int, dropout: float, classes: int) -> nn.Module:
    """A baseline whose first convolution takes steps of two pixels, instead of pooling what it finds at every one."""
    return nn.Sequential(  # (n, 1, 28, 28)
        nn.Conv2d(1, filters[0], kernel_size=5, stride=2),  # (n, 16, 12, 12)
        nn.ReLU(),
        nn.Conv2d(filters[0], filters[1], kernel_size=3),  # (n, 32, 10, 10)
        nn.ReLU(),
        nn.MaxPool2d(2),  # (n, 32, 5, 5)
        nn.Flatten(),  # (n, 800)
        nn.Linear(filters[1] * 5 * 5, hidden_units),  # (n, 128)
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(hidden_units, classes),  # (n, 10)
    )


def deep(filters: tuple[int, ...], hidden_units: int, dropout: float, classes: int) -> nn.Module:
    """Seven convolutions with batch normalisation, two, three and two at three sizes, and one dense layer."""
    a, b, c, d, e, f, g = filters
    return nn.Sequential(  # (n, 1, 28, 28)
        *block(1, a),  # (n, 32, 28, 28)
        *block(a, b, pool=True),  # (n, 32, 14, 14)
        *block(b, c),  # (n, 64, 14, 14)
        *block(c, d),  # (n, 64, 14, 14)
        *block(d, e, pool=True),  # (n, 64, 7, 7)
        *block(e, f, padding=0),  # (n, 128, 5, 5)
        *block(f, g, padding=0),  # (n, 128, 3, 3)
        nn.Flatten(),  # (n, 1152)
        nn.Dropout(dropout),
        nn.Linear(g * 3 * 3, classes),  # (n, 10)
    )


def block(channels: int, filters: int, padding: int = 1, pool: bool = False) -> list[nn.Module]:
    """A convolution, normalised. Pooling comes before the normalisation, which then has a quarter of the work."""
    return [
        nn.Conv2d(channels, filters, kernel_size=3, padding=padding, bias=False),
        *([nn.MaxPool2d(2)] if pool else []),
        nn.BatchNorm2d(filters),
        nn.ReLU(),
    ]


def finder(filters: tuple[int, ...], hidden_units: int, dropout: float, outputs: int) -> nn.Module:
    """Five halvings of a page, and three steps back up to a quarter of its size, where all is known at each place."""
    return Finder(filters, outputs)


class Finder(nn.Module):
    """From pages, of any sides that are multiples of 32, to so many numbers for each 4 × 4 pixels."""

    def __init__(self, filters: tuple[int, ...], outputs: int):
        super().__init__()
        a, b, c, d, e, f = filters
        self.down2 = convolution(3, a, stride=2)  # (n, 16, 96, 96): a half of a page of 192 × 192
        self.down4 = nn.Sequential(convolution(a, b, stride=2), convolution(b, b))  # (n, 32, 48, 48)
        self.down8 = nn.Sequential(convolution(b, c, stride=2), convolution(c, c))  # (n, 64, 24, 24)
        self.down16 = nn.Sequential(convolution(c, d, stride=2), convolution(d, d))  # (n, 96, 12, 12)
        self.down32 = nn.Sequential(convolution(d, e, stride=2), convolution(e, e))  # (n, 128, 6, 6)
        self.twice = nn.Upsample(scale_factor=2)  # each number four times
        self.across16, self.up16 = convolution(e, d, size=1), convolution(d, d)  # (n, 96, 12, 12)
        self.across8, self.up8 = convolution(d, c, size=1), convolution(c, c)  # (n, 64, 24, 24)
        self.across4, self.skip4, self.up4 = convolution(c, f, size=1), convolution(b, f, size=1), convolution(f, f)
        self.head = nn.Sequential(convolution(f, f), nn.Conv2d(f, outputs, kernel_size=1))  # (n, 14, 48, 48)

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # (n, 3, 192, 192): colour pages
        down4 = self.down4(self.down2(x))
        down8 = self.down8(down4)
        down16 = self.down16(down8)
        up16 = self.up16(self.twice(self.across16(self.down32(down16))) + down16)
        up8 = self.up8(self.twice(self.across8(up16)) + down8)
        up4 = self.up4(self.twice(self.across4(up8)) + self.skip4(down4))
        return self.head(up4)


def convolution(channels: int, filters: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    """A convolution, normalised, that leaves an image as large as it is, or halves it."""
    return nn.Sequential(
        nn.Conv2d(channels, filters, kernel_size=size, stride=stride, padding=size // 2, bias=False),
        nn.BatchNorm2d(filters),
        nn.ReLU(),
    )


ARCHITECTURES = {"baseline": baseline, "fast": fast, "deep": deep, "finder": finder}
