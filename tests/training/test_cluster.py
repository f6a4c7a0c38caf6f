import pytest

from digits.errors import DigitsError
from digits.training.cluster import cluster, inventory
from tests.conftest import run, without

# What a cluster does with trials and networks, tests/tuning/test_killed.py sees


def test_what_nodes_must_share_is_versions_and_our_source():
    ours = inventory(("torch",))
    assert list(ours) == ["Python", "numpy", "torch", "the source of digits"]
    assert "not installed" not in ours.values()


@pytest.mark.parametrize(
    ("address", "says"),
    [
        (
            "127.0.0.1:1",
            "no Ray cluster to be used at 127.0.0.1:1: [Errno 111] Connection refused. This machine must",
        ),
        ("127.0.0.1:99999", "no Ray cluster to be used at 127.0.0.1:99999: "),
        ("ray://x:1", "must be HOST:PORT or auto"),
        ("somewhere", "must be HOST:PORT or auto"),
    ],
)
def test_an_address_without_a_cluster_is_one_line(address, says):
    with pytest.raises(DigitsError) as raised, cluster(address, 1, ("torch",), None):
        pass
    assert says in str(raised.value) and "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("package", "title", "command"),
    [
        ("ray", "Ray", ["train", "pytorch", "--ensemble", 2, "--address", "auto"]),
        ("optuna", "Optuna", ["tune", "pytorch"]),
    ],
)
def test_what_is_not_installed_is_said_in_one_line(package, title, command, data_dir, tmp_path):
    folders = ("--data-dir", data_dir, "--output-dir", tmp_path)
    done = run("-m", "digits", *command, *folders, PYTHONPATH=without(package, tmp_path))
    extra = {"ray": "cluster", "optuna": "tune"}[package]
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"error: {title} is not installed. Run") and f"[{extra}]" in done.stderr
