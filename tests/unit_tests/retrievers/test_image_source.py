"""Whatever is handed over becomes an upright RGB image, or an error that says why not."""

import base64
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from langchain_phase5.retrievers import UnreadableImageError
from langchain_phase5.retrievers.image_source import MAX_BYTES, decode, read_source

HOSTILE = Path(__file__).parents[4] / "shared" / "data" / "vision" / "robust_images" / "f"


def saved(image, form, **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def left_red(mode="RGB", size=(80, 40)):
    """Red on the left, white on the right."""
    image = Image.new("RGB", size, "white")
    image.paste("red", (0, 0, size[0] // 2, size[1]))
    return image.convert(mode)


def colors(image):
    return image.getpixel((5, image.height // 2)), image.getpixel(
        (image.width - 5, image.height // 2)
    )


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_every_common_format(form):
    decoded = decode(saved(left_red(), form))
    left, right = colors(decoded.image)

    assert decoded.image.mode == "RGB"
    assert (decoded.width, decoded.height) == (80, 40)
    assert np.allclose(left, (255, 0, 0), atol=12)
    assert np.allclose(right, (255, 255, 255), atol=12)


@pytest.mark.parametrize(("mode", "form"), [("CMYK", "JPEG"), ("P", "PNG"), ("CMYK", "TIFF")])
def test_other_color_models(mode, form):
    left, right = colors(decode(saved(left_red(mode), form)).image)

    assert left[0] > 200
    assert left[1] < 90
    assert min(right) > 240


def test_gray_with_16_bits_keeps_its_shades():
    shades = np.linspace(0, 65535, 256, dtype=np.uint16).reshape(1, 256).repeat(8, axis=0)
    decoded = np.asarray(decode(saved(Image.fromarray(shades), "PNG")).image)

    assert np.abs(decoded[0, :, 0].astype(int) - np.arange(256)).max() <= 1


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_what_is_transparent_becomes_white(mode):
    image = Image.new("RGBA", (10, 10), (0, 0, 0, 0)).convert(mode)
    data = image if mode == "PA" else saved(image, "PNG")

    assert decode(data).image.getpixel((5, 5)) == (255, 255, 255)


def test_animated_shows_its_first_frame():
    frames = [Image.new("RGB", (20, 20), color) for color in ("red", "blue")]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])

    assert decode(data).image.getpixel((5, 5)) == (255, 0, 0)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("at_least", [None, 8])
def test_rotated_camera_pictures_are_set_upright(orientation, at_least):
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }.get(orientation)
    upright = left_red(size=(160, 80))
    stored = upright if undo is None else upright.transpose(undo)
    exif = Image.Exif()
    exif[0x0112] = orientation

    decoded = decode(saved(stored, "JPEG", exif=exif, quality=95), at_least=at_least)
    left, right = colors(decoded.image)

    assert (decoded.width, decoded.height) == (160, 80)
    assert left[1] < 60
    assert min(right) > 230


def test_large_jpeg_is_decoded_small_but_reported_in_full():
    decoded = decode(saved(left_red(size=(1600, 800)), "JPEG"), at_least=64)

    assert (decoded.width, decoded.height) == (1600, 800)
    assert decoded.image.width < 800
    assert min(decoded.image.size) >= 64


def bomb(width, height):
    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 99))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"no image", "not an image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "not an image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not an image"),
        (saved(left_red(), "PNG")[:90], "damaged"),
        (saved(left_red(size=(300, 300)), "JPEG")[:700], "damaged"),
        (bomb(20_000, 20_000), "pixels"),
        (bomb(2_000_000, 2_000_000), "pixels|damaged"),
    ],
)
def test_what_is_no_image_is_refused_with_the_reason(data, message):
    with pytest.raises(UnreadableImageError, match=message):
        decode(data)


@pytest.mark.skipif(not HOSTILE.is_dir(), reason="the collection of odd files is not here")
def test_a_collection_of_odd_files_never_raises_anything_else():
    outcomes = []
    for file in sorted(HOSTILE.iterdir()):
        try:
            outcomes.append(decode(read_source(file), at_least=64).image.mode)
        except UnreadableImageError as error:
            outcomes.append(str(error))
    assert outcomes.count("RGB") > len(outcomes) / 2


def test_reads_paths_with_any_letters(tmp_path):
    path = tmp_path / "żółw 画像 #1.png"
    path.write_bytes(saved(left_red(), "PNG"))

    assert read_source(path) == path.read_bytes()
    assert read_source(str(path)) == path.read_bytes()


@pytest.mark.parametrize(
    "block",
    [
        lambda text: {"type": "image", "base64": text, "mime_type": "image/png"},
        lambda text: {"type": "image", "data": text},
        lambda text: {"type": "image", "url": f"data:image/png;base64,{text}"},
        lambda text: {"type": "image_url", "image_url": f"data:image/png;base64,{text}"},
    ],
)
def test_reads_every_kind_of_content_block(block):
    data = saved(left_red(), "PNG")

    assert read_source(block(base64.b64encode(data).decode())) == data


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"type": "image"}, "neither"),
        ({"type": "image", "base64": "???"}, "base64"),
        ({"type": "image", "url": "file:///etc/passwd"}, "only data"),
        ({"type": "image", "url": "https://example.com/a.png"}, "fetch"),
        ("http://169.254.169.254/latest", "fetch"),
        (Path("/nowhere/a.png"), "cannot be read"),
        (Path("/"), "cannot be read"),
    ],
)
def test_sources_that_are_not_read(source, message):
    with pytest.raises(UnreadableImageError, match=message):
        read_source(source)


def test_huge_files_are_not_read(tmp_path):
    path = tmp_path / "huge.jpg"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(UnreadableImageError, match="at most"):
        read_source(path)
