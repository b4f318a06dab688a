"""In which number format a model computes."""

from typing import Any, Literal

Precision = Literal["fp32", "fp16", "bf16", "int8"]

_BF16_INSTRUCTIONS = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")


def best_precision(device: str) -> Precision:
    """Return fp16 on CUDA, bf16 on a processor with instructions for it, fp32 elsewhere.

    Where a processor has none, bf16 is emulated, which is slower than fp32.
    """
    import torch

    if device.startswith("cuda"):
        return "fp16"
    if device == "cpu" and any(getattr(torch.cpu, name, bool)() for name in _BF16_INSTRUCTIONS):
        return "bf16"
    return "fp32"


def torch_dtype(precision: Precision) -> Any:
    """Return torch's name of a format; what is computed in 8 bits comes and goes as fp32."""
    import torch

    return {"fp16": torch.float16, "bf16": torch.bfloat16}.get(precision, torch.float32)
