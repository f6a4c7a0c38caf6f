import json
import sys

import processor
import pytest
import results
import training_speed
from processor import Products
from training_speed import CASES, Pair, Run, Spread, Summary, gflop, summary

SPEEDS = {"float32": 200.0, "bfloat16": 2000.0}
OURS, THEIRS = Run(2.0, 4.0, 0.98, training=1.0, precision="float32"), Run(6.0, 9.0, 0.97)


def test_the_operations_of_a_training_are_counted():
    baseline = 26 * 26 * 16 * 9 + 11 * 11 * 32 * 16 * 9 + 800 * 128 + 128 * 10  # multiply-adds an image, by hand
    assert baseline == 758_592
    assert gflop("baseline") == pytest.approx(3 * 2 * baseline * 60_000 * 3 / 1e9)  # three epochs
    assert gflop("baseline") == pytest.approx(819.27936)
    assert gflop("fast") == pytest.approx(3 * 2 * 622_080 * 60_000 / 1e9)


def test_pairs_are_summed_up():
    pairs = [
        Pair(Run(2.0, 4.0, 0.98, 1.0, "bfloat16"), Run(6.0, 9.0, 0.97)),
        Pair(Run(4.0, 5.0, 0.99, 2.0, "bfloat16"), Run(8.0, 9.0, 0.96)),
        Pair(Run(3.0, 9.0, 0.97, 4.0, "bfloat16"), Run(30.0, 8.0, 0.98)),
    ]
    found = summary("baseline", pairs, [SPEEDS, {**SPEEDS, "bfloat16": 4000.0}, SPEEDS])
    assert found.pairs == 3
    assert found.times == Spread(3.0, 2.0, 10.0)  # of the ratios 3, 2 and 10, not the ratio of medians
    assert found.seconds == (3.0, 8.0)
    assert found.shell == (5.0, 9.0)
    assert found.accuracy == (pytest.approx(0.98), pytest.approx(0.97))
    assert found.precision == "bfloat16"
    assert found.share == pytest.approx(819.27936 / 4 / 2000)  # of 1/1, 1/2/2 and 1/4 of it
    said = found.say(("baseline", "pytorch"), "avx2")
    assert "3.00 (2.00 to 10.00) times as fast" in said
    assert "3.00 s against 8.00 s" in said
    assert "10% of the speed of a large product in bfloat16" in said


def test_only_a_peer_in_tensorflow_is_told_of_onednn(monkeypatch, tmp_path):
    asked = {}

    def python(script, *_, environment):
        asked[script.rpartition("/")[2]] = environment.get("TF_ENABLE_ONEDNN_OPTS")
        return 'loss\n{"seconds": 1.0, "accuracy": 0.9}\n'

    def train(backend, *_, environment):
        asked[backend] = environment.get("TF_ENABLE_ONEDNN_OPTS")
        assert environment["ONEDNN_MAX_CPU_ISA"] == "AVX2"
        return {"train_seconds": 3.0, "evaluate_seconds": 1.0, "test_accuracy": 0.9, "precision": "float32"}

    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    monkeypatch.setattr(training_speed, "python", python)
    monkeypatch.setattr(training_speed, "train", train)
    for case in CASES:
        assert training_speed.theirs(case, "avx2", tmp_path, 0).accuracy == 0.9
        one = training_speed.ours(case, "avx2", tmp_path, 0)
        assert (one.seconds, one.training) == (4.0, 3.0)
    assert asked == {
        "plain_pytorch.py": None,
        "plain_tensorflow.py": "0",
        "published_fast.py": None,
        "pytorch": None,
        "tensorflow": None,
    }


@pytest.fixture
def bench(tmp_path, monkeypatch):
    """The command, on a processor with AMX, with runs that take no time; `flags` are its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIGITS_CPU_FEATURES", "avx2 fma avx512f avx512_bf16 amx_bf16")
    for module in (processor, training_speed):
        monkeypatch.setattr(module, "products", lambda isa: Products(SPEEDS, "Intel AVX2", "AVX2"))
    monkeypatch.setattr(training_speed, "download_dataset", lambda folder: None)
    monkeypatch.setattr(training_speed, "ours", lambda *_: OURS)
    monkeypatch.setattr(training_speed, "theirs", lambda *_: THEIRS)

    def run(*flags: str) -> object:
        monkeypatch.setattr(sys, "argv", ["training_speed.py", *flags])
        with pytest.raises(SystemExit) as ended:
            training_speed.main()
        return ended.value.code

    return run


def kept(isa: str) -> dict:
    return json.loads((results.FOLDER / f"training_speed_{isa}.json").read_text())


def test_both_kinds_of_processor_are_measured(bench, capsys):
    assert bench("--isa", "native", "avx2", "--runs", "2") == 0
    assert [kept(isa)["level"] for isa in ("native", "avx2")] == ["amx_bf16", "avx2"]
    for isa in ("native", "avx2"):
        assert list(kept(isa)["cases"]) == [" ".join(case) for case in CASES]
        assert kept(isa)["cases"]["fast tensorflow"]["pairs"] == 2
    assert "baseline pytorch, avx2: 3.00 (3.00 to 3.00) times as fast" in capsys.readouterr().out


def test_what_was_measured_is_kept_when_it_is_cut_short(bench, monkeypatch, capsys):
    done = []

    def theirs(case, *_):
        if len(done) == 3:
            assert len(kept("native")["pairs"]["baseline pytorch"]) == 2  # written after each pair
            raise KeyboardInterrupt
        done.append(case)
        return THEIRS

    monkeypatch.setattr(training_speed, "theirs", theirs)
    assert bench("--recipes", "baseline") == 130
    assert done == [("baseline", "pytorch"), ("baseline", "tensorflow"), ("baseline", "pytorch")]
    assert {case: len(pairs) for case, pairs in kept("native")["pairs"].items()} == {
        "baseline pytorch": 2,
        "baseline tensorflow": 1,
    }
    assert "(median and range; pairs: 2)" in capsys.readouterr().out


def test_what_cannot_be_measured_here_is_told_and_printed_as_published(bench, monkeypatch, tmp_path, capsys):
    cases = {"fast pytorch": {"pairs": 5, "times": [7.0, 6.0, 8.0], "accuracy": [0.99, 0.98]}}
    levels = {
        level: {"isa": "native", "date": "2026-01-01", "processor": f"one with {level}", "cases": cases}
        for level in ("amx_bf16", "avx2", "other")
    }
    (tmp_path / "published.json").write_text(json.dumps({"training_speed": levels}))
    monkeypatch.setattr(results, "PUBLISHED", tmp_path / "published.json")
    bench("--recipes", "fast")
    said = capsys.readouterr()
    assert "published, one with other, 2026-01-01: 7.00 (6.00 to 8.00) times as fast" in said.out
    assert "one with a" not in said.out
    assert said.err == ""
    monkeypatch.setenv("DIGITS_CPU_FEATURES", "asimd")
    assert bench("--isa", "avx2", "--recipes", "fast") == 0
    said = capsys.readouterr()
    assert said.err.startswith("error: isa is avx2, which this processor (")
    assert said.err.count("\n") == 1
    assert "one with avx2, 2026-01-01: 7.00" in said.out
    assert "one with amx_bf16" in said.out
    assert "one with other" not in said.out


def test_a_summary_is_read_as_it_was_written():
    one = summary("fast", [Pair(OURS, THEIRS)], [SPEEDS])
    assert Summary.read(json.loads(json.dumps(training_speed.asdict(one)))).times == one.times
