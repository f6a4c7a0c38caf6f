# %% [markdown]
# # 3. Is it better?
#
# **The idea of this lesson:** a test accuracy is a measurement, and a measurement has an error. Two networks with 98.9%
# and 99.1% may well be equally good. Here you learn how large the error is, how to compare two networks, how to
# compare two *recipes*, and how people fool themselves with a test set.
#
# You need some Python and some NumPy, and should have trained a network once ([lesson 2](2_first_network.ipynb)). The
# lesson trains seventeen small networks, each for a second or two, and runs in a minute or two.

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
import io
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
from scipy import stats

from digits.datasets import download_dataset, load_dataset
from digits.evaluation import metrics
from digits.recipes import RECIPES, adjusted
from digits.commands.steps import Settings, build, evaluate, train
from lessons.pictures import show_chance, show_dots, show_intervals

download_dataset(Path("mnist_data"))
mnist = load_dataset("mnist")
labels = mnist.test.labels

# %% [markdown]
# ## One network, one number
#
# The package trains for us. A **recipe** is a network together with all that its training needs: how many epochs, which
# step size, and so on. The recipe `fast` takes one epoch and reaches 99% in about a second. A tenth of the training
# images is kept back for *validation*, which is explained below.


# %%
def trained(recipe, seed):
    """Train a network: its accuracy on the validation images, and its answers to the 10,000 test images."""
    settings = Settings("pytorch", recipe, seed=seed)
    with redirect_stdout(io.StringIO()):  # quietly
        model = build(settings, mnist)
        history = train(settings, model, mnist)
        result = evaluate(model, mnist)
    return history.validation["validation_accuracy"], result.predictions


recipe = adjusted(RECIPES["fast"], {"validation": 0.1})
validation_accuracy, answers = trained(recipe, seed=0)
right = int((answers == labels).sum())
print(f"{right:,} of {len(labels):,} test images right: {right / len(labels):.2%}")

# %% [markdown]
# How exact is that? Suppose that the network reads each digit correctly with a probability of exactly 99%, and that
# the 10,000 test images are a random sample of all digits that people write. Another 10,000 would give another count.
# Let us draw 100,000 such test sets at random.

# %%
rng = np.random.default_rng(0)
counts = rng.binomial(n=10_000, p=0.99, size=100_000)  # right answers of a network that is right in 99%
low, high = np.percentile(counts / 100, [2.5, 97.5])  # in percent

bins = np.arange(98.55, 99.45, 0.02)
title = "What a network that is right in exactly 99% scores on test sets of 10,000 images"
show_chance(counts / 100, bins, title, "measured accuracy in %", "of 100,000 test sets", low=low, high=high)

# %% [markdown]
# So the *choice of test images* alone moves the accuracy by ± 0.2 percentage points. Now turn that around: from a
# measured accuracy, compute an **interval** in which the true accuracy probably lies. Of such intervals, 95 in 100
# contain it. Wilson published a good formula in 1927, and the package's `metrics.accuracy` uses it.

# %%
interval = metrics.accuracy(labels, answers)
print(interval)

# %% [markdown]
# ## Seeds
#
# Training is a second source of chance: the first weights, the order of the images and dropout are random. The **seed**
# decides all of them. These eight networks differ in nothing else.

# %%
seeds = range(8)
runs = [trained(recipe, seed) for seed in seeds]
validation = np.array([accuracy for accuracy, _ in runs])  # (8,)
predictions = np.array([answers for _, answers in runs])  # (8, 10000)
accuracies = (predictions == labels).mean(axis=1)  # (8,)

measured = [metrics.accuracy(labels, one) for one in predictions]
intervals = [(100 * one.low, 100 * one.high) for one in measured]
show_intervals(100 * accuracies, intervals, "One recipe, eight seeds: test accuracy of each network")
print(f"from {accuracies.min():.2%} to {accuracies.max():.2%}; mean {accuracies.mean():.2%}")

# %% [markdown]
# If you had run seed after seed and reported the best, your number would be higher, and the recipe no better.
#
# The intervals are wide, yet the dots lie close together. That is no contradiction. An interval says how much *other
# test images* could change, and all eight networks were tested on the same ones.
#
# ## Two networks: McNemar's test
#
# Both networks are tested on the same images, so we can do better than compare two percentages. Both read most of the
# images, and those tell us nothing. The images that count are those that **only one** of the two got right.

# %%
best, worst = int(accuracies.argmax()), int(accuracies.argmin())
comparison = metrics.compare(labels, predictions[best], predictions[worst])
print(f"both right                {comparison.both_right:>6,}")
print(f"both wrong                {comparison.both_wrong:>6,}")
print(f"only seed {best} right         {comparison.only_a_right:>6,}")
print(f"only seed {worst} right         {comparison.only_b_right:>6,}")

# %% [markdown]
# If the two were equally good, each image that only one got right would be the toss of a coin: heads for the one, tails
# for the other. So toss that many coins, many times, and count how often they come out as unevenly as here, or more
# unevenly, in favour of either network: in the picture, at or right of the red line, and as far out on the left. That
# share is the **p-value**. There is no more to McNemar's test (1947).

# %%
tosses = comparison.only_a_right + comparison.only_b_right
heads = rng.binomial(n=tosses, p=0.5, size=200_000)
uneven = np.abs(heads - tosses / 2) >= abs(comparison.only_a_right - tosses / 2)
p_by_coins = uneven.mean()

bins = np.arange(heads.min() - 0.5, heads.max() + 1.5)
title = f"{tosses} images were read by only one of two networks: how many of them by the better one?"
seen = comparison.only_a_right
show_chance(heads, bins, title, f"images of {tosses} that the better one reads", "of 200,000 tries", seen=seen)
print(f"p by tossing coins: {p_by_coins:.3f}   p by the exact formula: {comparison.p_value:.3f}")
print("so:", comparison.sentence(f"seed {best}", f"seed {worst}"))

# %% [markdown]
# A p-value below 0.05 is usually called evidence. But we picked the *best and the worst of eight*, and that is not
# fair: among many pairs, the most different one looks special by chance alone. Use the test for a question that you
# asked **before** you looked.
#
# The test also speaks only of these two trained networks, not of how they were made. (`digits compare` makes this
# test.)
#
# ## How to fool yourself with a test set
#
# If you choose the best of many networks by test accuracy, that accuracy is too good: the winner was partly lucky
# with these images. You can see it. Split the test images into two halves at random, choose the seed that is best on
# the first half, and look at its accuracy on the second.

# %%
right = predictions == labels  # (8, 10000)
promised, kept = [], []
for _ in range(2000):
    order = rng.permutation(10_000)
    first, second = right[:, order[:5000]].mean(axis=1), right[:, order[5000:]].mean(axis=1)  # (8,) each
    winner = first.argmax()
    promised.append(first[winner])
    kept.append(second[winner])
too_good_by = 100 * (np.mean(promised) - np.mean(kept))

halves = {
    "on the half\nthat chose it": 100 * np.array(promised[:200]),
    "on the other half": 100 * np.array(kept[:200]),
}
title = "The seed that is best on one half of the test images: its accuracy on each half (200 random splits)"
show_dots(halves, title, "test accuracy in %", size=4)
print(f"chosen by its accuracy, it looks better than it is by {too_good_by:.2f} percentage points")

# %% [markdown]
# With eight seeds the error is small. After hundreds of tries with other filters, learning rates and epochs it is
# large, and some leaderboards consist of little else.
#
# The cure is the **validation split**: keep back a part of the *training* images, try what you like, and choose by
# their accuracy; `--validation 0.1` keeps back a tenth. Look at the test images once, at the end, when nothing is left
# to choose. (This lesson looks at them often, to show what happens, but chooses nothing by them.)
#
# ## Is one recipe better than another?
#
# Here is a real question. `fast` smooths its targets: the network is told "91% a 7, and 1% each of the nine others"
# instead of "a 7". Does that help? One network of each says little. So train eight of each with the same seeds, and
# compare them on the **validation** images. The interval of a mean of eight is ± 2.4 · s / √8. Here s is the standard
# deviation of the eight, and 2.4 is what `stats.t.ppf` gives for so few values; for many it would be 1.96.

# %%
plain = adjusted(recipe, {"label_smoothing": 0.0})
runs_plain = [trained(plain, seed) for seed in seeds]
validation_plain = np.array([accuracy for accuracy, _ in runs_plain])

gains = 100 * (validation - validation_plain)  # (8,): percentage points, seed by seed
mean_gain = gains.mean()
half_width = stats.t.ppf(0.975, len(gains) - 1) * gains.std(ddof=1) / np.sqrt(len(gains))

groups = {"targets as they are": 100 * validation_plain, "smoothed targets": 100 * validation}
show_dots(groups, "Two recipes, eight seeds each: does smoothing the targets help?", "validation accuracy in %")
print(f"smoothing gains {mean_gain:+.2f} ± {half_width:.2f} percentage points (mean of eight seeds, 95% interval)")
print("so:", "it helps" if mean_gain > half_width else "it may help, or not; more seeds would tell")

# %% [markdown]
# That is an honest claim about a *recipe*: a mean over seeds, with an interval, on images that nothing was learned
# from. Now that the choice is made, the test accuracy may be reported. (In real work you would look at it here for the
# first time; this lesson showed it earlier, to explain what it can and cannot tell.)

# %%
test_mean = accuracies.mean()
spread = stats.t.ppf(0.975, len(accuracies) - 1) * accuracies.std(ddof=1) / np.sqrt(len(accuracies))
print(f"fast, trained on nine tenths: {test_mean:.2%} ± {spread:.2%} (test accuracy, mean of eight seeds)")

# %% [markdown]
# ## To remember
#
# - One test accuracy on 10,000 images is exact to ± 0.2%. Say so.
# - Two **networks**: count the images that only one got right.
# - Two **recipes**: several seeds of each, mean and interval.
# - Choose on validation images. Look at the test once.

# %% [markdown]
# ## Exercises
#
# **1.** Somebody reports 99.0% on 500 images of their own. What is the 95% interval?
#
# <details><summary>Answer</summary>
#
# About 97.7 to 99.6%. With twenty times fewer images the interval is four to five times as wide, as its width goes with
# the square root.
#
# ```python
# print(metrics.accuracy_of(495, 500))
# ```
#
# </details>
#
# **2.** Two networks both read 99.0%. Can they still be different?
#
# <details><summary>Answer</summary>
#
# Yes: they may misread different images. Then it helps to combine them. Let all eight vote, and together they are
# better than nearly any of them alone. That is an *ensemble*. (`--ensemble 8` averages their probabilities instead.)
#
# ```python
# votes = np.stack([(predictions == digit).sum(axis=0) for digit in range(10)])  # (10, 10000)
# print(f"eight voting: {(votes.argmax(0) == labels).mean():.2%}; their mean: {accuracies.mean():.2%}")
# ```
#
# </details>
#
# **3.** How many test images would you need to tell 99.0% from 99.1% with one network of each, without McNemar?
#
# <details><summary>Answer</summary>
#
# Half the width of the interval is 1.96 · √(0.99 · 0.01 / n), and must be well below 0.1 percentage points. For 0.05
# points, n is about 150,000. MNIST has fewer. McNemar's test needs fewer, because both networks see the same images.
#
# ```python
# n = 0.99 * 0.01 * (1.96 / 0.0005) ** 2
# print(f"{n:,.0f} images for ± 0.05 percentage points")
# ```
#
# </details>
#
# **4.** Compare seed 0 with seed 1, a question asked before looking. Is one better?
#
# <details><summary>Answer</summary>
#
# Usually there is no evidence. If there is, it is about these two networks, not about their seeds: 1 is not a better
# number than 0.
#
# ```python
# print(metrics.compare(labels, predictions[0], predictions[1]).sentence("seed 0", "seed 1"))
# ```
#
# </details>
#
# Next: [4. Your own digit](4_your_own_digit.ipynb)
