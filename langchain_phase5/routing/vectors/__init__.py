"""Keep vectors and find the nearest ones."""

from langchain_phase5.routing.vectors.question_vectors import QuestionVectors
from langchain_phase5.routing.vectors.vector_cache import VectorCache
from langchain_phase5.routing.vectors.vector_table import VectorTable

__all__ = ["QuestionVectors", "VectorCache", "VectorTable"]
