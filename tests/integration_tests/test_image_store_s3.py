from datetime import timedelta

import pytest
from PIL import Image
from s3 import KEYS, s3_server

from langchain_phase5.vision import ImageNotFoundError, ImageStore, UnreadableImageError, load_image

# moto and botocore still call what Python 3.12 deprecates.
pytestmark = [pytest.mark.enable_socket, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture
def s3():
    with s3_server() as server:
        yield server


def open_store(endpoint, bucket="pictures", **options):
    given = {"endpoint": endpoint, "region": "us-east-1", **KEYS, **options}
    return ImageStore(f"s3://{bucket}/kept", options=given)


def test_images_live_in_a_bucket(s3):
    client, endpoint = s3
    store = open_store(endpoint)
    picture = Image.new("RGB", (300, 200), "teal")
    stored = store.put(picture, metadata={"title": "Sea"})
    assert store.put(picture).image_id == stored.image_id
    assert (
        load_image(stored.image_id, store=open_store(endpoint)).image.tobytes() == picture.tobytes()
    )
    assert store.list()[0].metadata == {"title": "Sea"}
    assert store.thumbnail(stored.image_id)
    keys = [entry["Key"] for entry in client.list_objects_v2(Bucket="pictures")["Contents"]]
    assert len(keys) == 3
    assert all(key.startswith("kept/") for key in keys)

    client.put_object(
        Bucket="pictures", Key=f"kept/images/{stored.image_id[:2]}/{stored.image_id}", Body=b"!"
    )
    with pytest.raises(UnreadableImageError, match="not what was uploaded"):
        store.get(stored.image_id)

    assert store.expire(older_than=timedelta(hours=-1)) == [stored.image_id]
    assert store.list() == []
    with pytest.raises(ImageNotFoundError):
        store.get(stored.image_id)


def test_a_bucket_that_is_not_there_is_an_error_without_secrets(s3):
    _, endpoint = s3
    store = open_store(endpoint, bucket="missing", aws_secret_access_key="geheim")  # noqa: S106
    with pytest.raises(OSError, match=r"image store failed|not found") as failure:
        store.put(Image.new("RGB", (3, 2)))
    assert "geheim" not in str(failure.value)
