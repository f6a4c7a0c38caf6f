# %% [markdown]
# # 6. One network, two frameworks
#
# **The idea of this lesson:** PyTorch and TensorFlow compute the same thing. To see that, carry the weights of a
# network from one to the other and compare the answers; then train both side by side and compare every step. On the
# way you learn how each of them orders its numbers. That order is where most conversions of models go wrong.
#
# You need some Python and some NumPy, and should have seen the two networks of [lesson 2](2_first_network.ipynb). The
# lesson runs in a minute.

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

from digits.datasets import download_dataset, load_dataset
from digits.recipes import RECIPES
from digits.training.lockstep import lockstep
from lessons.pictures import show_flattened, show_lockstep

download_dataset(Path("mnist_data"))
mnist = load_dataset("mnist")

torch.manual_seed(0)
in_pytorch = nn.Sequential(
    nn.Conv2d(1, 16, 3), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(800, 128), nn.ReLU(), nn.Dropout(0.25), nn.Linear(128, 10),
)  # fmt: skip
in_tensorflow = keras.Sequential(
    [
        layers.Input((28, 28, 1)),
        layers.Conv2D(16, 3, activation="relu"), layers.MaxPooling2D(2),
        layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(2),
        layers.Flatten(), layers.Dense(128, activation="relu"), layers.Dropout(0.25), layers.Dense(10),
    ]
)  # fmt: skip

# %% [markdown]
# ## Train one of them
#
# One epoch, with the five lines of lesson 2. Here both networks see pixels from 0 to 1, so that they get the same
# numbers.

# %%
x_train = torch.from_numpy(mnist.train.images).float().div(255).unsqueeze(1)  # (60000, 1, 28, 28)
y_train = torch.from_numpy(mnist.train.labels)  # (60000,)
optimizer = torch.optim.Adam(in_pytorch.parameters(), lr=0.001)
for batch in torch.randperm(len(y_train)).split(128):
    optimizer.zero_grad()
    nn.functional.cross_entropy(in_pytorch(x_train[batch]), y_train[batch]).backward()
    optimizer.step()

in_pytorch.eval()
images = mnist.test.images.astype(np.float32) / 255  # (10000, 28, 28)
with torch.no_grad():
    wanted = in_pytorch(torch.from_numpy(images).unsqueeze(1)).numpy()  # (10000, 10): to be reproduced
accuracy = (wanted.argmax(1) == mnist.test.labels).mean()
print(f"in PyTorch: {accuracy:.2%} right")

# %% [markdown]
# ## Two layouts
#
# Here are the shapes of all weights in both. They hold the same number of weights, in a different order.

# %%
theirs = {name: weights.detach().numpy() for name, weights in in_pytorch.named_parameters()}
for (name, array), variable in zip(theirs.items(), in_tensorflow.weights, strict=True):
    print(f"PyTorch {name:<10} {array.shape!s:<16} TensorFlow {variable.path:<30} {tuple(variable.shape)}")

# %% [markdown]
# | | PyTorch | TensorFlow |
# |---|---|---|
# | images | (n, **channels**, rows, columns) | (n, rows, columns, **channels**) |
# | filters | (**out**, **in**, rows, columns) | (rows, columns, **in**, **out**) |
# | dense layer | (**out**, **in**) | (**in**, **out**) |
#
# NumPy's `transpose` reorders axes: for a filter, new axis 0 is old axis 2, and so on.


# %%
def carry_over(dense1):
    """Put PyTorch's weights into the TensorFlow network, `dense1` for those of its first dense layer."""
    conv1, bias1, conv2, bias2, _, bias3, dense2, bias4 = theirs.values()
    filters1, filters2 = conv1.transpose(2, 3, 1, 0), conv2.transpose(2, 3, 1, 0)
    in_tensorflow.set_weights([filters1, bias1, filters2, bias2, dense1, bias3, dense2.T, bias4])


def ask_tensorflow():
    return in_tensorflow.predict(images[..., np.newaxis], verbose=0)  # (10000, 10)


carry_over(dense1=theirs["7.weight"].T)
got = ask_tensorflow()
accuracy_wrong = (got.argmax(1) == mnist.test.labels).mean()
print(f"in TensorFlow: {accuracy_wrong:.2%} right; largest difference of a score: {np.abs(got - wanted).max():.1e}")

# %% [markdown]
# Every shape fits, nothing complains, and the answers are rubbish. Everybody makes this mistake once. Do you see it?
#
# `Flatten` puts the maps in a row. In PyTorch they are (32 maps, 5 rows, 5 columns), so the row begins with *all
# places of map 0*. In TensorFlow they are (5 rows, 5 columns, 32 maps), so it begins with *all maps at place 0*. Here
# it is with 3 maps of 2 × 2 places:

# %%
small = np.array([[[0, 1], [2, 3]], [[10, 11], [12, 13]], [[20, 21], [22, 23]]])  # (3, 2, 2): 10 × map + place
flattened = {"PyTorch: map after map": small.ravel(), "TensorFlow: place after place": small.transpose(1, 2, 0).ravel()}
show_flattened(flattened, "Flatten puts the same 12 numbers, 3 maps of 2 × 2 places, into another order")

# %% [markdown]
# The first dense layer has weights for each of the 800 inputs. Those weights must be put into TensorFlow's order.

# %%
dense1 = theirs["7.weight"]  # (128, 800), the 800 in the order map, row, column
reordered = dense1.reshape(128, 32, 5, 5).transpose(2, 3, 1, 0).reshape(800, 128)  # row, column, map; then the outputs
carry_over(reordered)
got = ask_tensorflow()
accuracy_right = (got.argmax(1) == mnist.test.labels).mean()
largest = np.abs(got - wanted).max()
agree = (got.argmax(1) == wanted.argmax(1)).mean()
print(f"in TensorFlow: {accuracy_right:.2%} right; largest difference of a score: {largest:.1e}")
print(f"same answer to {agree:.2%} of the images")

# %% [markdown]
# The scores are about ten, and differ by less than 0.0001: that is rounding. (`digits convert` does this for the
# package's networks, both ways.)
#
# ## Why not exactly the same?
#
# A computer rounds after each addition, and the two frameworks add in another order. With rounding, the order matters:

# %%
numbers = np.array([1e8, 1.0, -1e8], np.float32)
print("(100000000 + 1) - 100000000 =", (numbers[0] + numbers[1]) + numbers[2])
print("(100000000 - 100000000) + 1 =", (numbers[0] + numbers[2]) + numbers[1])

# %% [markdown]
# A number in **float32** has about 7 digits, and in **float64** about 16. So if the two frameworks differ by rounding
# only, the difference must be about a billion times smaller in float64, which has nine more digits. A mistake would
# stay as large as it is. So float64 tells rounding from a mistake.
#
# ## Lockstep: training side by side
#
# Do they also *learn* the same? `lockstep` gives both the same weights and the same batches, takes a step in each, and
# compares all weights after every step. Dropout is off, as each framework draws its own random numbers.

# %%
STEPS = 100
differences, losses = {}, {}
for precision in ("float64", "float32"):
    taken = list(lockstep(mnist, RECIPES["baseline"], STEPS, 0, precision))
    differences[precision] = [step.difference for step in taken]
    losses[precision] = ([step.pytorch for step in taken], [step.tensorflow for step in taken])

show_lockstep(dict(zip(("PyTorch", "TensorFlow"), losses["float64"], strict=True)), differences)
for precision, values in differences.items():
    print(f"{precision}: after {STEPS} steps no weight differs by more than {values[-1]:.0e}")

# %% [markdown]
# In float64 the two are one network, to 13 digits or so. In float32 they differ more from the first step on, and a
# little more later: each step starts from the one before, so a difference can grow. Adam adds to it. Its steps are as
# large for tiny gradients as for large ones, and where a gradient is almost 0, rounding decides its *sign*. How far
# the weights move apart depends on the processor; the losses stay alike. It is **rounding, not a mistake**, and only
# the curve in float64 proves that.
#
# What had to be equal for this? Not the layers alone, but also the first weights, the order of the images, the range
# of the pixels, and Adam itself. (Adam divides by a number that may be 0, and so adds a tiny *epsilon* to it. Keras
# adds it at another point of the formula than PyTorch and Adam's authors do.) In float64, any of these differences
# shows at once.
#
# ## To remember
#
# - To convert a model, know the layout of every array, above all after `Flatten`.
# - Compare outputs, not shapes.
# - A small difference can be rounding or a mistake. In float64 you can tell.

# %% [markdown]
# ## Exercises
#
# **1.** Why was `transpose` enough for the two convolutions?
#
# <details><summary>Answer</summary>
#
# In both frameworks the channels of a convolution are an axis of their own, so it is enough to reorder axes. Only
# `Flatten` merges the maps with rows and columns.
#
# </details>
#
# **2.** Carry the weights back from TensorFlow into a fresh PyTorch network, and check that it gives the same scores.
#
# <details><summary>Answer</summary>
#
# Undo each transposition.
#
# ```python
# conv1, bias1, conv2, bias2, dense, bias3, dense2, bias4 = in_tensorflow.get_weights()
# back = dense.reshape(5, 5, 32, 128).transpose(3, 2, 0, 1).reshape(128, 800)
# arrays = [conv1.transpose(3, 2, 0, 1), bias1, conv2.transpose(3, 2, 0, 1), bias2, back, bias3, dense2.T, bias4]
# for parameter, array in zip(in_pytorch.parameters(), arrays):
#     assert np.array_equal(parameter.detach().numpy(), array)
# print("the same bits")
# ```
#
# </details>
#
# **3.** How many images are still read correctly if the same network gets pixels from −1 to 1 instead of from 0 to 1?
# What follows for a model that you give to somebody?
#
# <details><summary>Answer</summary>
#
# There are clearly more mistakes, and again nothing complains. The range of the pixels is part of the model. This
# project saves it in the model, so that a model takes raw images.
#
# ```python
# with torch.no_grad():
#     shifted = in_pytorch(torch.from_numpy(2 * images - 1).unsqueeze(1)).numpy()
# print(f"right: {(shifted.argmax(1) == mnist.test.labels).mean():.1%} instead of {accuracy:.1%}")
# ```
#
# </details>
#
# **4.** At which step have the weights in float32 drifted apart by more than 0.00001? And in float64?
#
# <details><summary>Answer</summary>
#
# In float32 after some steps, in float64 never.
#
# ```python
# for precision, values in differences.items():
#     far = np.flatnonzero(np.array(values) > 0.00001)
#     print(precision, far[0] + 1 if len(far) else "never")
# ```
#
# </details>
#
# Next: [7. Your own hand](7_your_own_hand.ipynb)
