"""Train the tiny model: `python -m langchain_phase5.demo.tiny_drawings.train`."""

import argparse
import json
import math
import random
import time
from pathlib import Path
from typing import Any

import numpy as np

from langchain_phase5.demo.tiny_drawings.caption import Facts, full_caption, partial_caption
from langchain_phase5.demo.tiny_drawings.drawing import Drawing, all_drawings
from langchain_phase5.demo.tiny_drawings.render import render

_PARTIAL_CAPTIONS = 0.4
_MEANINGS_PER_STEP = 96
_RENDERINGS = 2
_FAMILIES = {"shape": 0.62, "chart": 0.22, "document": 0.16}


def main() -> None:
    """Read the arguments, train, write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=900)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "tiny-drawings")
    arguments = parser.parse_args()
    train(arguments.out, steps=arguments.steps, seed=arguments.seed, threads=arguments.threads)


def train(folder: Path, *, steps: int, seed: int, threads: int = 1) -> None:
    """Train from nothing on drawings made as it goes, and write the weights.

    A caption is right for every drawing of the batch that shows what it states, not just for the
    one it was made from; the cross-entropy is taken against that soft target in both directions.
    Without it short queries fail, since two thirds of the right answers would count as wrong.

    Args:
        folder: Holds `open_clip_config.json`, and receives `open_clip_model.safetensors`.
        steps: Optimizer steps.
        seed: Fixes the drawings, the captions and the starting weights.
        threads: Cores to use.
    """
    import open_clip
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    rng = random.Random(seed)  # noqa: S311 - drawings, not secrets
    config = json.loads((folder / "open_clip_config.json").read_text(encoding="utf-8"))
    model = open_clip.CLIP(**config["model_cfg"])
    tokenize = open_clip.SimpleTokenizer(context_length=model.context_length)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=3e-3, total_steps=steps, pct_start=0.08
    )
    meanings = _by_family(drawing for drawing in all_drawings() if not drawing.held_out)
    started = time.process_time()
    for step in range(1, steps + 1):
        pixels, captions, target = _batch(
            meanings, rng, size=config["model_cfg"]["vision_cfg"]["image_size"]
        )
        loss = _loss(model, torch.from_numpy(pixels), tokenize(captions), torch.from_numpy(target))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        with torch.no_grad():
            model.logit_scale.clamp_(0, math.log(100))
        if step % 20 == 0 or step == steps:
            seconds = time.process_time() - started
            print(f"step {step}/{steps} loss {loss.item():.3f} CPU {seconds:.0f} s", flush=True)  # noqa: T201
    _save(model, folder / "open_clip_model.safetensors")


def _by_family(drawings: Any) -> dict[str, list[Drawing]]:
    families: dict[str, list[Drawing]] = {family: [] for family in _FAMILIES}
    for drawing in drawings:
        families[drawing.family].append(drawing)
    return families


def _batch(
    meanings: dict[str, list[Drawing]], rng: random.Random, *, size: int
) -> tuple[np.ndarray, list[str], np.ndarray]:
    """Return pixels, captions and a matrix whose [i, j] says whether caption j fits image i."""
    families = rng.choices(list(_FAMILIES), list(_FAMILIES.values()), k=_MEANINGS_PER_STEP)
    drawings = [rng.choice(meanings[family]) for family in families] * _RENDERINGS
    pixels = np.stack([_pixels(drawing, rng, size) for drawing in drawings])
    said = [_say(drawing, rng) for drawing in drawings]
    fits = [[facts <= drawing.facts for _, facts in said] for drawing in drawings]
    return pixels, [text for text, _ in said], np.array(fits, dtype=np.float32)


def _say(drawing: Drawing, rng: random.Random) -> tuple[str, Facts]:
    if rng.random() < _PARTIAL_CAPTIONS:
        return partial_caption(drawing, rng)
    return full_caption(drawing, rng)


def _pixels(drawing: Drawing, rng: random.Random, size: int) -> np.ndarray:
    from PIL import Image  # noqa: PLC0415

    image = render(drawing, rng, size=2 * size).resize((size, size), Image.Resampling.BICUBIC)
    return np.asarray(image, dtype=np.float32).transpose(2, 0, 1) / 127.5 - 1


def _loss(model: Any, pixels: Any, tokens: Any, fits: Any) -> Any:
    from torch.nn.functional import cross_entropy

    images = model.encode_image(pixels, normalize=True)
    texts = model.encode_text(tokens, normalize=True)
    logits = model.logit_scale.exp() * images @ texts.T
    to_text = cross_entropy(logits, fits / fits.sum(1, keepdim=True))
    to_image = cross_entropy(logits.T, fits.T / fits.T.sum(1, keepdim=True))
    return (to_text + to_image) / 2


def _save(model: Any, path: Path) -> None:
    from safetensors.torch import save_file  # noqa: PLC0415

    unfinished = path.with_suffix(".part")
    save_file(
        {name: value.half().contiguous() for name, value in model.state_dict().items()}, unfinished
    )
    unfinished.replace(path)


if __name__ == "__main__":
    main()
