"""The tiny model does what its card says, and its generator what its captions say."""

import random

import pytest
from PIL import Image

from langchain_phase5.demo import tiny_drawings
from langchain_phase5.demo.tiny_drawings import evaluate, train
from langchain_phase5.retrievers import OpenCLIPEmbeddings


def seeded(seed):
    return random.Random(seed)  # noqa: S311 - drawings, not secrets


@pytest.fixture(scope="module")
def clip():
    return OpenCLIPEmbeddings.from_local(tiny_drawings.path(), device="cpu")


def test_finds_drawings_of_combinations_it_never_saw(clip):
    result = evaluate.evaluate(clip, drawings=200, seed=11)

    assert result.text_to_image.first >= 0.935
    assert result.text_to_image.fifth == 1.0
    assert result.image_to_image.first >= 0.885
    assert result.short_queries.first >= 0.90


def test_is_as_small_as_promised(clip):
    weights = tiny_drawings.path() / "open_clip_model.safetensors"

    assert weights.stat().st_size <= 6_000_000
    assert sum(p.numel() for p in clip.model.network.parameters()) <= 3_000_000


def test_every_meaning_is_drawn_and_described():
    rng = seeded(0)
    for drawing in tiny_drawings.all_drawings():
        image = tiny_drawings.render(drawing, rng, size=64)
        text, facts = tiny_drawings.full_caption(drawing, rng)
        assert image.size == (64, 64)
        assert len(image.getcolors(64 * 64)) > 1
        assert facts == drawing.facts
        assert drawing["subject"] in text
        assert drawing["color"] in text


def test_partial_captions_state_only_what_is_true():
    rng = seeded(0)
    said = [
        (drawing, *tiny_drawings.partial_caption(drawing, rng))
        for drawing in tiny_drawings.all_drawings()
    ]

    assert all(facts <= drawing.facts for drawing, _, facts in said)
    assert any(facts < drawing.facts for drawing, _, facts in said)
    assert all(" a a" not in text and " a o" not in text for _, text, _ in said)


def test_one_meaning_is_rendered_differently_every_time():
    drawing = tiny_drawings.Drawing.of(
        "shape", subject="star", color="red", size="large", count="two"
    )
    rng = seeded(0)
    first, second = (tiny_drawings.render(drawing, rng) for _ in range(2))

    assert first.tobytes() != second.tobytes()


def test_same_seed_same_drawing():
    drawing = tiny_drawings.all_drawings()[5]
    images = [tiny_drawings.render(drawing, seeded(4)) for _ in range(2)]

    assert images[0].tobytes() == images[1].tobytes()


def test_held_out_meanings_are_a_fifth_and_leave_every_detail_for_training():
    drawings = tiny_drawings.all_drawings()
    trained = {fact for drawing in drawings if not drawing.held_out for fact in drawing.facts}
    held_out = [drawing for drawing in drawings if drawing.held_out]

    assert len(set(drawings)) == len(drawings) == 1184
    assert len(held_out) == 252
    assert all(drawing.facts <= trained for drawing in held_out)


def test_training_runs_and_its_weights_load(tmp_path, monkeypatch, capsys):
    config = (tiny_drawings.path() / "open_clip_config.json").read_text()
    (tmp_path / "open_clip_config.json").write_text(config)
    monkeypatch.setattr("sys.argv", ["train", "--steps", "4", "--out", str(tmp_path)])

    train.main()

    assert "step 4/4 loss" in capsys.readouterr().out
    trained = OpenCLIPEmbeddings.from_local(tmp_path, device="cpu")
    assert len(trained.embed_images([Image.new("RGB", (64, 64))])[0]) == 64


def test_the_evaluation_prints_a_line_per_gallery(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["evaluate", "--drawings", "20", "--seeds", "1", "2"])

    evaluate.main()

    assert len(capsys.readouterr().out.splitlines()) == 3
