import io
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digits import image_files
from digits.datasets.forms.images import read_grey
from digits.errors import DigitsError
from digits.image_files import check_image, check_size, decoded, guarded, is_blank, read_file, read_stream
from digits.reading.picture import open_picture

PIXELS = np.random.default_rng(0).integers(0, 256, (150, 220), dtype=np.uint8)


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    data = io.BytesIO()
    image.save(data, kind, **options)
    return data.getvalue()


PNG, TIFF = encoded(Image.fromarray(PIXELS)), encoded(Image.fromarray(PIXELS), "TIFF")
ONCE_MORE = {"save_all": True, "append_images": [Image.fromarray(255 - PIXELS)]}

BAD = {
    "nothing": (b"", "picture is not a readable image; allowed: PNG, JPEG, BMP, GIF, TIFF, WebP or AVIF"),
    "truncated": (PNG[:-2000], r"is not a readable image \(.*\); allowed: PNG"),
    "another format": (encoded(Image.fromarray(PIXELS), "ICNS"), "is not a readable image; allowed: PNG"),
    "a bomb": (encoded(Image.new("1", (20_000, 20_000))), "is too large; allowed: images of up to 50 megapixels"),
    "50 megapixels": (encoded(Image.new("1", (50_001, 1000))), "is too large; allowed: images of up to 50 megapixels"),
    "a long one": (encoded(Image.new("1", (65_501, 1))), "is too large; allowed: .* 65,500 pixels long or high"),
    "two images": (encoded(Image.fromarray(PIXELS), "TIFF", **ONCE_MORE), "holds 2 images; allowed: one"),
    "32 bits": (encoded(Image.new("I", (50, 50)), "TIFF"), "has pixels of 32 bits; allowed: 8 or 16 bits"),
}


@pytest.mark.parametrize("read", [read_grey, open_picture])
@pytest.mark.parametrize(("data", "message"), BAD.values(), ids=BAD)
def test_a_bad_image_is_refused_alike_in_a_dataset_and_as_a_picture_to_read(read, data, message):
    with pytest.raises(DigitsError, match=message) as caught:
        read(data, "the picture")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("read", [read_grey, open_picture])
def test_no_damage_of_a_file_is_anything_else_than_an_error_in_one_line(read, rng):
    good, fine = {"PNG": PNG, "TIFF": TIFF, "GIF": encoded(Image.fromarray(PIXELS), "GIF")}, 0
    for data in good.values():
        for _ in range(60):
            damaged = bytearray(data)
            for place in rng.integers(0, min(len(data), 200), 3):
                damaged[place] = rng.integers(0, 256)
            try:
                read(bytes(damaged), "the picture")
                fine += 1
            except DigitsError as error:
                assert str(error).startswith("the picture ")
                assert "\n" not in str(error)
    assert fine < 170


@pytest.mark.parametrize("kind", ["MPO", "HEIF"])
def test_a_photograph_of_a_telephone_is_one_image_with_others_in_its_file(kind):
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    data = encoded(Image.fromarray(PIXELS), kind, **ONCE_MORE)
    with Image.open(io.BytesIO(data)) as image:
        assert image.n_frames == 2
        check_image(image, "photo.jpg")
    assert np.abs(open_picture(data).pixels[:, :, 0].astype(int) - PIXELS).mean() < 20


def test_what_pillow_warns_of_is_not_said(recwarn):
    with guarded("x"):
        import warnings

        warnings.warn("a palette with transparency", stacklevel=1)
    assert not recwarn.list


def test_as_large_as_is_allowed():
    check_size(50_000, 1000, "x")
    check_size(65_500, 1, "x")


def test_a_file_and_a_stream_may_have_so_many_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(image_files, "MAX_FILE", 1 << 20)
    path = tmp_path / "a.png"
    path.write_bytes(bytes(1 << 20))
    assert len(read_file(path, "a.png")) == len(read_stream(io.BytesIO(bytes(1 << 20)), "a.png")) == 1 << 20
    path.write_bytes(bytes((1 << 20) + 1))
    for read in (lambda: read_file(path, "a.png"), lambda: read_stream(path.open("rb"), "a.png")):
        with pytest.raises(DigitsError, match="^a.png is too large; allowed: files of up to 1 MiB$"):
            read()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes by name here")
def test_a_pipe_is_read_and_never_to_its_end_if_it_has_none(tmp_path, monkeypatch):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    thread = threading.Thread(target=pipe.write_bytes, args=(PNG,))
    thread.start()
    assert read_file(pipe, "pipe") == PNG
    thread.join()
    monkeypatch.setattr(image_files, "MAX_FILE", 1 << 20)
    with pytest.raises(DigitsError, match="^zero is too large"):
        read_file(Path("/dev/zero"), "zero")


def test_what_cannot_be_read_says_why(tmp_path):
    for path, reason in [(tmp_path / "none.png", "No such file or directory"), (tmp_path, "Is a directory")]:
        with pytest.raises(DigitsError, match=f"^it cannot be read: {reason}$"):
            read_file(path, "it")


def shown_by(read, image: Image.Image, kind: str = "PNG") -> np.ndarray:
    """The pixels of an image of 150 × 200 as a dataset or the reader sees them, grey."""
    pixels = read(encoded(image, kind))
    return pixels if isinstance(pixels, np.ndarray) else pixels.pixels[:, :, 0]


READERS = [lambda data: read_grey(data, "it"), open_picture]


@pytest.mark.parametrize("read", READERS, ids=["dataset", "picture"])
@pytest.mark.parametrize(
    ("white", "kind"), [(255, "PNG"), (255, "TIFF"), (4095, "PNG"), (4095, "TIFF"), (65535, "PNG")]
)
def test_sixteen_bits_are_scaled_by_those_that_are_used(read, white, kind):
    deep = np.full((150, 200), white, np.uint16)
    deep[40:110, 90:110] = 0
    deep[:40] = white // 2
    pixels = shown_by(read, Image.fromarray(deep), kind)
    assert [pixels[75, 100], pixels[120, 10]] == [0, 255]
    assert abs(int(pixels[10, 10]) - 127) <= 1


@pytest.mark.parametrize("read", READERS, ids=["dataset", "picture"])
@pytest.mark.parametrize(("ink", "ground"), [(255, 0), (0, 255)])
@pytest.mark.parametrize("wide", [10, 80], ids=["a stroke", "a shape that fills most of it"])
def test_ink_on_transparency_lies_on_the_ground_that_shows_it(read, ink, ground, wide):
    image = np.full((150, 200, 4), (ink, ink, ink, 0), np.uint8)
    image[10:140, 100 - wide : 100 + wide, 3] = 255
    pixels = shown_by(read, Image.fromarray(image))
    assert [pixels[75, 100], pixels[5, 5]] == [ink, ground]


def test_what_has_about_one_colour_is_blank():
    yellow = np.full((5, 5, 3), (255, 255, 0), np.uint8)
    assert is_blank(yellow)
    yellow[0, 0, 2] = 31
    assert is_blank(yellow)
    yellow[0, 0, 2] = 32
    assert not is_blank(yellow)


def test_a_picture_that_is_transparent_all_over_is_blank():
    assert is_blank(open_picture(np.dstack([PIXELS, PIXELS, PIXELS, PIXELS * 0])).pixels)


def test_a_shape_in_colour_that_fills_most_of_a_transparent_image_is_no_page():
    image = np.full((50, 50, 4), (255, 255, 0, 0), np.uint8)
    image[5:45, :, 3] = 255
    assert decoded(Image.fromarray(image))[[0, 25], 25].tolist() == [[0, 0, 0], [255, 255, 0]]
