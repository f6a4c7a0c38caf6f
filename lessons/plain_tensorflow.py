"""MNIST in plain TensorFlow, as Keras tutorials write it: nothing here comes from this project's package.

Run it from the project's folder, after `python download_mnist.py`:  python lessons/plain_tensorflow.py [RAW_DIR] [SEED]
It takes a quarter of a minute on two cores. `mnist_tensorflow.py` does the same in a third of that.
The last line it prints is for the benchmarks, which measure the project against this very file.
"""

import json
import sys
import time
from pathlib import Path

import keras
import numpy as np
from keras import layers

RAW_DIR = Path("mnist_data/MNIST/raw")
EPOCHS = 3
BATCH_SIZE = 64


# 1. The data: all images of a split in one array


def load(raw: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    # Each file starts with 16 or 8 bytes that say how much follows; then come the pixels, or the labels.
    images = np.fromfile(raw / f"{split}-images-idx3-ubyte", np.uint8)[16:].reshape(-1, 28, 28, 1)
    labels = np.fromfile(raw / f"{split}-labels-idx1-ubyte", np.uint8)[8:]
    return images.astype("float32") / 255, labels.astype("int64")  # pixels from 0 to 1; (n, 28, 28, 1), (n,)


# 2. The network


def network() -> keras.Model:
    return keras.Sequential(
        [
            layers.Input((28, 28, 1)),  # (n, 28, 28, 1): n images; TensorFlow has the channels last
            layers.Conv2D(16, kernel_size=3, activation="relu"),  # (n, 26, 26, 16): 16 maps of matches
            layers.MaxPooling2D(2),  # (n, 13, 13, 16): of each 2 × 2 places the best match
            layers.Conv2D(32, kernel_size=3, activation="relu"),  # (n, 11, 11, 32): patterns of these patterns
            layers.MaxPooling2D(2),  # (n, 5, 5, 32)
            layers.Flatten(),  # (n, 800): all that was found, in a row
            layers.Dense(128, activation="relu"),  # (n, 128)
            layers.Dropout(0.25),  # in training only: leaves out a random quarter
            layers.Dense(10, activation="softmax"),  # (n, 10): a probability for each digit
        ]
    )


# 3. Training: Keras has the loop of plain_pytorch.py inside `fit`


def train(model: keras.Model, images: np.ndarray, labels: np.ndarray) -> None:
    model.compile(
        optimizer="adam",  # with a learning rate of 0.001
        loss="sparse_categorical_crossentropy",  # cross-entropy, where labels are whole numbers
        metrics=["accuracy"],
    )
    model.fit(images, labels, batch_size=BATCH_SIZE, epochs=EPOCHS, verbose=2)  # 2: one line for each epoch


# 4. The test: images that it has never seen


def evaluate(model: keras.Model, images: np.ndarray, labels: np.ndarray) -> float:
    _, accuracy = model.evaluate(images, labels, verbose=0)  # dropout is off
    return float(accuracy)


def main(raw: Path, seed: int) -> None:
    if not (raw / "train-images-idx3-ubyte").is_file():
        sys.exit(f"error: MNIST is not in {raw}. Run: python download_mnist.py")
    keras.utils.set_random_seed(seed)
    train_images, train_labels = load(raw, "train")  # (60000, 28, 28, 1), (60000,)
    test_images, test_labels = load(raw, "t10k")  # (10000, 28, 28, 1), (10000,)
    model = network()
    start = time.perf_counter()
    train(model, train_images, train_labels)
    accuracy = evaluate(model, test_images, test_labels)
    seconds = time.perf_counter() - start
    print(f"Test Accuracy: {accuracy:.2%}")
    print(json.dumps({"seconds": seconds, "accuracy": accuracy}))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else RAW_DIR, int(sys.argv[2]) if len(sys.argv) > 2 else 0)
