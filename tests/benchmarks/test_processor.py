import json
import os

import processor
import pytest

AMX = "avx2 fma avx512f avx512bw avx512dq avx512vl avx512_bf16 amx_bf16"


def test_a_processor_stands_in_for_one_without_avx512(monkeypatch):
    monkeypatch.setenv("DIGITS_CPU_FEATURES", AMX)
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    assert processor.environment("native") == dict(os.environ)
    held = {
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "ATEN_CPU_CAPABILITY": "avx2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        "DIGITS_CPU_FEATURES": "avx2 fma",
    }
    assert processor.environment("avx2") == {**os.environ, **held}
    assert processor.environment("avx2", plain_tensorflow=True) == {**os.environ, **held, "TF_ENABLE_ONEDNN_OPTS": "0"}
    assert processor.environment("native", plain_tensorflow=True) == dict(os.environ)


@pytest.mark.parametrize(
    ("features", "level", "stood_in"),
    [
        (AMX, "amx_bf16", True),
        ("avx2 fma avx512f", "avx512f", True),
        ("avx2", "avx2", True),
        ("asimd", "other", False),
    ],
)
def test_a_processor_is_of_the_level_of_its_fastest_instructions(features, level, stood_in, monkeypatch):
    monkeypatch.setenv("DIGITS_CPU_FEATURES", features)
    assert processor.processor().level == level
    assert processor.obstacle("native") == ""
    if stood_in:
        assert processor.obstacle("avx2") == ""
        assert processor.processor("avx2").features == ("avx2",)
    else:
        assert processor.obstacle("avx2").startswith("isa is avx2, which this processor (")
        assert processor.obstacle("avx2").endswith("allowed here: native")


def speaking(monkeypatch, onednn: str, aten: str) -> None:
    """Let the process that times products say these instruction sets."""
    last = json.dumps({"speeds": {"float32": 100.0}, "aten": aten})
    said = f"onednn_verbose,v1,info,cpu,isa:{onednn}\nonednn_verbose,v1,primitive,exec,cpu,reorder\n{last}\n"
    monkeypatch.setattr(processor, "python", lambda *command, environment: said)


def test_products_say_what_the_libraries_compute_with(monkeypatch):
    speaking(monkeypatch, "Intel AVX2", "AVX2")
    assert processor.products("avx2") == processor.Products({"float32": 100.0}, "Intel AVX2", "AVX2")


@pytest.mark.parametrize(("onednn", "aten"), [("Intel AVX-512", "AVX2"), ("Intel AVX2", "AVX512")])
def test_a_benchmark_stops_where_a_library_is_not_held(onednn, aten, monkeypatch):
    speaking(monkeypatch, onednn, aten)
    assert processor.products("native").onednn == onednn
    with pytest.raises(SystemExit, match=f"oneDNN computes with '{onednn}' and PyTorch with '{aten}'"):
        processor.products("avx2")
