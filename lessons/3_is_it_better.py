# %% [markdown]
# # 3. Is it better?
#
# **The idea of this lesson:** a test accuracy is a measurement, and a measurement has an error. Two networks with 98.9%
# and 99.1% may well be equally good. Here you learn how large the error is, how to compare two networks, how to
# compare two *recipes*, and how people fool themselves with a test set.
#
# You should have trained a network once ([lesson 2](2_first_network.ipynb)). It trains seventeen small networks, each
# for a second or two, and runs in a minute or two.

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

import matplotlib.pyplot as plt
import numpy as np
from scipy import stats

from digits.datasets import download_dataset, load_dataset
from digits.evaluation import metrics
from digits.recipes import RECIPES, adjusted
from digits.commands.steps import Settings, build, evaluate, train

plt.rcParams.update({"figure.dpi": 72, "figure.constrained_layout.use": True, "font.size": 11})

download_dataset(Path("mnist_data"))
mnist = load_dataset("mnist")
labels = mnist.test.labels

# %% [markdown]
# ## One network, one number
#
# The package trains for us, with its recipe `fast`: one epoch, 99% in about a second. A tenth of the training images
# is kept back, for *validation*; what that is for comes later.


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
# How exact is that? Suppose that the network reads a digit rightly with a probability of exactly 99%, and that the
# 10,000 test images are a fair sample of all digits that people write. Another 10,000 would give another count. Let us
# draw 100,000 such test sets with dice.

# %%
rng = np.random.default_rng(0)
counts = rng.binomial(n=10_000, p=0.99, size=100_000)  # right answers of a network that is right in 99%
low, high = np.percentile(counts, [2.5, 97.5]) / 10_000

figure, axes = plt.subplots(figsize=(8, 3.4))
axes.hist(counts / 100, bins=np.arange(98.55, 99.45, 0.02), color="#9db8d2")
axes.axvspan(100 * low, 100 * high, color="#c2410c", alpha=0.15, label=f"95 of 100 test sets: {low:.2%} to {high:.2%}")
axes.set(xlabel="measured accuracy in %", ylabel="test sets of 100,000", xlim=(98.5, 99.5), ylim=(0, 10_000))
axes.set_title("A network that is right in exactly 99%, on test sets of 10,000 images")
axes.legend(loc="upper left")
plt.show()

# %% [markdown]
# So chance in the *choice of test images* alone makes ± 0.2%. Turned around: from a measured accuracy follows an
# **interval** that holds the true one with 95% confidence. Wilson found a good formula in 1927; the package prints it
# with every accuracy.

# %%
interval = metrics.accuracy(labels, answers)
print(interval)

# %% [markdown]
# ## Seeds
#
# A second source of chance is the training: first weights, order of images, dropout. All of it hangs on the **seed**.
# Nothing else differs between these eight networks.

# %%
seeds = range(8)
runs = [trained(recipe, seed) for seed in seeds]
validation = np.array([accuracy for accuracy, _ in runs])  # (8,)
predictions = np.array([answers for _, answers in runs])  # (8, 10000)
accuracies = (predictions == labels).mean(axis=1)  # (8,)

figure, axes = plt.subplots(figsize=(8, 3.6))
for seed, one in zip(seeds, predictions, strict=True):
    wilson = metrics.accuracy(labels, one)
    axes.plot([seed, seed], [100 * wilson.low, 100 * wilson.high], color="#9db8d2", linewidth=6)
axes.plot(seeds, 100 * accuracies, "o", color="#c2410c")
axes.set(xlabel="seed", ylabel="test accuracy in %", title="One recipe, eight seeds, each with its 95% interval")
plt.show()
print(f"from {accuracies.min():.2%} to {accuracies.max():.2%}; mean {accuracies.mean():.2%}")

# %% [markdown]
# If you had run seed after seed and stopped at the best, you would report that one. Nothing was made better.
#
# The intervals are wider than the dots are apart. That is no contradiction: an interval is about *other test images*,
# and all eight networks were asked about the same ones.
#
# ## Two networks: McNemar's test
#
# As both are asked about the same images, we can do better than compare two percentages. Most images both read, and
# those tell us nothing. What tells are the images that **only one** of the two got right.

# %%
best, worst = int(accuracies.argmax()), int(accuracies.argmin())
comparison = metrics.compare(labels, predictions[best], predictions[worst])
print(f"both right                {comparison.both_right:>6,}")
print(f"both wrong                {comparison.both_wrong:>6,}")
print(f"only seed {best} right         {comparison.only_a_right:>6,}")
print(f"only seed {worst} right         {comparison.only_b_right:>6,}")

# %% [markdown]
# If the two were equally good, each image that only one got right would be a coin's toss: heads for the one, tails for
# the other. So toss that many coins, many times, and count how often heads and tails come out as unevenly as they did
# here, or more. That share is the **p-value**. It is all there is to McNemar's test (1947).

# %%
tosses = comparison.only_a_right + comparison.only_b_right
heads = rng.binomial(n=tosses, p=0.5, size=200_000)
uneven = np.abs(heads - tosses / 2) >= abs(comparison.only_a_right - tosses / 2)
p_by_coins = uneven.mean()

figure, axes = plt.subplots(figsize=(8, 3.2))
axes.hist(heads, bins=np.arange(heads.min() - 0.5, heads.max() + 1.5), color="#9db8d2", label="coins: chance alone")
axes.axvline(comparison.only_a_right, color="#c2410c", label="what we saw")
axes.set(xlabel=f"heads among {tosses} coins", ylabel="of 200,000 tries", title="Could it be chance?")
axes.legend()
plt.show()
print(f"p by tossing coins: {p_by_coins:.3f}   p by the exact formula: {comparison.p_value:.3f}")
print("so:", comparison.sentence(f"seed {best}", f"seed {worst}"))

# %% [markdown]
# A p-value below 0.05 is usually called evidence. But we picked the *best and the worst of eight*: that is no fair
# question, as among many pairs the most different one looks special by chance alone. A test is for a question that you
# had **before** you looked.
#
# And it says something about these two trained networks only, not about how they were made. (`digits compare` makes
# this test.)
#
# ## How to fool oneself with a test set
#
# Choosing the best of many by test accuracy makes that accuracy too good: part of why it won is luck with these images.
# Here is the proof. Split the test images into two halves at random. Choose the seed that is best on the first half,
# and look at its accuracy on the second.

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

halves = {"on the half that chose it": promised, "on the other half": kept}
means = [100 * np.mean(values) for values in halves.values()]

figure, axes = plt.subplots(figsize=(8, 2.2))
axes.plot(means, list(halves), "o", color="#c2410c", markersize=9)
axes.plot(means, list(halves), color="#c2410c", linewidth=1)
axes.set(ylim=(1.5, -0.5), xlim=(means[1] - 0.1, means[0] + 0.1))
axes.set(xlabel="accuracy in %, mean over 2,000 splits", title="The best of eight seeds")
plt.show()
print(f"chosen by its accuracy, it looks better than it is by {too_good_by:.2f} percentage points")

# %% [markdown]
# With eight seeds it is a little; after hundreds of tries with other filters, learning rates and epochs it is a lot,
# and whole leaderboards are made of it.
#
# The way out: keep back a part of the **training** images, the **validation split**. Try what you like and choose by
# it. The test images are looked at once, at the end, when nothing is left to be chosen. (This lesson looks at them all
# the time, to show what happens; it chooses nothing by them. `--validation 0.1` keeps back a tenth.)
#
# ## Is one recipe better than another?
#
# A real question: `fast` smooths its targets, which means that it is told "91% a 7, and 1% each of the nine others"
# instead of "a 7". Does that help? One network of each says little. So train eight of each, the same seeds, and compare
# on the **validation** images.

# %%
plain = adjusted(recipe, {"label_smoothing": 0.0})
runs_plain = [trained(plain, seed) for seed in seeds]
validation_plain = np.array([accuracy for accuracy, _ in runs_plain])

gains = 100 * (validation - validation_plain)  # (8,): percentage points, seed by seed
mean_gain = gains.mean()
half_width = stats.t.ppf(0.975, len(gains) - 1) * gains.std(ddof=1) / np.sqrt(len(gains))

figure, axes = plt.subplots(figsize=(8, 3.2))
axes.plot(100 * validation_plain, np.zeros(8), "o", label="as they are", color="#6b7280")
axes.plot(100 * validation, np.ones(8), "o", label="smoothed", color="#c2410c")
for y, values in enumerate([validation_plain, validation]):
    axes.plot([100 * values.mean()] * 2, [y - 0.25, y + 0.25], color="black")
axes.set(yticks=[0, 1], yticklabels=["targets as they are", "smoothed targets"], ylim=(-0.6, 1.6))
axes.set(xlabel="validation accuracy in %", title="Two recipes, eight seeds each; the line is the mean")
plt.show()
print(f"smoothing gains {mean_gain:+.2f} ± {half_width:.2f} percentage points (mean of eight seeds, 95% interval)")
print("so:", "it helps" if mean_gain > half_width else "it may help, or not; more seeds would tell")

# %% [markdown]
# That is an honest claim about a *recipe*: the mean over seeds, an interval, and images that nothing was learned from.
# Only now, with the choice made, the test images, once:

# %%
test_mean = accuracies.mean()
spread = stats.t.ppf(0.975, len(accuracies) - 1) * accuracies.std(ddof=1) / np.sqrt(len(accuracies))
print(f"fast, trained on nine tenths: {test_mean:.2%} ± {spread:.2%} (test accuracy, mean of eight seeds)")

# %% [markdown]
# ## To keep
#
# - One test accuracy on 10,000 images is good for ± 0.2%. Say so.
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
# About 97.7 to 99.6%: twenty times fewer images, and an interval four to five times as wide (it goes with the square
# root).
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
# Very much: they may misread different images. Then putting them together helps. Take all eight, let them vote, and the
# accuracy is higher than that of nearly any of them; that is an *ensemble* (`--ensemble 8` averages their
# probabilities, which is better still).
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
# The interval's half width must be well below 0.1 percentage points. It is 1.96 · √(0.99 · 0.01 / n), so for half of
# that n is about 150,000. That is more than MNIST has; McNemar's test and several seeds do with less, as both networks
# see the same images.
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
# Mostly there is no evidence. And if there were, it would be about these two networks, not about the seeds: 1 is not a
# better number than 0.
#
# ```python
# print(metrics.compare(labels, predictions[0], predictions[1]).sentence("seed 0", "seed 1"))
# ```
#
# </details>
#
# Next: [4. Your own digit](4_your_own_digit.ipynb)
