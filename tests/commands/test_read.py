import json
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import digits
from digits.errors import DigitsError, not_installed
from tests import inside
from tests.conftest import ROOT, run
from tests.reading.compose import Layout, Paper


@pytest.fixture
def photo(writer, tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(writer.picture("402\n17", Paper(noise=3, blur=1), Layout())).save(path)
    return path


def read(*arguments, model, tmp_path):
    return inside.digits("read", "--model", model, "--output-dir", tmp_path / "outputs", *arguments)


def test_a_line_a_file_and_further_rows_below(photo, model, tmp_path):
    Image.new("RGBA", (200, 200), 0).save(tmp_path / "blank.png")
    done = read(photo, tmp_path / "blank.png", model=model, tmp_path=tmp_path)
    head, first, second, blank = done.stdout.splitlines()
    assert re.fullmatch(rf"{photo} \(\d+\.\d%\)", head)
    assert re.fullmatch(r"    \d{3}", first)
    assert re.fullmatch(r"    \d\d", second)
    assert blank == f"{tmp_path / 'blank.png'}: no digit, the picture is blank"
    assert (done.returncode, done.stderr) == (0, "")


def test_json_prints_an_object_a_file_and_a_bad_file_does_not_stop_the_others(photo, model, tmp_path):
    (tmp_path / "bad.png").write_bytes(b"nothing")
    done = read("--json", tmp_path / "bad.png", tmp_path / "none.png", photo, model=model, tmp_path=tmp_path)
    bad, missing, good = map(json.loads, done.stdout.splitlines())
    assert set(bad) == set(missing) == {"file", "error"}
    assert "is not a readable image" in bad["error"]
    assert missing["error"].endswith("cannot be read: No such file or directory")
    assert set(good) == {"file", "text", "confidence", "digits", "left_out"}
    assert good["file"] == str(photo)
    assert len(good["digits"]) == 5
    assert all(isinstance(value, int) for one in good["digits"] for value in [one["digit"], one["line"], *one["box"]])
    assert done.returncode == 1
    assert done.stderr == "error: 2 of 3 files could not be read\n"


def test_a_bad_file_is_an_error_in_one_line(tmp_path, model):
    done = read(tmp_path / "none.png", model=model, tmp_path=tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines()[0] == f"error: {tmp_path / 'none.png'} cannot be read: No such file or directory"


def test_a_folder_is_read_in_natural_order(photo, model, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("b10.png", "b9.png", "A.PNG"):
        (folder / name).write_bytes(photo.read_bytes())
    (folder / "notes.txt").write_text("hello")
    done = read("--json", folder, model=model, tmp_path=tmp_path)
    assert [json.loads(line)["file"] for line in done.stdout.splitlines()] == [
        str(folder / name) for name in ("A.PNG", "b9.png", "b10.png")
    ]
    assert done.stderr == f"note: {folder}: 1 other file is no image, and not read\n"
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "has no images; allowed: .png" in read(empty, model=model, tmp_path=tmp_path).stderr


def test_standard_input_is_read(photo, model):
    command = [sys.executable, "-m", "digits", "read", "--json", "--model", model, "-"]
    done = subprocess.run(command, cwd=ROOT, input=photo.read_bytes(), capture_output=True, check=True)
    assert json.loads(done.stdout)["file"] == "-"
    assert len(json.loads(done.stdout)["digits"]) == 5


def test_pictures_of_what_was_read_and_of_the_steps(photo, model, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "photo.jpg").write_bytes(photo.read_bytes())
    done = read("--show", "--explain", photo, other / "photo.jpg", model=model, tmp_path=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "outputs" / "read"
    names = ["photo-2-steps.png", "photo-2.png", "photo-steps.png", "photo.png"]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert f"Saved {folder / 'photo.png'} and {folder / 'photo-steps.png'}" in done.stdout
    shown, original = (np.asarray(Image.open(path).convert("RGB")) for path in (folder / "photo.png", photo))
    assert shown.shape == original.shape
    assert (shown != original).any()
    with Image.open(folder / "photo-steps.png") as steps:
        assert steps.width > 1000


def test_without_a_flag_the_model_of_the_package_reads(photo, tmp_path):
    done = run("-m", "digits", "read", photo, "--output-dir", tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{photo} (")


def test_opencv_that_is_missing_is_named(photo, model, tmp_path):
    absent = tmp_path / "site" / "cv2"
    absent.mkdir(parents=True)
    (absent / "__init__.py").write_text("raise ModuleNotFoundError('No module named cv2', name='cv2')")
    done = run("-m", "digits", "read", photo, "--model", model, PYTHONPATH=str(absent.parent))
    assert done.stderr == f"error: {not_installed('opencv-python-headless', '')}\n"


def test_each_page_of_a_file_is_a_result(writer, model, tmp_path):
    pages = [Image.fromarray(writer.picture(text, Paper(noise=3, blur=1), Layout())) for text in ("402", "17")]
    path = tmp_path / "scan.tif"
    pages[0].save(path, save_all=True, append_images=pages[1:])
    said = read(path, "--show", model=model, tmp_path=tmp_path).stdout.splitlines()
    titles = [line.partition(" (")[0] for line in said if line.startswith(str(path))]
    assert titles == [f"{path}, page 1", f"{path}, page 2"]
    assert {one.name for one in (tmp_path / "outputs" / "read").iterdir()} == {"scan-page1.png", "scan-page2.png"}
    as_json = list(map(json.loads, read(path, "--json", model=model, tmp_path=tmp_path).stdout.splitlines()))
    assert [one["page"] for one in as_json] == [1, 2]
    assert [len(one["text"]) for one in as_json] == [3, 2]
    reader = digits.Reader(model)
    assert [one.text for one in reader.read_pages(path)] == [one["text"] for one in as_json]
    with pytest.raises(DigitsError, match="holds 2 images; allowed: one"):
        reader.read(path)


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (("--output", "x.csv", "--json"), "--json does nothing with --output, which writes a table alone"),
        (("--output", "x.csv", "--explain"), "--explain does nothing with --output"),
        (("--resume",), "--resume does nothing without --output, which names the table to write"),
        (("--address", "auto"), "--address does nothing without --output"),
    ],
)
def test_a_flag_that_would_do_nothing_is_refused(flags, says):
    done = inside.digits("read", "photo.png", *flags)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith(f"error: {says}") and done.stderr.count("\n") == 1


def test_no_framework_is_loaded(photo, model):
    code = "import sys; from digits.cli import main; main(sys.argv[1:]); print('LOADED', *sys.modules)"
    loaded = set(run("-c", code, "read", "--model", model, photo).stdout.split("LOADED")[1].split())
    assert not loaded & {"torch", "tensorflow", "keras", "scipy", "sklearn", "matplotlib", "requests"}


def test_the_commands_of_the_page_about_reading_work(photo, model, tmp_path):
    page = (ROOT / "docs" / "reading.md").read_text()
    commands = re.findall(r"^digits read (.*?)(?: +#.*)?$", page, flags=re.MULTILINE)
    assert len(commands) >= 4
    for flags in {tuple(re.findall(r"--(?!model|hand)\S+", command)) for command in commands}:
        assert read(*flags, photo, model=model, tmp_path=tmp_path).returncode == 0, flags
