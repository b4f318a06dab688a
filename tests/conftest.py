"""What has to be there before any test."""

import contextlib

# It keeps the socket class that it finds when it is imported, which later might be the blocked one.
with contextlib.suppress(ImportError):
    import uvloop  # noqa: F401
