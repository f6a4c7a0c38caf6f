# %% [markdown]
# # 5. Make it fast
#
# **The idea of this lesson:** do not guess what is slow, measure it. Take the largest cost away, and measure again. The
# plain loop that every tutorial writes spends much of its time on things that are not learning.
#
# You should have seen a training loop ([lesson 2](2_first_network.ipynb)). It runs in a minute.

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
import pstats
import time
from pathlib import Path
from statistics import median

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader

from digits.datasets import download_dataset, load_dataset

plt.rcParams.update({"figure.dpi": 72, "figure.constrained_layout.use": True, "font.size": 11})

download_dataset(Path("mnist_data"))
mnist = load_dataset("mnist")
torch.set_num_threads(1)  # one core, so that there is one time and not the sum of several

# %% [markdown]
# ## The plain loop
#
# [plain_pytorch.py](plain_pytorch.py) is what tutorials write: a `Dataset` of single images, a `DataLoader` that
# shuffles them into batches of 64, the loop. We take its parts and train for 150 batches, a sixth of an epoch.

# %%
sys.path.insert(0, "lessons")
from plain_pytorch import RAW_DIR, Mnist, network

BATCHES, ROUNDS = 150, 5


def seconds_of(train):
    """How long the processor works on 150 batches."""
    start = time.process_time()
    train(BATCHES)
    return time.process_time() - start


def learner():
    """The network with what trains it: one step on a batch."""
    torch.manual_seed(0)
    model, criterion = network().train(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)

    def step(images, labels):
        optimizer.zero_grad()
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def plain(batches):
    step = learner()
    loader = DataLoader(Mnist(RAW_DIR, "train"), batch_size=64, shuffle=True)
    for _, (images, labels) in zip(range(batches), loader, strict=False):
        step(images, labels)


plain(10)  # to warm up: the first batches are slower
print(f"the plain loop: {seconds_of(plain):.2f} s for {BATCHES} batches of 64 images")

# %% [markdown]
# `process_time` is how long the processor worked for us; a clock on the wall (`perf_counter`) would count what other
# programs do as well. But run that cell again, and the time is another all the same: memory is shared, and the
# processor's own clock changes with its temperature. So from here on we compare: the plain loop and another one **in
# turn**, five times, and of the five ratios the **median**, which a single disturbed round cannot move.

# %%
ratios = {"the plain loop": 1.0}


def compare(name, train):
    """Note how many times as fast as the plain loop `train` is."""
    train(10)
    pairs = [(seconds_of(plain), seconds_of(train)) for _ in range(ROUNDS)]
    ratios[name] = median(slow / quick for slow, quick in pairs)
    print(f"{name}: {ratios[name]:.2f} times as fast as the plain loop")


# %% [markdown]
# ## Profile it
#
# A **profiler** notes how long each function took. `tottime` is the time within the function itself, without what it
# called.

# %%
profile = cProfile.Profile()
profile.runcall(plain, BATCHES)
rows = sorted(pstats.Stats(profile).stats.items(), key=lambda row: -row[1][2])[:12]
everything = [(calls, own) for calls, _, own, _, _ in pstats.Stats(profile).stats.values()]
total = sum(own for _, own in everything)
print(f"{'share':>6} {'calls':>8}  function")
for (file, _, name), (calls, _, own, _, _) in rows:
    print(f"{own / total:>6.0%} {calls:>8,}  {name.strip('<>')} {'' if file == '~' else f'in {Path(file).name}'}")
for_each_image = sum(own for calls, own in everything if calls >= 64 * BATCHES) / total
print(f"\nin functions that are called once or more for each image: {for_each_image:.0%} of the time")

# %% [markdown]
# Look at the *calls*. Learning itself, `run_backward` and the layers' forward functions, is called 150 times or a few
# hundred. Beside it stand functions that were called 9,600 times: once for **each image**. Opening it as a picture,
# making an array of it, a tensor, moving axes, dividing, subtracting; a microsecond or ten each, all for 784 numbers.
# And then 64 of them are stacked into a batch.
#
# ## One cost after another
#
# **1. No picture objects.** MNIST is not a folder of pictures; it is one array. The whole training set is 47 MB, and
# fits into memory many times over. Pick the 64 images of a batch with one index, and convert them together.

# %%
all_images = torch.from_numpy(mnist.train.images).unsqueeze(1)  # (60000, 1, 28, 28), uint8: a byte for a pixel
all_labels = torch.from_numpy(mnist.train.labels)  # (60000,)


def in_memory(batches):
    step = learner()
    for batch in torch.randperm(len(all_labels)).split(64)[:batches]:
        step(all_images[batch].float().div(127.5).sub(1), all_labels[batch])


compare("whole set in memory", in_memory)


# %% [markdown]
# **2. Pool before ReLU.** The largest of four numbers, and then 0 if that is negative, is the same as first replacing
# all negative numbers by 0 and then taking the largest: `max(relu(a), relu(b)) = relu(max(a, b))`. But in the new order
# ReLU has a quarter of the work.


# %%
def pooled_first():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3), nn.MaxPool2d(2), nn.ReLU(),
        nn.Conv2d(16, 32, 3), nn.MaxPool2d(2), nn.ReLU(),
        nn.Flatten(), nn.Linear(800, 128), nn.ReLU(), nn.Dropout(0.25), nn.Linear(128, 10),
    )  # fmt: skip


def learner_of(make):
    """A step of another network than the plain one, which does not wait for its loss as a number."""
    torch.manual_seed(0)
    model = make().train()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001, fused=True)  # all weights in one operation

    def step(images, labels):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()

    return step


def pooling_first(batches):
    step = learner_of(pooled_first)
    for batch in torch.randperm(len(all_labels)).split(64)[:batches]:
        step(all_images[batch].float().div(127.5).sub(1), all_labels[batch])


# The two orders give the same numbers, with the same weights:
one, other = network().eval(), pooled_first().eval()
for mine, theirs in zip(other.parameters(), one.parameters(), strict=True):
    mine.data = theirs.data
with torch.no_grad():
    sample = all_images[:100].float().div(127.5).sub(1)
    same = torch.equal(one(sample), other(sample))
print("the same numbers:", same)
compare("pooling before ReLU, fused Adam", pooling_first)

# %% [markdown]
# **3. What the package does.** It goes on in this way: arithmetic in bfloat16 (16 bits a number) where the processor
# has it in hardware, the memory layout that the convolution likes best, all weights as one vector, freed memory kept
# for the next step. All of it is applied from outside to the same textbook network;
# [docs/results.md](../docs/results.md) has what each brings.

# %%
from digits.backends import load_backend
from digits.hardware import tune_process
from digits.models import ModelInfo
from digits.recipes import RECIPES

tune_process()  # memory and the like, which the commands do by themselves: in a notebook you choose
backend = load_backend("pytorch")
cpu = backend.select_device("cpu")
precision = backend.select_precision("auto", cpu)
print("precision on this processor:", precision)


def package_trainer(recipe):
    info = ModelInfo(recipe, "mnist", mnist.classes, backend.PIXEL_RANGE)

    def train(batches):
        images, labels = mnist.train.images[: 64 * batches], mnist.train.labels[: 64 * batches]
        model = backend.build(info, 0, cpu)
        for _ in backend.trainer(model, images, labels, recipe, 0, precision).epoch(0):
            pass

    return train


compare("the package, the same recipe", package_trainer(RECIPES["baseline"]))

# %% [markdown]
# **4. Less work for the same accuracy.** All until here computes the same thing in less time. One can also compute
# something else. The recipe `fast` takes steps of two pixels in the first convolution instead of pooling, which is less
# work for an image, and needs one epoch instead of three to be more often right. Whether such a change is allowed is
# not a matter of time but of accuracy, so it has to be measured as in [lesson 3](3_is_it_better.ipynb).

# %%
compare("the package, recipe fast", package_trainer(RECIPES["fast"]))

figure, axes = plt.subplots(figsize=(10, 3.2))
names = list(ratios)[::-1]
axes.barh(names, [ratios[name] for name in names], color="#9db8d2")
for name in names:
    axes.text(ratios[name], name, f" {ratios[name]:.1f}", va="center")
axes.set(xlabel="times as fast as the plain loop", xlim=(0, max(ratios.values()) * 1.15))
axes.set_title("9,600 images learned from, one cost after another taken away; one core")
plt.show()

# %% [markdown]
# Your factors will differ: they hang on the processor (bfloat16 in hardware or not), on its memory, and on what else
# runs. With all cores they differ again, as Python prepares images on one core while the others wait. That is why a
# speed is worth something only **as a ratio to something known, on the same machine, in the same minute**.
#
# ## To keep
#
# - Measure first. The slow part is seldom where one thinks; here a good part was not the network.
# - What is done *for each image in Python* is dear, what is done for a batch is cheap.
# - Take away one cost at a time, and look each time whether the numbers are still the same.
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
# A tenth of it or so: what is left is the network.
#
# ```python
# start = time.process_time()
# for batch in torch.randperm(len(all_labels)).split(64)[:BATCHES]:
#     all_images[batch].float().div(127.5).sub(1)
# print(f"{time.process_time() - start:.3f} s of {seconds_of(in_memory):.2f} s")
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
# step, size = learner_of(pooled_first), 256
# start = time.process_time()
# for batch in torch.randperm(len(all_labels)).split(size)[: BATCHES // 4]:
#     step(all_images[batch].float().div(127.5).sub(1), all_labels[batch])
# print(f"{size * (BATCHES // 4) / (time.process_time() - start):,.0f} images a second")
# ```
#
# </details>
#
# **4.** Why may `model(images)` not be left out of the clock by measuring it once and subtracting?
#
# <details><summary>Answer</summary>
#
# Costs do not simply add up. While Python prepares images, other cores wait; data that were just touched lie in its
# cache. Only the whole, measured with and without one change, tells what the change brings.
#
# </details>
#
# Next: [6. One network, two frameworks](6_one_network_two_frameworks.ipynb)
