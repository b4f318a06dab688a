"""`/api/v1/images`: keep images, so that later requests name them by id."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from langchain_phase5.server.image_input import ImageInput
from langchain_phase5.server.request_body import body_description, read_body
from langchain_phase5.server.services import ServicesOfApp
from langchain_phase5.sync_or_async import arun_steps
from langchain_phase5.vision import StoredImage

router = APIRouter(prefix="/api/v1/images", tags=["images"])

ImageId = Annotated[
    str, Path(pattern=r"^[0-9a-f]{64}$", description="What the upload returned: 64 hex digits")
]


class UploadRequest(BaseModel):
    """An image to keep."""

    model_config = ConfigDict(extra="forbid")

    image: ImageInput
    caption: str | None = Field(None, max_length=2000, description="What the image shows")


class StoredImages(BaseModel):
    """What was uploaded last."""

    images: list[StoredImage]
    """Newest first."""


@router.post(
    "",
    status_code=201,
    openapi_extra=body_description(
        UploadRequest,
        {"from the internet": {"image": {"url": "https://example.com/a.png"}, "caption": "Plan"}},
    ),
)
async def upload(request: Request, response: Response, services: ServicesOfApp) -> StoredImage:
    """Keep an image; the same one is kept once. When this answers, it is stored.

    What is kept is the clean picture: upright, without metadata, PNG or JPEG.
    """
    wanted = await read_body(request, UploadRequest)
    metadata = {"caption": wanted.caption} if wanted.caption else {}

    async def work() -> StoredImage:
        loaded = await arun_steps(services.analyzer.load(wanted.image.source))
        return await services.images.aput(loaded, metadata=metadata)

    stored = await services.work.run(work)
    response.headers["Location"] = f"/api/v1/images/{stored.image_id}"
    return stored


@router.get("")
async def list_images(
    services: ServicesOfApp,
    limit: Annotated[int, Query(ge=1, le=1000, description="At most so many")] = 100,
) -> StoredImages:
    """List what was uploaded last."""
    return StoredImages(images=await services.images.alist(limit=limit))


@router.get("/{image_id}")
async def describe_image(image_id: ImageId, services: ServicesOfApp) -> StoredImage:
    """Tell what is known about an image."""
    return await services.images.adescribe(image_id)


_PICTURE = {
    200: {
        "content": {
            "image/png": {"schema": {"type": "string", "format": "binary"}},
            "image/jpeg": {"schema": {"type": "string", "format": "binary"}},
        },
        "description": "The picture.",
    }
}
_THUMBNAIL = {200: {**_PICTURE[200], "content": {"image/jpeg": {}}}}


@router.get("/{image_id}/content", response_class=Response, responses=_PICTURE)  # type: ignore[arg-type] # FastAPI's own is too narrow
async def image_content(image_id: ImageId, services: ServicesOfApp) -> Response:
    """The picture itself."""
    record = await services.images.adescribe(image_id)
    return Response(await services.images.aget(image_id), media_type=record.mime_type)


@router.get("/{image_id}/thumbnail", response_class=Response, responses=_THUMBNAIL)  # type: ignore[arg-type] # FastAPI's own is too narrow
async def image_thumbnail(image_id: ImageId, services: ServicesOfApp) -> Response:
    """A JPEG of at most 256 by 256 pixels."""
    return Response(await services.images.athumbnail(image_id), media_type="image/jpeg")


@router.delete("/{image_id}", status_code=204)
async def delete_image(image_id: ImageId, services: ServicesOfApp) -> None:
    """Remove an image for good."""
    await services.images.adescribe(image_id)
    await services.images.adelete(image_id)
