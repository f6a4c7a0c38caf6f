# %% [markdown]
# # 2. A first network
#
# **The idea of this lesson:** a network is a chain of simple steps with many numbers in them. Training means: show it
# images, measure how wrong it is, and move every number a little to where it is less wrong. You will do that twice, in
# PyTorch and in TensorFlow, side by side, and then look at what it still gets wrong.
#
# You should know what a convolution is ([lesson 1](1_pixels_and_convolution.ipynb)). It runs in about a minute.

# %%
# On Colab, put the address of the project's repository here; elsewhere leave it as it is.
REPOSITORY = "https://github.com/YOUR-NAME/YOUR-REPOSITORY"

import os
import subprocess
import sys

if not os.path.exists("lessons"):  # so this is not yet the folder of the project
    if "google.colab" in sys.modules:
        if "YOUR-NAME" in REPOSITORY or subprocess.run(["git", "clone", "-q", REPOSITORY, "project"]).returncode:
            sys.exit(f"There is no project at {REPOSITORY}: put its address into this cell, and run it again.")
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", "-e", "project[learn]"], check=True)
    os.chdir("project" if "google.colab" in sys.modules else "..")

# %%
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"  # TensorFlow still says a line or two about the processor; they do no harm

from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
import torch
from keras import layers
from torch import nn
from torch.nn import functional as F

from digits.datasets import download_dataset, load_dataset

plt.rcParams.update({"figure.dpi": 72, "figure.constrained_layout.use": True, "font.size": 11})

download_dataset(Path("mnist_data"))
mnist = load_dataset("mnist")  # 60,000 images to learn from, and 10,000 others for the test

# %% [markdown]
# ## The network, in both frameworks
#
# Images go in at the top and ten scores come out at the bottom, one for each digit. The highest score is the answer.
# The comments give the **shape** after each step, for n images; follow them once with a finger. Two differences only:
# PyTorch has the channels before rows and columns, TensorFlow after them; and PyTorch wants to be told how many
# channels come in, while Keras finds out.

# %%
torch.manual_seed(0)  # so that the random numbers are the same each time

in_pytorch = nn.Sequential(  # (n, 1, 28, 28): grey images have one channel
    nn.Conv2d(1, 16, kernel_size=3),  # (n, 16, 26, 26): 16 filters make 16 maps
    nn.ReLU(),  # below 0 becomes 0
    nn.MaxPool2d(2),  # (n, 16, 13, 13): the best of 2 × 2 places
    nn.Conv2d(16, 32, kernel_size=3),  # (n, 32, 11, 11): 32 filters, each over all 16 maps
    nn.ReLU(),
    nn.MaxPool2d(2),  # (n, 32, 5, 5)
    nn.Flatten(),  # (n, 800): all that was found, in a row
    nn.Linear(800, 128),  # (n, 128): 128 sums of all 800, each with its own weights
    nn.ReLU(),
    nn.Dropout(0.25),  # in training only: a random quarter becomes 0
    nn.Linear(128, 10),  # (n, 10): a score for each digit
)

# %%
keras.utils.set_random_seed(0)

in_tensorflow = keras.Sequential(
    [
        layers.Input((28, 28, 1)),  # (n, 28, 28, 1)
        layers.Conv2D(16, kernel_size=3, activation="relu"),  # (n, 26, 26, 16)
        layers.MaxPooling2D(2),  # (n, 13, 13, 16)
        layers.Conv2D(32, kernel_size=3, activation="relu"),  # (n, 11, 11, 32)
        layers.MaxPooling2D(2),  # (n, 5, 5, 32)
        layers.Flatten(),  # (n, 800)
        layers.Dense(128, activation="relu"),  # (n, 128)
        layers.Dropout(0.25),
        layers.Dense(10),  # (n, 10)
    ]
)

weights_pytorch = sum(weights.numel() for weights in in_pytorch.parameters())
weights_tensorflow = in_tensorflow.count_params()
print(f"numbers to be learned: {weights_pytorch:,} in PyTorch, {weights_tensorflow:,} in TensorFlow")

# %% [markdown]
# Where do 108,618 numbers come from? The first convolution has 16 filters of 3 × 3 and a bias for each: 16 × 9 + 16 =
# 160. The first dense layer has 800 × 128 + 128 = 102,528, nearly all of them. Convolutions are cheap, as one filter
# serves for all places.
#
# ## The data, as each framework likes it
#
# Pixels become floating-point numbers in a small range ([lesson 1](1_pixels_and_convolution.ipynb) says why), and get
# the axis for the channel.

# %%
x_train = torch.from_numpy(mnist.train.images).float().div(127.5).sub(1).unsqueeze(1)  # (60000, 1, 28, 28), -1 to 1
y_train = torch.from_numpy(mnist.train.labels)  # (60000,)
x_test = torch.from_numpy(mnist.test.images).float().div(127.5).sub(1).unsqueeze(1)  # (10000, 1, 28, 28)

x_train_keras = mnist.train.images[..., np.newaxis].astype("float32") / 255  # (60000, 28, 28, 1), from 0 to 1
x_test_keras = mnist.test.images[..., np.newaxis].astype("float32") / 255  # (10000, 28, 28, 1)

# %% [markdown]
# ## Before training
#
# The weights are random, so the answers are, too. `softmax` turns ten scores into ten probabilities: it takes *e* to
# the power of each score, and divides by the sum.


# %%
def answer(network, images):
    """PyTorch's scores for images, with dropout off: (n, 10)."""
    network.eval()
    with torch.no_grad():
        return torch.cat([network(some) for some in images.split(1000)])


scores = answer(in_pytorch, x_test)
before = (scores.argmax(1).numpy() == mnist.test.labels).mean()
print("scores of the first test image:", scores[0].numpy().round(2))
print("as probabilities:              ", F.softmax(scores[0], dim=0).numpy().round(2))
print(f"right answers before training: {before:.1%}")

# %% [markdown]
# ## How wrong is it?
#
# **Cross-entropy** is −ln of the probability that the *right* digit got: 0 if that was 1, 2.3 if it was one in ten, and
# more and more as it nears 0. Being sure and wrong is what costs most.
#
# ## One step
#
# A training step, on a **batch** of 64 images, is five lines in PyTorch. The fourth, `backward`, finds for every one of
# the 108,618 numbers whether the loss rises or falls with it, and how steeply (its **gradient**). It is school
# calculus, the chain rule, done by the framework. The **optimiser** then moves every number a little, against its
# slope.

# %%
optimizer = torch.optim.Adam(in_pytorch.parameters(), lr=0.001)
in_pytorch.train()  # dropout on

for step in range(5):  # the same 64 images five times, to see the loss fall
    optimizer.zero_grad()  # forget the gradients of the step before
    scores = in_pytorch(x_train[:64])  # (64, 10)
    loss = F.cross_entropy(scores, y_train[:64])  # one number: the mean over the batch
    loss.backward()  # gradients
    optimizer.step()  # move
    print(f"step {step + 1}: loss {loss.item():.3f}")

# %% [markdown]
# ## All steps: training
#
# Now all 60,000 images, in batches of 64, in random order. Once through all of them is an **epoch**. Two epochs are
# enough to see what happens.

# %%
losses_pytorch = []  # of each step
for epoch in range(2):
    in_pytorch.train()
    for batch in torch.randperm(len(y_train)).split(64):  # (64,): which images
        optimizer.zero_grad()
        loss = F.cross_entropy(in_pytorch(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
        losses_pytorch.append(loss.item())
    print(f"PyTorch, epoch {epoch + 1}: mean loss {np.mean(losses_pytorch[-938:]):.4f}")

# %% [markdown]
# Keras has this loop inside `fit`. You say what to measure and how to move, and it does the rest. A *callback* is how
# to look in.

# %%
losses_tensorflow = []


class Losses(keras.callbacks.Callback):
    """Writes down the loss after each step; Keras gives the mean since the epoch began."""

    def on_epoch_begin(self, epoch, logs=None):
        self.total, self.steps = 0.0, 0

    def on_train_batch_end(self, batch, logs=None):
        self.steps += 1
        losses_tensorflow.append(logs["loss"] * self.steps - self.total)
        self.total = logs["loss"] * self.steps


in_tensorflow.compile(
    optimizer=keras.optimizers.Adam(0.001),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),  # "sparse": labels are numbers; "logits": scores
)
history = in_tensorflow.fit(x_train_keras, mnist.train.labels, batch_size=64, epochs=2, verbose=0, callbacks=[Losses()])
for epoch, loss in enumerate(history.history["loss"]):
    print(f"TensorFlow, epoch {epoch + 1}: mean loss {loss:.4f}")

# %%
figure, axes = plt.subplots(figsize=(9, 4))
for name, losses in {"PyTorch": losses_pytorch, "TensorFlow": losses_tensorflow}.items():
    smooth = np.convolve(losses, np.ones(50) / 50, mode="valid")  # the mean of 50 steps
    axes.plot(np.arange(len(smooth)) + 50, smooth, label=name)
axes.axhline(np.log(10), color="gray", linestyle=":", label="blind guessing: 2.3")
axes.axvline(938, color="gray", linewidth=0.5)
axes.text(938, 1.3, " second epoch →")
axes.set(xlabel="step of 64 images", ylabel="loss, mean of the last 50 steps", yscale="log")
axes.set_yticks([0.05, 0.1, 0.2, 0.5, 1, 2], labels=["0.05", "0.1", "0.2", "0.5", "1", "2"])
axes.set_title("How the loss falls: fast at first, then slowly")
axes.legend()
plt.show()

# %% [markdown]
# The two curves are not the same, as the random numbers are not: other first weights, other order of the images. But
# they are alike. ([Lesson 6](6_one_network_two_frameworks.ipynb) makes them the same.)
#
# ## The test
#
# How many of the 10,000 test images, which it has never seen, does it read?

# %%
scores_pytorch = answer(in_pytorch, x_test).numpy()  # (10000, 10)
scores_tensorflow = in_tensorflow.predict(x_test_keras, verbose=0)  # (10000, 10)
accuracy_pytorch = (scores_pytorch.argmax(1) == mnist.test.labels).mean()
accuracy_tensorflow = (scores_tensorflow.argmax(1) == mnist.test.labels).mean()
print(f"right in PyTorch:    {accuracy_pytorch:.2%}")
print(f"right in TensorFlow: {accuracy_tensorflow:.2%}")

# %% [markdown]
# About 98.5%, a point less or half a point more; with the nearest mean it was 82%. Which framework is higher is
# chance: [lesson 3](3_is_it_better.ipynb) is about that.
#
# ## Look at the mistakes
#
# A percentage teaches nothing about *what* goes wrong. First: which digit is taken for which? Each row is a true digit,
# each column an answer.

# %%
answers = scores_pytorch.argmax(1)
counts = np.zeros((10, 10), int)
np.add.at(counts, (mnist.test.labels, answers), 1)  # one more in the row of the label, the column of the answer

figure, axes = plt.subplots(figsize=(6.4, 6))
wrong = counts * (1 - np.eye(10, dtype=int))
axes.imshow(wrong, cmap="Oranges")
for (label, said), count in np.ndenumerate(counts):
    if count:
        axes.text(said, label, count, ha="center", va="center", color="gray" if label == said else "black")
axes.set(xticks=range(10), yticks=range(10), xlabel="what the network said", ylabel="what it is")
axes.set_title(f"{wrong.sum()} mistakes in 10,000 images; grey: right answers")
plt.show()

# %% [markdown]
# Second: the images themselves, those first where the network was surest and yet wrong.

# %%
probabilities = F.softmax(torch.from_numpy(scores_pytorch), dim=1).numpy()
sure = probabilities.max(1)
mistakes = np.flatnonzero(answers != mnist.test.labels)
worst = mistakes[np.argsort(-sure[mistakes])][:24]

figure, panels = plt.subplots(3, 8, figsize=(12, 5.6))
for axes, index in zip(panels.flat, worst, strict=False):
    axes.imshow(mnist.test.images[index], cmap="gray_r")
    axes.set_title(f"is {mnist.test.labels[index]}, said {answers[index]}\n{sure[index]:.0%} sure", fontsize=10)
for axes in panels.flat:
    axes.axis("off")
figure.suptitle("The mistakes that it was surest of")
plt.show()

# %% [markdown]
# Go through them honestly: which would *you* have read as labelled? A few are plainly ill-written or mislabelled, and
# no network should be blamed. Others are easy for you and hard for it: a thick pen, a slant, a curl that the training
# images rarely have. That difference is what better networks work on (`digits train pytorch --recipe deep`), and it is
# why the next thing to look at is not the percentage but the pictures.

# %% [markdown]
# ## Exercises
#
# **1.** How many weights has the second convolution? Compute it first, then ask PyTorch.
#
# <details><summary>Answer</summary>
#
# 32 filters, each 3 × 3 over 16 maps, and 32 biases: 32 × 16 × 9 + 32 = 4,640.
#
# ```python
# print(sum(weights.numel() for weights in in_pytorch[3].parameters()))
# ```
#
# </details>
#
# **2.** How many of the *training* images does the network read? Why is it more than of the test images?
#
# <details><summary>Answer</summary>
#
# It has learned from just these, down to their accidents. The difference is called the generalisation gap. After two
# epochs it is small; after twenty it is larger.
#
# ```python
# on_training = (answer(in_pytorch, x_train).argmax(1) == y_train).float().mean().item()
# print(f"training images {on_training:.2%}, test images {accuracy_pytorch:.2%}")
# ```
#
# </details>
#
# **3.** Where the two networks agree, how often are they right? And where they do not?
#
# <details><summary>Answer</summary>
#
# Agreement of two networks that were trained apart is a good sign, and disagreement a good alarm.
#
# ```python
# other = scores_tensorflow.argmax(1)
# for name, those in {"agree": answers == other, "disagree": answers != other}.items():
#     right = (answers == mnist.test.labels)[those].mean()
#     print(f"they {name} on {those.sum():,} images; there PyTorch's network is right in {right:.1%}")
# ```
#
# </details>
#
# **4.** Make a network without convolutions: `Flatten`, `Linear(784, 128)`, `ReLU`, `Linear(128, 10)`. How well does it
# read, trained for one epoch?
#
# <details><summary>Answer</summary>
#
# It has about as many weights, and makes several times as many mistakes: it must learn a stroke anew at each place.
#
# ```python
# torch.manual_seed(0)
# dense = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
# optimizer = torch.optim.Adam(dense.parameters(), lr=0.001)
# for batch in torch.randperm(len(y_train)).split(64):
#     optimizer.zero_grad()
#     F.cross_entropy(dense(x_train[batch]), y_train[batch]).backward()
#     optimizer.step()
# right = (answer(dense, x_test).argmax(1).numpy() == mnist.test.labels).mean()
# print(f"{sum(weights.numel() for weights in dense.parameters()):,} weights, right: {right:.2%}")
# ```
#
# </details>
#
# Next: [3. Is it better?](3_is_it_better.ipynb)
