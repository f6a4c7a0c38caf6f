import html
import json
import re
import shutil
import subprocess

import numpy as np
import pytest

from digits.cli import main
from digits.commands.report import write_report

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)


def text_of(page: str) -> str:
    """What a reader sees: no style, no tags, single spaces."""
    body = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())


@pytest.fixture(scope="module")
def page(finished_runs, data_dir) -> str:
    """The report on the two real runs."""
    write_report(data_dir, finished_runs)
    return (finished_runs / "report.html").read_text()


@pytest.mark.whole
def test_the_page_has_every_number(page, finished_runs):
    text = text_of(page)
    for backend, title in (("pytorch", "PyTorch"), ("tensorflow", "TensorFlow")):
        record = json.loads((finished_runs / f"{backend}_run.json").read_text())
        assert f"{title} {record['test_accuracy']:.2%} of 10,000 images right; 95% interval 98." in text
        assert f"training {record['train_seconds']:.1f} s" in text
        assert f"device {record['device']} precision {record['precision']} seed 0" in text
        assert ", ".join(f"{package} {version}" for package, version in record["versions"].items()) in text
        assert f"{title}, class by class" in text
    assert "baseline architecture baseline, filters" in text
    assert "hidden units 128, learning rate 0.001," in text
    assert re.search(r"class precision recall F1 images 0 9\d\.\d\d% 9\d\.\d\d% 9\d\.\d\d% 980 1 ", text)
    assert re.search(r"Commonest confusions true → predicted images \d → \d \d+ ", text)
    assert re.search(r"(No evidence that one|PyTorch|TensorFlow) is better \(p [=<] 0\.\d+\) Exact McNemar", text)


@pytest.mark.whole
def test_the_page_has_every_picture_and_needs_no_other_file(page):
    sources = re.findall(r'src="([^"]*)"', page)
    assert len(sources) == 8
    assert all(source.startswith("data:image/png;base64,iVBOR") for source in sources)
    assert not re.search(r"href=|url\(|@import|https?://|<script|<link", page)


def test_one_run_without_record_probabilities_or_data(tmp_path, capsys):
    np.save(tmp_path / "pytorch_preds.npy", np.array([0, 1, 1]))
    np.save(tmp_path / "pytorch_labels.npy", np.array([0, 1, 2]))
    assert main(["report", "--output-dir", str(tmp_path), "--data-dir", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"Saved {tmp_path}/report.html\n"
    page = (tmp_path / "report.html").read_text()
    text = text_of(page)
    assert "log-loss cannot be computed: there is no pytorch_probs.npy" in text
    assert "this run has no record" in text
    assert "McNemar" not in text
    assert "TensorFlow" not in text
    assert page.count("<img") == 1


def test_runs_that_cannot_be_compared_say_so(make_run, tmp_path):
    make_run(tmp_path, "pytorch")
    make_run(tmp_path, "tensorflow", labels=np.arange(10))
    write_report(tmp_path, tmp_path)
    text = text_of((tmp_path / "report.html").read_text())
    assert "The two cannot be compared: one is of 100 images, the other of 10." in text
    assert "McNemar" not in text


def test_nothing_in_a_record_becomes_markup(make_run, tmp_path):
    names = ["<script>alert(1)</script>", *"123456789"]
    make_run(tmp_path, wrong={3: 5}, class_names=names, device='"><img src=x>')
    write_report(tmp_path, tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert "<script" not in page
    assert "<img src=x" not in page
    assert "<script>alert(1)</script> → 5" in text_of(page)


def test_no_run_no_page(tmp_path, capsys):
    assert main(["report", "--output-dir", str(tmp_path)]) == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("error: no predictions in ")
    assert list(tmp_path.iterdir()) == []


MEASURE = """
const page = document.querySelector("iframe").contentDocument, root = page.documentElement;
const clipped = [...page.querySelectorAll("table, img")].filter((element) => {
  const box = element.closest(".scroll, .picture").getBoundingClientRect();
  return box.left < 0 || box.right > root.clientWidth;
});
document.body.textContent = JSON.stringify({
  width: root.clientWidth,
  content: root.scrollWidth,
  outside: clipped.length,
  pictures: [...page.images].filter((image) => image.complete && image.naturalWidth > 500).length,
  background: page.defaultView.getComputedStyle(page.body).backgroundColor,
  color: page.defaultView.getComputedStyle(page.body).color,
  tables: [...page.querySelectorAll(".scroll")].filter((box) => box.scrollWidth > box.clientWidth).length,
  requests: page.defaultView.performance.getEntriesByType("resource").map((entry) => entry.name.slice(0, 5)),
});
"""


def measure(page: str, folder, width: int, dark: bool) -> dict:
    """What a real browser makes of the page in a window of this width."""
    frame = f'<iframe width={width} height=800 style="border:0" srcdoc="{html.escape(page)}"></iframe>'
    script = f"<script>document.querySelector('iframe').onload = () => {{ {MEASURE} }}</script>"
    (folder / "frame.html").write_text(f"<!doctype html><meta charset=utf-8><body>{frame}{script}</body>")
    done = subprocess.run(
        [
            CHROMIUM,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            f"--user-data-dir={folder / 'profile'}",
            f"--blink-settings=preferredColorScheme={0 if dark else 1}",
            "--virtual-time-budget=10000",
            "--dump-dom",
            f"file://{folder / 'frame.html'}",
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )
    return json.loads(re.search(r"\{.*\}", html.unescape(done.stdout))[0])


@pytest.mark.whole
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium here")
@pytest.mark.parametrize(("width", "dark"), [(360, False), (360, True), (1280, False)])
def test_in_a_real_browser(page, tmp_path, width, dark):
    found = measure(page, tmp_path, width, dark)
    assert found["width"] == width
    assert found["content"] <= width  # the page does not scroll sideways
    assert (found["outside"], found["tables"]) == (0, 0)  # everything fits, tables without scrolling
    assert found["pictures"] == 8
    assert all(name == "data:" for name in found["requests"])
    background, color = (sum(map(int, re.findall(r"\d+", found[key])[:3])) for key in ("background", "color"))
    assert (background < 200 and color > 600) if dark else (background > 700 and color < 150)
