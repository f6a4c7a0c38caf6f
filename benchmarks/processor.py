"""The processor that is measured on, how fast it can multiply, and a lesser one that it can stand in for."""

import argparse
import json
import os
import platform
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from our_runs import python

from digits.hardware import FEATURES, cores_here, cpu_features

# What makes all libraries compute as they would on a processor that has no more than this.
STAND_INS = {
    "native": {},
    "avx2": {
        "ONEDNN_MAX_CPU_ISA": "AVX2",  # oneDNN, in both frameworks
        "ATEN_CPU_CAPABILITY": "avx2",  # PyTorch's own loops
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",  # PyTorch's matrix products
        FEATURES: "avx2 fma",  # what our own choices go by
    },
}
# TensorFlow turns oneDNN on by itself only where the processor has AVX512-VNNI or the like. The above cannot hide that.
PLAIN_TENSORFLOW = {"TF_ENABLE_ONEDNN_OPTS": "0"}

# The instruction sets that matter, by Linux's names, and how pages call processors that have no faster one. In order.
LEVELS = {"avx2": "AVX2", "avx512f": "AVX512", "avx512_bf16": "AVX512-BF16", "amx_bf16": "AMX-BF16"}
OTHER = "other"  # the level of a processor that has none of them


@dataclass(frozen=True)
class Processor:
    """What a figure of speed has to name.

    Attributes:
        name: as it calls itself, with family and model, as virtual ones hide their names.
        cores: how many may be computed on.
        features: which of `LEVELS` may be used.
    """

    name: str
    cores: int
    features: tuple[str, ...]

    @property
    def level(self) -> str:
        """The fastest of its instruction sets: processors of one level are compared, of two are not."""
        return self.features[-1] if self.features else OTHER

    def __str__(self) -> str:
        return f"{self.name}, {self.cores} cores, {', '.join(self.features) or 'none of ' + ', '.join(LEVELS)}"


@dataclass(frozen=True)
class Products:
    """How fast the processor multiplies two matrices of 2048 × 2048 numbers in PyTorch.

    Attributes:
        speeds: in GFLOP/s, by the precisions that it multiplies in hardware: "float32", "bfloat16".
        onednn: what oneDNN says that it computes with; empty if it says nothing.
        aten: the same of PyTorch's own loops.
    """

    speeds: dict[str, float]
    onednn: str
    aten: str


def add_isa_flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--isa",
        nargs="+",
        choices=STAND_INS,
        default=["native"],
        help="processors to measure: this one as it is, or as if it had AVX2 and nothing newer (default: native)",
    )


def processor(isa: str = "native") -> Processor:
    """This processor, or the one that it stands in for."""
    features = frozenset(STAND_INS[isa].get(FEATURES, "").split()) or cpu_features()
    return Processor(_name(), cores_here(), tuple(level for level in LEVELS if level in features))


def _name() -> str:
    try:
        said = Path("/proc/cpuinfo").read_text()
    except OSError:
        said = ""
    found = dict(re.findall(r"^(model name|cpu family|model)\s*: (.+)$", said, re.MULTILINE))
    name = found.get("model name") or platform.processor() or platform.machine()
    return f"{name} (family {found['cpu family']}, model {found['model']})" if "cpu family" in found else name


def obstacle(isa: str) -> str:
    """Why this processor cannot stand in for one of that kind, in a line; empty if it can."""
    if isa == "native" or isa in cpu_features():
        return ""
    return f"isa is {isa}, which this processor ({_name()}, {platform.machine()}) does not report; allowed here: native"


def environment(isa: str, plain_tensorflow: bool = False) -> dict[str, str]:
    """The variables of a process that is timed; `plain_tensorflow` for what is TensorFlow without our package."""
    held = isa != "native" and plain_tensorflow
    return {**os.environ, **STAND_INS[isa], **(PLAIN_TENSORFLOW if held else {})}


def products(isa: str) -> Products:
    """How fast products are in a process under this ISA's environment.

    The benchmark ends with a line if the environment was not heeded.
    """
    script = Path(__file__).with_name("product.py")
    *said, last = python(str(script), environment={**environment(isa), "ONEDNN_VERBOSE": "1"}).splitlines()
    isas = [line.partition(",cpu,isa:")[2] for line in said if ",cpu,isa:" in line]
    found = Products(**json.loads(last), onednn=isas[0] if isas else "")
    if isa == "avx2" and (found.onednn, found.aten) != ("Intel AVX2", "AVX2"):
        sys.exit(
            f"error: isa is avx2, but oneDNN computes with {found.onednn!r} and PyTorch with {found.aten!r}, where "
            "'Intel AVX2' and 'AVX2' were asked for; run with --isa native"
        )
    return found


def introduce(isas: Sequence[str]) -> Iterator[tuple[str, Products]]:
    """Say which processor this is, and of each of these ISAs that can be measured here how fast products are."""
    print(processor(), flush=True)
    for isa in isas:
        if why := obstacle(isa):
            print(f"error: {why}", file=sys.stderr)
            continue
        found = products(isa)
        speeds = ", ".join(f"{precision} {speed:,.0f}" for precision, speed in found.speeds.items())
        said = f"in GFLOP/s: {speeds}; oneDNN computes with {found.onednn or 'what it does not say'}"
        print(f"{isa}: the product of two 2048² matrices {said}", flush=True)
        yield isa, found
