"""Texts and images in one space: standard tests, batches, threads, errors that help."""

import os
import subprocess
import sys
import threading

import numpy as np
import open_clip  # noqa: TID253 - to check against
import pytest
import torch  # noqa: TID253 - to check against
from langchain_tests.integration_tests import EmbeddingsIntegrationTests
from langchain_tests.unit_tests import EmbeddingsUnitTests
from PIL import Image

from langchain_phase5.demo import tiny_drawings
from langchain_phase5.retrievers import (
    ModelUnavailableError,
    OpenCLIPEmbeddings,
    UnreadableImageError,
)
from langchain_phase5.retrievers.int8_image_encoder import Int8ImageEncoder
from langchain_phase5.retrievers.precision import best_precision

TINY = f"local-dir:{tiny_drawings.path()}"


class TestStandardUnit(EmbeddingsUnitTests):
    @property
    def embeddings_class(self):
        return OpenCLIPEmbeddings

    @property
    def embedding_model_params(self):
        return {"model_name": TINY}


class TestStandardIntegration(EmbeddingsIntegrationTests):
    @property
    def embeddings_class(self):
        return OpenCLIPEmbeddings

    @property
    def embedding_model_params(self):
        return {"model_name": TINY, "device": "cpu"}


def test_equals_open_clip_used_by_hand(clip, draw):
    network, _, preprocess = open_clip.create_model_and_transforms(TINY)
    network.eval()
    tokenize = open_clip.get_tokenizer(TINY)
    image, text = draw("pie.png"), "a pie chart"
    with torch.inference_mode():
        expected_image = network.encode_image(preprocess(image)[None], normalize=True)[0]
        expected_text = network.encode_text(tokenize([text]), normalize=True)[0]

    assert clip.embed_images([image])[0] == pytest.approx(expected_image.tolist(), abs=1e-5)
    assert clip.embed_query(text) == pytest.approx(expected_text.tolist(), abs=1e-5)


@pytest.mark.parametrize("count", [0, 1, 4, 5, 13])
def test_batches_change_nothing_and_keep_the_order(clip, draw, count):
    batched = OpenCLIPEmbeddings(
        TINY, device="cpu", precision="fp32", batch_size=4, decode_threads=3
    )
    images = [draw(name) for name in ["pie.png", "bars.png", "letter.png"] * 5][:count]
    texts = [f"{number} circles" for number in range(count)]

    one_by_one = [clip.embed_images([image])[0] for image in images]
    assert np.allclose(batched.embed_images(images), one_by_one, atol=1e-5)
    assert np.allclose(
        batched.embed_documents(texts), [clip.embed_query(text) for text in texts], atol=1e-5
    )


def test_vectors_have_length_one(clip, draw):
    vectors = [*clip.embed_images([draw("pie.png")]), *clip.embed_documents(["a", ""])]

    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1], abs=1e-5)


def test_embed_image_takes_file_names(clip, folder):
    names = [str(folder / "pie.png"), str(folder / "bars.png")]

    assert clip.embed_image(names) == clip.embed_images(names)


def test_one_unreadable_image_is_an_error(clip, folder):
    with pytest.raises(UnreadableImageError, match=r"none\.png"):
        clip.embed_images([folder / "pie.png", folder / "none.png"])


def test_a_fault_in_the_caller_is_not_swallowed(clip):
    def broken(_):
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        list(clip.stream([1, 2], broken))


def test_endless_streams_need_no_endless_memory(clip):
    taken = 0

    def numbers():
        nonlocal taken
        while True:
            taken += 1
            yield taken

    image = Image.new("RGB", (64, 64))
    stream = clip.stream(numbers(), lambda number: None if number % 2 else image)
    outcomes = [next(stream)[1] for _ in range(10)]

    assert [outcome is None for outcome in outcomes] == [True, False] * 5
    assert taken < 10 * clip.batch_size
    stream.close()


def test_loads_once_however_many_threads_ask(draw):
    clip = OpenCLIPEmbeddings(TINY, device="cpu")
    models, vectors = [], []

    def work():
        models.append(clip.model)
        vectors.append(clip.embed_query("a pie chart") + clip.embed_images([image])[0])

    image = draw("pie.png")
    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(model) for model in models}) == 1
    assert np.allclose(vectors, vectors[0], atol=1e-5)


@pytest.mark.parametrize("precision", ["fp16", "bf16"])
def test_half_precision_is_close_and_of_the_same_model(clip, folder, precision):
    half = OpenCLIPEmbeddings(TINY, device="cpu", precision=precision)
    images, texts = sorted(folder.iterdir()), ["a pie chart", "an invoice"]

    pairs = zip(
        clip.embed_images(images) + clip.embed_documents(texts),
        half.embed_images(images) + half.embed_documents(texts),
        strict=True,
    )
    assert min(np.dot(exact, rough) for exact, rough in pairs) > 0.9995
    assert half.fingerprint == clip.fingerprint


@pytest.mark.parametrize(
    "setting",
    [{"OMP_THREAD_LIMIT": "1"}, {"OMP_DYNAMIC": "TRUE"}],
)
def test_bf16_is_right_where_openmp_starts_fewer_threads(tmp_path, setting):
    Image.new("RGB", (64, 64), "teal").save(tmp_path / "teal.png")
    code = (
        "import sys\nimport torch\nfrom numpy import array\n"
        "from langchain_phase5.retrievers import OpenCLIPEmbeddings\n"
        "exact, rough = (\n"
        "    array(OpenCLIPEmbeddings(sys.argv[1], precision=each).embed_image(sys.argv[2:]))\n"
        "    for each in ('fp32', 'bf16')\n"
        ")\n"
        "print((exact * rough).sum(), torch.get_num_threads())"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code, TINY, tmp_path / "teal.png"],
        env=os.environ | {"OMP_NUM_THREADS": "4"} | setting,
        capture_output=True,
        text=True,
        check=True,
    )
    similarity, threads = done.stdout.split()
    assert float(similarity) > 0.9995
    assert threads == "1"  # with OMP_DYNAMIC only a busy machine would show it in the vectors


@pytest.mark.parametrize(
    ("device", "expected"), [("cuda:1", "fp16"), ("cpu", "fp32"), ("mps", "fp32")]
)
def test_computes_in_the_format_that_the_device_is_made_for(device, expected):
    assert best_precision(device) == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"precision": "fp8"}, "bf16"), ({"precision": "int8", "device": "cuda"}, "CPU")],
)
def test_formats_that_do_not_exist_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        OpenCLIPEmbeddings(TINY, **arguments)


@pytest.fixture(scope="module")
def int8():
    pytest.importorskip("onnxscript", reason="the optional extra `int8` is not installed")
    return OpenCLIPEmbeddings(TINY, precision="int8")


def test_8_bits_are_close_and_of_the_same_model(clip, int8, folder):
    images = sorted(folder.iterdir())

    pairs = zip(clip.embed_images(images), int8.embed_images(images), strict=True)
    assert min(np.dot(exact, rough) for exact, rough in pairs) > 0.999
    assert len({tuple(vector) for vector in int8.embed_images(images[:1] * 2)}) == 1
    assert np.dot(clip.embed_query("a pie chart"), int8.embed_query("a pie chart")) > 0.9995
    assert int8.fingerprint == clip.fingerprint


class Lopsided(torch.nn.Module):
    """One of its numbers is so large that 8 bits leave nothing of the others, which matter."""

    def __init__(self):
        super().__init__()
        self.products = torch.nn.Linear(4, 64, bias=False)
        self.products.weight.data[:, 3] = 0

    def encode_image(self, images, normalize=False):
        pooled = images.mean((2, 3))
        vectors = self.products(torch.cat([pooled, torch.full_like(pooled[:, :1], 1e5)], dim=1))
        return torch.nn.functional.normalize(vectors, dim=-1) if normalize else vectors


def test_weights_that_8_bits_are_too_coarse_for_are_refused():
    pytest.importorskip("onnxscript", reason="the optional extra `int8` is not installed")
    with pytest.raises(ValueError, match="too coarse"):
        Int8ImageEncoder(Lopsided().requires_grad_(False), image_size=16)


def test_8_bits_need_their_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ImportError, match="int8"):
        OpenCLIPEmbeddings(TINY, precision="int8").embed_query("x")


def test_fingerprint_tells_models_apart(clip):
    random = OpenCLIPEmbeddings("RN50", pretrained=None, device="cpu")
    again = OpenCLIPEmbeddings.from_local(tiny_drawings.path())

    assert clip.fingerprint == again.fingerprint
    assert clip.fingerprint != random.fingerprint


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"model_name": "ViT-B-33"}, "no model 'ViT-B-33'"),
        ({"pretrained": "laion3b"}, "laion2b_s34b_b79k"),
        ({"model_name": "local-dir:/nowhere"}, "safetensors"),
    ],
)
def test_wrong_names_say_what_there_is(arguments, message):
    with pytest.raises(ValueError, match=message):
        OpenCLIPEmbeddings(**arguments).embed_query("x")


def test_no_batches_of_nothing():
    with pytest.raises(ValueError, match="batch_size"):
        OpenCLIPEmbeddings(batch_size=0)


def test_weights_that_could_run_code_are_refused(tmp_path):
    config = (tiny_drawings.path() / "open_clip_config.json").read_text()
    (tmp_path / "open_clip_config.json").write_text(config)
    torch.save({}, tmp_path / "open_clip_pytorch_model.bin")

    with pytest.raises(ValueError, match="can run code"):
        OpenCLIPEmbeddings.from_local(tmp_path).embed_query("x")


@pytest.mark.parametrize("fault", ["config", "weights"])
def test_damaged_model_folders_are_named(tmp_path, fault):
    for file in tiny_drawings.path().iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    if fault == "config":
        (tmp_path / "open_clip_config.json").write_text("{}")
    else:
        (tmp_path / "open_clip_model.safetensors").write_bytes(b"\0" * 100)

    with pytest.raises(ValueError, match=str(tmp_path)):
        OpenCLIPEmbeddings.from_local(tmp_path).embed_query("x")


def test_without_the_hub_the_remedy_is_told(monkeypatch):
    def unreachable(*args, **kwargs):
        raise OSError("no route to the hub")

    monkeypatch.setattr(open_clip, "create_model_and_transforms", unreachable)
    with pytest.raises(ModelUnavailableError, match="from_local"):
        OpenCLIPEmbeddings().embed_query("x")


class Hub:
    """Stands for the hub's session; refuses, or answers the question whether it is there."""

    def __init__(self, error=None):
        self.error, self.requests = error, []

    def head(self, url, *, timeout):
        self.requests.append(("HEAD", url))
        if self.error:
            raise self.error


def test_a_hub_that_does_not_answer_is_asked_once(monkeypatch, tmp_path, caplog):
    import huggingface_hub  # noqa: PLC0415 - comes with open_clip

    hub = Hub(OSError("no route"))
    monkeypatch.setattr(huggingface_hub, "get_session", lambda: hub)
    with pytest.raises(ModelUnavailableError, match="which does not answer") as caught:
        OpenCLIPEmbeddings(cache_dir=str(tmp_path)).embed_query("x")
    for remedy in ("HF_HUB_OFFLINE", "HF_ENDPOINT", "from_local", "tiny_drawings", "HF_HOME"):
        assert remedy in str(caught.value)
    assert len(hub.requests) == 1
    assert "Retrying" not in caplog.text
    assert not huggingface_hub.constants.HF_HUB_OFFLINE, "others may still use the hub"


def test_a_hub_that_answers_is_used(monkeypatch, tmp_path):
    import huggingface_hub  # noqa: PLC0415 - comes with open_clip

    def create(*args, **kwargs):
        assert not huggingface_hub.constants.HF_HUB_OFFLINE
        raise OSError("404")

    hub = Hub()
    monkeypatch.setattr(huggingface_hub, "get_session", lambda: hub)
    monkeypatch.setattr(open_clip, "create_model_and_transforms", create)
    with pytest.raises(ModelUnavailableError, match="from the model hub on first use"):
        OpenCLIPEmbeddings(cache_dir=str(tmp_path)).embed_query("x")
    assert len(hub.requests) == 1


def test_local_models_need_no_hub(monkeypatch, clip):
    import huggingface_hub  # noqa: PLC0415 - comes with open_clip

    hub = Hub(OSError("no route"))
    monkeypatch.setattr(huggingface_hub, "get_session", lambda: hub)
    again = OpenCLIPEmbeddings(**clip.arguments)
    assert again.embed_query("a chart") == clip.embed_query("a chart")
    assert hub.requests == []


@pytest.mark.parametrize(("module", "use"), [("open_clip", "embed_query"), ("faiss", "search")])
def test_missing_extra_is_named(monkeypatch, clip, module, use):
    from langchain_phase5.retrievers import ImageIndex  # noqa: PLC0415 - read as in a bare install

    index = ImageIndex.from_texts(["x"], clip)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=r"langchain-phase5\[clip\]"):
        if use == "search":
            index.similarity_search("x")
        else:
            OpenCLIPEmbeddings().embed_query("x")
