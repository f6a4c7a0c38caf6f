# %% [markdown]
# # 1. Pixels, and what a convolution is
#
# **The idea of this lesson:** an image is a table of numbers. A *convolution* slides a much smaller table over it and
# notes, place by place, how well the two match. That is all, and it is most of what a network needs to read digits.
#
# You need some Python and some NumPy, and nothing about neural networks; what the lesson uses of NumPy comes first. It
# takes half an hour to read and a minute to run. Run the cells from top to bottom, change numbers, and run them again.

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

import numpy as np

from digits.datasets import download_dataset, load_dataset
from lessons.pictures import show_channels, show_learned, show_losses, show_maps, show_numbers, show_row, show_sum

download_dataset(Path("mnist_data"))  # fetches MNIST once, 11 MB; afterwards it only checks that all is there
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

show_numbers(image, f"One image: a {label}")

# %% [markdown]
# ## NumPy in one cell
#
# NumPy computes with whole tables at once. You need five things of it for now.

# %%
print("1. slice:    ", image[7:10, 13:16].tolist(), "are rows 7 to 9 of columns 13 to 15")
print("2. broadcast:", (image / 255).max(), "is the highest pixel, once one number has divided all 784")
print(
    "3. axis:     ",
    mnist.train.images.mean(axis=0).shape,
    "is left when the mean is taken along axis 0, over the images",
)
print("4. reshape:  ", image.reshape(784).shape, "is the same image with its rows in one line")
is_seven = mnist.train.labels == 7  # (60000,), of True and False: a mask
print("5. mask:     ", mnist.train.images[is_seven].shape, "are the images where the mask is True, the sevens")

# %% [markdown]
# **Broadcasting** goes further: in `images - mean`, with shapes `(60000, 28, 28)` and `(28, 28)`, the one mean is
# subtracted from each of the 60,000 images. NumPy compares the shapes from the right, and repeats what is missing.
#
# ## Reading digits with means
#
# Numbers can be added and divided, so images can, too. The mean of all images of a digit is what they have in common.

# %%
means = np.stack([mnist.train.images[mnist.train.labels == digit].mean(axis=0) for digit in range(10)])  # (10, 28, 28)
show_row({f"mean {digit}": mean for digit, mean in enumerate(means)}, "The mean of all training images of each digit")

# %% [markdown]
# That is already enough to read digits, a little. Take a new image, subtract each mean, square the differences and add
# them up: the digit whose mean differs least is the answer. (`ravel` puts an image's rows in one line, a −1 in
# `reshape` means "as many as there are", and `argmin` says *which* number is the smallest.)

# %%
pixels = mnist.test.images.reshape(-1, 784).astype(float)  # (10000, 784): each image in one row
differences = [np.square(pixels - mean.ravel()).sum(axis=1) for mean in means]  # ten times (10000,)
answers = np.argmin(differences, axis=0)  # (10000,): for each image the digit whose mean differs least
nearest_mean = np.mean(answers == mnist.test.labels)
print(f"right answers with the nearest mean: {nearest_mean:.1%}")

# %% [markdown]
# Four in five, where guessing would give one in ten. But look at how blurred the means are. A digit that is written a
# bit to the left, or slanted, has its ink (here white) where the mean has none. Comparing pixel with pixel asks: *is
# there ink at this very pixel?* A better question is: *is there a stroke like this one near here?* That is what a
# convolution asks.

# %% [markdown]
# ## One filter by hand
#
# A **filter** is a small table of numbers, here 3 × 3. Lay it on nine pixels of the image, multiply each pixel by the
# number that lies on it, and add the nine products up. The sum says how well this place matches the filter.
#
# This filter has +1 in its upper row and −1 in its lower row. It gives a high number where the image is bright above
# and dark below: at the lower edge of a stroke.

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
match = (place * lower_edge).sum()
show_sum(place, lower_edge, f"One place of a convolution: the nine products add up to {match:.2f}")

# %% [markdown]
# Do the same at every place: that is the convolution. A filter 3 pixels wide fits into 28 pixels at 26 places, so the
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


title = "Four filters and what each finds: blue is a match, red is the opposite"
show_maps(image, filters, maps, title)

# %% [markdown]
# Compare the maps with the image. Blue in the first map runs along the lower edges of the strokes, wherever they are.
# The second filter is the first one with all signs changed, so its map has the colours swapped.
#
# Two things to remember:
#
# - **The same nine numbers are used everywhere.** An edge need not be learned anew for each place. A table with its own
#   number for each pixel, such as our means, would have to learn it everywhere.
# - **The map is an image again**, of matches instead of ink. So a second convolution can slide over maps, and find
#   patterns of patterns: where an upper edge bends into a right edge there is a corner, and four such corners make a
#   loop.

# %% [markdown]
# To watch a filter move, run `digits serve`, draw a digit, and choose "Look inside": point at a pixel of a map, and the
# page shows the nine products that made it.
#
# ## Bias, ReLU and pooling
#
# Three small steps follow in our network.
#
# **Bias**: one number for each filter, added to its whole map.
#
# **ReLU** (rectified linear unit): what is below 0 becomes 0. Only matches are kept; a second filter with the opposite
# signs can look for the opposite. ([Lesson 2](2_first_network.ipynb) shows what else ReLU is for.)
#
# Together they are a threshold. With a bias of −2, only a match of more than 2 is left above 0.


# %%
def relu(values):
    return np.maximum(values, 0)


biases = (0.5, 0, -1, -2)
title = "Map of the lower edges after bias and ReLU: the lower the bias, the better a match must be (white is 0)"
show_row(
    {f"bias {bias}": relu(maps["lower edges"] + bias) for bias in biases}, title, width=10, cmap="Blues", vmin=0, vmax=3
)

# %% [markdown]
# We made our filters by hand and leave their bias at 0; a network learns the bias of each filter along with its nine
# weights.
#
# **Max-pooling** takes the highest number of each 2 × 2 places. The map then has half as many rows and columns, and
# changes little when a digit moves by a pixel. The exact place of a match is lost, and is hardly needed.


# %%
def max_pool(values):
    """The highest of each 2 × 2 places."""
    height, width = values.shape[0] // 2, values.shape[1] // 2
    pairs = values[: 2 * height, : 2 * width].reshape(height, 2, width, 2)  # rows in pairs, and columns in pairs
    return pairs.max(axis=(1, 3))  # over both places of each pair


pooled = {name: max_pool(relu(values)) for name, values in maps.items()}  # each (13, 13)
title = "The same maps after ReLU and max-pooling: 26 × 26 became 13 × 13, and only matches are left"
show_maps(image, filters, pooled, title)

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
# We invented four filters. Nobody could invent all that ten digits need, so a network **learns** them. It starts with
# random numbers, and changes each of them a little, again and again, so that its answers become less wrong. The next
# lesson does that. Here is the result: the 16 filters that the first convolution of our network has learned after
# seeing each training image once, and what they find in our image. (The package trains it in the three lines after
# the imports; you need not follow them. An *epoch* is one pass through all training images; the *loss* is explained
# below.)

# %%
from digits.recipes import RECIPES, adjusted
from digits.commands.steps import Settings, build, train

settings = Settings("pytorch", adjusted(RECIPES["baseline"], {"epochs": 1}), seed=0)
model = build(settings, mnist)
train(settings, model, mnist)
weights = model.backend.weights(model.network)
learned, bias = weights["conv1.weight"][:, 0], weights["conv1.bias"]  # (16, 3, 3), (16,)
seen = 2 * x - 1  # as this network sees the image: pixels from -1 to 1, so that black is -1

learned_maps = [relu(convolve(seen, pattern) + one) for pattern, one in zip(learned, bias, strict=True)]
title = "16 learned filters (blue adds, red subtracts); below each, where it matches the image"
show_learned(learned, learned_maps, title)

# %% [markdown]
# Some find edges, as ours do, but also slanted ones. Some match ink, and some match the black around it. (After another
# training, one or two may find nothing at all.) Nobody told the network what an edge is.
#
# ## Channels: a filter over 16 maps
#
# The 16 maps go into the second convolution *together*, as one image with 16 **channels**, just as a colour photograph
# has three: red, green and blue. So a filter of the second convolution has a 3 × 3 table for each channel: 16 × 3 × 3 =
# 144 numbers. Each table slides over its own map. At each place all 144 products are added up, and the bias to that:
# one filter gives *one* map, however many channels go in. Here is one of the 32 filters of the second convolution.

# %%
channels = np.stack([max_pool(values) for values in learned_maps])  # (16, 13, 13)
one_filter = weights["conv2.weight"][0]  # (16, 3, 3)
total = sum(convolve(channel, table) for channel, table in zip(channels, one_filter, strict=True))  # (11, 11)
result = relu(total + weights["conv2.bias"][0])
title = "Second convolution: each of 16 maps is convolved with its own 3 × 3 table of a filter; the sum is one map"
show_channels(channels, one_filter, result, title)

# %% [markdown]
# ## What normalisation does
#
# Every tutorial rescales the pixels before training, from 0–255 to 0–1 or to −1–1. Why? Let us train the smallest model
# that learns, on pixels in two ranges, and watch the **loss**. The loss says how wrong the answers are: 2.3 for blind
# guessing among ten digits, 0 for being sure and right.
#
# The model has no convolution. It has one weight for each pixel and digit; an image's score for a digit is the sum of
# its pixels times that digit's weights. You need not follow each line. What matters is the loop: compute the scores,
# measure how wrong they are, find which way is better, and take one step that way.


# %%
def train_by_steps(pixels, labels, step_size, steps=60):
    """The loss at each step."""
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

title = "One training on pixels of two ranges: the step size must fit the range"
show_losses({f"pixels from {name}": losses for name, losses in curves.items()}, title)
for name, losses in curves.items():
    print(f"pixels from {name}: loss {losses[-1]:.2f} after {len(losses)} steps")

# %% [markdown]
# With raw pixels, the usual step size of 0.1 throws the weights from one extreme to the other, and the loss jumps
# about, mostly above that of blind guessing. With a tiny step size, raw pixels can be learned from, too. How tiny?
# Pixels 255 times as large make each slope 255 times as steep, so a step moves a weight 255 times as far; and that
# weight is then multiplied by a pixel 255 times as large. To make up for both, the step size must be about 255² =
# 65,025 times smaller, and 0.000001 nearly is. Somebody has to find that out. With normalised pixels the *usual* step
# size is right, for this dataset and for the next. That is why everybody normalises.
#
# ## To explain it to somebody
#
# Close this page and answer in your own words: What does a filter do at one place? What is a map? Why is one filter
# used at all places? What does a bias change? How many numbers has a filter over 16 maps, and why? Why does pooling
# help? If you can, you know what a convolution is.

# %% [markdown]
# ## Exercises
#
# **1.** What does a filter whose nine numbers are all 1/9 do to an image? Answer before you try it.
#
# <details><summary>Answer</summary>
#
# Each pixel becomes the mean of itself and its eight neighbours: the image is blurred. It has 26 × 26 pixels.
#
# ```python
# blurred = convolve(x, np.full((3, 3), 1 / 9))
# show_row({"the image": x, "blurred": blurred}, "Each pixel becomes the mean of nine", width=6)
# ```
#
# </details>
#
# **2.** Make a filter that finds strokes which go from the upper left to the lower right. Try it on a 7 and on a 1.
#
# <details><summary>Answer</summary>
#
# High numbers where the stroke would be, low ones beside it. They add up to 0, so that an evenly bright place gives 0.
#
# ```python
# diagonal = np.array([[2, -1, -1], [-1, 2, -1], [-1, -1, 2]])
# first = {digit: mnist.train.images[mnist.train.labels == digit][0] / 255 for digit in (7, 1)}
# found = {f"in a {digit}": relu(convolve(one, diagonal)) for digit, one in first.items()}
# show_row(found, "Where a stroke goes from the upper left to the lower right", width=7, cmap="Blues")
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
