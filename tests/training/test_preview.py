import pytest
from PIL import Image

from tests.conftest import run

pytestmark = pytest.mark.whole


def test_augmentation_can_be_looked_at(data_dir, tmp_path):
    done = run("-m", "digits", "visualize", "augmentation", "--data-dir", data_dir, "--output-dir", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"Saved {tmp_path}/augmentation.png\n"
    assert min(Image.open(tmp_path / "augmentation.png").size) > 800


@pytest.mark.parametrize("flags", [("--recipe", "baseline"), ("--rotation", "90")])
def test_what_cannot_be_shown_is_said_in_one_line(flags, data_dir, tmp_path):
    done = run("-m", "digits", "visualize", "augmentation", *flags, "--data-dir", data_dir, "--output-dir", tmp_path)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert ("does not change its images" if "baseline" in flags else "rotation is 90.0") in done.stderr
    assert not list(tmp_path.iterdir())
