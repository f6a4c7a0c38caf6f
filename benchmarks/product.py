"""Time the product of two matrices of 2048 × 2048 numbers in PyTorch; `processor.products` runs this in a process."""

import json
import time
from statistics import median

import torch

from digits.hardware import multiplies_bfloat16

SIZE = 2048
ROUNDS = 9


def speed(dtype: torch.dtype) -> float:
    """In GFLOP/s: two operations for each multiply-add. The median of several, after one that does not count."""
    a, b = torch.rand(2, SIZE, SIZE).to(dtype)  # (2048, 2048) each
    seconds = []
    for _ in range(1 + ROUNDS):
        start = time.perf_counter()
        a @ b
        seconds.append(time.perf_counter() - start)
    return 2 * SIZE**3 / median(seconds[1:]) / 1e9


def main() -> None:
    torch.rand(1).to_mkldnn()  # wakes oneDNN, which says what it computes with
    dtypes = [torch.float32, *([torch.bfloat16] if multiplies_bfloat16() else [])]
    speeds = {str(dtype).removeprefix("torch."): speed(dtype) for dtype in dtypes}
    print(json.dumps({"speeds": speeds, "aten": torch.backends.cpu.get_cpu_capability()}))


if __name__ == "__main__":
    main()
