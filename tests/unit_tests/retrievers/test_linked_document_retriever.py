"""A picture finds the texts that belong to pictures like it."""

import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.vectorstores import InMemoryVectorStore

from langchain_phase5.retrievers import CLIPImageRetriever, LinkedDocumentRetriever


@pytest.fixture
def retriever(clip, folder):
    texts = InMemoryVectorStore(DeterministicFakeEmbedding(size=8))
    texts.add_texts(["shares of 2024", "growth", "terms"], ids=["p1", "p2", "p3"])
    images = CLIPImageRetriever(embeddings=clip, k=3)
    links = {
        "pie.png": {"document_ids": ["p1", "p3"]},
        "bars.png": {"document_ids": "p2"},
        "invoice.png": {"document_ids": ["p3", "lost"]},
    }
    images.add_images(folder, metadatas=links)
    return LinkedDocumentRetriever(images=images, lookup=texts.get_by_ids)


@pytest.mark.parametrize("async_", [False, True])
async def test_texts_come_in_the_order_of_their_images(retriever, folder, draw, async_):
    async def ask(query, **kwargs):
        return (
            await retriever.ainvoke(query, **kwargs)
            if async_
            else retriever.invoke(query, **kwargs)
        )

    found = await ask(draw("pie.png"))

    assert [document.page_content for document in found][:2] == ["shares of 2024", "terms"]
    assert found[0].metadata["image_source"] == str(folder / "pie.png")
    assert found[0].metadata["image_score"] > 0.5
    assert len(await ask(draw("pie.png"), k=1)) == 1


def test_images_without_links_bring_nothing(retriever, draw):
    retriever.images.k = 1

    assert retriever.invoke(draw("letter.png")) == []
