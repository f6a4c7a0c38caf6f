# %% [markdown]
# # 1. Pixels, and what a convolution is
#
# **The idea of this lesson:** an image is a table of numbers. A *convolution* slides a much smaller table over it and
# notes, place by place, how well the two match. That is all, and it is most of what a network needs to read digits.
#
# You need to know some Python, and nothing about neural networks. Read it in half an hour; run it in a minute. Run the
# cells from top to bottom, change numbers, and run them again.

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
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from digits.datasets import download_dataset, load_dataset

plt.rcParams.update({"figure.dpi": 72, "figure.constrained_layout.use": True, "font.size": 11})

download_dataset(Path("mnist_data"))  # fetches MNIST once, 11 MB; afterwards it only looks whether all is there
mnist = load_dataset("mnist")
print("images to learn from:", mnist.train.images.shape, mnist.train.images.dtype)
print("their labels:        ", mnist.train.labels.shape, mnist.train.labels[:10], "…")
print("images for the test: ", mnist.test.images.shape)

# %% [markdown]
# ## An image is a table of numbers
#
# The shape `(60000, 28, 28)` says: 60,000 images, each with 28 rows of 28 pixels. A pixel is one number from 0, black,
# to 255, white. The label is the digit that somebody meant to write. Here is one image, as you see it and as the
# computer does.

# %%
image = mnist.train.images[7]  # (28, 28), uint8
label = mnist.train.labels[7]

figure, (left, right) = plt.subplots(1, 2, figsize=(13, 6.6))
for axes in (left, right):
    axes.imshow(image, cmap="gray")
    axes.set_xlabel("column")
left.set_ylabel("row")
left.set_title(f"what you see: a {label}")
right.set_title("what the computer has: 28 × 28 numbers")
for row in range(28):
    for column in range(28):
        value = image[row, column]
        right.text(
            column, row, value, ha="center", va="center", fontsize=6, color="black" if value > 127 else "#bbbbbb"
        )
plt.show()

# %% [markdown]
# Numbers can be added and divided, so images can, too. The mean of all images of a digit is what they have in common.

# %%
means = np.stack([mnist.train.images[mnist.train.labels == digit].mean(axis=0) for digit in range(10)])  # (10, 28, 28)

figure, panels = plt.subplots(1, 10, figsize=(13, 1.7))
for digit, axes in enumerate(panels):
    axes.imshow(means[digit], cmap="gray")
    axes.set_title(f"mean {digit}")
    axes.axis("off")
plt.show()

# %% [markdown]
# That is already enough to read digits, a little. Take a new image, and answer with the digit whose mean is nearest:
# whose pixels differ least from it.

# %%
pixels = mnist.test.images.reshape(-1, 784).astype(float)  # (10000, 784): each image in one row
differences = [np.square(pixels - mean.ravel()).sum(axis=1) for mean in means]  # ten times (10000,)
answers = np.argmin(differences, axis=0)  # (10000,): for each image the digit whose mean differs least
nearest_mean = np.mean(answers == mnist.test.labels)
print(f"right answers with the nearest mean: {nearest_mean:.1%}")

# %% [markdown]
# Four in five, where guessing would give one in ten. But look at how blurred the means are. A digit that is written a
# little to the left, or slanted, has its ink where the mean has none. Comparing pixel with pixel asks *is there ink
# just here?* Better to ask *is there a stroke like this, somewhere about here?* For that we need convolution.

# %% [markdown]
# ## One filter by hand
#
# A **filter** is a small table of numbers, here 3 × 3. Lay it on nine pixels of the image, multiply each pixel by the
# number that lies on it, and add the nine products up. The sum says how well this place matches the filter.
#
# This filter has +1 above and −1 below. It gives a high number where the image is bright above and dark below: at the
# lower edge of a stroke.

# %%
lower_edge = np.array(
    [
        [1, 1, 1],
        [0, 0, 0],
        [-1, -1, -1],
    ]
)

x = image / 255  # from 0 to 1, so that the numbers are easier to read

row, column = 7, 13  # of the upper left one of nine pixels
place = x[row : row + 3, column : column + 3]
print("nine pixels:\n", place.round(2))
print("times the filter:\n", (place * lower_edge).round(2) + 0)  # + 0 turns -0 into 0
print("added up:", (place * lower_edge).sum().round(2))

# %% [markdown]
# Now the same at every place: that is the convolution. A filter 3 pixels wide fits into 28 pixels at 26 places, so the
# result, a **map**, has 26 × 26 numbers.


# %%
def convolve(image, pattern):
    """How well each 3 × 3 pixels of `image` match `pattern`."""
    height, width = image.shape[0] - 2, image.shape[1] - 2
    result = np.zeros((height, width))
    for row in range(height):
        for column in range(width):
            result[row, column] = (image[row : row + 3, column : column + 3] * pattern).sum()
    return result


filters = {
    "lower edges": lower_edge,
    "upper edges": -lower_edge,
    "right edges": lower_edge.T,
    "left edges": -lower_edge.T,
}
maps = {name: convolve(x, pattern) for name, pattern in filters.items()}  # each (26, 26)


def show_maps(maps, title):
    figure, panels = plt.subplots(2, 5, figsize=(13, 5.6), gridspec_kw={"height_ratios": [1, 2.6]})
    panels[0, 0].axis("off")
    panels[1, 0].imshow(image, cmap="gray")
    panels[1, 0].set_title("the image")
    for (name, pattern), above, below in zip(filters.items(), panels[0, 1:], panels[1, 1:], strict=True):
        above.imshow(pattern, cmap="RdBu", vmin=-2, vmax=2)
        for (r, c), value in np.ndenumerate(pattern):
            above.text(c, r, f"{value:+d}" if value else "0", ha="center", va="center")
        above.set_title(f"filter for {name}")
        drawn = below.imshow(maps[name], cmap="RdBu", vmin=-3, vmax=3)
        below.set_title(f"its map, {maps[name].shape[0]} × {maps[name].shape[1]}")
    for axes in panels.flat:
        axes.set_xticks([])
        axes.set_yticks([])
    figure.colorbar(drawn, ax=panels[1, :], shrink=0.8, label="− opposite   0 none   + match")
    figure.suptitle(title)
    plt.show()


show_maps(maps, "Four filters and what each finds: blue is a match, red is the opposite")

# %% [markdown]
# Compare the maps with the image. Blue in the first map runs along the lower edges of the strokes, wherever they are.
# The second filter is the first one upside down in sign, so its map has the colours swapped.
#
# Two things to keep:
#
# - **The same nine numbers are used everywhere.** The filter need not learn an edge anew for each place. A table with a
#   number of its own for each pixel, as our means were, would have to.
# - **The map is an image again**, of matches instead of ink. So a second convolution can slide over maps, and find
#   patterns of patterns: where an upper edge bends into a right edge there is a corner, and four such corners make a
#   loop.

# %% [markdown]
# ## ReLU and pooling
#
# Two small steps follow a convolution in our network.
#
# **ReLU** (rectified linear unit) replaces what is below 0 by 0: no match is no match, and *the opposite* is another
# filter's business.
#
# **Max-pooling** takes from each 2 × 2 places the highest number. The map has half as many rows and columns, and a
# digit may sit a pixel to the side without much change. What is lost is where exactly the match was; that matters
# little.


# %%
def relu(values):
    return np.maximum(values, 0)


def max_pool(values):
    """The highest of each 2 × 2 places."""
    height, width = values.shape[0] // 2, values.shape[1] // 2
    return values[: 2 * height, : 2 * width].reshape(height, 2, width, 2).max(axis=(1, 3))


pooled = {name: max_pool(relu(values)) for name, values in maps.items()}  # each (13, 13)
show_maps(pooled, "The same maps after ReLU and max-pooling: 26 × 26 became 13 × 13, and only matches are left")

# %% [markdown]
# ## The frameworks do just this
#
# PyTorch's convolution takes many images and many filters at once, and is far quicker than our two loops. It computes
# the same numbers.

# %%
import torch
from torch.nn import functional as F

images = torch.tensor(x, dtype=torch.float32).view(1, 1, 28, 28)  # (1, 1, 28, 28): images, channels, rows, columns
patterns = torch.tensor(np.stack(list(filters.values())), dtype=torch.float32).view(4, 1, 3, 3)  # four filters
theirs = F.conv2d(images, patterns)  # (1, 4, 26, 26): four maps of one image
ours = np.stack(list(maps.values()))
largest_difference = np.abs(theirs[0].numpy() - ours).max()
print("shape:", tuple(theirs.shape), " largest difference from our loops:", f"{largest_difference:.0e}")

# %% [markdown]
# (A difference of 10⁻⁷ or so is rounding: PyTorch computes with 32 bits for a number and NumPy with 64.)
#
# ## Where do filters come from?
#
# We made four filters up. Nobody could make up all that is needed for ten digits, so a network **learns** them: it
# starts with random numbers, and each time it answers wrongly it changes every number a little, to where the answer is
# less wrong. The next lesson does that. Here is what comes out: the 16 filters that the first convolution of our
# network had learned after seeing each training image once, and what they find in our image.

# %%
from digits.recipes import RECIPES, adjusted
from digits.commands.steps import Settings, build, train

settings = Settings("pytorch", adjusted(RECIPES["baseline"], {"epochs": 1}), seed=0)
model = build(settings, mnist)
train(settings, model, mnist)
weights = model.backend.weights(model.network)
learned, bias = weights["conv1.weight"][:, 0], weights["conv1.bias"]  # (16, 3, 3), (16,)
seen = 2 * x - 1  # as this network sees the image: pixels from -1 to 1, so that black is -1

figure, panels = plt.subplots(4, 8, figsize=(13, 6.8))
largest = np.abs(learned).max()
for index, pattern in enumerate(learned):
    above, below = panels[index // 8 * 2, index % 8], panels[index // 8 * 2 + 1, index % 8]
    above.imshow(pattern, cmap="RdBu", vmin=-largest, vmax=largest)
    above.set_title(f"filter {index + 1}")
    below.imshow(relu(convolve(seen, pattern) + bias[index]), cmap="Blues")  # a bias is added to all places
for axes in panels.flat:
    axes.set_xticks([])
    axes.set_yticks([])
figure.suptitle("16 learned filters (blue adds, red subtracts), and below each where it matches the image")
plt.show()

# %% [markdown]
# Some find edges in a direction, as ours do, slanted ones too; some answer to ink, some to black paper, and one or two
# may find nothing at all. Nobody told the network what an edge is.

# %% [markdown]
# ## What normalisation does
#
# Every tutorial rescales the pixels before training, from 0–255 to 0–1 or to −1–1. Why? Let us train the smallest thing
# that learns, on pixels in each of these ranges, and look at how the loss falls. The **loss** says how wrong the
# answers are: 2.3 for blind guessing among ten digits, 0 for being sure and right.
#
# The thing that learns has no convolution. It has one weight for each pixel and digit; an image's score for a digit is
# the sum of its pixels times that digit's weights. (You need not follow each line. The loop is what matters: score, how
# wrong, which way is better, one step that way.)


# %%
def train_by_steps(pixels, labels, step_size, steps=60):
    """The loss at each step of a training that goes downhill."""
    weights, bias = np.zeros((pixels.shape[1], 10)), np.zeros(10)
    truth = np.eye(10)[labels]  # (n, 10): 1 for the right digit, 0 for the others
    losses = []
    for _ in range(steps):
        scores = pixels @ weights + bias  # (n, 10)
        scores -= scores.max(axis=1, keepdims=True)
        probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        losses.append(-np.log(probabilities[np.arange(len(labels)), labels] + 1e-12).mean())  # 0 has no logarithm
        wrong_by = (probabilities - truth) / len(labels)  # (n, 10)
        weights -= step_size * pixels.T @ wrong_by  # against the slope
        bias -= step_size * wrong_by.sum(axis=0)
    return losses


few = mnist.train.images[:2000].reshape(-1, 784).astype(float)
few_labels = mnist.train.labels[:2000]
curves = {
    "0 to 255, step size 0.1": train_by_steps(few, few_labels, 0.1),
    "0 to 255, step size 0.000001": train_by_steps(few, few_labels, 0.000001),
    "0 to 1, step size 0.1": train_by_steps(few / 255, few_labels, 0.1),
}

figure, axes = plt.subplots(figsize=(8, 4.2))
for name, losses in curves.items():
    axes.plot(losses, label=f"pixels from {name}")
axes.axhline(np.log(10), color="gray", linestyle=":", label="blind guessing: 2.3")
axes.set(xlabel="step", ylabel="loss (logarithmic scale)", yscale="log", title="The same training, other pixels")
axes.set_yticks([0.7, 1, 2, 5, 10, 20], labels=["0.7", "1", "2", "5", "10", "20"])
axes.legend()
plt.show()
for name, losses in curves.items():
    print(f"pixels from {name}: loss {losses[-1]:.2f} after {len(losses)} steps")

# %% [markdown]
# With raw pixels a usual step size throws the weights from one extreme to the other, and the loss jumps about, most of
# the time above that of blind guessing. A slope is proportional to the pixels, so with pixels 255 times as large it is
# 255 times as steep, and the steps that are safe are 255² = 65,025 times as small. With such a tiny step size raw
# pixels learn as well, as long as somebody finds it. After normalising, the *usual* step sizes are right, for this
# dataset and for the next. That is the use of it: **a scale on which the optimiser's habits fit**.
#
# ## To explain it to somebody
#
# Close this page and say, in your own words: what does a filter do at one place? What is a map? Why is one filter used
# at all places? Why does pooling help? If you can, you know what a convolution is.

# %% [markdown]
# ## Exercises
#
# **1.** What does a filter of nine times 1/9 do to an image? Say it before you try it.
#
# <details><summary>Answer</summary>
#
# It makes each pixel the mean of its neighbourhood: the image is blurred, and 26 × 26 pixels large.
#
# ```python
# blurred = convolve(x, np.full((3, 3), 1 / 9))
# plt.imshow(blurred, cmap="gray")
# plt.title("each pixel the mean of nine")
# plt.show()
# ```
#
# </details>
#
# **2.** Make a filter that finds strokes which go from the upper left to the lower right. Try it on a 7 and on a 1.
#
# <details><summary>Answer</summary>
#
# Bright where the stroke would be, dark beside it. The numbers add up to 0, so that an evenly bright place gives 0.
#
# ```python
# diagonal = np.array([[2, -1, -1], [-1, 2, -1], [-1, -1, 2]])
# figure, panels = plt.subplots(1, 4, figsize=(12, 3.2))
# for digit, pair in zip((7, 1), panels.reshape(2, 2)):
#     one = mnist.train.images[mnist.train.labels == digit][0] / 255
#     pair[0].imshow(one, cmap="gray")
#     pair[0].set_title(f"a {digit}")
#     pair[1].imshow(relu(convolve(one, diagonal)), cmap="Blues")
#     pair[1].set_title("where it slants that way")
# plt.show()
# ```
#
# </details>
#
# **3.** Shift the image by two pixels to the right (`np.roll(x, 2, axis=1)`). What happens to the map of the lower
# edges? What happens to the difference from the mean of its own digit?
#
# <details><summary>Answer</summary>
#
# The map is shifted by two pixels as well, and is otherwise the same: the filter finds the edge where it is now. The
# difference from the mean changes, as that compares pixel with pixel.
#
# ```python
# moved = np.roll(x, 2, axis=1)
# print("map moved along:", np.allclose(convolve(moved, lower_edge)[:, 2:], maps["lower edges"][:, :-2]))
# for name, one in {"as it was": x, "moved": moved}.items():
#     print(f"difference from the mean {label}, {name}:", np.square(one - means[label] / 255).sum().round(1))
# ```
#
# </details>
#
# **4.** The image is 28 × 28, the map 26 × 26, the pooled map 13 × 13. Our network has a second convolution and a
# second pooling. How large are its maps?
#
# <details><summary>Answer</summary>
#
# 13 − 2 = 11 after the convolution, and 5 after pooling: 11 is odd, so a row and a column are left over.
#
# ```python
# print(max_pool(convolve(pooled["lower edges"], lower_edge)).shape)
# ```
#
# </details>
#
# Next: [2. A first network](2_first_network.ipynb)
