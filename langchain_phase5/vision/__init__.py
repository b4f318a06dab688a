"""Look at an image: load it safely, describe it, read its text and charts, keep it."""

from langchain_phase5.vision.analyzer import VisionAnalyzer
from langchain_phase5.vision.charts import (
    ChartAxis,
    ChartData,
    ChartPoint,
    ChartReader,
    ChartSeries,
    UnreadableChartError,
)
from langchain_phase5.vision.errors import (
    ImageError,
    ImageNotAllowedError,
    ImageNotFoundError,
    ImageTooLargeError,
    UnreadableImageError,
)
from langchain_phase5.vision.fetch import ImageFetcher
from langchain_phase5.vision.hocr import to_hocr
from langchain_phase5.vision.image_store import ImageStore
from langchain_phase5.vision.images import LoadedImage, aload_image, load_frames, load_image
from langchain_phase5.vision.limits import ImageLimits
from langchain_phase5.vision.ocr import OCREngine
from langchain_phase5.vision.ocr_result import Box, OCRLine, OCRResult, OCRWord
from langchain_phase5.vision.pdf import PdfPages
from langchain_phase5.vision.results import (
    ColorShare,
    ImageAnalysis,
    ImageComparison,
    ImageDifference,
    ImageMatch,
    ImageSearch,
)
from langchain_phase5.vision.sources import ImageSource
from langchain_phase5.vision.stored_image import StoredImage
from langchain_phase5.vision.tesseract import TesseractNotFoundError
from langchain_phase5.vision.tool_image_middleware import ToolImageMiddleware
from langchain_phase5.vision.toolkit import VisionToolkit
from langchain_phase5.vision.vision_model import VisionModelError

__all__ = [
    "Box",
    "ChartAxis",
    "ChartData",
    "ChartPoint",
    "ChartReader",
    "ChartSeries",
    "ColorShare",
    "ImageAnalysis",
    "ImageComparison",
    "ImageDifference",
    "ImageError",
    "ImageFetcher",
    "ImageLimits",
    "ImageMatch",
    "ImageNotAllowedError",
    "ImageNotFoundError",
    "ImageSearch",
    "ImageSource",
    "ImageStore",
    "ImageTooLargeError",
    "LoadedImage",
    "OCREngine",
    "OCRLine",
    "OCRResult",
    "OCRWord",
    "PdfPages",
    "StoredImage",
    "TesseractNotFoundError",
    "ToolImageMiddleware",
    "UnreadableChartError",
    "UnreadableImageError",
    "VisionAnalyzer",
    "VisionModelError",
    "VisionToolkit",
    "aload_image",
    "load_frames",
    "load_image",
    "to_hocr",
]
