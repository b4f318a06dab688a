"""The image part of a model in 8-bit integers, run by ONNX Runtime."""

import tempfile
import warnings
from pathlib import Path
from typing import Any

_LOWEST_COSINE = 0.99
_PRODUCTS = ["MatMul", "Gemm"]
_TEST_PICTURES = 8


class Int8ImageEncoder:
    """Multiplies matrices in 8-bit integers, as most processors do several times as fast.

    Weights are rounded once, in steps of each output channel's own; activations anew for each
    batch. Of a vision transformer that is nearly all the work, of a convolutional network little,
    as convolutions stay in float32. Made anew whenever the model is loaded: some seconds. Nothing
    is kept on the disk.

    Args:
        network: An open_clip model in float32, on the CPU, with up to 2 GB of weights.
        image_size: Side of the square it looks at, in pixels.

    Raises:
        ImportError: The extra `int8` is not installed.
        ValueError: 8 bits are too few for these weights: vectors of test pictures come out with a
            cosine below 0.99 to those of `network`.
    """

    def __init__(self, network: Any, *, image_size: int) -> None:
        import torch

        onnxruntime, quantization = _import_onnxruntime()
        with tempfile.TemporaryDirectory(prefix="int8-") as folder:
            path = Path(folder) / "image.onnx"
            quantization.quantize_dynamic(
                _prepared(quantization, _export(network, image_size)),
                path,
                op_types_to_quantize=_PRODUCTS,
                per_channel=True,
                # Without these instructions, sums of full 8-bit products overflow 16 bits.
                reduce_range=not getattr(torch.cpu, "_is_vnni_supported", bool)(),
                weight_type=quantization.QuantType.QInt8,
            )
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = torch.get_num_threads()
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
            self._session = onnxruntime.InferenceSession(
                path.read_bytes(), options, providers=["CPUExecutionProvider"]
            )
        self._check(network, image_size)

    def __call__(self, batch: Any, *, normalize: bool = False) -> Any:
        """Embed a batch, shape (n, 3, size, size), as open_clip's `encode_image` does."""
        import torch

        vectors = torch.from_numpy(self._session.run(None, {"images": batch.numpy()})[0])
        return torch.nn.functional.normalize(vectors, dim=-1) if normalize else vectors

    def _check(self, network: Any, size: int) -> None:
        import torch

        random = torch.Generator().manual_seed(0)
        noise = [
            torch.randn(1, 3, side, side, generator=random)
            for side in (2 + (size >> number) for number in range(_TEST_PICTURES))
        ]
        pictures = torch.cat(
            [torch.nn.functional.interpolate(part, (size, size), mode="bicubic") for part in noise]
        )
        with torch.inference_mode():
            exact = network.encode_image(pictures, normalize=True)
            cosine = float((exact * self(pictures, normalize=True)).sum(1).min())
        if not cosine >= _LOWEST_COSINE:
            msg = (
                f"8-bit integers are too coarse for these weights: the cosine to the vectors of "
                f"the full model is {cosine:.3f}; leave `precision` out, or take 'bf16'"
            )
            raise ValueError(msg)


def _import_onnxruntime() -> tuple[Any, Any]:
    try:
        import onnxruntime
        import onnxscript  # noqa: F401, PLC0415 - torch exports with it
        from onnxruntime import quantization
    except ImportError as error:
        msg = "precision='int8' needs ONNX Runtime: pip install 'langchain-phase5[clip,int8]'"
        raise ImportError(msg) from error
    return onnxruntime, quantization


def _export(network: Any, size: int) -> Any:
    """Return `encode_image` as an ONNX model that takes batches of any size."""
    import torch

    class ImagePart(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, images: Any) -> Any:
            return self.network.encode_image(images)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of its own inner workings
        program: Any = torch.onnx.export(
            ImagePart().eval(),
            (torch.zeros(2, 3, size, size),),
            input_names=["images"],
            output_names=["vectors"],
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            dynamo=True,
            verbose=False,
        )
    return program.model_proto


def _prepared(quantization: Any, model: Any) -> Any:
    """Have `quantize_dynamic` not ask in the log for a preparation that changes nothing here."""
    quantization.quant_utils.add_pre_process_metadata(model)
    return model
