"""What the processor can do, read from what it reports and never from a timing."""

import ctypes
from pathlib import Path


def cpu_has_bfloat16() -> bool:
    """Whether the CPU multiplies bfloat16 in hardware (AVX512-BF16 or AMX), as Linux reports it; elsewhere False."""
    try:
        cpuinfo = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    flags = next((line.split() for line in cpuinfo.splitlines() if line.startswith("flags")), [])
    return "avx512_bf16" in flags or "amx_bf16" in flags


def keep_freed_memory() -> None:
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
