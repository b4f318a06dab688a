"""Stand-ins for routing tests: a handful of tools and embeddings that know words."""

import hashlib

import numpy as np
from langchain_core.embeddings import Embeddings

from langchain_phase5.routing.text.words import words


class WordEmbeddings(Embeddings):
    """Texts that share words are alike; counts what it was asked."""

    def __init__(self, dimensions=64):
        self.dimensions = dimensions
        self.documents, self.queries = [], []

    def vector(self, text):
        total = np.full(self.dimensions, 1e-3)
        for word in words(text):
            seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big")
            total += np.random.default_rng(seed).standard_normal(self.dimensions)
        return (total / np.linalg.norm(total)).tolist()

    def embed_documents(self, texts):
        self.documents.extend(texts)
        return [self.vector(text) for text in texts]

    def embed_query(self, text):
        self.queries.append(text)
        return self.vector(text)


def make_tool(name, description=""):
    return {"name": name, "description": description}


TOOLS = [
    make_tool("get_weather", "Weather forecast for a city"),
    make_tool("send_mail", "Send an e-mail message to somebody"),
    make_tool("convert_currency", "Convert money between currencies"),
    make_tool("play_music", "Play a song by an artist"),
    make_tool("book_table", "Reserve a seat in a restaurant"),
]


def names(ranking):
    return [scored.name for scored in ranking]
