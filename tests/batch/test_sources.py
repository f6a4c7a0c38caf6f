import os

import pytest
from pyarrow.fs import FileSystem

from digits.batch.sources import found, opened
from digits.errors import DigitsError


def names(*sources: object, below: object = "") -> list[str]:
    return [one.name.removeprefix(f"{below}/") for one in found(map(str, sources))]


def test_a_folder_is_listed_with_what_is_in_it_in_natural_order(folder, capsys):
    (folder / "10.PNG").write_bytes(b"")
    (folder / "2.parquet").write_bytes(b"")
    expected = [*(f"{number}.png" for number in range(3)), *(f"{number}.png" for number in range(3, 8)), "10.PNG"]
    expected.insert(2, "2.parquet")
    for name in ("b10", "b9", ".git"):
        (folder / name).mkdir()
        (folder / name / "1.png").write_bytes(b"")
    expected += ["b9/1.png", "b10/1.png", "deep/er/8.png", "deep/er/9.png"]
    assert names(folder, below=folder) == expected
    assert capsys.readouterr().err == f"note: {folder}: 1 other file is no image, and not read\n"


def test_patterns_fit_and_a_file_may_have_any_name(folder, tmp_path):
    (tmp_path / "scan").write_bytes(b"")
    assert names(folder / "[12].png", tmp_path / "scan", below=folder) == ["1.png", "2.png", str(tmp_path / "scan")]


def test_size_and_time_are_those_of_the_file(folder):
    path = folder / "1.png"
    os.utime(path, ns=(1, 1_234_567_891))
    assert list(found([str(path)])) == [(str(path), path.stat().st_size, 1_234_567_891)]


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("none.png", "none.png cannot be read: No such file or directory"),
        ("none*.png", r"none\*.png cannot be read: No such file or directory"),
        ("pipe", "pipe is neither a file nor a folder"),
        ("empty", "empty has no images; allowed: .png, .*, .parquet$"),
        ("nowhere://x/y", "nowhere://x/ cannot be read: Unrecognized filesystem"),
        ("s3://KEY:secret@x/y", "^s3://… has a key or a password in it"),
    ],
)
def test_what_cannot_be_listed_is_one_line(source, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DigitsError, match=says) as raised:
        names(source)
    assert "\n" not in str(raised.value) and "secret" not in str(raised.value)


def test_no_link_leads_into_a_circle_and_no_pipe_is_waited_for(folder, capsys):
    (folder / "deep" / "back").symlink_to(folder)
    os.mkfifo(folder / "pipe.png")
    assert len(names(folder)) == 10
    assert capsys.readouterr().err == (
        f"note: {folder}: 2 other files are no images, and not read\n"
        f"note: {folder}: 1 link to a folder is not followed\n"
    )


def test_addresses_are_listed_and_opened(bucket, drawings, capsys):
    files, root = FileSystem.from_uri(bucket)
    odd = "a b#1%20[x]*.png"
    for name in ("10.png", "9.png", "deep/er/1.png", f"odd/{odd}", "notes.txt"):
        with files.open_output_stream(f"{root}/{name}") as stream:
            stream.write(drawings[len(name)])
    where, options = bucket.split("?")
    quoted = "a%20b%231%2520%5Bx%5D%2A.png"

    def listed(pattern: str) -> list[str]:
        found = names(f"{where}{pattern}?{options}", below=where)
        return [one.removesuffix(f"?{options}") for one in found]

    assert listed("") == ["9.png", "10.png", "deep/er/1.png", f"odd/{quoted}"]
    assert capsys.readouterr().err == f"note: {where}?{options}: 1 other file is no image, and not read\n"
    assert listed("/*.png") == ["9.png", "10.png"]
    assert listed("/d*/e*/*") == ["deep/er/1.png"]
    assert listed("/deep") == listed("/deep/") == ["deep/er/1.png"]
    assert listed("/notes.txt") == ["notes.txt"]
    for one in found([f"{where}/odd?{options}"]):
        with opened(one.name) as stream:
            assert stream.read() == drawings[len(f"odd/{odd}")]
        assert one.size == len(drawings[len(f"odd/{odd}")]) and one.time > 0
    with pytest.raises(DigitsError, match=r"^s3://scans/none\?.* cannot be read: .* does not exist"):
        listed("/none")
    with pytest.raises(DigitsError, match=r"^s3://other\?.* cannot be read: .*bucket does not exist"):
        names(bucket.replace("scans", "other"))
