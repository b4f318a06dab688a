import asyncio
import io
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from PIL import Image

from langchain_phase5.vision import (
    ImageLimits,
    ImageNotFoundError,
    ImageStore,
    ImageTooLargeError,
    UnreadableImageError,
    load_image,
)


def picture(color="teal", size=(600, 400)):
    return Image.new("RGB", size, color)


def photo(**options):
    out = io.BytesIO()
    picture().save(out, "JPEG", **options)
    return out.getvalue()


def call(store, method, *arguments, async_, **options):
    if async_:
        return asyncio.run(getattr(store, f"a{method}")(*arguments, **options))
    return getattr(store, method)(*arguments, **options)


@pytest.fixture(params=["folder", "memory"])
def store(request, tmp_path):
    return ImageStore(tmp_path / "kept here" if request.param == "folder" else "memory://")


@pytest.mark.parametrize("async_", [False, True])
def test_an_image_comes_back_as_it_was_stored(store, async_):
    stored = call(store, "put", picture(), async_=async_, metadata={"title": "Sea"})
    data = call(store, "get", stored.image_id, async_=async_)
    assert Image.open(io.BytesIO(data)).tobytes() == picture().tobytes()
    assert (stored.width, stored.height, stored.mime_type) == (600, 400, "image/png")
    assert stored.size == len(data)
    assert call(store, "describe", stored.image_id, async_=async_) == stored
    assert call(store, "list", async_=async_) == [stored]
    small = Image.open(io.BytesIO(call(store, "thumbnail", stored.image_id, async_=async_)))
    assert small.size == (256, 171)
    assert load_image(stored.image_id, store=store).image.tobytes() == picture().tobytes()


def test_what_is_stored_is_clean():
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    store = ImageStore("memory://")
    stored = store.put(photo(exif=exif))
    assert stored.mime_type == "image/jpeg"
    assert b"at home" not in store.get(stored.image_id)


def test_the_same_picture_is_stored_once(tmp_path):
    store = ImageStore(tmp_path)
    exif = Image.Exif()
    exif[0x010E] = "a comment that does not change the picture"
    first = store.put(photo(), metadata={"title": "Sea", "by": "Ann"})
    second = store.put(photo(exif=exif), metadata={"title": "Ocean"})
    assert second.image_id == first.image_id
    assert second.metadata == {"title": "Ocean", "by": "Ann"}
    assert second.stored_at > first.stored_at
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 3


def test_uploads_at_the_same_time_do_not_disturb_each_other(tmp_path):
    store = ImageStore(tmp_path)
    colors = ["red", "green", "blue", "red"] * 5
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda color: store.put(picture(color)).image_id, colors))
    assert len(set(ids)) == len(store.list()) == 3
    for image_id in ids:
        assert store.get(image_id)


def test_two_who_upload_the_same_picture_both_have_their_say(store, monkeypatch):
    other = threading.Thread(
        target=store.put, args=(picture(),), kwargs={"metadata": {"by": "Ann"}}
    )
    known = store._known

    def slow(image_id):
        found = known(image_id)
        if not other.ident:
            other.start()
            other.join(0.5)  # it has to wait, though
        return found

    monkeypatch.setattr(store, "_known", slow)
    store.put(picture(), metadata={"title": "Sea"})
    other.join()
    assert store.list()[0].metadata == {"title": "Sea", "by": "Ann"}


def test_an_image_that_is_deleted_while_all_are_listed_is_left_out(store, monkeypatch):
    colors = "red", "green", "blue"
    first, second, third = (store.put(picture(color)) for color in colors)
    describe = store.describe

    def late(image_id):
        if image_id == third.image_id:
            store.delete(image_id)
        return describe(image_id)

    monkeypatch.setattr(store, "describe", late)
    assert store.list(limit=2) == [second, first]


@pytest.mark.parametrize("async_", [False, True])
def test_a_deleted_image_is_gone(store, async_):
    kept, gone = store.put(picture("red")), store.put(picture("blue"))
    call(store, "delete", gone.image_id, async_=async_)
    call(store, "delete", gone.image_id, async_=async_)
    assert store.list() == [kept]
    for method in ("get", "thumbnail", "describe"):
        with pytest.raises(ImageNotFoundError, match=gone.image_id[:12]):
            call(store, method, gone.image_id, async_=async_)


@pytest.mark.parametrize("async_", [False, True])
def test_old_images_expire(store, async_):
    stored = store.put(picture())
    assert call(store, "expire", async_=async_, older_than=timedelta(hours=1)) == []
    assert call(store, "expire", async_=async_, older_than=timedelta(hours=-1)) == [stored.image_id]
    assert store.list() == []


def test_the_newest_come_first_and_no_more_than_asked_for(store):
    ids = [store.put(picture(color)).image_id for color in ("red", "green", "blue")]
    assert [stored.image_id for stored in store.list(limit=2)] == ids[:0:-1]


DAMAGES = [lambda data: data[:-1] + b"!", lambda data: data[:9], lambda data: b""]


@pytest.mark.parametrize("folder", ["images", "thumbnails", "records"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_noticed_and_mended_by_uploading_again(tmp_path, folder, damage):
    store = ImageStore(tmp_path)
    stored = store.put(picture())
    (path,) = [path for path in (tmp_path / folder).rglob("*") if path.is_file()]
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(UnreadableImageError, match="again"):
        store.get(stored.image_id)
        store.thumbnail(stored.image_id)
    store.put(picture())
    assert store.get(stored.image_id)
    assert store.thumbnail(stored.image_id)


def test_an_upload_that_broke_off_is_not_there_and_can_be_repeated(tmp_path):
    store = ImageStore(tmp_path)
    stored = store.put(picture())
    (record,) = (tmp_path / "records").rglob("*.json")
    record.unlink()
    assert store.list() == []
    assert store.put(picture()).image_id == stored.image_id


@pytest.mark.parametrize(
    "image_id", ["", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "\n", "a/b"]
)
def test_only_hashes_are_keys(store, image_id):
    for method in ("get", "thumbnail", "describe", "delete"):
        with pytest.raises(ImageNotFoundError, match="64"):
            getattr(store, method)(image_id)


def test_strange_files_in_the_folder_are_not_listed(tmp_path):
    store = ImageStore(tmp_path)
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "notes.txt").write_text("hello")
    assert store.list() == []


def test_limits_hold():
    store = ImageStore("memory://", limits=ImageLimits(max_pixels=1000))
    with pytest.raises(ImageTooLargeError, match="max_pixels"):
        store.put(picture())
    with pytest.raises(ImageTooLargeError, match="metadata"):
        store.put(picture(size=(9, 9)), metadata={"text": "x" * 9000})
    assert store.list() == []


def test_an_object_that_grew_is_not_read(tmp_path):
    stored = ImageStore(tmp_path).put(picture())
    with pytest.raises(ImageTooLargeError, match="max_bytes"):
        ImageStore(tmp_path, limits=ImageLimits(max_bytes=100)).get(stored.image_id)


def test_a_broken_picture_is_not_stored(store):
    with pytest.raises(UnreadableImageError):
        store.put(photo()[:900])
    assert store.list() == []


FULL_DISK = """
import resource, signal, sys
from PIL import Image
from langchain_phase5.vision import ImageStore

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
store = ImageStore(sys.argv[1])
try:
    store.put(Image.effect_noise((400, 400), 80))
except OSError as error:
    assert "image store failed" in str(error), error
    print(store.list())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_disk_that_fills_up_leaves_nothing_half_stored(tmp_path):
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", FULL_DISK, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
    assert ImageStore(tmp_path).put(Image.effect_noise((400, 400), 80))


@pytest.mark.parametrize(
    ("location", "options"), [("bogus://x", {}), ("s3://bucket", {"no_such_option": "1"})]
)
def test_a_location_that_makes_no_sense_is_refused(location, options):
    with pytest.raises(ValueError, match="Pass a folder"):
        ImageStore(location, options=options)


def test_obstore_is_named_when_it_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(ImportError, match=r"langchain-phase5\[vision\]"):
        ImageStore("memory://")
