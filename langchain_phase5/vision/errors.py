"""What can be wrong with an image. All are `ValueError`s whose text says what to do.

ImageError
├── ImageNotAllowedError    the path lies outside the roots, or the URL is refused
├── ImageNotFoundError      no such file, frame or stored image
├── ImageTooLargeError      more bytes, pixels, frames or seconds than the limits grant
└── UnreadableImageError    broken, or of a format that is not accepted
"""


class ImageError(ValueError):
    """An image could not be loaded."""


class ImageNotAllowedError(ImageError):
    """The source is one this caller may not read."""


class ImageNotFoundError(ImageError):
    """There is nothing where the source points."""


class ImageTooLargeError(ImageError):
    """The image asks for more than the limits grant."""


class UnreadableImageError(ImageError):
    """The bytes are no image, a broken one, or one of a format that is not accepted."""
