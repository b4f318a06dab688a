"""Choose an embedding model with what this machine has."""

import logging
import os

from langchain_core.embeddings import Embeddings

logger = logging.getLogger(__name__)


def choose_embeddings() -> tuple[Embeddings | None, str]:
    """Pick OpenAI if a key is set, else the local MiniLM, else none (word search only).

    Returns:
        The model, and its name for logs and caches: `openai:…`, `local:…` or `lexical`.
    """
    if os.environ.get("OPENAI_API_KEY"):
        from langchain_openai import OpenAIEmbeddings  # noqa: PLC0415 - slow to import

        model = OpenAIEmbeddings()
        name = f"openai:{model.model}"
        logger.info("Tool routing embeds with %s.", name)
        return model, name
    try:
        from langchain_phase5.routing.local_embeddings import (  # noqa: PLC0415 - needs an extra
            LocalEmbeddings,
        )

        local = LocalEmbeddings(weigh_documents=True)
    except ImportError as error:
        logger.info("Tool routing uses word search only: %s", error)
        return None, "lexical"
    except ValueError as error:
        logger.warning("Tool routing uses word search only, the local model is damaged: %s", error)
        return None, "lexical"
    logger.info("Tool routing embeds with the local all-MiniLM-L6-v2.")
    return local, f"local:{local.model}"


def embeddings_name(embeddings: Embeddings | None) -> str:
    """Name a model for logs and caches, so that vectors of two models are never mixed."""
    if embeddings is None:
        return "lexical"
    model = getattr(embeddings, "model", None) or getattr(embeddings, "model_name", None)
    kind = type(embeddings).__name__
    return f"{kind}:{model}" if isinstance(model, str) else kind
