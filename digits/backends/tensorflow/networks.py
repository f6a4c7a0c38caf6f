"""The networks in TensorFlow, with Keras, and nothing else: how they are made fast, trained and saved is elsewhere.

Each takes images `(n, 28, 28, 1)` and returns a score for each class, `(n, classes)`, called logits; `finder` alone
takes pages. Shapes at the side are those of ten classes and the usual numbers of filters and units.
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


def finder(filters: tuple[int, ...], hidden_units: int, dropout: float, outputs: int) -> keras.Model:
    """Five halvings of a page, and three steps back up to a quarter of its size, where all is known at each place.

    From pages, of any sides that are multiples of 32, to so many numbers for each 4 × 4 pixels.
    """
    a, b, c, d, e, f = filters
    pages = layers.Input((None, None, 3))  # (n, 192, 192, 3): colour pages
    down2 = convolution(pages, a, stride=2)  # (n, 96, 96, 16): a half of a page of 192 × 192
    down4 = convolution(convolution(down2, b, stride=2), b)  # (n, 48, 48, 32)
    down8 = convolution(convolution(down4, c, stride=2), c)  # (n, 24, 24, 64)
    down16 = convolution(convolution(down8, d, stride=2), d)  # (n, 12, 12, 96)
    down32 = convolution(convolution(down16, e, stride=2), e)  # (n, 6, 6, 128)
    twice = layers.UpSampling2D(2)(convolution(down32, d, size=1))  # each number four times
    up16 = convolution(layers.Add()([twice, down16]), d)  # (n, 12, 12, 96)
    twice = layers.UpSampling2D(2)(convolution(up16, c, size=1))
    up8 = convolution(layers.Add()([twice, down8]), c)  # (n, 24, 24, 64)
    twice = layers.UpSampling2D(2)(convolution(up8, f, size=1))
    up4 = convolution(layers.Add()([twice, convolution(down4, f, size=1)]), f)  # (n, 48, 48, 48)
    return keras.Model(pages, layers.Conv2D(outputs, kernel_size=1)(convolution(up4, f)))  # (n, 48, 48, 14)


def convolution(x: keras.KerasTensor, filters: int, size: int = 3, stride: int = 1) -> keras.KerasTensor:
    """A convolution, normalised, that leaves an image as large as it is, or halves it."""
    if stride == 2:
        x = layers.ZeroPadding2D(1)(x)  # on all sides, as PyTorch does: "same" would leave out two of them
    x = layers.Conv2D(filters, size, stride, padding="same" if stride == 1 else "valid", use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization(epsilon=1e-5, momentum=0.9)(x))  # PyTorch's numbers


ARCHITECTURES = {"baseline": baseline, "fast": fast, "deep": deep, "finder": finder}
