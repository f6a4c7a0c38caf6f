"""The networks in TensorFlow, with Keras, and nothing else: how they are made fast, trained and saved is elsewhere.

Each takes images `(n, 28, 28, 1)` and returns a score for each class, `(n, classes)`, called logits. Shapes at the side
are those of ten classes and the usual numbers of filters and units.
"""

import keras
from keras import layers


def baseline(filters: tuple[int, ...], hidden_units: int, dropout: float, classes: int) -> keras.Model:
    """Two convolutions and two dense layers."""
    return keras.Sequential(
        [
            layers.Input((28, 28, 1)),  # (n, 28, 28, 1): one grey image each
            layers.Conv2D(filters[0], kernel_size=3, activation="relu"),  # (n, 26, 26, 16): maps of 16 patterns
            layers.MaxPooling2D(2),  # (n, 13, 13, 16)
            layers.Conv2D(filters[1], kernel_size=3, activation="relu"),  # (n, 11, 11, 32): patterns of patterns
            layers.MaxPooling2D(2),  # (n, 5, 5, 32)
            layers.Flatten(),  # (n, 800)
            layers.Dense(hidden_units, activation="relu"),  # (n, 128)
            layers.Dropout(dropout),
            layers.Dense(classes),  # (n, 10): a score for each class
        ]
    )


def fast(filters: tuple[int, ...], hidden_units: int, dropout: float, classes: int) -> keras.Model:
    """A baseline whose first convolution takes steps of two pixels, instead of pooling what it finds at every one."""
    return keras.Sequential(
        [
            layers.Input((28, 28, 1)),  # (n, 28, 28, 1)
            layers.Conv2D(filters[0], kernel_size=5, strides=2, activation="relu"),  # (n, 12, 12, 16)
            layers.Conv2D(filters[1], kernel_size=3, activation="relu"),  # (n, 10, 10, 32)
            layers.MaxPooling2D(2),  # (n, 5, 5, 32)
            layers.Flatten(),  # (n, 800)
            layers.Dense(hidden_units, activation="relu"),  # (n, 128)
            layers.Dropout(dropout),
            layers.Dense(classes),  # (n, 10)
        ]
    )


def deep(filters: tuple[int, ...], hidden_units: int, dropout: float, classes: int) -> keras.Model:
    """Seven convolutions with batch normalisation, two, three and two at three sizes, and one dense layer."""
    a, b, c, d, e, f, g = filters
    return keras.Sequential(
        [
            layers.Input((28, 28, 1)),  # (n, 28, 28, 1)
            *block(a),  # (n, 28, 28, 32)
            *block(b, pool=True),  # (n, 14, 14, 32)
            *block(c),  # (n, 14, 14, 64)
            *block(d),  # (n, 14, 14, 64)
            *block(e, pool=True),  # (n, 7, 7, 64)
            *block(f, padding="valid"),  # (n, 5, 5, 128)
            *block(g, padding="valid"),  # (n, 3, 3, 128)
            layers.Flatten(),  # (n, 1152)
            layers.Dropout(dropout),
            layers.Dense(classes),  # (n, 10)
        ]
    )


def block(filters: int, padding: str = "same", pool: bool = False) -> list[layers.Layer]:
    """A convolution, normalised. Pooling comes before the normalisation, which then has a quarter of the work."""
    return [
        layers.Conv2D(filters, kernel_size=3, padding=padding, use_bias=False),
        *([layers.MaxPooling2D(2)] if pool else []),
        layers.BatchNormalization(epsilon=1e-5, momentum=0.9),  # PyTorch's numbers
        layers.ReLU(),
    ]


ARCHITECTURES = {"baseline": baseline, "fast": fast, "deep": deep}
