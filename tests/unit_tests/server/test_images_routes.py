"""Keeping images over HTTP."""

import pytest
from service import inline, png

IMAGES = "/api/v1/images"


def test_an_image_is_kept_found_and_removed(client):
    uploaded = client.post(IMAGES, files={"image": png("navy")}, data={"caption": "Night"})
    assert uploaded.status_code == 201
    kept = uploaded.json()
    where = uploaded.headers["location"]
    assert where == f"{IMAGES}/{kept['image_id']}"
    assert kept["metadata"] == {"caption": "Night"}
    assert client.get(where).json() == kept
    assert client.get(IMAGES).json()["images"] == [kept]

    content = client.get(f"{where}/content")
    assert content.headers["content-type"] == "image/png"
    assert content.content == png("navy")
    assert client.get(f"{where}/thumbnail").headers["content-type"] == "image/jpeg"

    assert client.delete(where).status_code == 204
    for path in (where, f"{where}/content", f"{where}/thumbnail"):
        assert client.get(path).status_code == 404
    assert client.delete(where).status_code == 404
    assert client.get(IMAGES).json()["images"] == []


def test_the_same_image_is_kept_once(client):
    first = client.post(IMAGES, json={"image": inline(png())})
    second = client.post(IMAGES, files={"image": png()})
    assert first.json()["image_id"] == second.json()["image_id"]
    assert len(client.get(IMAGES).json()["images"]) == 1


def test_the_list_is_as_long_as_asked(client):
    for color in ("red", "green", "blue"):
        client.post(IMAGES, files={"image": png(color)})
    assert len(client.get(IMAGES, params={"limit": 2}).json()["images"]) == 2


@pytest.mark.parametrize("limit", ["0", "1001", "many", "-1"])
def test_a_limit_out_of_range_is_refused(client, limit):
    answer = client.get(IMAGES, params={"limit": limit})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "query/limit"


@pytest.mark.parametrize(
    "path", ["..%2f..%2fetc%2fpasswd", "%2e%2e", "0" * 63, "G" * 64, "0" * 64 + "%00", "é" * 64]
)
def test_what_is_no_id_is_refused(client, path):
    for tail in ("", "/content", "/thumbnail"):
        assert client.get(f"{IMAGES}/{path}{tail}").status_code in {404, 422}


def test_what_is_no_image_is_not_kept(client):
    assert client.post(IMAGES, files={"image": b"<svg/onload=alert(1)>"}).status_code == 422
    assert client.get(IMAGES).json()["images"] == []


def test_a_caption_that_is_too_long_is_refused(client):
    data = {"caption": "x" * 2001}
    assert client.post(IMAGES, files={"image": png()}, data=data).status_code == 422
