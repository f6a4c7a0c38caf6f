"""The page's modules by which pictures are read, in node: each function says what Python's of the same name says."""

import base64
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from digits import ink
from digits.reading import confidence, hand, left_out, peaks, picture, rows
from digits.reading.network import Predictions
from tests.conftest import ROOT
from tests.page.conftest import absent
from tests.reading.compose import DIGITS, composed

KINDS = list(DIGITS)[::3]
Ask = Callable[..., list[Any]]


@pytest.fixture(scope="module")
def node(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """Asks a module's function, `node(module, function, *cases)`, and gives what it returns, of each case."""
    program = shutil.which("node") or _of_playwright()
    folder = shutil.copytree(published / "some" / "where", tmp_path_factory.mktemp("node") / "page")
    (folder / "package.json").write_text('{"type": "module"}')

    def ask(module: str, function: str, *cases: tuple[Any, ...]) -> list[Any]:
        given = json.dumps([[module, function, case] for case in cases], default=_described)
        command = [program, str(ROOT / "tests" / "page" / "cases.mjs"), str(folder)]
        done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return ask


def _of_playwright() -> str:
    """The node that Playwright brings."""
    try:
        from playwright._impl._driver import compute_driver_executable
    except ModuleNotFoundError:
        absent("there is no node, and playwright is not installed", "nodejs")
    return compute_driver_executable()[0]


def _described(value: Any) -> Any:
    """An array for `cases.mjs`: a picture, if it is uint8 of two dimensions or three."""
    if isinstance(value, np.generic):
        return value.item()
    data = {"type": value.dtype.name, "data": base64.b64encode(np.ascontiguousarray(value)).decode()}
    if value.dtype != np.uint8 or value.ndim == 1:
        return data
    channels = value.shape[2] if value.ndim == 3 else 1
    return {**data, "height": value.shape[0], "width": value.shape[1], "channels": channels}


def as_array(said: dict[str, Any]) -> np.ndarray:
    """A picture that a function returned."""
    array = np.array(said["data"], np.uint8).reshape(said["height"], said["width"], said["channels"])
    return array[:, :, 0] if said["channels"] == 1 else array


@pytest.fixture(scope="module")
def pictures(mnist) -> list[np.ndarray]:
    return [picture.open_picture(composed(kind, 0, mnist.test, seed=3).data).pixels for kind in KINDS]


def boxes_in(image: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Boxes in a picture, some of which stick out of it."""
    height, width = image.shape[:2]
    places = rng.uniform([-20, -20], [width, height], (count, 2))
    return np.concatenate([places, rng.uniform(4, 120, (count, 2))], 1)


@pytest.mark.parametrize("factor", [0.13, 0.5, 0.71, 1.0, 1.37, 2.0, 3.3])
def test_pictures_are_resized(node, pictures, factor):
    parts = [image[:150, 20:210] for image in pictures[::2]]
    theirs = node("pixels", "scaled", *((image, factor) for image in parts))
    for image, said in zip(parts, theirs, strict=True):
        assert np.abs(as_array(said).astype(int) - ink.resized(image, factor)).max() <= 1


def test_grounds_are_blurred_and_enlarged(node, pictures):
    few = [ink.resized(image, 128 / max(image.shape)) for image in pictures]
    blurred = node("pixels", "medianBlur", *((image, 17) for image in few))
    for image, said in zip(few, blurred, strict=True):
        assert np.array_equal(as_array(said), cv2.medianBlur(image, 17))


def test_inks_level_parts_and_distances_are_opencvs(node, rng):
    greys = [rng.integers(0, 256, (40, 30), np.uint8) // np.uint8(rng.integers(1, 9)) for _ in range(20)]
    levels = node("pixels", "otsu", *((grey.ravel(),) for grey in greys))
    assert levels == [cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[0] for grey in greys]
    masks = [(cv2.GaussianBlur(rng.random((50, 70)), (0, 0), 2) > 0.5).astype(np.uint8) for _ in range(10)]
    for mask, said in zip(
        masks, node("pixels", "components", *((mask.ravel(), 70, 50) for mask in masks)), strict=True
    ):
        parts = cv2.connectedComponentsWithStats(mask, connectivity=8)[2][1:, :4]
        assert sorted(said["boxes"]) == sorted(parts.tolist())
        assert np.array_equal(np.array(said["labels"]).reshape(50, 70) > 0, mask > 0)
    for mask, said in zip(masks, node("pixels", "distances", *((mask.ravel(), 70, 50) for mask in masks)), strict=True):
        theirs = cv2.distanceTransform(np.pad(mask, 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
        assert np.allclose(np.array(said).reshape(50, 70) / 65536, theirs, atol=1e-3)
    for mask, said in zip(
        masks, node("pixels", "dilated", *((mask.ravel(), 70, 50, 5) for mask in masks)), strict=True
    ):
        assert np.array_equal(np.array(said).reshape(50, 70), cv2.dilate(mask, np.ones((5, 5), np.uint8)))


def test_pictures_are_turned_and_numbers_rounded(node):
    image = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    for turns, said in enumerate(node("pixels", "turned", *((image, turns) for turns in range(4)))):
        assert np.array_equal(as_array(said), np.rot90(image, turns))
    values = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.4, -2.6]
    assert node("pixels", "round", *((value,) for value in values)) == [round(value) for value in values]


def test_ink_is_that_of_python(node, pictures, rng):
    """Of boxes anywhere: a few pixels may differ at the level between ink and ground."""
    cases = [(image, box) for image in pictures for box in boxes_in(image, 12, rng)]
    masks = node("ink", "inkOf", *((image, box.tolist()) for image, box in cases))
    same = 0
    for (image, box), said in zip(cases, masks, strict=True):
        mask, theirs = ink.ink_of(image, box), np.array(said["mask"]).reshape(said["height"], said["width"])
        same += mask.shape == theirs.shape and bool((mask != theirs).mean() < 0.02)
    assert same > 0.95 * len(cases)
    own = [ink.ink_of(image, box) for image, box in cases]
    given = [{"mask": mask.view(np.uint8).ravel(), "width": mask.shape[1], "height": mask.shape[0]} for mask in own]
    widths = node("ink", "strokeWidth", *((one,) for one in given))
    assert np.allclose(widths, [ink.stroke_width(mask) for mask in own], atol=0.01)


def test_what_is_left_out_is_left_out(node, pictures, rng):
    """But for a pixel at the edge of ink, and for ink that just touches."""
    cases = [(image, boxes_in(image, 6, rng)) for image in pictures]
    same = count = 0
    left = node("left_out", "leftOut", *((image, boxes.tolist()) for image, boxes in cases))
    for (image, boxes), said in zip(cases, left, strict=True):
        theirs, ours = np.reshape(said, (-1, 1, 4)), left_out.left_out(image, boxes)
        same += (np.abs(theirs - ours).max(2) <= 2).any(0).sum() if len(theirs) else 0
        count += max(len(theirs), len(ours))
    assert same > 0.97 * count
    for image, said in zip(pictures, node("left_out", "alone", *((image, 1) for image in pictures)), strict=True):
        alone = left_out.alone(image, 1)
        assert said == (None if alone is None else alone.tolist())


def test_peaks_and_groups_are_the_same(node, rng):
    maps = rng.normal(-3, 1.5, (14, 20, 30)).astype(np.float32)
    (said,) = node("peaks", "peaks", (maps.ravel(), 30, 20, 0.1))
    boxes, scores, probabilities = peaks.peaks(maps, 0.1)
    assert np.allclose([one["box"] for one in said], boxes, atol=1e-3)
    assert np.allclose([one["score"] for one in said], scores, atol=1e-6)
    assert np.allclose([one["probabilities"] for one in said], probabilities, atol=1e-6)
    for union in (False, True):
        (groups,) = node("peaks", "grouped", (boxes.tolist(), scores.tolist(), 0.3, union))
        assert groups == [group.tolist() for group in peaks.grouped(boxes, scores, 0.3, union)]
    assert node("peaks", "distinct", (boxes.tolist(), scores.tolist()))[0] == peaks.distinct(boxes, scores).tolist()


def test_evidence_is_weighed_alike(node, rng):
    weights = confidence.fitted()
    scores, means, doubt = rng.random((3, 30))
    probabilities, said = rng.dirichlet(np.ones(10), (2, 30)).astype(np.float32)
    predictions = Predictions(said, doubt, np.zeros(30))
    ours = confidence.are_digits(confidence.evidence(scores, means, predictions), weights)
    assert np.allclose(node("confidence", "isDigit", *zip(scores, means, doubt, strict=True)), ours)
    each = node("confidence", "whichDigit", *zip(probabilities.tolist(), said.tolist(), strict=True))
    assert np.allclose(each, confidence.which_digits(probabilities, predictions, weights), atol=1e-6)
    for digits, refused, left in (([0.9, 0.7], [0.2], 3), ([], [0.4, 1.0], 0), ([], [], 2), ([0.99], [], 0)):
        against = confidence.doubts(np.array(digits), np.array(refused), left)
        (same,) = node("confidence", "doubts", (digits, refused, left))
        assert np.allclose(same, against)
        assert node("confidence", "ofText", (same,))[0] == pytest.approx(confidence.of_text(against, weights))
        assert node("confidence", "ofNone", (same,))[0] == pytest.approx(confidence.of_none(against, weights))


def test_rows_and_groups_are_the_same(node, rng):
    for slant in (0, 0.1, -0.2):
        boxes = np.array([(70 * x, 120 * y + slant * 70 * x, 30, 50) for y in range(3) for x in range(8)], float)
        boxes = rng.permutation(boxes + rng.uniform(-6, 6, boxes.shape))[:20]
        (said,) = node("rows", "inRows", (boxes.tolist(),))
        assert said == rows.in_rows(boxes)
        for row in said:
            assert node("rows", "inGroups", (boxes[row].tolist(),))[0] == rows.in_groups(boxes[row])


def test_corrections_vote_as_in_python(node, rng):
    def features(count):
        values = np.abs(rng.normal(0, 1, (count, 30))).astype(np.float32)
        return values / np.linalg.norm(values, axis=1, keepdims=True)

    usual, labels = features(10), np.array([3, 10, 3, 7])
    corrections = features(4)
    asked = np.concatenate([corrections + rng.normal(0, 0.02, (4, 30)).astype(np.float32), features(20)])
    asked /= np.linalg.norm(asked, axis=1, keepdims=True)
    shares = rng.dirichlet(np.full(11, 0.3), len(asked))
    ours = hand.voted(asked, shares, corrections, labels, usual)
    given = [each.tolist() for each in (corrections, labels, usual)]
    theirs = node(
        "hand", "voted", *((one.tolist(), share.tolist(), *given) for one, share in zip(asked, shares, strict=True))
    )
    assert np.abs(np.array(theirs) - ours).max() < 1e-4
    assert (ours.argmax(1) != shares.argmax(1)).any()
    vectors = node("hand", "features", ([3, 4, 0, 5], 2))
    assert np.allclose(vectors, [[[0.6, 0.8], [0, 1]]])
