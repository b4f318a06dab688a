"""Measures the most memory and time that one hostile input costs the loader, each in a process.

python benchmarks/ocr_inputs.py [folders of hostile files]
"""

import io
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image
from pillow_heif import register_heif_opener  # noqa: TID253 - a script, not the package

from langchain_phase5.vision import ImageError, load_image

SAMPLES = Path(__file__).parents[2] / "shared" / "data" / "vision"
FOLDERS = (SAMPLES / "robust_images" / "f", SAMPLES / "pdf_ocr")


def drawn() -> dict[str, bytes]:
    """Draw pictures just below the default limits, in the modes that cost most."""
    exif = Image.Exif()
    exif[0x0112] = 6
    size = (6320, 6320)
    made = {
        "39.9 MP PNG, transparent": (Image.new("RGBA", size, (9, 9, 9, 90)), "PNG", {}),
        "39.9 MP PNG, 16 bits": (Image.new("I;16", size), "PNG", {}),
        "39.9 MP JPEG, to be turned": (Image.new("RGB", size), "JPEG", {"exif": exif}),
        "39.9 MP JPEG, CMYK": (Image.new("CMYK", size), "JPEG", {}),
        "39.9 MP TIFF, float": (Image.new("F", size, 0.5), "TIFF", {"compression": "tiff_lzw"}),
        "39.9 MP GIF": (Image.new("P", size), "GIF", {}),
        "13.3 MP WebP": (Image.new("RGBA", (3640, 3640)), "WEBP", {"lossless": True}),
        "13.3 MP WebP, lossy": (Image.new("RGB", (3640, 3640)), "WEBP", {"quality": 60}),
        "13.3 MP AVIF": (Image.new("RGBA", (3640, 3640)), "AVIF", {"speed": 10}),
        "13.3 MP HEIC": (Image.new("RGBA", (3640, 3640)), "HEIF", {"quality": 50}),
        "19.9 MP PNG, to be turned": (Image.new("RGB", (4460, 4460)), "PNG", {"exif": exif}),
    }
    register_heif_opener()
    files = {}
    for name, (image, kind, options) in made.items():
        out = io.BytesIO()
        image.save(out, kind, **options)
        files[name] = out.getvalue()
    frames = [Image.fromarray(np.full((2000, 2000), i, np.uint8)) for i in range(40)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    files["40 frames of 4 MP"] = out.getvalue()
    return files


def peak_memory() -> int:
    """Return the most memory so far, in kB; getrusage also counts the program that forked us."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def measure_one() -> None:
    """Load what comes in, and print seconds and megabytes beyond those of the program itself."""
    data = sys.stdin.buffer.read()
    own = peak_memory()
    start = time.perf_counter()
    try:
        loaded = load_image(data)
        outcome = f"{loaded.format} {loaded.image.width} x {loaded.image.height}"
    except ImageError as error:
        outcome = type(error).__name__
    seconds = time.perf_counter() - start
    most = peak_memory() - own
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"{seconds:.2f} {most / 1024:.0f} {child / 1024:.0f} {outcome}")


def main() -> None:
    """Print the costliest inputs."""
    folders = [Path(name) for name in sys.argv[1:]] or [path for path in FOLDERS if path.exists()]
    files = {file.name: file.read_bytes() for path in folders for file in sorted(path.iterdir())}
    files |= drawn()
    rows = []
    for name, data in files.items():
        done = subprocess.run(  # noqa: S603 - this very script
            [sys.executable, __file__, "--one"], input=data, capture_output=True, check=False
        )
        if done.returncode:
            print(f"{name}: the process died with {done.returncode}")
            continue
        seconds, most, child, outcome = done.stdout.decode().strip().split(maxsplit=3)
        rows.append((float(seconds), int(most), int(child), name, outcome))
    print(f"{len(rows)} inputs of {len(files)} survived")
    print("seconds  MB  MB in the PDF process  input")
    for key in (0, 1, 2):
        for row in sorted(rows, key=lambda row, key=key: -row[key])[:5]:  # type: ignore[misc]
            print(f"{row[0]:7.2f} {row[1]:4d} {row[2]:4d}  {row[3]}: {row[4]}")
        print()


if __name__ == "__main__":
    measure_one() if "--one" in sys.argv else main()
