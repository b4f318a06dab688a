"""The retriever works on vector stores that know nothing of images."""

import warnings

import faiss  # noqa: TID253 - what langchain-community's store is made from
import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.vectorstores import InMemoryVectorStore, VectorStore
from langchain_qdrant import QdrantVectorStore
from qdrant_client import QdrantClient, models

from langchain_phase5.retrievers import CLIPImageRetriever, ImageIndex

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it announces its own end
    from langchain_community.docstore.in_memory import InMemoryDocstore
    from langchain_community.vectorstores import FAISS


def image_index(clip):
    return ImageIndex(clip), "cosine"


def in_memory(clip):
    return InMemoryVectorStore(clip), "cosine"


def qdrant_embedded(clip):
    client = QdrantClient(":memory:")
    vectors = models.VectorParams(size=64, distance=models.Distance.COSINE)
    client.create_collection("images", vectors_config=vectors)
    return QdrantVectorStore(client, "images", embedding=clip), "cosine"


def community_faiss(clip):
    index = faiss.IndexFlatL2(64)
    return FAISS(clip, index, InMemoryDocstore(), {}), "squared distance"


class BareStore(VectorStore):
    """Only what every vector store has: texts in, documents with scores out."""

    def __init__(self, embedding):
        self.inner = InMemoryVectorStore(embedding)

    def add_texts(self, texts, metadatas=None, *, ids=None, **kwargs):
        return self.inner.add_texts(texts, metadatas, ids=ids)

    def similarity_search_with_score(self, query, k=4, **kwargs):
        return self.inner.similarity_search_with_score(query, k)

    def similarity_search(self, query, k=4, **kwargs):
        return self.inner.similarity_search(query, k)

    @classmethod
    def from_texts(cls, texts, embedding, metadatas=None, **kwargs):
        raise NotImplementedError


STORES = [image_index, in_memory, qdrant_embedded, community_faiss]


@pytest.fixture(params=STORES, ids=lambda make: make.__name__)
def retriever(request, clip):
    store, score_kind = request.param(clip)
    return CLIPImageRetriever(vectorstore=store, score_kind=score_kind, k=2)


def names(documents):
    return [document.metadata["source"].rsplit("/", 1)[-1] for document in documents]


@pytest.mark.parametrize("async_", [False, True])
async def test_finds_by_text_and_by_image(retriever, folder, async_):
    report = retriever.add_images(folder)
    again = retriever.add_images(folder)

    async def ask(query):
        return await retriever.ainvoke(query) if async_ else retriever.invoke(query)

    assert len(report.added) == 6
    assert (len(again.added), len(again.known)) == (0, 6)
    assert names(await ask("an invoice"))[0] == "invoice.png"
    assert names(await ask(folder / "pie.png"))[0] == "pie.png"


def test_scores_are_cosines_whatever_the_store(retriever, folder, clip):
    retriever.add_images(folder)
    reference = CLIPImageRetriever(embeddings=clip, k=2)
    reference.add_images(folder)

    scores = [d.metadata["score"] for d in retriever.invoke("a chart")]
    expected = [d.metadata["score"] for d in reference.invoke("a chart")]
    assert scores == pytest.approx(expected, abs=1e-5)


def test_deletes(retriever, folder):
    report = retriever.add_images(folder / "pie.png")
    retriever.add_images(folder / "bars.png")

    retriever.delete(report.added)

    assert names(retriever.invoke("a chart")) == ["bars.png"]


def test_a_store_with_another_model_is_refused(clip, folder):
    store = InMemoryVectorStore(DeterministicFakeEmbedding(size=64))
    retriever = CLIPImageRetriever(embeddings=clip, vectorstore=store)

    with pytest.raises(ValueError, match="another model"):
        retriever.add_images(folder)


def test_a_store_with_nothing_but_the_basics(clip, folder):
    retriever = CLIPImageRetriever(embeddings=clip, vectorstore=BareStore(clip), k=1)
    retriever.add_images(folder)

    assert names(retriever.invoke("an invoice")) == ["invoice.png"]
    assert names(retriever.invoke(folder / "pie.png")) == ["pie.png"]
    with pytest.raises(TypeError, match="cannot update"):
        retriever.update("any", caption="x")
