"""Every installed part, run once on something small."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from langchain_phase5.cli.checkup.finding import Finding
from langchain_phase5.cli.checkup.packages import PACKAGE, extra_is_installed

_WORDS = "Invoice 1446"


def trial_findings() -> Iterator[Finding]:
    """Run each part whose extra is installed, one after the other, and say how long it took."""
    for name, extra, trial in _TRIALS:
        if extra is None or extra_is_installed(extra):
            yield _tried(name, extra, trial)


def _tried(name: str, extra: str | None, trial: Callable[[], str]) -> Finding:
    started = time.perf_counter()
    try:
        said = trial()
    except Exception as error:  # noqa: BLE001 - whatever a part can raise is what we look for
        place = f"{PACKAGE}[{extra}]" if extra else PACKAGE
        return Finding(
            area="Trials",
            name=name,
            state="broken",
            detail=f"{type(error).__name__}: {str(error).strip().split(chr(10))[0]}",
            fix=f"pip install --force-reinstall '{place}'",
        )
    seconds = time.perf_counter() - started
    return Finding(area="Trials", name=name, state="ok", detail=f"{said}, in {seconds:.1f} s")


def _expect(condition: bool, said: str) -> str:
    if not condition:
        raise RuntimeError(said)
    return said


def _routing() -> str:
    from langchain_core.tools import tool

    from langchain_phase5.routing import ToolRouter

    @tool
    def refund_order(order: str) -> str:
        """Pay back what a customer paid for an order."""
        return order

    @tool
    def get_weather(city: str) -> str:
        """Say what the weather is like in a city."""
        return city

    best = ToolRouter(top_k=1).route("what is the weather like?", [refund_order, get_weather])
    return _expect(best[0].name == "get_weather", f"a question was routed to {best[0].name}")


def _metrics() -> str:
    from langchain_core.runnables import RunnableLambda
    from prometheus_client import CollectorRegistry, generate_latest

    from langchain_phase5.callbacks import PrometheusCallbackHandler

    registry = CollectorRegistry()
    handler = PrometheusCallbackHandler(registry=registry)
    RunnableLambda(lambda said: said).invoke("hello", {"callbacks": [handler]})
    families = generate_latest(registry).count(b"# TYPE")
    return _expect(families > 0, f"{families} metrics were exported")


def _evaluation() -> str:
    from langchain_phase5.evaluation import AgentEvaluator

    examples = [{"inputs": {"query": "hello"}, "outputs": {"answer": "hello"}}]
    report = AgentEvaluator().evaluate(lambda inputs: inputs["query"], examples)
    return _expect(report.accuracy.value == 1, f"one example was graded {report.accuracy.value}")


def _database() -> str:
    from langchain_phase5.storage import Database, OutcomeStore

    with TemporaryDirectory() as folder, Database(f"sqlite:///{folder}/trial.db") as database:
        OutcomeStore(database)
    return "tables were made in SQLite"


def _note(folder: str) -> Path:
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (460, 100), "white")
    ImageDraw.Draw(picture).text((20, 20), _WORDS, fill="black", font_size=48)
    path = Path(folder) / "note.png"
    picture.save(path)
    return path


def _ocr() -> str:
    from langchain_phase5.vision import OCREngine

    with TemporaryDirectory() as folder:
        read = OCREngine(engine="tesseract").read(_note(folder))
    return _expect(_WORDS.split()[1] in read.text, f"{_WORDS!r} was read as {read.text.strip()!r}")


def _photo_ocr() -> str:
    from langchain_phase5.vision import OCREngine

    with TemporaryDirectory() as folder:
        read = OCREngine(engine="rapidocr").read(_note(folder))
    return _expect(_WORDS.split()[1] in read.text, f"{_WORDS!r} was read as {read.text.strip()!r}")


def _image_search() -> str:
    from langchain_phase5.demo import tiny_drawings
    from langchain_phase5.retrievers import ImageIndex, OpenCLIPEmbeddings

    clip = OpenCLIPEmbeddings.from_local(tiny_drawings.path())
    with TemporaryDirectory() as folder:
        vector = clip.embed_image([str(_note(folder))])
    with ImageIndex(clip) as index:
        index.add_embeddings(["a note"], vector)
        found = index.similarity_search("an invoice", k=1)
    return _expect(len(found) == 1, f"{len(found)} image was found")


def _local_embeddings() -> str:
    from langchain_phase5.routing import LocalEmbeddings

    size = len(LocalEmbeddings().embed_query("hello"))
    return f"a sentence became {size} numbers"


def _statistics() -> str:
    import matplotlib as mpl
    import pandas as pd
    import ragas

    return f"matplotlib {mpl.__version__}, pandas {pd.__version__}, ragas {ragas.__version__}"


def _graphics_card() -> str:
    import torch

    if torch.cuda.is_available():
        return f"PyTorch computes on {torch.cuda.get_device_name()}"
    if torch.backends.mps.is_available():
        return "PyTorch computes on the Apple GPU"
    return "PyTorch computes on the CPU"


def _server() -> str:
    from langchain_phase5.server import ServerSettings, create_app

    in_memory = ServerSettings(database="sqlite://", images="memory://")
    return f"{len(create_app(in_memory).openapi()['paths'])} endpoints"


_TRIALS: tuple[tuple[str, str | None, Callable[[], str]], ...] = (
    ("tool routing", None, _routing),
    ("metrics", None, _metrics),
    ("evaluation", None, _evaluation),
    ("database", None, _database),
    ("OCR, Tesseract", "vision", _ocr),
    ("OCR, photos", "ocr", _photo_ocr),
    ("image search", "clip", _image_search),
    ("PyTorch", "clip", _graphics_card),
    ("local embeddings", "local", _local_embeddings),
    ("statistics", "eval", _statistics),
    ("REST service", "server", _server),
)
