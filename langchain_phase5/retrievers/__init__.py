"""Find an image: CLIP embeddings, an index, and a retriever on top.

- `OpenCLIPEmbeddings`: texts and images as vectors of one space.
- `ImageIndex`: a LangChain vector store on FAISS that survives crashes and hostile files.
- `CLIPImageRetriever`: search by text, by example, or by both.
- `LinkedDocumentRetriever`: the texts that belong to images like the one asked with.
- `index_folder`, `open_index`, `contact_sheet`: a folder of images, searched and looked at.
"""

from langchain_phase5.retrievers.add_report import AddReport
from langchain_phase5.retrievers.clip_image_retriever import CLIPImageRetriever
from langchain_phase5.retrievers.clip_model import ModelUnavailableError
from langchain_phase5.retrievers.contact_sheet import contact_sheet
from langchain_phase5.retrievers.folder_index import index_folder, open_index
from langchain_phase5.retrievers.image_index import ImageIndex
from langchain_phase5.retrievers.image_source import UnreadableImageError
from langchain_phase5.retrievers.index_errors import DamagedIndexError, IndexLockedError
from langchain_phase5.retrievers.linked_document_retriever import LinkedDocumentRetriever
from langchain_phase5.retrievers.open_clip_embeddings import OpenCLIPEmbeddings

__all__ = [
    "AddReport",
    "CLIPImageRetriever",
    "DamagedIndexError",
    "ImageIndex",
    "IndexLockedError",
    "LinkedDocumentRetriever",
    "ModelUnavailableError",
    "OpenCLIPEmbeddings",
    "UnreadableImageError",
    "contact_sheet",
    "index_folder",
    "open_index",
]
