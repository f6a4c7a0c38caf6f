# %% [markdown]
# # 8. A network that finds
#
# **The idea of this lesson:** a classifier says *what* a picture shows. On a page with several digits you also need to
# know *where* they are. A network can answer both at once: for each digit it draws a map that is bright where such a
# digit has its centre. You will build one in about a hundred lines, train it in a minute, and let it read pages.
#
# You should know what a convolution is ([lesson 1](1_pixels_and_convolution.ipynb)), and have trained a network
# ([lesson 2](2_first_network.ipynb)). It runs in a minute or two.

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
from digits.hardware import tune_process

tune_process()  # steps of training take less time; lesson 5 says why

from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from digits.datasets import download_dataset, load_dataset
from digits.evaluation.metrics import accuracy_of
from lessons.pictures import show_curve, show_pages, show_row

download_dataset(Path("mnist_data"))
mnist = load_dataset("mnist")

# %% [markdown]
# ## Pages
#
# Nobody has to draw boxes around thousands of digits. We **compose** pages, so we know where everything is: up to eight
# digits of MNIST, each a little smaller or larger than it was, and a few straight lines across them. The lines are
# there to mislead.

# %%
SIDE = 128  # pixels of a page's height and width


def compose(split, rng):
    """A page, uint8, (128, 128), and its digits: which each is, and x and y of its centre in pixels."""
    page, digits = np.zeros((SIDE, SIDE), np.uint8), []
    for x0, y0, x1, y1 in rng.integers(0, SIDE, (rng.integers(1, 4), 4)).tolist():
        cv2.line(page, (x0, y0), (x1, y1), int(rng.integers(100, 256)), int(rng.integers(1, 4)), cv2.LINE_AA)
    for which in rng.integers(0, len(split.labels), rng.integers(2, 9)):
        side = int(rng.integers(24, 37))  # of the image, which has 28 in MNIST
        left, top = rng.integers(0, SIDE - side + 1, 2).tolist()
        x, y = left + side / 2, top + side / 2
        if all(np.hypot(x - other_x, y - other_y) > 26 for _, other_x, other_y in digits):  # else leave it out
            place = page[top : top + side, left : left + side]
            np.maximum(place, cv2.resize(split.images[which], (side, side)), out=place)
            digits.append((int(split.labels[which]), x, y))
    return page, digits


def compose_many(count, split, rng):
    """Pages as a network takes them, float32, (n, 1, 128, 128), from 0 to 1; and the digits of each."""
    pages, digits = zip(*(compose(split, rng) for _ in range(count)), strict=True)
    return torch.from_numpy(np.stack(pages)).unsqueeze(1).float().div(255), digits


pages, digits = compose_many(500, mnist.test, np.random.default_rng(1))  # of digits that no network here learns from
show_pages(pages[:5], digits[:5], "Five composed pages; each cross is the centre of a digit", true=digits[:5])

# %% [markdown]
# ## Slide a classifier over the page
#
# Lesson 2's network looks at 28 × 28 pixels. So slide a **window** of that size across and down the page, four pixels
# at a time, and ask the network each time. First train the network, one epoch.

# %%
torch.manual_seed(0)
classifier = nn.Sequential(
    nn.Conv2d(1, 16, 3), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(800, 128), nn.ReLU(), nn.Dropout(0.25), nn.Linear(128, 10),
)  # fmt: skip
optimizer = torch.optim.Adam(classifier.parameters(), lr=0.001)
images, labels = torch.from_numpy(mnist.train.images).unsqueeze(1), torch.from_numpy(mnist.train.labels)
for batch in torch.randperm(len(labels)).split(64):
    optimizer.zero_grad()
    F.cross_entropy(classifier(images[batch].float() / 255), labels[batch]).backward()
    optimizer.step()

classifier.eval()
with torch.no_grad():
    test_images = torch.from_numpy(mnist.test.images).unsqueeze(1).float() / 255
    scores = torch.cat([classifier(some) for some in test_images.split(1000)])  # (10000, 10)
accuracy = (scores.argmax(1).numpy() == mnist.test.labels).mean()
print(f"alone in the middle of 28 × 28 pixels, it reads {accuracy:.1%} of digits")

# %%
page, its_digits = pages[0], digits[0]
windows = page.unfold(1, 28, 4).unfold(2, 28, 4)  # (1, 26, 26, 28, 28): 26 places down, 26 across
with torch.no_grad():
    scores = classifier(windows.reshape(-1, 1, 28, 28))  # (676, 10)
slid = scores.view(26, 26, 10).permute(2, 0, 1)  # (10, 26, 26): ten scores for each place


def answers_of(scores):
    """Where a classifier is more than 90% sure: the digit, and x and y of the window's middle."""
    sure, which = scores.softmax(0).max(0)  # (26, 26) each
    return [(int(which[y, x]), 4 * int(x) + 14, 4 * int(y) + 14) for y, x in (sure > 0.9).nonzero()]


answers = answers_of(slid)
title = "Left: the page. Right: what the classifier is over 90% sure of, written in the middle of each window"
show_pages([page, page], [its_digits, answers], title, true=[its_digits, []])
print(f"{len(its_digits)} digits on the page, {len(answers)} answers from {slid[0].numel()} windows")

# %% [markdown]
# It finds many more digits than there are: in halves of digits, between two of them, along a bare line. It is sure of
# them, too. The classifier was never shown a window without a digit, and it has no eleventh answer that says "nothing
# here".
#
# It is wasteful as well. Neighbouring windows share most of their pixels, and for each window the convolutions multiply
# these pixels with the same filters again.
#
# ## All windows at once
#
# A convolution does not care how large the image is. Give the two convolutions the whole page, and they compute for all
# windows what they computed for one, each product once. Only the first dense layer stands in the way, as it wants
# exactly 800 numbers: 32 maps of 5 × 5. But a sum of 32 × 5 × 5 numbers, each with its own weight, *is* what a 5 × 5
# filter computes at one place. So the first dense layer becomes a convolution of 5 × 5, and the second, which sees one
# place at a time, becomes one of 1 × 1. The weights stay the same; only their shape changes. The network is now **fully
# convolutional**.

# %%
dense1, dense2 = classifier[7], classifier[10]
conv1, conv2 = nn.Conv2d(32, 128, kernel_size=5), nn.Conv2d(128, 10, kernel_size=1)
conv1.weight.data, conv1.bias.data = dense1.weight.data.view(128, 32, 5, 5), dense1.bias.data
conv2.weight.data, conv2.bias.data = dense2.weight.data.view(10, 128, 1, 1), dense2.bias.data
everywhere = nn.Sequential(*classifier[:6], conv1, nn.ReLU(), conv2)

with torch.no_grad():
    at_once = everywhere(page)  # (10, 26, 26)
largest_difference = (at_once - slid).abs().max().item()
print(f"shape: {tuple(at_once.shape)}, largest difference of a score: {largest_difference:.0e}")
torch.testing.assert_close(at_once, slid, rtol=0, atol=1e-4)  # the same numbers, to rounding

# %% [markdown]
# Two poolings halve the page twice, so neighbouring numbers of the result are four pixels apart on the page: that is
# why the window moved by four.
#
# How much did it save? Count the multiplications.


# %%
def multiplications(network, image):
    """How many a network's convolutions and dense layers take for one image, (1, height, width)."""
    total, x = 0, image.unsqueeze(0)
    for layer in network.modules():
        if any(layer.children()):  # a row of layers, not a layer
            continue
        x = layer(x)
        if hasattr(layer, "weight") and layer.weight.dim() > 1:
            places = x[0, 0].numel() if x.dim() == 4 else 1
            total += places * layer.weight.numel()  # at each place, each weight meets one number
    return total


with torch.no_grad():
    by_windows = 676 * multiplications(classifier, page[:, :28, :28])
    in_one = multiplications(everywhere, page)
print(f"window by window: {by_windows / 1e6:.0f} million multiplications")
print(f"all at once:      {in_one / 1e6:.0f} million")

# %% [markdown]
# That solves the cost. But the answers are the same, and most of them are wrong. Count how many, on 100 pages: of all
# windows that show some ink, but no digit's centre within 14 pixels of their middle, in how many is it more than 90%
# sure of a digit?

# %%
xs = ys = 4 * np.arange(26) + 14  # the middles of the windows, in pixels
nothings = sure_nothings = 0
for some, theirs in zip(pages[:100], digits[:100], strict=True):
    with torch.no_grad():
        sure = everywhere(some).softmax(0).max(0).values.numpy() > 0.9  # (26, 26)
    has_ink = F.max_pool2d(some, kernel_size=28, stride=4)[0].numpy() > 0.5  # (26, 26)
    nearest = np.min([np.hypot(xs - x, ys[:, np.newaxis] - y) for _, x, y in theirs], axis=0)  # (26, 26)
    is_nothing = has_ink & (nearest > 14)
    nothings += is_nothing.sum()
    sure_nothings += (sure & is_nothing).sum()
share_sure = sure_nothings / nothings
print(f"sure of a digit where none is: {share_sure:.0%} of {nothings:,} windows, or {sure_nothings / 100:.0f} a page")

# %% [markdown]
# ## What to learn instead: heat maps
#
# One could add an eleventh class, *nothing*, and cut out windows to train with. *Objects as points* (Zhou et al., 2019)
# does better: **train on whole pages, and say of each place what is wanted there.** The network gives ten maps, one for
# each digit, each a quarter of the page's height and width. In the map of the 7, the wanted number is 1 at the centre
# of each 7, falls off around it in a small bell (a Gaussian), and is 0 everywhere else.

# %%
CELLS = SIDE // 4  # of a map's height and width: each cell is 4 × 4 pixels of the page
rows, columns = np.mgrid[:CELLS, :CELLS]


def wanted_of(digits):
    """The ten maps that a page with these digits should give: float32, (10, 32, 32)."""
    heat = np.zeros((10, CELLS, CELLS), np.float32)
    for digit, x, y in digits:
        bell = np.exp(-((columns - x // 4) ** 2 + (rows - y // 4) ** 2) / 2)  # 1 in the centre's own cell
        heat[digit] = np.maximum(heat[digit], bell)
    return heat


def show_maps(page, heat, title):
    maps = {f"map of {digit}": heat[digit] for digit in range(10)}
    show_row({"the page": page[0], **maps}, title, cmap="magma", vmin=0, vmax=1)


show_maps(page, wanted_of(its_digits), "A page, and the ten maps wanted of it: bright where that digit has its centre")

# %% [markdown]
# The network is six convolutions and a last one of 1 × 1. A border of zeros around each map (**padding**) lets the
# filters reach its edge, so that a map does not shrink from 28 to 26 as in lesson 1. The first two convolutions move
# two pixels at a time (`stride=2`), so the maps have a quarter of the page's height and width. Each of the four others
# widens what a cell sees by 8 pixels across and down. In the end a cell sees 39 × 39 pixels of the page: a digit and a
# little around it. **Batch normalisation** keeps the numbers of each map in a fixed range, so training can take larger
# steps.


# %%
def convolution(channels, filters, stride=1):
    return nn.Sequential(
        nn.Conv2d(channels, filters, kernel_size=3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(filters),
        nn.ReLU(),
    )


torch.manual_seed(0)
finder = nn.Sequential(  # (n, 1, 128, 128)
    convolution(1, 16, stride=2),  # (n, 16, 64, 64)
    convolution(16, 32, stride=2),  # (n, 32, 32, 32)
    convolution(32, 32),
    convolution(32, 32),
    convolution(32, 32),
    convolution(32, 32),
    nn.Conv2d(32, 10, kernel_size=1),  # (n, 10, 32, 32): ten scores for each cell
)
finder = finder.to(memory_format=torch.channels_last)  # quicker; lesson 5 measures it
finder[-1].bias.data.fill_(-4.6)  # at first it says "1%" everywhere, as nearly all cells hold nothing

weights = sum(parameter.numel() for parameter in finder.parameters())
print(f"{weights:,} weights; the classifier has {sum(one.numel() for one in classifier.parameters()):,}")

# %% [markdown]
# A page has 10,240 numbers in its maps, and only three or four of them should be 1. With an ordinary loss, thousands of
# easy zeros would drown the few centres. The **focal loss** weighs each cell by how wrong it still is: what is already
# right counts next to nothing. Cells near a centre, where the bell is high, are forgiven as well, since a peak a cell
# off is not a great mistake. The scores become probabilities by a **sigmoid**, which turns any one number into one from
# 0 to 1. Softmax would make ten of them add up to 1, but most places hold no digit, and all ten should be near 0.


# %%
def focal_loss(scores, wanted):
    """How wrong the maps are, all in all, divided by the number of digits. Both are (n, 10, 32, 32)."""
    p = scores.sigmoid()  # each from 0 to 1, by itself: maps do not compete as classes do
    at_centres = -((1 - p) ** 2) * F.logsigmoid(scores)  # -log p, little where p is near 1
    elsewhere = -((1 - wanted) ** 4) * p**2 * F.logsigmoid(-scores)  # -log (1 - p), little where p is near 0
    is_centre = wanted == 1
    return torch.where(is_centre, at_centres, elsewhere).sum() / is_centre.sum()


# %% [markdown]
# Each step composes 8 new pages from the training digits, so the network never sees a page twice.

# %%
STEPS = 1400
rng = np.random.default_rng(0)
optimizer = torch.optim.Adam(finder.parameters())
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.006, total_steps=STEPS)  # step sizes: up, then down

losses = []
for _ in range(STEPS):
    some, theirs = compose_many(8, mnist.train, rng)
    wanted = torch.from_numpy(np.stack([wanted_of(one) for one in theirs]))
    optimizer.zero_grad()
    loss = focal_loss(finder(some.to(memory_format=torch.channels_last)), wanted)
    loss.backward()
    optimizer.step()
    schedule.step()
    losses.append(loss.item())

show_curve(losses, "How the loss falls", "step of 8 pages", "focal loss for each digit")

# %% [markdown]
# ## Read pages
#
# Ask it about the first test page.

# %%
finder.eval()
with torch.no_grad():
    heat = torch.cat([finder(some) for some in pages.split(50)]).sigmoid()  # (500, 10, 32, 32)

show_maps(page, heat[0], "The same page, and the ten maps that the network gives")

# %% [markdown]
# Compare them with the wanted ones above. What is left is to turn bright spots into a list. A digit is where a cell is
# **brighter than its eight neighbours**, in the brightest of the ten maps. And that is quick to find with what you
# know: max-pooling with a window of 3 × 3 that moves by one gives each cell the maximum of its neighbourhood, and a
# peak is a cell that equals it. (Finders that draw boxes need a step called *non-maximum suppression* to drop several
# boxes around one object. This line does that work.)

# %%
LEAST = 0.3  # a peak below that is none


def peaks(heat):
    """The digits that ten maps (10, 32, 32) show: which each is, and x and y of its centre in pixels."""
    best, which = heat.max(0)  # (32, 32) each: the brightest map at each cell
    highest = F.max_pool2d(best[np.newaxis], kernel_size=3, stride=1, padding=1)[0]
    found = ((best == highest) & (best > LEAST)).nonzero()
    return [(int(which[y, x]), 4 * int(x) + 2, 4 * int(y) + 2) for y, x in found]


found = [peaks(one) for one in heat]
title = "Five unseen pages with their heat: the answers stand where they were found"
show_pages(pages[:5], found[:5], title, heat=heat[:5].amax(1))

# %% [markdown]
# Now count. A page is read right if each of its digits was found within 8 pixels of its centre, as that digit, and
# nothing else was found.


# %%
def is_right(found, digits):
    def is_found(digit, x, y):
        return any(other == digit and np.hypot(x - to_x, y - to_y) < 8 for other, to_x, to_y in found)

    return len(found) == len(digits) and all(is_found(*one) for one in digits)


right = [is_right(*both) for both in zip(found, digits, strict=True)]
pages_right = accuracy_of(sum(right), len(right))
digits_on_pages = sum(map(len, digits))
print(f"{digits_on_pages:,} digits on {len(right)} pages; pages read right: {pages_right}")

with torch.no_grad():
    in_finder = multiplications(finder, page)
print(
    f"for a page {in_finder / 1e6:.0f} million multiplications, where the classifier needs {in_one / 1e6:.0f} million"
)

# %% [markdown]
# That is a hard measure: with four digits on a page, a network that is right on 96% of digits reads only 0.96⁴ = 85% of
# the pages, even if it never finds one too many. The interval is Wilson's, from [lesson 3](3_is_it_better.ipynb).
#
# ## Look at what fails

# %%
failed = [index for index, is_good in enumerate(right) if not is_good][:5]
title = "Pages that were not read right: orange is what was read, a cross is a true centre"
show_pages(pages[failed], [found[index] for index in failed], title, [digits[index] for index in failed])

missed = sum(not is_right([one for one in said if np.hypot(one[1] - x, one[2] - y) < 8], [(digit, x, y)])
             for said, true in zip(found, digits, strict=True) for digit, x, y in true)  # fmt: skip
made_up = sum(all(np.hypot(x - to_x, y - to_y) >= 8 for _, to_x, to_y in true)
              for said, true in zip(found, digits, strict=True) for _, x, y in said)  # fmt: skip
print(f"of {digits_on_pages:,} digits, {missed} were missed or misread; {made_up} were found where none is")

# %% [markdown]
# Typical are a digit that two maps claim, a few pixels apart; a digit with a line through it; a short line taken for a
# 1; and a badly written digit, which the classifier would not read either. Compare with the classifier, which was sure
# of a digit in several of every hundred windows that held none, and a page has hundreds of these. The finder is smaller
# and saw the same digits. It differs in what it was asked: it had to say *nothing* thousands of times a page.
#
# ## What else the package's finder does
#
# `digits read photo.jpg` starts with a network of this kind. What it adds, each for a reason that you can now guess:
#
# - **Sizes.** Ours knows digits of 24 to 36 pixels. The package's finder knows a wide range, and is asked about the
#   picture at several sizes. All that was found is put together, and a digit found at several sizes is more certain.
# - **Boxes.** Four more maps say where in its cell the centre is, and how wide and high the digit is.
# - **Farther sight.** It halves the page five times and comes back up, so a cell knows its surroundings: a bar beside
#   other digits may be a 1, a bar in a table is a line.
# - **Harder pages.** Paper, shadows, ruled lines, letters, doodles, colours; some pages hold no digit at all.
# - **A reader.** The ink in each box goes to a second network, which has seen many more ways of writing, and may say
#   *no digit*. How sure the two are together was fitted on pages that neither learned from: that is the *confidence*.
#
# [docs/reading.md](../docs/reading.md) has each step, what was measured, and where it fails.
#
# ## To keep
#
# - A classifier answers within its classes, whatever you show it. If "nothing" may come, train with nothing.
# - A convolution works on any size, and a dense layer is a convolution. So whole pages cost little.
# - Say *where* with a map: a bright spot for each object, and max-pooling finds the spots.
# - With composed pages the labels are free. What the pages lack, the network will not know.

# %% [markdown]
# ## Exercises
#
# **1.** Ask the finder about pages of 256 × 256 pixels. What has to be changed?
#
# <details><summary>Answer</summary>
#
# Nothing: a convolution takes any size. Here are four pages as one.
#
# ```python
# large = torch.cat([torch.cat([pages[0], pages[1]], dim=2), torch.cat([pages[2], pages[3]], dim=2)], dim=1)
# with torch.no_grad():
#     heat_of_large = finder(large.unsqueeze(0)).sigmoid()[0]  # (10, 64, 64)
# print(f"{len(peaks(heat_of_large))} found; {sum(map(len, digits[:4]))} are there")
# ```
#
# </details>
#
# **2.** What does the finder say of digits that are half as large? Of a page with lines and no digit?
#
# <details><summary>Answer</summary>
#
# It finds few of the small ones, as it has seen none: so the package's finder is asked at several sizes. On lines alone
# it should find nearly nothing.
#
# ```python
# small = F.pad(F.avg_pool2d(pages[:100], 2), (32, 32, 32, 32))  # each page half as large, in the middle
# with torch.no_grad():
#     of_small = [peaks(one) for one in finder(small).sigmoid()]
# print(f"{sum(map(len, of_small))} found; {sum(map(len, digits[:100]))} are there")
#
# lines = np.zeros((SIDE, SIDE), np.uint8)
# for x in (20, 50, 90):
#     cv2.line(lines, (x, 0), (SIDE - x, SIDE), 255, 2, cv2.LINE_AA)
# with torch.no_grad():
#     print("on lines:", peaks(finder(torch.from_numpy(lines)[None, None].float() / 255).sigmoid()[0]))
# ```
#
# </details>
#
# **3.** `LEAST` was set to 0.3 before looking. What do other thresholds give, and on which pages may you choose one?
#
# <details><summary>Answer</summary>
#
# A low one finds more and makes more up, a high one the opposite; in between it matters little. Choose on pages
# composed from *training* digits, with another seed, and count on the test pages once.
#
# ```python
# others, their_digits = compose_many(200, mnist.train, np.random.default_rng(2))
# with torch.no_grad():
#     heat_of_others = finder(others).sigmoid()
# for LEAST in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6):
#     good = sum(is_right(peaks(one), theirs) for one, theirs in zip(heat_of_others, their_digits))
#     print(f"peaks above {LEAST}: {good} of 200 pages right")
# LEAST = 0.3
# ```
#
# </details>
#
# **4.** Why ten maps, and not one map of "a digit is here" and the classifier of above for what it is?
#
# <details><summary>Answer</summary>
#
# Both work. With ten maps one network does all, and two digits that overlap can each have their peak. With two
# networks, each has one task and can be trained on what it needs: the classifier on many more ways of writing. The
# package has both: the ten maps give a first opinion and the reader gives a second.
#
# </details>
#
# That was the last lesson. Where to go on: let `digits read --explain` draw what it found in a photograph of yours,
# change the network in `mnist_pytorch.py`, or read how the package is built ([CONTRIBUTING.md](../CONTRIBUTING.md)).
