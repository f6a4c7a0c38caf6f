"""Train a small convolutional network with PyTorch on MNIST, 70,000 handwritten digits; see how well it reads."""

from digits.commands.scripts import training_script

# Numbers to play with. Each is a flag as well: python mnist_pytorch.py --epochs 5
epochs = 3  # how often the network sees each training image
batch_size = 64  # how many images it sees between two changes of its weights
learning_rate = 0.001  # how far each change goes; too far, and it never settles
filters = (16, 32)  # how many patterns the first and the second convolution learn to find
hidden_units = 128  # how many numbers all that was found is summed up in, before the answer
dropout = 0.25  # which share of those numbers a training step leaves out, so that none is relied on alone
seed = 0  # where the random numbers start; the same seed gives the same result


def network(filters, hidden_units, dropout, classes):
    """The network: images go in at the top, and a score for each class comes out at the bottom."""
    from torch import nn  # here, as it takes seconds that --help need not wait

    return nn.Sequential(  # (n, 1, 28, 28): n grey images of 28 × 28 pixels, each from -1 to 1
        nn.Conv2d(1, filters[0], kernel_size=3),  # (n, 16, 26, 26): 16 maps of where 3 × 3 pixels match a pattern
        nn.ReLU(),  # what is below 0, no match, becomes 0
        nn.MaxPool2d(2),  # (n, 16, 13, 13): of each 2 × 2 places the best match
        nn.Conv2d(filters[0], filters[1], kernel_size=3),  # (n, 32, 11, 11): patterns of these patterns
        nn.ReLU(),
        nn.MaxPool2d(2),  # (n, 32, 5, 5): an odd row is left over
        nn.Flatten(),  # (n, 800): all that was found, in a row
        nn.Linear(filters[1] * 5 * 5, hidden_units),  # (n, 128): each a sum of all 800, by learned weights
        nn.ReLU(),
        nn.Dropout(dropout),  # in training only: leaves out a random share
        nn.Linear(hidden_units, classes),  # (n, 10): a score for each digit; the highest is the answer
    )


def main(settings):
    from digits.commands.steps import build, evaluate, load, save, train

    dataset = load(settings)  # 60,000 images to learn from, 10,000 to be tested on
    model = build(settings, dataset, network)  # the network; its weights, the numbers to be learned, are random
    history = train(settings, model, dataset)  # change them, batch by batch, so that the right digit scores more
    result = evaluate(model, dataset)  # ask it about the images it has never seen
    save(settings, model, dataset, history, result)  # keep it and its answers, for visualize_results.py


if __name__ == "__main__":
    numbers = {"epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate, "dropout": dropout}
    training_script("pytorch", main, filters=filters, hidden_units=hidden_units, seed=seed, **numbers)
