import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from digits.backends import load_backend
from digits.backends.pytorch.fast.threads import each_on_its_core, flushing, threads_on_all_cores
from digits.recipes import RECIPES
from tests.backends.conftest import built

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="only Linux says where a thread may run")


@pytest.fixture
def all_cores() -> Iterator[set[int]]:
    """All cores there are, which PyTorch's threads take; where that is one, or the OpenMP another, they are let be."""
    usual, cores = torch.get_num_threads(), os.sched_getaffinity(0)
    torch.set_num_threads(len(cores))
    try:
        if not threads_on_all_cores():
            pytest.skip("here threads need no core of their own")
        yield cores
    finally:
        torch.set_num_threads(usual)


def where(threads) -> list[set[int]]:
    return [os.sched_getaffinity(thread) for thread in threads]


def test_each_thread_has_a_core_in_there_and_all_of_them_afterwards(all_cores):
    threads = threads_on_all_cores()
    assert len(set(threads)) == torch.get_num_threads()
    with pytest.raises(KeyboardInterrupt), each_on_its_core(threads):
        inside = where(threads)
        raise KeyboardInterrupt
    assert sorted(map(tuple, inside)) == [(core,) for core in sorted(all_cores)]
    assert where(threads) == [all_cores] * len(threads)


def test_those_are_the_threads_that_compute(all_cores):
    def seconds(thread: int) -> float:
        return int(Path(f"/proc/self/task/{thread}/schedstat").read_text().split()[0]) / 1e9

    threads = threads_on_all_cores()
    before = [seconds(thread) for thread in threads]
    for _ in range(20):
        torch.ones(1000, 1000) @ torch.ones(1000, 1000)
    assert all(seconds(thread) > start for thread, start in zip(threads, before, strict=True))


def test_threads_that_leave_a_core_over_are_let_be(all_cores):
    torch.set_num_threads(1)
    assert threads_on_all_cores() == []
    with each_on_its_core([]):
        assert os.sched_getaffinity(0) == all_cores


def test_training_keeps_them_apart_and_lets_go_of_them_between_reports(all_cores, mnist):
    backend, recipe = load_backend("pytorch"), replace(RECIPES["baseline"], epochs=1)
    trainer = backend.trainer(
        built(backend, recipe), mnist.train.images[:1000], mnist.train.labels[:1000], recipe, 0, "float32"
    )
    inside: list[set[int]] = []
    gradients = trainer.model.gradients

    def watched(*batch):
        inside.append(os.sched_getaffinity(0))
        return gradients(*batch)

    trainer.model.gradients = watched
    for _ in trainer.epoch(0, report_steps=4):
        assert os.sched_getaffinity(0) == all_cores
    assert len(inside) == 16
    assert all(len(cores) == 1 for cores in inside)


def test_tiny_numbers_count_as_0_in_every_thread_and_only_in_there(all_cores):
    tiny = torch.full((1_000_000,), 1e-39)  # enough for all threads
    with flushing():
        inside = int((tiny * 0.5).count_nonzero())
    assert (inside, int((tiny * 0.5).count_nonzero())) == (0, len(tiny))
