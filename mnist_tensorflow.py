"""Train a small CNN on MNIST with TensorFlow, and see how well it reads 10,000 digits that it has never seen.

The network is in digits/backends/tensorflow/model.py, the loop that trains it in digits/backends/tensorflow/train.py.
"""

from digits.cli import training_script
from digits.training import Settings, build, evaluate, load, save, train

# Numbers to play with. Each is a flag as well: python mnist_tensorflow.py --epochs 5
epochs = 3  # how often the network sees each training image
batch_size = 64  # how many images it sees between two changes of its weights
learning_rate = 0.001  # how far each change goes
dropout = 0.25  # which share of its hidden units a training step ignores
seed = 0  # where the random numbers start; the same seed gives the same result


def main(settings: Settings) -> None:
    dataset = load(settings)  # 60,000 images to learn from, 10,000 to be tested on
    model = build(settings, dataset)  # the network, with random weights
    history = train(settings, model, dataset)  # change the weights until its answers fit the labels
    result = evaluate(model, dataset)  # ask it about the images it has never seen
    save(settings, model, dataset, history, result)  # keep its answers for visualize_results.py


if __name__ == "__main__":
    training_script(
        "tensorflow",
        main,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        dropout=dropout,
        seed=seed,
    )
