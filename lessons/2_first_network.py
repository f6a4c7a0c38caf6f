# %% [markdown]
# # 2. A first network
#
# **The idea of this lesson:** a network is a chain of simple steps with many numbers in them. To train it, show it
# images, measure how wrong it is, and move every number a little so that it is less wrong. You will do that twice, in
# PyTorch and in TensorFlow, side by side, and then look at what it still gets wrong.
#
# You need some Python and some NumPy, and you should know what a convolution is ([lesson
# 1](1_pixels_and_convolution.ipynb)). The lesson runs in about a minute.

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
import numpy as np
import torch
from keras import layers
from torch import nn
from torch.nn import functional as F

from digits.datasets import download_dataset, load_dataset
from lessons.pictures import show_confusion, show_curves, show_dense, show_losses, show_network, show_rows, show_slope

download_dataset(Path("mnist_data"))
mnist = load_dataset("mnist")  # 60,000 images to learn from, and 10,000 others for the test

# %% [markdown]
# ## The network
#
# An image goes in at the left, and ten **scores** come out at the right, one for each digit. The digit with the highest
# score is the answer. Follow the picture once with a finger: each block has its **shape** below it, maps × rows ×
# columns. Lesson 1 explained all steps but two: *flatten* just puts all the numbers in one row, and a *dense* layer is
# explained next.

# %%
shapes = [(1, 28, 28), (16, 26, 26), (16, 13, 13), (32, 11, 11), (32, 5, 5), (800,), (128,), (10,)]
steps = ["16 filters\n+ ReLU", "max-pool", "32 filters\n+ ReLU", "max-pool", "flatten", "dense\n+ ReLU", "dense"]
show_network(shapes, steps, "From an image to ten scores: what each step gives, as maps × rows × columns")

# %% [markdown]
# ## A dense layer
#
# A **dense** or fully connected layer computes sums. For each output it multiplies *all* inputs by weights of that
# output's own, adds the products up, and adds a bias. As a formula: `inputs @ weights + bias`.
#
# You have already met one. Lesson 1 chose the digit with the smallest ∑ (pixel − mean)². Multiplied out, this is ∑
# pixel² − 2 ∑ pixel × mean + ∑ mean². The first term is the same for all ten digits, so leave it out. Divide the rest
# by −2, and the smallest becomes the highest: ∑ pixel × mean − ½ ∑ mean². That is a dense layer. Its weights are the
# means, and its biases are −½ ∑ mean². Without the biases, a digit with much ink would get a high score for any
# image.

# %%
pixels = mnist.test.images.reshape(-1, 784) / 255  # (10000, 784)
means = [mnist.train.images[mnist.train.labels == digit].mean(axis=0).ravel() / 255 for digit in range(10)]
weights = np.stack(means, axis=1)  # (784, 10): a column for each digit
bias = -0.5 * np.square(weights).sum(axis=0)  # (10,)
dense_scores = pixels @ weights + bias  # (10000, 10)
nearest_mean = (dense_scores.argmax(axis=1) == mnist.test.labels).mean()
print(f"right answers of this dense layer: {nearest_mean:.1%}")

tables, image = weights.T.reshape(10, 28, 28), pixels[0].reshape(28, 28)
title = "A dense layer: each score is the sum of 784 products, plus a bias; the highest score is the answer"
show_dense(image, tables, image * tables, dense_scores[0], title)

# %% [markdown]
# These are exactly the 82.0% of lesson 1. In the network, the weights are learned instead, and the inputs of the first
# dense layer are not pixels but the 800 numbers that the convolutions found.
#
# ## Why ReLU?
#
# Why is there a ReLU between two layers? Without it, two layers are one. To multiply by one matrix and then by a second
# is to multiply once, by the product of the two.

# %%
rng = np.random.default_rng(0)
first, second = rng.normal(size=(784, 8)), rng.normal(size=(8, 10))  # two dense layers, without biases
two_layers = pixels @ first @ second  # (10000, 10)
one_layer = pixels @ (first @ second)  # one matrix, (784, 10)
with_relu = np.maximum(pixels @ first, 0) @ second
print("two layers differ from one by at most:         ", np.abs(two_layers - one_layer).max().round(9))
print("two layers with ReLU differ from one by at most:", np.abs(with_relu - one_layer).max().round())

share = np.linspace(0, 1, 200)[:, np.newaxis]  # (200, 1)
mixes = (1 - share) * pixels[0] + share * pixels[15]  # (200, 784): one image turns into another
straight = (mixes @ first @ second)[:, 8]  # the score of one digit
bent = (np.maximum(mixes @ first, 0) @ second)[:, 8]
curves = {"two layers": (share, straight), "two layers with ReLU between them": (share, bent)}
title = "One score while an image turns into another: a straight line without ReLU, a bent one with it"
show_curves(curves, title, "share of the second image in a mix of two", "score of one digit")

# %% [markdown]
# (The weights are random, so the height of the curves means nothing; only their shape does.) A straight line cannot
# fall and then rise again, and a score must: halfway between two eights lies a smear that is no eight. Each ReLU adds a
# bend, and with many bends a network can follow almost any curve.
#
# ## In both frameworks
#
# The comments give the shape after each step, for n images. (Keras is the library in which one writes networks
# for TensorFlow.) The two networks differ in two ways only: PyTorch puts the channels before rows and columns,
# TensorFlow after them; and PyTorch must be told how many channels come in, while Keras finds out.

# %%
torch.manual_seed(0)  # so that the random numbers are the same each time

in_pytorch = nn.Sequential(  # (n, 1, 28, 28): grey images have one channel
    nn.Conv2d(1, 16, kernel_size=3),  # (n, 16, 26, 26): 16 filters make 16 maps
    nn.ReLU(),  # below 0 becomes 0
    nn.MaxPool2d(2),  # (n, 16, 13, 13): the highest of 2 × 2 places
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
# 160. The first dense layer has 800 × 128 + 128 = 102,528, nearly all of them. Convolutions need few numbers, because
# each filter is used at all places.
#
# **Dropout** sets a random quarter of the 128 numbers to 0 at each training step, so that no answer can rely on a few
# of them. It is switched off when the network is used.
#
# ## The data, as each framework wants it
#
# Pixels become floating-point numbers in a small range ([lesson 1](1_pixels_and_convolution.ipynb) says why), and the
# arrays get an axis for the channel. Here it is −1 to 1 for PyTorch and 0 to 1 for TensorFlow; either range works in
# either framework, as long as training and use have the same one.

# %%
x_train = torch.from_numpy(mnist.train.images).float().div(127.5).sub(1).unsqueeze(1)  # (60000, 1, 28, 28), -1 to 1
y_train = torch.from_numpy(mnist.train.labels)  # (60000,)
x_test = torch.from_numpy(mnist.test.images).float().div(127.5).sub(1).unsqueeze(1)  # (10000, 1, 28, 28)

x_train_keras = mnist.train.images[..., np.newaxis].astype("float32") / 255  # (60000, 28, 28, 1), from 0 to 1
x_test_keras = mnist.test.images[..., np.newaxis].astype("float32") / 255  # (10000, 28, 28, 1)

# %% [markdown]
# ## Before training
#
# The weights are random, so the answers are random, too. `softmax` turns ten scores into ten probabilities: it takes
# *e* to the power of each score, and divides by the sum of all ten.


# %%
def answer(network, images):
    """PyTorch's scores for images, with dropout off: (n, 10)."""
    network.eval()
    with torch.no_grad():  # only answers are wanted, so nothing is noted down for learning
        return torch.cat([network(some) for some in images.split(1000)])  # 1,000 at a time, to save memory


scores = answer(in_pytorch, x_test)
before = (scores.argmax(1).numpy() == mnist.test.labels).mean()
print("scores of the first test image:", scores[0].numpy().round(2))
print("as probabilities:              ", F.softmax(scores[0], dim=0).numpy().round(2))
print(f"right answers before training: {before:.1%}")

# %% [markdown]
# ## How wrong is it?
#
# **Cross-entropy** is −ln of the probability that the *right* digit got: 0 if that was 1, 2.3 if it was one in ten, and
# higher and higher as it nears 0. Being sure and wrong costs most. The mean over some images is the **loss**.
#
# ## One step downhill
#
# How does the loss change with a weight? Take one of the 108,618, change nothing else, and try many values. That
# gives a curve. The **gradient** is its slope where the weight is now: it says which way is downhill, and how steep
# it is. A step of **gradient descent** goes downhill, by the slope times a step size.

# %%
images, labels = x_train[:64], y_train[:64]
weights = in_pytorch[10].weight  # of the last dense layer, (10, 128)
F.cross_entropy(in_pytorch(images), labels).backward()  # the gradients of all weights
row, column = divmod(int(weights.grad.abs().argmax()), 128)  # the weight with the steepest slope
slope, now = weights.grad[row, column].item(), weights[row, column].item()


@torch.no_grad()
def loss_at(value):
    """The loss with another value of this one weight."""
    weights[row, column] = value
    loss = F.cross_entropy(in_pytorch(images), labels).item()
    weights[row, column] = now
    return loss


STEP_SIZE = 25  # large, so that the step of this one weight can be seen
values = np.linspace(now - 3, now + 5, 50)
after = now - STEP_SIZE * slope
loss_now, loss_after = loss_at(now), loss_at(after)
show_slope(values, [loss_at(value) for value in values], (now, loss_now), slope, (after, loss_after))

# %% [markdown]
# Trying out values for 108,618 weights would take forever. `backward` computes all their slopes at once, by the chain
# rule that you may know from school. Then the **optimiser** moves all weights together, each against its own slope. The
# one used here, Adam, also chooses for each weight how large a step is right.
#
# So a training step, on a **batch** of 64 images, is five lines in PyTorch:

# %%
optimizer = torch.optim.Adam(in_pytorch.parameters(), lr=0.001)
in_pytorch.train()  # dropout on

for step in range(5):  # the same 64 images five times, to see the loss fall
    optimizer.zero_grad()  # forget the old gradients
    scores = in_pytorch(x_train[:64])  # (64, 10)
    loss = F.cross_entropy(scores, y_train[:64])  # one number: the mean over the batch
    loss.backward()  # gradients
    optimizer.step()  # move
    print(f"step {step + 1}: loss {loss.item():.3f}")

# %% [markdown]
# ## All steps: training
#
# Now take all 60,000 images in batches of 64, in random order. One pass through all of them is an **epoch**: 938 steps,
# as 60,000 / 64 is 937.5. Two epochs are enough to see what happens.

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
# In Keras, `compile` chooses loss and optimiser, and `train_on_batch` does the five lines of a step. The loop is the
# same.

# %%
in_tensorflow.compile(
    optimizer=keras.optimizers.Adam(0.001),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),  # "sparse": labels are numbers; "logits": scores
)
losses_tensorflow = []
for epoch in range(2):
    for batch in np.array_split(rng.permutation(len(y_train)), 938):
        losses_tensorflow.append(in_tensorflow.train_on_batch(x_train_keras[batch], mnist.train.labels[batch]))
    print(f"TensorFlow, epoch {epoch + 1}: mean loss {np.mean(losses_tensorflow[-938:]):.4f}")

# %% [markdown]
# Usually you need not write this loop in Keras: `in_tensorflow.fit(x_train_keras, mnist.train.labels, batch_size=64,
# epochs=2)` does it all.

# %%
losses = {"PyTorch": losses_pytorch, "TensorFlow": losses_tensorflow}
show_losses(losses, "The loss on batches of 64 images falls fast at first, then slowly", mean_of=50, epoch=938)

# %% [markdown]
# The two curves are alike but not equal: the first weights and the order of the images are random, the pixels have
# another range, and PyTorch's network had already taken five steps. ([Lesson 6](6_one_network_two_frameworks.ipynb)
# makes them equal.)
#
# ## The test
#
# How many of the 10,000 test images does each network read correctly? It has never seen them.

# %%
scores_pytorch = answer(in_pytorch, x_test).numpy()  # (10000, 10)
scores_tensorflow = in_tensorflow.predict(x_test_keras, verbose=0)  # (10000, 10)
accuracy_pytorch = (scores_pytorch.argmax(1) == mnist.test.labels).mean()
accuracy_tensorflow = (scores_tensorflow.argmax(1) == mnist.test.labels).mean()
print(f"right in PyTorch:    {accuracy_pytorch:.2%}")
print(f"right in TensorFlow: {accuracy_tensorflow:.2%}")

# %% [markdown]
# It is about 98.5%, and may be a point less or half a point more; with the nearest mean it was 82%. Chance decides
# which framework is ahead: [lesson 3](3_is_it_better.ipynb) is about that.
#
# ## Look at the mistakes
#
# A percentage does not say *what* goes wrong. First, which digit is taken for which? Each row is a true digit, each
# column an answer.

# %%
answers = scores_pytorch.argmax(1)
counts = np.zeros((10, 10), int)
np.add.at(counts, (mnist.test.labels, answers), 1)  # one more in the row of the label, the column of the answer

show_confusion(counts)

# %% [markdown]
# Second, the images themselves. The mistakes that the network was surest of come first.

# %%
probabilities = F.softmax(torch.from_numpy(scores_pytorch), dim=1).numpy()
sure = probabilities.max(1)
mistakes = np.flatnonzero(answers != mnist.test.labels)
worst = mistakes[np.argsort(-sure[mistakes])][:24]

names = [f"is {mnist.test.labels[one]}, said {answers[one]}\n{sure[one]:.0%} sure" for one in worst]
title = "The mistakes that the network was surest of"
show_rows(names, mnist.test.images[worst], columns=8, title=title, cmap="gray_r")

# %% [markdown]
# Go through them honestly: which would *you* have read as labelled? A few are badly written or mislabelled, and no
# network is to blame. Others are easy for you and hard for the network: a thick pen, a slant, a curl that the
# training images rarely have. Better networks read more of those (`digits train pytorch --recipe deep`).
#
# To watch a network of this kind at work on *your* digit, run `digits serve`, draw one, and choose "Look inside": the
# page follows the digit from its pixels to the ten scores, map by map.

# %% [markdown]
# ## Exercises
#
# **1.** How many weights and biases has the second convolution? Compute it first, then ask PyTorch.
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
# **2.** Which share of the *training* images does the network read? Why is it higher than on the test images?
#
# <details><summary>Answer</summary>
#
# It has learned from these very images, including what is peculiar to them. The difference is called the generalisation
# gap. After two epochs it is small; after twenty it is larger.
#
# ```python
# on_training = (answer(in_pytorch, x_train).argmax(1) == y_train).float().mean().item()
# print(f"training images {on_training:.2%}, test images {accuracy_pytorch:.2%}")
# ```
#
# </details>
#
# **3.** How often are the two networks right where they agree? And where they disagree?
#
# <details><summary>Answer</summary>
#
# Where two networks that were trained separately agree, they are almost always right. Where they disagree, one should
# check.
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
