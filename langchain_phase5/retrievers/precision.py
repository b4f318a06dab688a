"""In which number format a model computes."""

from typing import Any, Literal

Precision = Literal["fp32", "fp16", "bf16", "int8"]


def best_precision(device: str) -> Precision:
    """Return fp16 on CUDA, fp32 elsewhere; bf16 is only taken when it is asked for."""
    return "fp16" if device.startswith("cuda") else "fp32"


def torch_dtype(precision: Precision) -> Any:
    """Return torch's name of a format; what is computed in 8 bits comes and goes as fp32."""
    import torch

    return {"fp16": torch.float16, "bf16": torch.bfloat16}.get(precision, torch.float32)
