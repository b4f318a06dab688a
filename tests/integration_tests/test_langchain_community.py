"""The archived langchain-community still meets our parts: its store, and its tools."""

import pytest
from PIL import Image

from langchain_phase5.demo import tiny_drawings
from langchain_phase5.retrievers import OpenCLIPEmbeddings
from langchain_phase5.routing import ToolRouter

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


@pytest.fixture
def images(tmp_path):
    paths = []
    for color in ("red", "blue", "green"):
        picture = Image.new("RGB", (64, 64), "white")
        picture.paste(color, (16, 16, 48, 48))
        paths.append(tmp_path / f"{color}.png")
        picture.save(paths[-1])
    return [str(path) for path in paths]


def test_its_faiss_store_works_with_our_embeddings(images):
    from langchain_community.vectorstores import FAISS  # noqa: PLC0415 - warns when imported

    embeddings = OpenCLIPEmbeddings.from_local(tiny_drawings.path())
    vectors = embeddings.embed_image(images)
    store = FAISS.from_embeddings(list(zip(images, vectors, strict=True)), embeddings)
    found = store.similarity_search_by_vector(vectors[1], k=1)
    assert found[0].page_content == images[1]
    assert len(store.similarity_search("a red square", k=3)) == 3


def test_its_tools_go_through_the_router(tmp_path):
    from langchain_community.agent_toolkits import FileManagementToolkit  # noqa: PLC0415

    tools = FileManagementToolkit(root_dir=str(tmp_path)).get_tools()
    best = ToolRouter(top_k=1).route("move the file a.txt to b.txt", tools)
    assert best[0].tool.name == "move_file"
