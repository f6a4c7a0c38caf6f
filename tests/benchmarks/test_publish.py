import json
import re

import publish
import pytest
import steps
import training_speed
from results import FOLDER, PUBLISHED

from digits.evaluation.measured import MEASUREMENTS
from tests.conftest import ROOT

RUN = training_speed.Run(2.0, 4.0, 0.9885, 1.0, "float32")
SPEEDS = [{"float32": 1640.0}]
SPEED = json.loads(PUBLISHED.read_text())[training_speed.NAME]  # what is published, by level of processors
EARLIER = "a processor that no machine has, 2 cores"


@pytest.mark.parametrize("page", publish.PAGES, ids=lambda page: page.name)
def test_a_page_has_what_is_published(page):
    assert publish.page_with(page.read_text(), json.loads(PUBLISHED.read_text())) == page.read_text()


TIMES = {level: {name: one["times"][0] for name, one in of["cases"].items()} for level, of in SPEED.items()}
LEVELS = {"AVX2": "avx2", "AMX": "amx_bf16"}  # in the order of README's columns


def text(page: str) -> str:
    """What a page says, in one line."""
    return " ".join((ROOT / page).read_text(encoding="utf-8").split())


@pytest.mark.parametrize(
    ("page", "sentence"),
    [
        ("resume_description.md", "Made training {} times (PyTorch) and {} times (TensorFlow) as fast as the usual "),
        ("resume_description.md", "on two cores with AVX2, {} and {} times with AMX"),
        ("resume_description.md", "{} times as fast as the fastest published one-epoch recipe"),
    ],
)
def test_speeds_that_pages_claim_are_those_that_are_published(page, sentence):
    level = "amx_bf16" if "AMX" in sentence or "one-epoch" in sentence else "avx2"
    cases = ["baseline pytorch", "baseline tensorflow", "fast pytorch"]
    cases = cases[2:] if sentence.count("{}") == 1 else cases[: sentence.count("{}")]
    assert sentence.format(*(f"{TIMES[level][case]:.1f}" for case in cases)) in text(page)


def test_readme_claims_what_is_published():
    assert "The baseline trains three to four times as fast as the usual loop" in text("README.md")
    for level in LEVELS.values():
        assert all(round(TIMES[level][f"baseline {backend}"]) in (3, 4) for backend in ("pytorch", "tensorflow"))
    for recipe in ("baseline", "fast"):
        both = [MEASUREMENTS[recipe, "mnist", backend] for backend in ("pytorch", "tensorflow")]
        seconds = [", ".join(f"{reached.seconds[name]} s" for reached in both) for name in LEVELS]
        assert f"| {recipe} | {both[0]}, {both[1]} | {seconds[0]} | {seconds[1]} |" in text("README.md")


def test_seconds_that_are_listed_are_those_that_are_published():
    for (recipe, dataset, backend), reached in MEASUREMENTS.items():
        for name, seconds in reached.seconds.items():
            if dataset == "mnist" and name in LEVELS:
                published = SPEED[LEVELS[name]]["cases"][f"{recipe} {backend}"]["seconds"][0]
                assert f"{published:.1f}" == str(seconds), (recipe, backend, name)


def test_a_resume_claims_what_readme_lists():
    said = text("resume_description.md")
    fast, deep = (MEASUREMENTS[recipe, "mnist", "pytorch"] for recipe in ("fast", "deep"))
    baselines = [MEASUREMENTS["baseline", "mnist", backend].accuracy for backend in ("pytorch", "tensorflow")]
    assert [float(one) for one in re.findall(r"98\.\d\d", said)] == baselines
    assert re.search(rf"reaches {fast.accuracy} ?% \(mean of five seeds\) in {fast.seconds['AMX']} seconds", said)
    assert re.search(rf"together reach {deep.accuracy} ?% \(mean of five seeds\) in seven minutes", said)
    assert round(deep.seconds["AVX512"] / 60) == 7
    row = re.search(r"\| one digit \(\d+ and (\d+)\) \|(?:[^|]*\|){2} ([\d.]+) \|", text("docs/reading.md"))
    count, read = row.groups()
    assert f"{read}% of {count} single digits from public sources" in said


@pytest.fixture
def page(tmp_path, monkeypatch):
    """A page and what is published on it, in a folder where benchmarks keep their figures."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIGITS_CPU_FEATURES", "avx2 fma avx512f avx512_bf16 amx_bf16")
    page = tmp_path / "page.md"
    monkeypatch.setattr(publish, "PAGES", (page,))
    monkeypatch.setattr(publish, "PUBLISHED", tmp_path / PUBLISHED.name)
    old = {"pairs": 10, "times": [7.3, 6.5, 7.7], "accuracy": [0.9916, 0.9909]}
    earlier = {"isa": "native", "date": "2025-01-01", "processor": EARLIER, "cases": {"fast pytorch": old}}
    published = {training_speed.NAME: {"avx512_bf16": earlier, "avx2": earlier}, steps.NAME: {}}
    publish.PUBLISHED.write_text(json.dumps(published))
    names = ("summary", *publish.BENCHMARKS)
    marks = [f"<!-- {name}, by benchmarks/publish.py -->\n<!-- to here -->" for name in names]
    page.write_text("\n".join(["before", *marks, "after", ""]))
    return page


def test_what_was_measured_is_published(page):
    pairs = {case: [training_speed.Pair(RUN, RUN)] for case in training_speed.CASES}
    training_speed.Measurement("avx2", SPEEDS, pairs).keep()
    rounds = {
        (recipe, name): [steps.Step(10.0, 25.0)] for recipe in steps.RECIPES for name in ("pytorch", "tensorflow")
    }
    steps.Measurement("native", rounds, {"pytorch": [steps.Ensemble(10.0, 25.0)]}).keep()
    publish.main()
    said = page.read_text()
    assert said.startswith("before\n<!-- summary, ")
    assert said.endswith("<!-- to here -->\nafter\n")
    assert "| ours | against | AVX2 | AVX512-BF16 |" in said
    fast = "| PyTorch, `fast` | the fastest published recipe for 99% in one epoch |"
    assert f"{fast} 2.0 s, 1.0 times | 7.3 times |" in said
    assert "| TensorFlow, `fast` | PyTorch, `fast` | 2.0 s, 1.0 times | – |" in said
    row = f"{fast} **1.00** (1.00 to 1.00) | 1 |"
    assert f"{row} 2.00 / 2.00 | 4.0 / 4.0 | 98.85% / 98.85% | 14%, float32 |" in said
    assert "| TensorFlow, `deep` | 10 ms | 25 ms | **2.50** (2.50 to 2.50) |" in said
    assert "| PyTorch | 10 s | 25 s | **2.00** (2.00 to 2.00) |" in said
    assert "A large product: 1,640 GFLOP/s in float32." in said
    assert "**7.30** (6.50 to 7.70) | 10 | – | – | 99.16% / 99.09% | – |" in said
    headings = re.findall(r"^\*\*.*", said, re.MULTILINE)
    assert [heading.partition(":")[0] for heading in headings] == ["**AVX2**", "**AVX512-BF16**", "**AMX-BF16**"]
    assert "with no more" in headings[0]
    assert [EARLIER in heading for heading in headings] == [False, True, False]  # AVX2's gave way to what was measured
    publish.main()
    assert page.read_text() == said
    assert set(json.loads(publish.PUBLISHED.read_text())["training_speed"]["avx2"]) == {
        *("isa", "date", "processor", "products", "cases")
    }


def test_a_part_is_not_published(page):
    training_speed.Measurement("avx2", SPEEDS, {("fast", "pytorch"): [training_speed.Pair(RUN, RUN)]}).keep()
    before = page.read_text()
    with pytest.raises(SystemExit, match=f"error: {FOLDER}/training_speed_avx2.json has no baseline pytorch"):
        publish.main()
    assert page.read_text() == before
