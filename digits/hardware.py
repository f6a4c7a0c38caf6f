"""What the processor can do, read from what it reports and never from a timing; and a process made ready for it."""

import ctypes
import os
import platform
from pathlib import Path

from digits.errors import DigitsError

FEATURES = "DIGITS_CPU_FEATURES"  # the variable that stands in for the processor's report, say "avx2 fma"
CORES = "DIGITS_CORES"  # the variable that says how many cores to compute on


def cpu_features() -> frozenset[str]:
    """The features of the processor by Linux's names, such as `avx2`; nothing where the system has no such list.

    The variable DIGITS_CPU_FEATURES takes its place, so that one processor can be taken for another: the choices that
    are made by features are then those that would be made there. What the processor computes stays as it is.
    """
    forced = os.environ.get(FEATURES)
    if forced is not None:
        return frozenset(forced.split())
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return frozenset()
    reported = next((line for line in lines if line.startswith(("flags", "Features"))), "")  # x86, and ARM
    return frozenset(reported.partition(":")[2].split())


def multiplies_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 in hardware; elsewhere that is emulated, and slower than float32."""
    return bool(cpu_features() & {"avx512_bf16", "amx_bf16"})


# What oneDNN, which both frameworks compute with, needs for bfloat16 on an x86 processor: any of these sets.
_BFLOAT16_NEEDS = (frozenset({"avx512bw", "avx512dq", "avx512vl"}), frozenset({"avx_ne_convert"}))


def require_bfloat16() -> None:
    """Make sure that bfloat16 can be trained with on the processor, be it slowly.

    Raises:
        DigitsError: it cannot; the processor lacks what is named.
    """
    features = cpu_features()
    if platform.machine().lower() in ("x86_64", "amd64") and not any(needs <= features for needs in _BFLOAT16_NEEDS):
        lacks = ", ".join(sorted(_BFLOAT16_NEEDS[0] - features))
        raise DigitsError(
            f"precision is bfloat16, but this processor lacks what that needs ({lacks}); allowed here: auto, float32"
        )


is_tuned = False  # whether `tune_process` was called


def tune_process(cores: int | None = None) -> None:
    """Make this process ready to train, before a framework is imported; importing a backend changes none by itself.

    Commands, scripts, workers and benchmarks do this. Without it all works, at another speed.

    Args:
        cores: how many frameworks may compute on; None stands for what DIGITS_CORES says, and for all without it.

    Raises:
        DigitsError: DIGITS_CORES is no number.
    """
    if cores := cores or cores_allowed():
        os.environ["OMP_NUM_THREADS"] = str(cores)  # PyTorch's threads; TensorFlow's are started in its `fast`
        os.environ["OPENCV_FOR_THREADS_NUM"] = str(cores)
        os.environ[CORES] = str(cores)
    # PyTorch's threads, which wait for each other at the end of each operation, soon sleep instead of spinning for
    # milliseconds. Where another program takes a core that is time lost for both: two trainings side by side hold each
    # other up a hundredfold. What a user has set stays.
    if not {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"} & os.environ.keys():
        os.environ["GOMP_SPINCOUNT"] = "20000"  # rounds, some 20 microseconds
    os.environ["KERAS_BACKEND"] = "tensorflow"  # whatever its configuration file says
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # By itself TensorFlow uses oneDNN only where there is AVX512-VNNI or the like; with AVX2 it is quicker by a third.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    _keep_freed_memory()
    global is_tuned
    is_tuned = True


def cores_here() -> int:
    """How many cores this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, cores_allowed() or cores)


def cores_allowed() -> int | None:
    """How many cores to compute on, by the variable DIGITS_CORES, which `tune_process` sets, too; None stands for all.

    Raises:
        DigitsError: it is no number.
    """
    said = os.environ.get(CORES)
    if said is None:
        return None
    if not (said.isascii() and said.isdecimal() and int(said) > 0):
        raise DigitsError(f"{CORES} is {said!r}, but must be a whole number, 1 or more")
    return int(said)


def _keep_freed_memory() -> None:
    """Tell glibc to keep freed memory for the next allocation instead of returning it to the system.

    A training step allocates and frees a few megabytes of activations. By default each such block is mapped anew,
    and clearing its pages takes nearly half of a step of the baseline. Elsewhere than on glibc this does nothing.
    """
    m_trim_threshold, m_mmap_threshold, one_gib = -1, -3, 1 << 30  # from glibc's malloc.h
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return
    mallopt(m_mmap_threshold, one_gib)
    mallopt(m_trim_threshold, one_gib)
