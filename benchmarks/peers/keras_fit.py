"""The seed's recipe as Keras tutorials write it: arrays in [0, 1] and `model.fit`.

Usage: python keras_fit.py RAW_DIR [SEED]; prints {"seconds": of training and evaluation, "accuracy": …}.
"""

import json
import sys
import time

import keras
import numpy as np
from keras import layers


def read(raw: str, split: str) -> tuple[np.ndarray, np.ndarray]:
    images = np.fromfile(f"{raw}/{split}-images-idx3-ubyte", np.uint8)[16:].reshape(-1, 28, 28, 1)
    labels = np.fromfile(f"{raw}/{split}-labels-idx1-ubyte", np.uint8)[8:]
    return images.astype("float32") / 255, labels.astype("int64")


def main(raw: str, seed: int) -> None:
    keras.utils.set_random_seed(seed)
    train, test = read(raw, "train"), read(raw, "t10k")
    model = keras.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.25),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    start = time.perf_counter()
    model.fit(*train, batch_size=64, epochs=3, verbose=0)
    accuracy = model.evaluate(*test, verbose=0)[1]
    print(json.dumps({"seconds": time.perf_counter() - start, "accuracy": float(accuracy)}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0)
