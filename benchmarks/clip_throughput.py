"""Images per second through `OpenCLIPEmbeddings`, against the usual loop and against its own bound.

    python benchmarks/clip_throughput.py                # camera pictures of 12 megapixels, drawn
    python benchmarks/clip_throughput.py --megapixels 0.2 --images 96 --precision int8

The weights are random, which changes nothing about the speed. The loop is the one of
langchain-experimental's `OpenCLIPEmbeddings.embed_image`, in fp32 on the same weights: open all,
one image per forward pass. The bound is cores divided by the CPU seconds that decoding (with JPEG
draft) and the forward pass of a batch take by themselves. Variants take turns in every round; the
table gives the median of the rounds, the lowest and the highest.
"""

import argparse
import io
import os
import resource
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch  # noqa: TID253 - what is measured against
from PIL import Image

from langchain_phase5.retrievers import OpenCLIPEmbeddings
from langchain_phase5.retrievers.image_source import decode


def camera_pictures(count: int, megapixels: float) -> list[bytes]:
    """Make JPEGs with the detail of photographs, so that decoding them costs what it does."""
    height = round((megapixels * 1e6 * 3 / 4) ** 0.5)
    width = round(height * 4 / 3)
    rng = np.random.default_rng(0)
    pictures = []
    for _ in range(count):
        coarse = Image.fromarray(rng.integers(0, 256, (24, 32, 3), dtype=np.uint8))
        noise = rng.normal(0, 6, (height, width, 1))
        smooth = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), dtype=float)
        file = io.BytesIO()
        pixels = np.clip(smooth + noise, 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(file, "JPEG", quality=90)
        pictures.append(file.getvalue())
    return pictures


def spent() -> tuple[float, float]:
    """Return wall and CPU seconds since some moment."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return time.perf_counter(), usage.ru_utime + usage.ru_stime


def same_weights(name: str, precision: str | None) -> OpenCLIPEmbeddings:
    """Make the same random model at every call."""
    torch.manual_seed(0)
    clip = OpenCLIPEmbeddings(name, pretrained=None, device="cpu", precision=precision)
    print(f"{name} computing in {clip.model.precision}")
    return clip


def loop(clip: OpenCLIPEmbeddings, pictures: list[bytes]) -> list[list[float]]:
    """Embed as langchain-experimental does."""
    model = clip.model
    images = [Image.open(io.BytesIO(data)) for data in pictures]
    vectors = []
    for image in images:
        features = model.network.encode_image(model.preprocess(image).unsqueeze(0))
        features = features / features.norm(p=2, dim=1, keepdim=True)
        vectors.append(features.squeeze(0).tolist())
    return vectors


def main() -> None:
    """Measure everything in turns and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="ViT-B-32")
    parser.add_argument("--images", type=int, default=48)
    parser.add_argument("--megapixels", type=float, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--precision", choices=["fp32", "bf16", "int8"], help="as it chooses")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    exact = same_weights(arguments.model, "fp32")
    clip = same_weights(arguments.model, arguments.precision)
    model = clip.model
    pictures = camera_pictures(arguments.images, arguments.megapixels)
    batch = list(torch.randn(clip.batch_size, 3, model.image_size, model.image_size))
    share = arguments.images / clip.batch_size

    def forward() -> None:
        for _ in range(max(1, round(share))):
            model.encode_images(batch)

    def decoding() -> None:
        for data in pictures:
            model.preprocess(decode(data, at_least=model.image_size).image)

    variants: dict[str, Callable[[], object]] = {
        "the loop of langchain-experimental": lambda: loop(exact, pictures),
        "OpenCLIPEmbeddings": lambda: clip.embed_images(pictures),
        "decoding alone": decoding,
        "forward pass alone": forward,
    }
    counts = dict.fromkeys(variants, arguments.images)
    counts["forward pass alone"] = clip.batch_size * max(1, round(share))
    measured: dict[str, list[tuple[float, float]]] = {name: [] for name in variants}
    forward()
    for _ in range(arguments.rounds):
        for name, run in variants.items():
            before = spent()
            run()
            wall, cpu = (now - then for now, then in zip(spent(), before, strict=True))
            measured[name].append((counts[name] / wall, 1000 * cpu / counts[name]))
    print(
        f"{arguments.model}, {arguments.images} JPEGs of {arguments.megapixels} MP, "
        f"{torch.get_num_threads()} threads, load {os.getloadavg()[0]:.1f}"
    )
    print(f"{'':36} {'images/s':>22}   {'CPU ms per image':>24}")
    for name, runs in measured.items():
        rates, costs = zip(*runs, strict=True)
        print(f"{name:36} {_spread(rates, 2)}   {_spread(costs, 1)}")
    cost = {name: min(cpu for _, cpu in runs) for name, runs in measured.items()}
    bound = cost["decoding alone"] + cost["forward pass alone"]
    rate = {name: max(rate for rate, _ in runs) for name, runs in measured.items()}
    most, usual = 1000 * arguments.threads / bound, "the loop of langchain-experimental"
    ours = "OpenCLIPEmbeddings"
    print(f"bound: {most:.2f} images/s, {bound:.1f} CPU ms per image; of it are reached")
    print(f"  {bound / cost[ours]:.0%} in CPU time, {rate[ours] / most:.0%} in images per second;")
    print("times the loop:")
    print(
        f"  {cost[usual] / cost[ours]:.2f} in CPU time, {rate[ours] / rate[usual]:.2f} in images/s"
    )
    reference = np.array(loop(exact, pictures[:8]))
    cosines = (reference * np.array(clip.embed_images(pictures[:8]))).sum(1)
    print(f"lowest cosine to the loop's vectors: {cosines.min():.6f}")


def _spread(values: tuple[float, ...], digits: int) -> str:
    middle = statistics.median(values)
    return f"{middle:9.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


if __name__ == "__main__":
    main()
