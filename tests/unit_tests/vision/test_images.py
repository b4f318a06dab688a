import asyncio
import base64
import io
import os
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langchain_core.messages.content import create_image_block
from PIL import Image, ImageDraw

from langchain_phase5.vision import (
    ImageError,
    ImageLimits,
    ImageNotAllowedError,
    ImageNotFoundError,
    ImageStore,
    ImageTooLargeError,
    PdfPages,
    UnreadableImageError,
    aload_image,
    load_frames,
    load_image,
)
from langchain_phase5.vision.paths import read_file

SAMPLES = Path(__file__).parents[4] / "shared" / "data" / "vision"
TURNS = {
    1: [],
    2: [Image.Transpose.FLIP_LEFT_RIGHT],
    3: [Image.Transpose.ROTATE_180],
    4: [Image.Transpose.FLIP_TOP_BOTTOM],
    5: [Image.Transpose.TRANSPOSE],
    6: [Image.Transpose.ROTATE_90],  # what the camera did; Exif says how to undo it
    7: [Image.Transpose.TRANSVERSE],
    8: [Image.Transpose.ROTATE_270],
}


def drawing(size=(60, 40)):
    """Four corners of four colors, so that every turn and flip shows."""
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    w, h = size
    draw.rectangle((0, 0, w // 2, h // 2), "red")
    draw.rectangle((w // 2, 0, w, h // 2), "lime")
    draw.rectangle((0, h // 2, w // 4, h), "blue")
    return image


def encoded(image, kind="PNG", **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def close(a, b, tolerance=40):
    difference = np.abs(np.asarray(a, dtype=int) - np.asarray(b, dtype=int))
    return a.size == b.size and np.percentile(difference, 95) < tolerance


def load(source, async_=False, **options):
    if async_:
        return asyncio.run(aload_image(source, **options))
    return load_image(source, **options)


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "pictures"
    (root / "inner").mkdir(parents=True)
    (root / "inner" / "a.png").write_bytes(encoded(drawing()))
    (tmp_path / "secret.png").write_bytes(encoded(drawing()))
    return root


@pytest.mark.parametrize("async_", [False, True])
@pytest.mark.parametrize(
    "make",
    [
        lambda data, root: data,
        lambda data, root: bytearray(data),
        lambda data, root: root / "inner" / "a.png",
        lambda data, root: "inner/a.png",
        lambda data, root: str(root / "inner" / "a.png"),
        lambda data, root: Image.open(io.BytesIO(data)),
        lambda data, root: "data:image/jpeg;base64," + base64.b64encode(data).decode(),
        lambda data, root: "data:," + "".join(f"%{byte:02x}" for byte in data),
        lambda data, root: create_image_block(
            base64=base64.b64encode(data).decode(), mime_type="image/png"
        ),
        lambda data, root: {
            "type": "image_url",
            "image_url": {"url": "data:;base64," + base64.b64encode(data).decode()},
        },
    ],
)
def test_every_kind_of_source_gives_the_same_picture(make, async_, folder):
    loaded = load(make(encoded(drawing()), folder), async_, roots=[folder])
    assert (loaded.width, loaded.height) == (60, 40)
    assert loaded.image.tobytes() == drawing().tobytes()


@pytest.mark.parametrize("async_", [False, True])
def test_a_stored_image_is_named_by_its_id(async_):
    store = ImageStore("memory://")
    stored = store.put(drawing())
    assert load(stored.image_id, async_, store=store).image.tobytes() == drawing().tobytes()
    with pytest.raises(ImageNotAllowedError, match="store=") as failure:
        load(stored.image_id, async_)
    assert isinstance(failure.value, ValueError)


@pytest.mark.parametrize("async_", [False, True])
def test_urls_are_off_by_default(async_):
    with pytest.raises(ImageNotAllowedError, match="fetcher="):
        load("https://example.com/a.png", async_)


@pytest.mark.parametrize(
    "source", [b"", "", "data:image/png", "data:;base64,%%%", {"file_id": "x"}]
)
def test_malformed_sources_say_what_to_pass(source):
    with pytest.raises(ImageError, match=r"[.]$"):
        load(source, roots=["/"])


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ({"file_id": "x"}, r"holds a file id, which only its provider can read\."),
        ({"type": "text", "text": "hello"}, r"holds no image\."),
        ({"image_url": {"url": "file:///etc/hostname"}}, r"holds no image\."),
        ("data:;base64,%%%", "base64 text of the image is malformed"),
    ],
)
def test_sources_without_an_image_say_what_they_hold(source, words):
    with pytest.raises(UnreadableImageError, match=words):
        load(source)


@pytest.mark.parametrize("scheme", ["http", "https", "HTTPS"])
def test_a_block_may_hold_a_url(scheme):
    data = base64.b64encode(encoded(drawing())).decode()
    assert load(create_image_block(url=f"data:image/png;base64,{data}")).width == 60
    with pytest.raises(ImageNotAllowedError, match="fetcher="):
        load(create_image_block(url=f"{scheme}://example.com/a.png"))


def test_base64_may_be_broken_into_lines():
    lines = base64.encodebytes(encoded(drawing())).decode()
    assert "\n" in lines.strip()
    assert load("data:image/png;base64," + lines).image.tobytes() == drawing().tobytes()


def test_a_data_uri_may_hold_commas():
    data = encoded(drawing(), "JPEG", comment=b"a, b, c")
    text = "".join("," if byte == ord(",") else f"%{byte:02x}" for byte in data)
    assert load_image("data:image/jpeg," + text).width == 60


def test_a_wrong_type_is_a_type_error():
    with pytest.raises(TypeError, match="int"):
        load_image(3)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", TURNS)
def test_exif_orientation_is_applied(orientation, kind):
    turned = drawing()
    for turn in TURNS[orientation]:
        turned = turned.transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    loaded = load_image(encoded(turned, kind, exif=exif))
    assert (loaded.width, loaded.height) == (60, 40)
    assert close(loaded.image, drawing())


def test_transparency_becomes_white():
    see_through = Image.new("RGBA", (4, 4), (255, 0, 0, 0))
    half = Image.new("RGBA", (4, 4), (0, 0, 0, 128))
    palette = Image.new("P", (4, 4), 0)
    palette.putpalette([9, 9, 9])
    assert load_image(encoded(see_through)).image.getpixel((1, 1)) == (255, 255, 255)
    assert load_image(encoded(half)).image.getpixel((1, 1)) == (127, 127, 127)
    gif = encoded(palette, "GIF", transparency=0)
    assert load_image(gif).image.getpixel((1, 1)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "I;16", "LA"])
def test_every_mode_becomes_rgb(mode):
    image = drawing().convert("L")
    if mode == "I;16":
        wide = np.asarray(image, dtype=np.uint16) * 257
        data = encoded(Image.fromarray(wide), "PNG")
    else:
        data = encoded(image.convert(mode), "TIFF" if mode == "CMYK" else "PNG")
    loaded = load_image(data).image
    assert loaded.mode == "RGB"
    if mode != "1":
        assert close(loaded.convert("L"), image, 3)


def test_floats_are_stretched_over_black_to_white():
    ramp = np.linspace(-3.0, 5.0, 64, dtype=np.float32).reshape(8, 8)
    loaded = load_image(encoded(Image.fromarray(ramp), "TIFF")).image.convert("L")
    assert (loaded.getpixel((0, 0)), loaded.getpixel((7, 7))) == (0, 255)
    flat = load_image(encoded(Image.new("F", (3, 3), float("nan")), "TIFF")).image
    assert flat.size == (3, 3)


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [("<f4", 0.0, 1.0), ("<f4", -7.0, -3.0), ("<i4", 0, 200_000), ("<u2", 0, 65_535)],
)
def test_samples_between_black_and_white_are_gray(kind, low, high):
    ramp = np.linspace(low, high, 256).reshape(16, 16).astype(kind)
    gray = np.asarray(load_image(encoded(Image.fromarray(ramp), "TIFF")).image.convert("L"))
    assert np.abs(gray.ravel().astype(int) - np.arange(256)).max() <= 1


@pytest.mark.parametrize("kind", ["<u2", ">u2"])
def test_each_of_the_256_shades_of_sixteen_bits_is_kept(kind):
    shades = np.arange(256, dtype=kind).reshape(16, 16) * np.array(257, dtype=kind)
    gray = load_image(encoded(Image.fromarray(shades), "TIFF")).image.convert("L")
    assert gray.tobytes() == bytes(range(256))


@pytest.mark.parametrize(("value", "shade"), [(0.5, 127), (7.0, 255), (-7.0, 0)])
def test_floats_that_are_all_the_same_count_from_0_to_1(value, shade):
    flat = load_image(encoded(Image.new("F", (3, 3), value), "TIFF")).image
    assert flat.getpixel((1, 1)) == (shade, shade, shade)


def test_sixteen_bits_are_read_in_either_byte_order():
    wide = np.asarray(drawing().convert("L"), dtype=np.uint16) * 257
    for order in "<>":
        data = encoded(Image.fromarray(wide.astype(f"{order}u2")), "TIFF")
        assert close(load_image(data).image.convert("L"), drawing().convert("L"), 3)


def private_photo(kind):
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)

    comment = {"comment": b"at home"} if kind == "JPEG" else {}
    return encoded(drawing(), kind, exif=exif, **comment)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_metadata_and_tails_are_cut_out_without_touching_pixels(kind):
    data = private_photo(kind) + b"PK\x03\x04 an archive, at home"
    loaded = load_image(data)
    assert b"at home" in data
    assert b"at home" not in loaded.clean_bytes
    kept = Image.open(io.BytesIO(loaded.clean_bytes))
    assert not kept.getexif()
    assert kept.convert("RGB").tobytes() == Image.open(io.BytesIO(data)).convert("RGB").tobytes()
    assert not loaded.image.info


def test_a_plain_picture_is_passed_on_as_it_is():
    data = encoded(drawing())
    assert load_image(data).clean_bytes == data
    exif = Image.Exif()
    exif[0x0112] = 9  # no such orientation
    odd = load_image(encoded(drawing(), "JPEG", exif=exif))
    assert (odd.width, odd.height) == (60, 40)
    assert odd.clean_bytes is not None


def test_a_progressive_photo_keeps_its_scans():
    noisy = Image.effect_noise((200, 150), 60)
    data = encoded(noisy, "JPEG", progressive=True)
    kept = Image.open(io.BytesIO(load_image(data).clean_bytes))
    assert kept.tobytes() == Image.open(io.BytesIO(data)).tobytes()


@pytest.mark.parametrize(
    "data",
    [
        encoded(drawing(), "WEBP"),
        encoded(drawing().convert("RGBA")),
        encoded(drawing(), "PNG", transparency=(255, 255, 255)),
        encoded(drawing(), "GIF"),
        encoded(drawing())[:-12],  # no end
        encoded(drawing(), "JPEG")[:-2],
    ],
)
def test_what_cannot_be_passed_on_as_it_is_has_no_clean_bytes(data):
    assert load_image(data).clean_bytes is None


def test_encoding_follows_the_source_and_shrinks():
    photo = load_image(encoded(drawing((600, 400)), "JPEG"))
    assert photo.encode()[:2] == b"\xff\xd8"
    assert photo.is_lossy
    small = Image.open(io.BytesIO(load_image(drawing((600, 400))).encode(max_size=(90, 90))))
    assert (small.format, small.size) == ("PNG", (90, 60))
    assert photo.image.size == (600, 400)


def test_equal_images_have_equal_keys():
    data = encoded(drawing())
    assert load_image(data).key == load_image(data).key
    assert load_image(drawing()).key == load_image(drawing()).key
    assert load_image(drawing()).key != load_image(drawing((61, 40))).key


def shades(count):
    return [Image.new("RGB", (20 + i, 10), (40 * i, 0, 0)) for i in range(count)]


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "WEBP", "PNG"])
def test_frames_are_counted_and_read(kind):
    frames = [frame.resize((20, 10)) for frame in shades(3)]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
    loaded = list(load_frames(data))
    assert [(one.frame, one.frame_count) for one in loaded] == [(0, 3), (1, 3), (2, 3)]
    reds = [one.image.getpixel((5, 5))[0] for one in loaded]
    assert reds == sorted(reds)
    assert reds[2] - reds[0] > 50
    assert len({one.key for one in loaded}) == 3
    with pytest.raises(ImageNotFoundError, match="3"):
        load_image(data, frame=3)


def test_pages_of_different_sizes_keep_them():
    pages = shades(3)
    data = encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    assert [load_image(data, frame=i).width for i in (2, 0, 1)] == [22, 20, 21]
    assert [one.image.width for one in load_frames(data, frames=[1, 2])] == [21, 22]


def test_a_pil_image_is_one_frame():
    assert [one.frame for one in load_frames(drawing())] == [0]
    with pytest.raises(ImageNotFoundError):
        load_image(drawing(), frame=1)


def test_frames_beyond_the_cap_are_neither_counted_nor_read():
    pages = shades(6)
    data = encoded(pages[0], "GIF", save_all=True, append_images=pages[1:])
    limits = ImageLimits(max_frames=4)
    assert load_image(data, limits=limits).frame_count == 4
    assert load_image(data, limits=ImageLimits(max_frames=1)).frame_count == 1
    for frame in (4, 5):
        with pytest.raises(ImageNotFoundError, match="frames 0 to 3"):
            load_image(data, frame=frame, limits=limits)


def test_no_more_frames_are_counted_than_may_be_decoded():
    pages = [page.resize((100, 100)) for page in shades(10)]
    data = encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    # Reaching a frame decodes all before it: at most four times as many pixels as one may have.
    assert load_image(data, limits=ImageLimits(max_pixels=20_000)).frame_count == 8
    for pixels in (10_000, 11_000):
        assert load_image(data, limits=ImageLimits(max_pixels=pixels)).frame_count == 4
    assert load_image(data, frame=7, limits=ImageLimits(max_pixels=20_000)).frame == 7
    with pytest.raises(ImageNotFoundError, match="frames 0 to 7"):
        load_image(data, frame=8, limits=ImageLimits(max_pixels=20_000))
    with pytest.raises(ImageNotFoundError, match="Frame -1"):
        load_image(data, frame=-1)


def test_a_later_page_that_is_too_large_is_refused():
    data = encoded(drawing(), "TIFF", save_all=True, append_images=[drawing((90, 60))])
    limits = ImageLimits(max_pixels=3_000)
    for frame in (0, 1):
        with pytest.raises(ImageTooLargeError, match="90 x 60"):
            load_image(data, frame=frame, limits=limits)


def test_a_photo_with_a_second_picture_inside_is_one_picture():
    data = encoded(drawing(), "MPO", save_all=True, append_images=[drawing()])
    loaded = load_image(data)
    assert (loaded.format, loaded.frame_count) == ("JPEG", 1)
    assert close(loaded.image, drawing())


def test_a_pdf_is_drawn_page_by_page():
    pages = [page.resize((200, 100)) for page in shades(3)]
    data = encoded(pages[0], "PDF", save_all=True, append_images=pages[1:], resolution=100)
    loaded = list(load_frames(data, dpi=100))
    assert [(one.format, one.width, one.height, one.frame_count) for one in loaded] == [
        ("PDF", 200, 100, 3)
    ] * 3
    assert [round(one.image.getpixel((50, 50))[0] / 40) for one in loaded] == [0, 1, 2]
    assert load_image(data, frame=1, dpi=50).image.size == (100, 50)
    with pytest.raises(ImageNotFoundError, match="pages 0 to 2"):
        load_image(data, frame=3)


@pytest.mark.parametrize("width", [100, 101, 102, 103])
def test_the_rows_of_a_page_are_not_shifted(width):
    halves = Image.new("RGB", (width, 60), "blue")
    halves.paste("red", (0, 0, width // 2, 60))
    page = load_image(encoded(halves, "PDF", resolution=72), dpi=72).image
    assert page.size == (width, 60)
    for y in (5, 55):
        assert page.getpixel((width // 2 - 10, y))[0] > 200
        assert page.getpixel((width // 2 + 10, y))[2] > 200


def test_a_page_is_drawn_at_200_dots_per_inch():
    with PdfPages(empty_pdf(72, 144)) as pages:
        assert pages.render(0).size == (200, 400)


def empty_pdf(width, height, pages=1):
    import pypdfium2

    document = pypdfium2.PdfDocument.new()
    for _ in range(pages):
        document.new_page(width, height)
    out = io.BytesIO()
    document.save(out)
    document.close()
    return out.getvalue()


def test_a_huge_page_is_drawn_at_a_lower_resolution():
    limits = ImageLimits(work_pixels=1_000_000)
    page = load_image(empty_pdf(8400, 8400), dpi=300, limits=limits)
    assert 900_000 < page.width * page.height <= 1_010_000


def test_pages_beyond_the_cap_are_not_there():
    with PdfPages(empty_pdf(10, 10, pages=5), limits=ImageLimits(max_pages=3)) as pages:
        assert len(pages) == 3


def test_a_page_that_takes_too_long_is_ended(monkeypatch):
    with PdfPages(empty_pdf(3000, 3000)) as pages:
        monkeypatch.setattr(pages, "_limits", ImageLimits(max_seconds=0.001))
        with pytest.raises(ImageTooLargeError, match="page 0"):
            pages.render(0, dpi=100)


def test_a_pdf_process_that_dies_is_reported(monkeypatch):
    with PdfPages(empty_pdf(100, 100)) as pages:
        pages._process.kill()
        pages._process.wait()
        with pytest.raises(UnreadableImageError, match=r"ended early|broken"):
            pages.render(0)


PLAYED_WORKER = """
import json, sys
stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
stdout.write(b'{{"ready": true}}\\n'), stdout.flush()
stdin.read(int.from_bytes(stdin.read(8)))
print("something to complain about", file=sys.stderr)
{played}
"""


@pytest.fixture
def play(monkeypatch, tmp_path):
    """Have another program in place of the one that draws pages."""

    def play(*lines, limits=None):
        script = tmp_path / "worker.py"
        script.write_text(PLAYED_WORKER.format(played="\n".join(lines)))
        monkeypatch.setattr("langchain_phase5.vision.pdf._WORKER", script)
        return PdfPages(empty_pdf(2, 2), limits=limits)

    return play


def test_a_pdf_process_that_ends_without_a_word_is_reported(play):
    with pytest.raises(UnreadableImageError, match=r"broken or locked with a password\.$"):
        play()


def test_a_pdf_that_takes_too_long_to_open_is_ended(play):
    with pytest.raises(ImageTooLargeError, match=r"Drawing the start of the PDF took .* 0\.2 s"):
        play("import time; time.sleep(600)", limits=ImageLimits(max_seconds=0.2))


def test_a_pdf_process_that_does_not_start_is_ended(monkeypatch, tmp_path):
    hanging = tmp_path / "worker.py"
    hanging.write_text("import time; time.sleep(600)")
    monkeypatch.setattr("langchain_phase5.vision.pdf._WORKER", hanging)
    monkeypatch.setattr("langchain_phase5.vision.pdf._START_SECONDS", 0.2)
    with pytest.raises(ImageTooLargeError, match="did not start"):
        load_image(empty_pdf(100, 100))


def page_of(stride, pixels):
    return (
        "stdout.write(b'{\"sizes\": [[2, 2]]}\\n'), stdout.flush(), stdin.readline()",
        f"head = {{'width': 2, 'height': 2, 'stride': {stride}}}",
        f"stdout.write(json.dumps(head).encode() + b'\\n' + {pixels!r})",
    )


def test_a_pdf_process_that_ends_amid_a_page_is_reported(play):
    pages = play(*page_of(stride=6, pixels=bytes(7)))
    with pages, pytest.raises(UnreadableImageError, match="ended early"):
        pages.render(0)


def test_padding_after_each_row_of_a_page_is_no_part_of_the_picture(play, capfd):
    with play(*page_of(stride=8, pixels=b"redblu..gretea..")) as pages:
        assert pages.render(0).tobytes() == b"redblugretea"
    assert capfd.readouterr().err == ""


def test_a_broken_or_large_pdf_is_refused():
    with pytest.raises(UnreadableImageError, match="PDF"):
        load_image(b"%PDF-1.7 and nothing else")
    with pytest.raises(ImageTooLargeError, match="bytes"):
        PdfPages(b"%PDF-" + bytes(100), limits=ImageLimits(max_bytes=50))


def test_a_pdf_of_just_the_size_that_is_allowed_is_opened():
    data = empty_pdf(10, 10)
    with PdfPages(data, limits=ImageLimits(max_bytes=len(data))) as pages:
        assert len(pages) == 1


def test_a_pdf_needs_its_package(monkeypatch):
    monkeypatch.setattr("langchain_phase5.vision.pdf.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"langchain-phase5\[vision\]"):
        load_image(empty_pdf(10, 10))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP"])
def test_a_picture_is_not_decoded_before_it_is_looked_at(kind):
    noise = Image.effect_noise((300, 200), 90).convert("L")
    cut = encoded(noise, kind)[:-20_000]
    loaded = load_image(cut)
    assert (loaded.width, loaded.height) == (300, 200)
    with pytest.raises(UnreadableImageError, match="broken or cut off"):
        _ = loaded.image


def bomb(side=13_000):
    """A PNG of 169 megapixels in 22 kB."""
    return encoded(Image.new("1", (side, side)))


@pytest.mark.parametrize("async_", [False, True])
def test_size_is_checked_before_decoding(async_):
    with pytest.warns(Image.DecompressionBombWarning), pytest.raises(ImageError):
        load(bomb(), async_)
    with pytest.raises(ImageTooLargeError, match="has far too many pixels"):
        load(bomb(side=14_000), async_)
    with pytest.raises(ImageTooLargeError, match="60 x 40"):
        load(encoded(drawing()), async_, limits=ImageLimits(max_pixels=2000))
    with pytest.raises(ImageTooLargeError, match="60 x 40"):
        load(drawing(), async_, limits=ImageLimits(max_pixels=2000))
    with pytest.raises(ImageTooLargeError, match="half"):
        load(encoded(drawing(), "WEBP"), async_, limits=ImageLimits(max_pixels=4000))


def test_bytes_are_counted_before_anything_else(folder):
    limits = ImageLimits(max_bytes=50)
    data = encoded(drawing())
    uri = "data:;base64," + base64.b64encode(data).decode()
    for source in (data, folder / "inner" / "a.png", uri):
        with pytest.raises(ImageTooLargeError, match="max_bytes"):
            load_image(source, limits=limits)


def test_a_source_of_just_the_size_that_is_allowed_is_read(folder):
    data = encoded(drawing())
    uri = "data:;base64," + base64.b64encode(data).decode()
    limits = ImageLimits(max_bytes=len(data))
    for source in (data, folder / "inner" / "a.png", uri):
        assert load_image(source, limits=limits).width == 60


def test_a_large_file_is_read_whole(tmp_path):
    data = encoded(drawing((1000, 800)), "BMP")
    assert len(data) > 2 * 2**20
    (tmp_path / "a.bmp").write_bytes(data)
    assert read_file(tmp_path / "a.bmp", max_bytes=len(data)) == data


def test_long_base64_is_refused_before_it_is_decoded():
    with pytest.raises(ImageTooLargeError, match="has 60 bytes"):
        load_image("data:;base64," + "%" * 80, limits=ImageLimits(max_bytes=50))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux has such files")
def test_a_file_that_is_longer_than_it_says_is_read_no_further_than_the_limit():
    endless = Path("/proc/self/status")
    assert endless.stat().st_size == 0
    assert len(read_file(endless, max_bytes=10)) == 10


def test_large_pictures_are_shrunk_by_a_whole_factor():
    limits = ImageLimits(work_pixels=1000)
    loaded = load_image(encoded(drawing((61, 41))), limits=limits)
    assert (loaded.width, loaded.height) == loaded.image.size == (31, 21)
    assert loaded.clean_bytes is None
    assert close(loaded.image, drawing((61, 41)).reduce(2))
    just = load_image(drawing(), limits=ImageLimits(work_pixels=60 * 40))
    assert just.image.size == (60, 40)


@pytest.mark.parametrize("height", [63, 64, 65, 127, 128, 129, 300])
def test_tall_pictures_are_read_to_the_last_row(height):
    noise = Image.effect_noise((20, height), 90).convert("RGB")
    assert load_image(encoded(noise)).image.tobytes() == noise.tobytes()
    half = load_image(encoded(noise), limits=ImageLimits(work_pixels=20 * height // 4 + 30))
    assert half.image.size == (half.width, half.height) == (10, -(-height // 2))
    assert half.image.tobytes() == noise.reduce(2).tobytes()


def test_a_turned_picture_is_shrunk_to_the_size_that_was_promised():
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(drawing((61, 33)), "JPEG", exif=exif)
    loaded = load_image(data, limits=ImageLimits(work_pixels=600))
    assert loaded.image.size == (loaded.width, loaded.height) == (17, 31)


@pytest.mark.parametrize("mode", ["P", "CMYK", "L", "1"])
def test_every_mode_is_shrunk_in_its_colors(mode):
    image = drawing((128, 128)).convert(mode)
    data = encoded(image, "TIFF" if mode == "CMYK" else "PNG")
    shrunk = load_image(data, limits=ImageLimits(work_pixels=64 * 64)).image
    assert close(shrunk, image.convert("RGB").reduce(2), 8)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>", "SVG"),
        (b"<!-- drawn by hand --><svg/>", "SVG"),
        (b"<!doctype html><title>no picture</title>", "HTML"),
        (b"\n <HTML><title>no picture</title>", "HTML"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9", "PostScript"),
        (b"\xc5\xd0\xd3\xc6" + bytes(60), "PostScript"),
        (b"", r"empty\. Accepted are PNG, JPEG, .* HEIC and PDF\."),
        (b"GIF", "no image"),
        (b"P6 9 9 255 " + bytes(243), "no image"),  # a format Pillow reads and we do not
        (bytes(500), "no image"),
    ],
)
def test_only_listed_formats_are_decoded(data, word):
    with pytest.raises(UnreadableImageError, match=word):
        load_image(data)


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"\xff\xd8\xff", "JPEG"),
        (b"GIF87a", "GIF"),
        (b"GIF89a", "GIF"),
        (b"II*\0", "TIFF"),
        (b"MM\0*", "TIFF"),
        (b"BM", "BMP"),
        (b"RIFF....WEBP", "WEBP"),
        *((b"....ftyp" + brand, "AVIF") for brand in (b"avif", b"avis")),
        *((b"....ftyp" + brand, "HEIF") for brand in (b"heic", b"heix", b"mif1", b"msf1")),
        (b" " * 1019 + b"%PDF-", "PDF"),
    ],
)
def test_the_first_bytes_say_what_it_is(start, name):
    with pytest.raises(UnreadableImageError, match=rf"The {name}( image)? is broken"):
        load_image(start + bytes(100))


@pytest.mark.parametrize(
    "start", [b"RIFF....WAVE", b"....ftypmp42", b" " * 1020 + b"%PDF-", b" BM"]
)
def test_what_only_looks_alike_is_no_image(start):
    with pytest.raises(UnreadableImageError, match="no image that can be read"):
        load_image(start + bytes(100))


@pytest.mark.parametrize(
    "path",
    [
        "../secret.png",
        "inner/../../secret.png",
        "link.png",
        "linked/secret.png",
        "/etc/hostname",
        "inner/a.png\0.png",
        "inner",
        "pipe",
        "file:///etc/hostname",
        "ftp://example.com/a.png",
    ],
)
def test_paths_stay_below_the_roots(path, folder):
    (folder / "link.png").symlink_to(folder.parent / "secret.png")
    (folder / "linked").symlink_to(folder.parent)
    os.mkfifo(folder / "pipe")
    with pytest.raises(ImageNotAllowedError, match=r"\.$"):  # which says what to do
        load_image(path, roots=[folder])
    if "\0" not in path and ":" not in path:
        with pytest.raises(ImageNotAllowedError):
            load_image(folder / path, roots=[folder])


def test_a_pipe_is_refused_and_not_waited_for(folder):
    os.mkfifo(folder / "pipe")
    for source, roots in ((folder / "pipe", []), ("pipe", [folder])):
        with pytest.raises(ImageNotAllowedError, match="no regular file"):
            load_image(source, roots=roots)


def test_paths_stay_below_the_roots_where_folders_cannot_be_opened(folder, monkeypatch):
    monkeypatch.setattr(os, "supports_dir_fd", set())  # as on Windows
    (folder / "link.png").symlink_to(folder.parent / "secret.png")
    os.mkfifo(folder / "pipe")
    assert load_image("inner/a.png", roots=[folder]).width == 60
    for path in ("../secret.png", "link.png", "pipe"):
        with pytest.raises(ImageNotAllowedError):
            load_image(path, roots=[folder])


def test_a_refused_file_is_named_with_the_reason(folder):
    for source, words in (
        ("inner", r"'inner' is no regular file\."),
        ("x" * 300, r"The file 'x{300}' cannot be opened \(.*too long\)\."),
    ):
        with pytest.raises(ImageNotAllowedError, match=words):
            load_image(source, roots=[folder])


def test_a_root_that_is_a_file_holds_nothing(folder):
    file = folder / "inner" / "a.png"
    with pytest.raises(ImageNotAllowedError, match="cannot be opened"):
        load_image(str(file), roots=[file])


def test_links_inside_a_root_and_further_roots_are_followed(folder, tmp_path):
    (folder / "link.png").symlink_to(folder / "inner" / "a.png")
    assert load_image("link.png", roots=[tmp_path / "nowhere", folder]).width == 60
    with pytest.raises(ImageNotFoundError, match=r"missing\.png"):
        load_image("missing.png", roots=[folder])


def test_a_part_swapped_for_a_link_meanwhile_is_not_followed(folder, monkeypatch):
    monkeypatch.setattr(
        "langchain_phase5.vision.paths._candidates", lambda *_: [(folder, folder / "link.png")]
    )
    (folder / "link.png").symlink_to(folder.parent / "secret.png")
    with pytest.raises(ImageNotAllowedError):
        load_image("link.png", roots=[folder])


def test_a_text_path_needs_roots_and_a_path_object_does_not(folder):
    path = folder / "inner" / "a.png"
    with pytest.raises(ImageNotAllowedError, match="roots="):
        load_image(str(path))
    assert load_image(path).width == 60
    with pytest.raises(ImageNotFoundError):
        load_image(folder / "missing.png")


def test_heic_needs_its_decoder(monkeypatch):
    heic = bytes(4) + b"ftypheic" + bytes(100)
    with pytest.raises(UnreadableImageError, match="HEIF"):
        load_image(heic)
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(ImportError, match=r"langchain-phase5\[vision\]"):
        load_image(heic)


@cache
def hostile_seeds():
    """One small valid file of each kind, for breaking."""
    image = drawing()
    more = {"save_all": True, "append_images": [frame.resize(image.size) for frame in shades(3)]}
    exif = Image.Exif()
    exif[0x0112] = 6
    seeds = [
        encoded(image),
        encoded(image.convert("P")),
        encoded(image.convert("RGBA")),
        encoded(image, "PNG", exif=exif),
        encoded(image, "PNG", **more),
        encoded(image, "JPEG", exif=exif, comment=b"x"),
        encoded(image, "JPEG", progressive=True),
        encoded(image.convert("CMYK"), "JPEG"),
        encoded(image, "GIF", **more),
        encoded(image, "WEBP", **more),
        encoded(image, "WEBP", lossless=True),
        encoded(image, "BMP"),
        encoded(image, "TIFF", **more),
        encoded(image, "TIFF", compression="tiff_lzw"),
        encoded(image.convert("1"), "TIFF", compression="group4"),
        encoded(image, "AVIF"),
    ]
    return tuple(seeds)


def survive(data):
    """Either a picture within the limits comes out, or an error that says what to do."""
    limits = ImageLimits(max_pixels=2_000_000)
    try:
        loaded = load_image(data, limits=limits)
        pixels = loaded.image
    except ImageError:
        return
    assert pixels.mode == "RGB"
    assert pixels.width * pixels.height <= 2_000_000
    if loaded.clean_bytes is not None:
        Image.open(io.BytesIO(loaded.clean_bytes)).verify()


@pytest.mark.filterwarnings("ignore")  # Pillow warns about what it repairs
@pytest.mark.parametrize(
    "cut", [0.02, 0.1, 0.25, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999, 1.0]
)
@pytest.mark.parametrize("seed", range(16))
def test_files_cut_off_anywhere_do_no_harm(seed, cut):
    data = hostile_seeds()[seed]
    survive(data[: int(len(data) * cut)])


@pytest.mark.filterwarnings("ignore")
@settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    seed=st.integers(0, 15),
    changes=st.lists(
        st.tuples(st.floats(0, 0.999), st.binary(min_size=1, max_size=4)), min_size=1, max_size=8
    ),
)
def test_files_with_bytes_changed_do_no_harm(seed, changes):
    data = bytearray(hostile_seeds()[seed])
    for place, new in changes:
        at = int(place * len(data))
        data[at : at + len(new)] = new
    survive(bytes(data))


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    start=st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"II*\0", b"BM"]),
    rest=st.binary(max_size=300),
)
def test_noise_does_no_harm(start, rest):
    survive(start + rest)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.skipif(not SAMPLES.exists(), reason="the sample files are not here")
@pytest.mark.parametrize("folder", ["robust_images/f", "pdf_ocr"])
def test_known_hostile_files_do_no_harm(folder):
    for file in sorted((SAMPLES / folder).iterdir()):
        try:
            loaded = load_image(file)
            assert loaded.image.size == (loaded.width, loaded.height), file
            assert loaded.width * loaded.height <= 20_100_000, file
        except ImageError:
            continue


@pytest.mark.skipif(not SAMPLES.exists(), reason="the sample files are not here")
@pytest.mark.parametrize("kind", ["Landscape", "Portrait"])
def test_photos_of_all_orientations_look_the_same(kind):
    upright = load_image(SAMPLES / "exif_orientation" / f"{kind}_1.jpg").image
    for orientation in range(2, 9):
        turned = load_image(SAMPLES / "exif_orientation" / f"{kind}_{orientation}.jpg").image
        assert close(turned, upright, 25), orientation
