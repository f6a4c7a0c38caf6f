# %% [markdown]
# # 5. Make it fast
#
# **The idea of this lesson:** do not guess what is slow, measure it. Change one thing, measure again, and keep the
# change only if it pays. The plain loop that every tutorial writes spends much of its time on things that are not
# learning.
#
# You should have seen a training loop ([lesson 2](2_first_network.ipynb)). It runs in a minute and a half.

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
import cProfile
import inspect
import pstats
import time
from math import prod
from pathlib import Path
from statistics import median

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader

from digits.datasets import download_dataset, load_dataset
from digits.hardware import multiplies_bfloat16, tune_process
from lessons.pictures import show_ladder

download_dataset(Path("mnist_data"))
mnist = load_dataset("mnist")
torch.set_num_threads(1)  # one core, so that there is one time and not the sum of several

# %% [markdown]
# ## The loop, and its changes
#
# [plain_pytorch.py](plain_pytorch.py) is what tutorials write: a `Dataset` of single images, a `DataLoader` that
# shuffles them into batches of 64, the loop. Here is that loop with six changes built in, all of them off. Read it once
# as if `on` were empty; each change is explained when its turn comes.

# %%
sys.path.insert(0, "lessons")
from plain_pytorch import RAW_DIR, Mnist, network

all_images = torch.from_numpy(mnist.train.images).unsqueeze(1)  # (60000, 1, 28, 28), uint8: a byte for a pixel
all_labels = torch.from_numpy(mnist.train.labels)  # (60000,)


def batches(on):
    """Images and their labels, 64 at a time, in random order."""
    if "whole set in memory" in on:
        for batch in torch.randperm(len(all_labels)).split(64):
            yield all_images[batch].float().div(127.5).sub(1), all_labels[batch]
    else:
        yield from DataLoader(Mnist(RAW_DIR, "train"), batch_size=64, shuffle=True)


def pooled_first():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3), nn.MaxPool2d(2), nn.ReLU(),
        nn.Conv2d(16, 32, 3), nn.MaxPool2d(2), nn.ReLU(),
        nn.Flatten(), nn.Linear(800, 128), nn.ReLU(), nn.Dropout(0.25), nn.Linear(128, 10),
    )  # fmt: skip


def learn(steps, on):
    """Train a new network for so many steps, with the changes that are on."""
    torch.manual_seed(0)
    layout = torch.channels_last if "channels last" in on else torch.contiguous_format
    model = (pooled_first() if "pooling before ReLU" in on else network()).to(memory_format=layout)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001, fused="fused Adam" in on)
    for _, (images, labels) in zip(range(steps), batches(on), strict=False):
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled="bfloat16" in on):
            loss = F.cross_entropy(model(images.to(memory_format=layout)), labels)
        loss.backward()
        optimizer.step()
        if "no .item()" not in on:
            loss.item()  # the loss as a number, to print it


STEPS, ROUNDS = 100, 3


def seconds(on, train=learn):
    """How long the processor works on so many steps."""
    start = time.process_time()
    train(STEPS, on)
    return time.process_time() - start


learn(10, on=[])  # to warm up: the first steps are slower
print(f"the plain loop: {seconds(on=[]):.2f} s for {STEPS} batches of 64 images")

# %% [markdown]
# `process_time` is how long the processor worked for us; a clock on the wall (`perf_counter`) would count what other
# programs do as well. Yet run that cell again, and you get another time: memory is shared, and the processor's own
# clock changes with its temperature. So from here on we compare: the loop without a change and with it **in turn**,
# three times, and of the three ratios we take the **median**, which a single disturbed round cannot move.
#
# Changes that pay stay on, and the next one is measured on top of them: that makes a ladder. A gain below 3% could be
# chance, so such a change is dropped again. Code that is more complicated has to earn its place.

# %%
kept = {"float32": []}  # the changes that are on; float32 is the ordinary kind of number, 32 bits each
gains = {"float32": {}}  # of each change: how many times as fast as without it


def note(ladder, change, pairs):
    """Keep a change if it pays; the pairs are seconds without it and with it."""
    gain = gains[ladder][change] = median(without / with_it for without, with_it in pairs)
    verdict = "kept" if gain > 1.03 else "brings nothing here, so it is dropped"
    if gain > 1.03:
        kept[ladder].append(change)
    print(f"{ladder}: {change}: {gain:.2f} times as fast as without; {verdict}")


def climb(ladder, change, train=learn):
    without, with_it = kept[ladder].copy(), [*kept[ladder], change]
    train(10, with_it)  # to warm up
    note(ladder, change, [(seconds(without, train), seconds(with_it, train)) for _ in range(ROUNDS)])


# %% [markdown]
# ## Profile it
#
# What to change first? A **profiler** notes how long each function took. The shares below are of the time within the
# function itself, without what it called.

# %%
profile = cProfile.Profile()
profile.runcall(learn, STEPS, [])
rows = sorted(pstats.Stats(profile).stats.items(), key=lambda row: -row[1][2])[:12]
everything = [(calls, own) for calls, _, own, _, _ in pstats.Stats(profile).stats.values()]
total = sum(own for _, own in everything)
print(f"{'share':>6} {'calls':>8}  function")
for (file, _, name), (calls, _, own, _, _) in rows:
    print(f"{own / total:>6.0%} {calls:>8,}  {name.strip('<>')} {'' if file == '~' else f'in {Path(file).name}'}")
for_each_image = sum(own for calls, own in everything if calls >= 64 * STEPS) / total
print(f"\nin functions that are called once or more for each image: {for_each_image:.0%} of the time")

# %% [markdown]
# Look at the *calls*. Learning itself, `run_backward` and the layers' forward functions, is called once or a few times
# for each of the 100 batches. Beside it stand functions that were called 6,400 times: once for **each image**. Opening
# it as a picture, making an array of it, a tensor, moving axes, dividing, subtracting; a microsecond or ten each, all
# for 784 numbers. And then 64 of them are stacked into a batch.
#
# Do not take the share itself too literally. Noting each call takes time, too, so a profiler makes many small calls
# look dearer than they are. It says where to look; only the clock says what is gained.
#
# ## One change after another
#
# **1. The whole set in memory.** MNIST is not a folder of pictures; it is one array. The whole training set is 47 MB,
# and fits into memory many times over. Pick the 64 images of a batch with one index, and convert them together.

# %%
climb("float32", "whole set in memory")

# %% [markdown]
# **2. Pool before ReLU.** The largest of four numbers, and then 0 if that is negative, is the same as first replacing
# all negative numbers by 0 and then taking the largest: `max(relu(a), relu(b)) = relu(max(a, b))`. But in the new order
# ReLU has a quarter of the work. The two orders give the same numbers, with the same weights; check that first.

# %%
one, other = network().eval(), pooled_first().eval()
other.load_state_dict(
    {new: one.state_dict()[old] for new, old in zip(other.state_dict(), one.state_dict(), strict=True)}
)
with torch.no_grad():
    sample = all_images[:100].float().div(127.5).sub(1)
    same = torch.equal(one(sample), other(sample))
print("the same numbers:", same)
climb("float32", "pooling before ReLU")

# %% [markdown]
# ReLU is a small part of a step, so saving three quarters of its work cannot gain much. A good idea is not yet a gain.
#
# **3. Fused Adam.** Adam moves each weight with some ten small operations: averages, a root, a division. PyTorch calls
# them one after another for each of the eight arrays of weights. `fused=True` does all of it in one pass over the
# memory.

# %%
climb("float32", "fused Adam")

# %% [markdown]
# **4. No `.item()`.** It turns the loss into a Python number. On a GPU it is known to slow things: the processor hands
# the GPU its work and runs ahead, and `.item()` makes it wait until all is done. Here the processor does the work
# itself, so there should be nothing to wait for. Measure it all the same.

# %%
climb("float32", "no .item()")

# %% [markdown]
# **5. Channels last.** A tensor of shape `(64, 16, 26, 26)` usually lies in memory map after map: all 26 × 26 numbers
# of the first map, then those of the second. A convolution multiplies the numbers of *all* maps at one place; it is
# often faster where these lie side by side. `torch.channels_last` puts them so, and the shapes stay as they are.
# Pooling, on the other hand, may get slower, so the sum can go either way.

# %%
climb("float32", "channels last")

# %% [markdown]
# **6. Keep freed memory.** Each step makes a few megabytes of results and frees them. The C library gives large blocks
# back to the operating system, and the next step asks for them again; the system must clear each page before it hands
# it out. With Linux's usual C library one can ask it to keep what was freed. The package's `tune_process()` does this;
# elsewhere it changes nothing.
#
# This setting applies to the whole process and cannot be undone, so each time is measured in a **fresh process**. It
# gets the code of the functions above as text, and random images, as time does not depend on what they show.

# %%
START = """
import sys, time, torch
from torch import nn
from torch.nn import functional as F
from digits.hardware import tune_process
sys.path.insert(0, "lessons")
from plain_pytorch import network
torch.set_num_threads(1)
all_images, all_labels = torch.randint(0, 256, (20000, 1, 28, 28)).byte(), torch.randint(0, 10, (20000,))
"""
functions = "\n".join(inspect.getsource(function) for function in (batches, pooled_first, learn, seconds))


def seconds_in_fresh_process(on, first=""):
    """The time of as many steps in another process, which calls `first` before all else."""
    on = [*on, "whole set in memory"]
    code = f"{START}\nSTEPS = {STEPS}\n{functions}\n{first}\nlearn(10, {on})\nprint(seconds({on}))"
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


on = kept["float32"].copy()
pairs = [(seconds_in_fresh_process(on), seconds_in_fresh_process(on, "tune_process()")) for _ in range(ROUNDS)]
note("float32", "freed memory kept", pairs)
tune_process()  # from here on for this process, too

# %% [markdown]
# **7. bfloat16.** A number of 16 bits instead of 32: as wide a range, but only two or three digits. Half as many bytes
# have to be moved, and some processors multiply such numbers several times as fast. On others they are emulated, and
# slow; so we ask first. `autocast` converts the numbers on their way into convolutions and dense layers, and the
# weights stay float32.
#
# From here on there are two ladders, one without bfloat16, and one with it if your processor has it.

# %%
if multiplies_bfloat16():
    kept["bfloat16"], gains["bfloat16"] = kept["float32"].copy(), gains["float32"].copy()
    climb("bfloat16", "bfloat16")
else:
    print("This processor does not multiply bfloat16, so there is one ladder.")

# %% [markdown]
# **8. What else the package does.** It goes on in this way: the memory layout that the library under PyTorch, oneDNN,
# likes best; the backward pass written out layer by layer, without PyTorch's bookkeeping; all weights as one vector; no
# work on the last two rows and columns of pixels (the second pooling makes 5 rows of 11 and drops one, so they never
# reach the answer); the bytes of sixteen batches converted at once. All of it is applied from outside to the same
# textbook network; [docs/speed.md](../docs/speed.md) says what each brings.

# %%
from digits.backends import load_backend
from digits.models import ModelInfo
from digits.recipes import RECIPES

backend = load_backend("pytorch")
cpu = backend.select_device("cpu")


def learn_or_package(steps, on):
    """Train on as many images, with the package where it is on."""
    if not {"all of the package", "recipe fast"} & set(on):
        learn(steps, on)
        return
    recipe = RECIPES["fast" if "recipe fast" in on else "baseline"]
    precision = "bfloat16" if "bfloat16" in on else "float32"
    model = backend.build(ModelInfo(recipe, "mnist", mnist.classes, backend.PIXEL_RANGE), 0, cpu)
    images, labels = mnist.train.images[: 64 * steps], mnist.train.labels[: 64 * steps]
    for _ in backend.trainer(model, images, labels, recipe, 0, precision).epoch(0):
        pass


for ladder in kept:
    climb(ladder, "all of the package", learn_or_package)

# %% [markdown]
# **9. Less work for the same accuracy.** Everything so far computes the same thing in less time, apart from rounding.
# One can also compute something else. In the recipe `fast` the first filters move two pixels at a time, and no pooling
# follows them: that is less work per image. And after one epoch it is right more often than the baseline is after
# three. Whether such a change is allowed is a question of accuracy and not of time, so it has to be measured as in
# [lesson 3](3_is_it_better.ipynb). The bar below counts only the time per image, and not that `fast` needs a third of
# the epochs.

# %%
for ladder in kept:
    climb(ladder, "recipe fast", learn_or_package)

times_as_fast = {ladder: prod(gains[ladder][change] for change in kept[ladder]) for ladder in kept}
show_ladder(gains, kept, f"What each change brings: {64 * STEPS:,} images learned from on one core")

# %% [markdown]
# Each bar begins where the last one that was kept ends; red ones were dropped. The scale is logarithmic, so equally
# long bars are equal factors, wherever they stand.
#
# Your bars will differ: they depend on the processor, on its memory, and on what else runs. Their order matters, too: a
# change that removes a cost makes all other costs a larger share of what is left. With all cores they differ again, as
# Python prepares images on one core while the others wait. That is why a speed is worth something only **as a ratio to
# something known, on the same machine, in the same minute**.
#
# ## To keep
#
# - Measure first. The slow part is seldom where you expect it; here much was fetching, converting and ordering numbers.
# - What is done *for each image in Python* costs much, what is done for a batch costs little.
# - Change one thing at a time, and check each time that the numbers are still the same.
# - Drop what brings nothing, however clever it is.
# - Medians, ratios, and the name of the processor.

# %% [markdown]
# ## Exercises
#
# **1.** `DataLoader` can prepare batches in other processes (`num_workers=2`). Does that help here? Why not as much as
# keeping the set in memory?
#
# <details><summary>Answer</summary>
#
# The work for each image is then done elsewhere, but it is still done, and on two cores it takes them from the network;
# each batch has to be sent from process to process as well, and the processes have to be started. Doing less beats
# doing it elsewhere. (On Windows and Macs this works in a script only, under `if __name__ == "__main__":`, and not in a
# notebook.)
#
# </details>
#
# **2.** How long is an epoch, if only the images are picked and converted and nothing is learned? Compare with the time
# for the network.
#
# <details><summary>Answer</summary>
#
# A small part of it: what is left is the network.
#
# ```python
# on = ["whole set in memory"]
# start = time.process_time()
# for _ in zip(range(STEPS), batches(on)):
#     pass
# print(f"{time.process_time() - start:.3f} s of {seconds(on):.2f} s")
# ```
#
# </details>
#
# **3.** Are batches of 256 faster? What must be looked at before one takes them?
#
# <details><summary>Answer</summary>
#
# Each image costs less, as a step's fixed costs are shared by more. But there are four times fewer steps, so the
# weights move four times less often, and the accuracy after as many epochs may be lower. It needs another learning
# rate, and a measurement.
#
# ```python
# model, size = pooled_first(), 256
# optimizer = torch.optim.Adam(model.parameters(), lr=0.001, fused=True)
# start = time.process_time()
# for batch in torch.randperm(len(all_labels)).split(size)[: STEPS // 4]:
#     optimizer.zero_grad()
#     F.cross_entropy(model(all_images[batch].float().div(127.5).sub(1)), all_labels[batch]).backward()
#     optimizer.step()
# print(f"{size * (STEPS // 4) / (time.process_time() - start):,.0f} images a second")
# ```
#
# </details>
#
# **4.** To know what everything around the network costs, could you time `model(images)` once and subtract it?
#
# <details><summary>Answer</summary>
#
# No: costs do not simply add up. While Python prepares images, other cores wait; and data that were just touched still
# lie in the processor's cache. Only the whole, measured with and without one change, tells what the change brings.
#
# </details>
#
# Next: [6. One network, two frameworks](6_one_network_two_frameworks.ipynb)
