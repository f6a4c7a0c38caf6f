import io

import numpy as np
import pytest
from PIL import Image

from digits.errors import DigitsError
from digits.reading.picture import ENOUGH, SMALL, open_pages, open_picture

SCENE = np.random.default_rng(0).integers(0, 256, (150, 220, 3), dtype=np.uint8)


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    data = io.BytesIO()
    image.save(data, kind, **options)
    return data.getvalue()


def test_a_path_bytes_an_image_and_an_array_are_the_same_picture(tmp_path):
    image = Image.fromarray(SCENE)
    (tmp_path / "a.png").write_bytes(encoded(image))
    sources = [tmp_path / "a.png", str(tmp_path / "a.png"), encoded(image), image, SCENE]
    pictures = [open_picture(source) for source in sources]
    assert all(np.array_equal(picture.pixels, SCENE) and picture.scale == 1 for picture in pictures)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "GIF", "TIFF", "WEBP", "JPEG", "AVIF", "HEIF"])
def test_every_format_is_read(kind):
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    grey = np.full((150, 200), 230, np.uint8)
    grey[40:110, 90:110] = 20
    pixels = open_picture(encoded(Image.fromarray(grey).convert("RGB"), kind)).pixels
    assert pixels.shape == (150, 200, 3)
    assert abs(int(pixels[75, 100].mean()) - 20) < 12
    assert abs(int(pixels[10, 10].mean()) - 230) < 12


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "LA", "RGBA", "I;16"])
def test_every_mode_shows_dark_ink_on_bright_paper(mode):
    grey = np.full((150, 200), 255, np.uint8)
    grey[40:110, 90:110] = 0
    image = Image.fromarray(grey.astype(np.uint16) * 257) if mode == "I;16" else Image.fromarray(grey).convert(mode)
    pixels = open_picture(encoded(image, "TIFF" if mode == "CMYK" else "PNG")).pixels
    assert pixels[75, 100].max() < 10
    assert pixels[10, 10].min() > 245


def test_a_turned_photograph_is_read_upright():
    exif = Image.Exif()
    exif[0x112] = 6
    picture = open_picture(encoded(Image.fromarray(SCENE), exif=exif))
    assert np.array_equal(picture.pixels, np.rot90(SCENE, -1))
    assert picture.size == (150, 220)


@pytest.mark.parametrize(("ink", "ground"), [(255, 0), (0, 255)])
def test_ink_on_transparency_is_laid_on_what_shows_it(ink, ground):
    image = np.full((150, 200, 4), (ink, ink, ink, 0), np.uint8)
    image[40:110, 90:110, 3] = 255
    pixels = open_picture(image).pixels
    assert (pixels[75, 100] == ink).all()
    assert (pixels[10, 10] == ground).all()


def test_a_page_that_is_not_quite_opaque_stays_a_page():
    image = np.full((150, 200, 4), (250, 250, 250, 180), np.uint8)
    image[40:110, 90:110] = (20, 20, 20, 255)
    pixels = open_picture(image).pixels
    assert pixels[10, 10].min() > 240
    assert pixels[75, 100].max() < 30


@pytest.mark.parametrize("shape", [(3000, 4000), (5000, 800)])
def test_a_large_picture_is_reduced_and_its_boxes_are_in_its_own_pixels(shape):
    image = Image.fromarray(np.zeros(shape, np.uint8))
    for source in (image, encoded(image, "JPEG")):
        picture = open_picture(source)
        assert ENOUGH * 0.9 < picture.pixels[:, :, 0].size <= ENOUGH * 1.01
        height, width = picture.pixels.shape[:2]
        left, top, wide, high = picture.original((0, 0, width, height))
        assert (left, top) == (0, 0)
        assert abs(wide - shape[1]) <= 3
        assert abs(high - shape[0]) <= 3


SHADES = (40, 120, 200)


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "PNG", "WEBP", "AVIF"])
def test_each_page_of_a_file_is_a_picture(kind):
    frames = [Image.new("RGB", (150, 120), (shade,) * 3) for shade in SHADES]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
    for source in (data, Image.open(io.BytesIO(data))):
        pages = list(open_pages(source))
        assert [(one.page, one.pages) for one in pages] == [(1, 3), (2, 3), (3, 3)]
        assert [int(one.pixels.mean()) for one in pages] == pytest.approx(SHADES, abs=4)


def test_a_page_that_is_damaged_is_said_and_those_before_it_are_pictures():
    frames = [Image.fromarray(np.roll(SCENE, step)) for step in (0, 9)]
    data = encoded(frames[0], "TIFF", compression="tiff_lzw", save_all=True, append_images=frames[1:])
    middle = 3 * len(data) // 4  # of the second
    pages = open_pages(data[:middle] + bytes(2000) + data[middle + 2000 :], "scan.tif")
    assert next(pages).page == 1
    with pytest.raises(DigitsError, match=r"^scan.tif, page 2 is not a readable image"):
        next(pages)


def test_more_pages_than_anybody_has_are_refused(monkeypatch):
    monkeypatch.setattr("digits.reading.picture.MOST_PAGES", 1)
    with pytest.raises(DigitsError, match="^the image holds 2 images; allowed: one"):
        next(open_pages(animated()))


def test_avif_is_known_whatever_stands_first():
    data = bytearray(encoded(Image.fromarray(SCENE), "AVIF"))
    assert b"avif" in data[12:40]
    data[8:12] = b"mif1"  # as a file of HEIC begins
    assert open_picture(bytes(data)).pixels.shape == SCENE.shape


def test_a_small_drawing_is_enlarged():
    picture = open_picture(np.zeros((28, 28), np.uint8))
    assert picture.pixels.shape == (SMALL, SMALL, 3)
    assert picture.original((40, 40, 20, 40)) == (10, 10, 5, 10)


def bomb() -> bytes:
    return encoded(Image.new("1", (20_000, 20_000)))


def animated() -> bytes:
    frames = [Image.new("L", (50, 50), shade) for shade in (0, 255)]
    return encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])


REFUSED = {
    "nothing": (b"", "is not a readable image"),
    "text": (b"hello", "is not a readable image; allowed: PNG, JPEG"),
    "truncated": (encoded(Image.fromarray(SCENE))[:-2000], "is not a readable image"),
    "a truncated JPEG": (encoded(Image.fromarray(SCENE), "JPEG")[:3000], "is not a readable image"),
    "a bomb": (bomb(), "is too large; allowed: images of up to 50 megapixels"),
    "a lie about its size": (
        encoded(Image.fromarray(SCENE)).replace((220).to_bytes(4, "big"), (90_000).to_bytes(4, "big"), 1),
        "is too large|is not a readable image",
    ),
    "several pictures": (animated(), "holds 2 images; allowed: one"),
    "32 bits": (encoded(Image.new("F", (50, 50)), "TIFF"), "has pixels of 32 bits"),
    "a broken HEIC": (b"\0\0\0\x18ftypheic" + bytes(50), "is not a readable image|is HEIC"),
    "floats": (np.zeros((50, 50)), "float64 of shape .50, 50.; allowed: uint8"),
    "two channels": (np.zeros((50, 50, 2), np.uint8), "of shape .50, 50, 2."),
    "no pixels": (np.zeros((0, 50), np.uint8), "of shape .0, 50."),
    "a number": (5, "is of type int; allowed: a path, bytes, a PIL image or an array"),
    "a missing file": ("missing.png", "^missing.png cannot be read: No such file"),
}


@pytest.mark.parametrize(("source", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_picture_is_refused_in_one_line(source, message):
    with pytest.raises(DigitsError, match=message) as caught:
        open_picture(source)
    assert "\n" not in str(caught.value)
