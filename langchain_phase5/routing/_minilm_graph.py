"""The ONNX graph of all-MiniLM-L6-v2, written straight from its weights."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Weights = Mapping[str, NDArray[Any]]

_LAYERS = 6
_HEADS = 12
_EPSILON = 1e-12
_FUSED = "com.microsoft"  # onnxruntime's own operators: fewer passes over memory
_FUSED_OPERATORS = {
    "Attention",
    "BiasGelu",
    "EmbedLayerNormalization",
    "SkipLayerNormalization",
}


def minilm_graph(weights: Weights) -> bytes:
    """Build the model that onnxruntime runs, as a serialized ONNX `ModelProto`.

    Six BERT layers, the weighted mean over all tokens, and a division by the length (L2 norm).
    There is no attention mask: every row of a batch must hold the same number of tokens, so that
    nothing is ever padded.

    Args:
        weights: The tensors of `model.safetensors`, by their PyTorch names.

    Returns:
        A graph with the inputs `ids` (`int32`, batch x tokens) and `weights` (`float32`, batch x
        tokens x 1) and the output `vectors` (`float32`, batch x 384).
    """
    from onnx import TensorProto, helper

    graph = _Graph(weights)
    hidden = _embed_tokens(graph)
    for layer in range(_LAYERS):
        hidden = _add_layer(graph, hidden, f"encoder.layer.{layer}.")
    weighted = graph.node("Mul", [hidden, "weights"], "weighted")
    axis = graph.constant("token_axis", np.array([1]))
    mean = graph.node("ReduceMean", [weighted, axis], "mean", keepdims=0)
    graph.node("LpNormalization", [mean], "vectors", axis=-1, p=2)
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "all-MiniLM-L6-v2",
            [
                helper.make_tensor_value_info("ids", TensorProto.INT32, ["batch", "tokens"]),
                helper.make_tensor_value_info("weights", TensorProto.FLOAT, ["batch", "tokens", 1]),
            ],
            [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["batch", 384])],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid(_FUSED, 1)],
        ir_version=9,
    )
    return bytes(model.SerializeToString())


class _Graph:
    """Nodes and constants under construction."""

    def __init__(self, weights: Weights) -> None:
        from onnx import helper, numpy_helper

        self._make_node = helper.make_node
        self._make_constant = numpy_helper.from_array
        self.weights = weights
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, name: str, value: NDArray[Any]) -> str:
        self.constants.append(self._make_constant(np.ascontiguousarray(value), name))
        return name

    def weight(self, name: str) -> str:
        """A tensor of the file; matrices transposed, as PyTorch keeps them (out, in)."""
        return self.constant(name, self.weights[name].T)

    def node(self, operator: str, inputs: list[str], *outputs: str, **attributes: Any) -> str:
        domain = _FUSED if operator in _FUSED_OPERATORS else ""
        self.nodes.append(self._make_node(operator, inputs, outputs, domain=domain, **attributes))
        return outputs[0]


def _embed_tokens(graph: _Graph) -> str:
    """Word + position + token type (always 0, so folded into the positions), normalized."""
    word, position, token_type = (
        graph.weights[f"embeddings.{kind}_embeddings.weight"]
        for kind in ("word", "position", "token_type")
    )
    inputs = [
        "ids",
        "",  # no token types
        graph.constant("words", word),
        graph.constant("positions", position + token_type[0]),
        "",
        graph.weight("embeddings.LayerNorm.weight"),
        graph.weight("embeddings.LayerNorm.bias"),
    ]
    return graph.node(
        "EmbedLayerNormalization", inputs, "embedded", "unused_mask", epsilon=_EPSILON
    )


def _add_layer(graph: _Graph, hidden: str, prefix: str) -> str:
    """Self-attention and a two-layer network, each added to its input and normalized."""
    parts = [f"{prefix}attention.self.{part}." for part in ("query", "key", "value")]
    attention = graph.node(
        "Attention",
        [
            hidden,
            graph.constant(
                f"{prefix}qkv.weight",
                np.concatenate([graph.weights[part + "weight"] for part in parts]).T,
            ),
            graph.constant(
                f"{prefix}qkv.bias",
                np.concatenate([graph.weights[part + "bias"] for part in parts]),
            ),
        ],
        f"{prefix}attention",
        num_heads=_HEADS,
    )
    attended = _add_and_norm(graph, attention, hidden, f"{prefix}attention.output.")
    inner = _multiply(graph, attended, f"{prefix}intermediate.dense.")
    bias = graph.weight(f"{prefix}intermediate.dense.bias")
    active = graph.node("BiasGelu", [inner, bias], f"{prefix}gelu")
    return _add_and_norm(graph, active, attended, f"{prefix}output.")


def _multiply(graph: _Graph, values: str, prefix: str) -> str:
    weight = graph.weight(prefix + "weight")
    return graph.node("MatMul", [values, weight], prefix + "product")


def _add_and_norm(graph: _Graph, values: str, residual: str, prefix: str) -> str:
    inputs = [
        _multiply(graph, values, prefix + "dense."),
        residual,
        graph.weight(prefix + "LayerNorm.weight"),
        graph.weight(prefix + "LayerNorm.bias"),
        graph.weight(prefix + "dense.bias"),
    ]
    return graph.node("SkipLayerNormalization", inputs, prefix + "normalized", epsilon=_EPSILON)
