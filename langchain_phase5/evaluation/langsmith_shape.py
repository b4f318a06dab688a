"""Examples and answers as LangSmith's older evaluators, `(run, example)`, take them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_OID, uuid4, uuid5

from langchain_phase5.evaluation.dataset import Example
from langchain_phase5.evaluation.plain import plain


def langsmith_shape(example: Example, outputs: Any) -> dict[str, Any]:
    """Return the two arguments `run` and `example`.

    As in LangSmith, what is no dict becomes `{"output": outputs}`. The run has no child runs and
    says nothing of how long it took: that and what the target did within is in the report.
    """
    from langsmith import schemas  # half a second

    run_id, now = uuid4(), datetime.now(UTC)
    inputs = plain(example.inputs)
    run = schemas.Run(
        id=run_id,
        trace_id=run_id,
        name="target",
        run_type="chain",
        start_time=now,
        end_time=now,
        inputs=inputs,
        outputs=dict(outputs) if isinstance(outputs, Mapping) else {"output": outputs},
    )
    known = schemas.Example(
        id=uuid5(NAMESPACE_OID, example.id),
        inputs=inputs,
        outputs=plain(example.reference_outputs),
        metadata=plain(example.metadata),
    )
    return {"run": run, "example": known}
