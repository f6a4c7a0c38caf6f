"""The networks in PyTorch, and nothing else: how they are made fast, trained and saved is elsewhere.

Each takes images `(n, 1, 28, 28)` and returns a score for each class, `(n, classes)`, called logits. Shapes at the side
are those of ten classes and the usual numbers of filters and units.
"""

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


ARCHITECTURES = {"baseline": baseline, "fast": fast, "deep": deep}
