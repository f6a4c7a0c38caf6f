# %% [markdown]
# # 7. Your own hand
#
# **The idea of this lesson:** no network has seen every way of writing, perhaps not yours. A few corrections teach it:
# they can vote at once, or its last layer can learn from them. What that is worth you measure on *other* digits of the
# same hand, and what it costs on everybody else's.
#
# You should know what MNIST's form is ([lesson 4](4_your_own_digit.ipynb)) and what an interval is
# ([lesson 3](3_is_it_better.ipynb)). It runs in about a minute.
#
# **Write twenty digits**, each of 0 to 9 twice, photograph or draw each by itself, and sort the pictures by what you
# wrote: `my-digits/7/a.jpg`. Put others into a second folder, the more the better, and put both paths into the cell
# after next. Until you do, a program that writes in an odd way draws them. The text below describes its digits.

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
MY_PICTURES = "outputs/own_hand/twenty"  # a folder for each digit, with pictures of it: learned from
MY_OTHERS = "outputs/own_hand/others"  # other pictures of the same hand: asked about at the end

# %%
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from digits.datasets import download_dataset, load_dataset
from digits.evaluation import metrics
from digits.learning import learn
from digits.reading.hand import Hand, read_hand
from digits.reading.network import Network
from digits.reading.reader import SHIPPED
from digits.synthesis import strokes
from digits.synthesis.variants import DIGITS as WAYS
from digits.synthesis.variants import variant
from lessons.pictures import show_accuracies, show_rows

download_dataset(Path("mnist_data"))
mnist = load_dataset("mnist")

# %% [markdown]
# ## A hand
#
# A digit is drawn along curves through a few points, `x,y` in hundredths of its height. This hand puts a bar through
# its zeros, a wave on its ones, a line under its sevens; its eights are open, its nines have a long loop. It writes the
# other five digits as most people do. (The cell only makes pictures; you need not follow its numbers.)

# %%
ODD = {
    "0": "30,0 6,22 0,50 6,78 30,100 54,78 60,50 54,22 30,0 / 0,52 60,48",
    "1": "0,40 12,8 26,8 33,30 30,100",
    "7": "0,0 60,0 / 60,0 25,100 / 5,48 55,42 / 0,100 50,100",
    "8": "0,0 50,85 28,100 2,85 55,0",
    "9": "55,10 25,0 5,20 25,42 55,12 / 55,12 55,85 30,112 10,95 75,60",
}
usual = {way.character: way for way in reversed(WAYS)}  # the first way of each digit
hand = [variant(digit, "odd", ODD[digit]) if digit in ODD else usual[digit] for digit in "0123456789"]
pen = strokes.Hand(shake=0.03, square=0, squat=1.15, slant=0.15, turn=4, pen=(2, 2.6), broken=0)


def write(folder, times, seed):
    """Write each digit so many times, as pictures of 28 × 28 pixels in a folder for each digit."""
    images = strokes.draw(hand * times, pen, np.random.default_rng(seed))
    for number, image in enumerate(images):
        path = Path(folder) / str(number % 10) / f"{number // 10}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)


if "own_hand" in MY_PICTURES:
    write(MY_PICTURES, times=2, seed=0)
    write(MY_OTHERS, times=20, seed=1)
twenty, others = read_hand(Path(MY_PICTURES)), read_hand(Path(MY_OTHERS))  # each picture in MNIST's form
print(f"{len(twenty)} digits to learn from, {len(others)} others to ask about")

# %% [markdown]
# ## What is misread?
#
# The package's reader is a network that has seen a hundred ways of writing. It gives ten probabilities, and says how
# likely the image is no digit at all; `shares` puts both into one row of eleven.

# %%
reader = Network(SHIPPED)


def shares(network, images):
    """The probability of each digit, and of none: (n, 11)."""
    said = network(images)
    return np.column_stack([said.probabilities * (1 - said.doubts)[:, np.newaxis], said.doubts])


def named(said, labels):
    """What stands above each image: what it was read as; a "!" at its end makes `show_rows` draw it in red."""
    names = [f"read: {digit}" if digit < 10 else "read: none" for digit in said]
    return [name if digit == label else f"{name}!" for name, digit, label in zip(names, said, labels, strict=True)]


said = shares(reader, twenty.images).argmax(1)  # (20,): 0 to 9, or 10 for none
wrong = np.flatnonzero(said != twenty.labels)
title = f"Twenty digits of a hand; {len(wrong)} are misread, in red"
show_rows(named(said, twenty.labels), twenty.images, columns=10, title=title, cmap="gray_r")

# %% [markdown]
# ## Correct
#
# A correction is an image and what it really is. Save each misread image into the folder of its class, as `digits
# review` does when you correct there. An image that was read correctly has little to teach.

# %%
corrections = twenty.take(wrong) if len(wrong) > 1 else twenty  # one alone is too little to learn from
shutil.rmtree("outputs/own_hand/corrections", ignore_errors=True)  # those of an earlier run
for number, (image, label) in enumerate(zip(corrections.images, corrections.labels, strict=True)):
    path = Path("outputs/own_hand/corrections") / str(label) / f"{number}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)
print("corrections of:", *corrections.labels)

# %% [markdown]
# ## The quick way: corrections vote
#
# Two images are alike if the network's last layer before its outputs finds the same in both. An image that is more like
# a correction than like the digit it was taken for gets that correction's vote. Nothing is trained.
# (`digits read --hand FOLDER photo.jpg`)

# %%
voters = Hand(corrections, SHIPPED)  # SHIPPED: the file of the reader's network (strokes.Hand above is another class)

# %% [markdown]
# ## The thorough way: the last layer learns
#
# All layers but the last stay as they are. The last is fitted again: to your corrections, to slightly turned and moved
# copies of them, and to thousands of images that the reader knew before, so that it does not forget those. In the loss,
# all of your images together count less than a tenth of all the others. (`digits learn FOLDER`)

# %%
learned = learn(corrections, mnist.train)
mine = Path("outputs/own_hand/mine.onnx")
mine.write_bytes(learned.model)
learner = Network(mine)

# %% [markdown]
# ## What is read now?
#
# Do not ask about the twenty: a network that has been told an answer can repeat it. Only digits that it was not told
# show whether it learned your *way of writing*. So ask about the other pictures, with a 95% interval for each accuracy.

# %%
readers = {
    "as it ships": lambda images: shares(reader, images).argmax(1),
    "corrections vote": lambda images: voters.vote(images, shares(reader, images)).argmax(1),
    "it learned": lambda images: shares(learner, images).argmax(1),
}
on_others = {name: ask(others.images) for name, ask in readers.items()}  # each (n,)
accuracies = {name: metrics.accuracy(others.labels, answers) for name, answers in on_others.items()}
for name, accuracy in accuracies.items():
    print(f"{name:<17} {accuracy}")

# %%
show_accuracies(accuracies, f"{len(others)} other digits of the same hand, after {len(corrections)} corrections")

# %% [markdown]
# ## What does it cost?
#
# A network that learns one thing may forget another. So ask the same three about everybody else's
# digits: MNIST's test images.

# %%
on_mnist = {name: ask(mnist.test.images) for name, ask in readers.items()}
elsewhere = {name: metrics.accuracy(mnist.test.labels, answers) for name, answers in on_mnist.items()}
for name, accuracy in elsewhere.items():
    print(f"{name:<17} {accuracy}")
for name in ("corrections vote", "it learned"):
    told = metrics.compare(mnist.test.labels, on_mnist["as it ships"], on_mnist[name])
    print(f"{name}: {told.only_a_right} images of MNIST lost, {told.only_b_right} won")

# %% [markdown]
# A handful of corrections gains about ten points on this hand; the price is about ten of MNIST's 10,000 images. So few
# digits cannot tell which of the two ways is better: their intervals are the same, or nearly so. This is one hand, with
# habits that the reader never saw; [docs/reading.md](../docs/reading.md) has the mean of twenty such hands. If your
# hand is read well as it is, there is nothing to gain, and `digits learn` then writes no model.
#
# `digits serve` lets you do the same by hand: draw a digit, say what it is, and see the next one read. "Learn from
# them" is the thorough way. [docs/page.md](../docs/page.md) shows it.
#
# ## To keep
#
# - Collect what is *misread*. It tells a network most.
# - Measure on other pictures than those it learned from, and say the interval.
# - Measure what it cost, too, on what it could do before.

# %% [markdown]
# ## Exercises
#
# **1.** How much better do the twenty look than the others, after learning? Why is that number worth nothing?
#
# <details><summary>Answer</summary>
#
# All or nearly all of the twenty are right, as it was told the answers of those that were wrong. It says nothing of the
# next digit.
#
# ```python
# for name, ask in readers.items():
#     print(name, metrics.accuracy(twenty.labels, ask(twenty.images)))
# ```
#
# </details>
#
# **2.** What do the first three corrections bring, by vote?
#
# <details><summary>Answer</summary>
#
# They help the digits that they show, and no others: which three they are matters much.
#
# ```python
# few = Hand(corrections.take(slice(3)), SHIPPED)
# answers = few.vote(others.images, shares(reader, others.images)).argmax(1)
# print(corrections.labels[:3], metrics.accuracy(others.labels, answers))
# ```
#
# </details>
#
# **3.** Which digits are still misread after learning?
#
# <details><summary>Answer</summary>
#
# Look at them. Those would be the next to correct.
#
# ```python
# left = np.flatnonzero(on_others["it learned"] != others.labels)[:20]
# if len(left):
#     names = named(on_others["it learned"][left], others.labels[left])
#     show_rows(names, others.images[left], columns=10, title="Still misread after learning", cmap="gray_r")
# ```
#
# </details>
#
# Next: [8. A network that finds](8_a_network_that_finds.ipynb)
