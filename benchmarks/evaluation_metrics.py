"""Are the text metrics right, and how fast are they?

    python benchmarks/evaluation_metrics.py

Golden cases (ROUGE-1.5.5, agentevals, SQuAD) and real texts (GSM8K solutions of two models) are
read from `../shared/data/evaluation` where it is present.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from langchain_phase5.evaluation.metrics import (
    exact_match,
    numeric_match,
    rouge,
    token_f1,
    tool_call_accuracy,
    trajectory_match,
)

DATA = Path(__file__).parents[2] / "shared/data/evaluation"
SCRIPTS = ("北京是中国的首都", "Москва столица России", "القاهرة عاصمة مصر", "café crème", "東京都")


def cases(name: str) -> list[dict[str, Any]]:
    """Read a file of golden cases."""
    found: list[dict[str, Any]] = json.loads((DATA / "metric_golden" / name).read_text())
    return found


def lines(path: str) -> list[dict[str, Any]]:
    """Read a file of JSON lines."""
    return [json.loads(line) for line in (DATA / path).read_text().splitlines()]


def rouge_is_right(case: dict[str, Any]) -> bool:
    """Check one ROUGE case."""
    found = rouge(
        case["prediction"], case["reference"], metric=case["metric"], stemmer=case["stemmer"]
    )
    names = ("precision", "recall", "fmeasure")
    return all(abs(getattr(found, name) - case[name]) <= case["tol"] for name in names)


def squad_is_right(case: dict[str, Any]) -> bool:
    """Check one SQuAD case."""
    given = {
        "outputs": case["prediction"],
        "reference_outputs": {"answer": case["references"]},
    }
    same = exact_match(**given)["score"] == case["exact_match"]
    return same and abs(token_f1(**given)["score"] - case["f1"]) < 1e-9


def trajectory_is_right(case: dict[str, Any]) -> bool:
    """Check one trajectory case."""
    found = trajectory_match(
        outputs=case["outputs"],
        reference_outputs=case["reference"],
        mode=case["mode"],
        args_mode=case["args_mode"],
        args_overrides=case["overrides"],
    )
    return bool(found["score"]) == bool(case["score"])


def correctness() -> None:
    """Print how many known cases come out right."""
    print("| cases | right |\n| --- | --- |")
    checks: dict[str, tuple[list[Any], Callable[[Any], bool]]] = {
        "ROUGE-1.5.5": (cases("rouge.json"), rouge_is_right),
        "scripts": (list(SCRIPTS), lambda text: rouge(text, text).fmeasure == 1),
        "trajectories (agentevals)": (cases("trajectory_match.json"), trajectory_is_right),
        "SQuAD": (cases("squad.json"), squad_is_right),
    }
    for name, (found, check) in checks.items():
        print(f"| {name} | {sum(map(check, found))} of {len(found)} |")
    answers = [
        numeric_match(outputs=run["output"], reference_outputs={"answer": row["expected"]})["score"]
        == run["is_correct"]
        for row in lines("gsm8k_paired/outcomes.jsonl")
        for run in row["runs"].values()
    ]
    print(f"| GSM8K answers judged as labeled | {sum(answers)} of {len(answers)} |")
    silent = [
        tool_call_accuracy(outputs={"tool_calls": []}, reference_outputs={"tool_calls": calls})
        for calls in (row["accepted_calls"] for row in lines("bfcl_nocall/irrelevance.jsonl"))
    ]
    right = sum(found["score"] == 1 for found in silent)
    print(f"| no call where none is right (BFCL) | {right} of {len(silent)} |")


def speed() -> None:
    """Print ROUGE-L pairs per CPU-second on the same texts, beside rouge-score."""
    from rouge_score.rouge_scorer import RougeScorer  # noqa: PLC0415

    rows = lines("gsm8k_paired/outcomes.jsonl")
    texts = [tuple(run["output"] for run in row["runs"].values()) for row in rows]
    long = [
        (" ".join(a for a, _ in part), " ".join(b for _, b in part))
        for part in (texts[i : i + 12] for i in range(0, 1200, 12))
    ]
    theirs = RougeScorer(["rougeL"])
    print("\n| texts | rouge-score pairs/CPU-s | ours | times | largest difference |")
    print("| --- | --- | --- | --- | --- |")
    for name, pairs in (("short", texts[:400]), ("about 600 words", long[:20])):
        started = time.process_time()
        expected = [theirs.score(b, a)["rougeL"].fmeasure for a, b in pairs]
        middle = time.process_time()
        found = [rouge(a, b, ascii_only=True).fmeasure for a, b in pairs]
        ended = time.process_time()
        rates = len(pairs) / (middle - started), len(pairs) / (ended - middle)
        largest = max(abs(a - b) for a, b in zip(expected, found, strict=True))
        print(
            f"| {name} | {rates[0]:.0f} | {rates[1]:.0f} | {rates[1] / rates[0]:.0f} | {largest} |"
        )


def main() -> None:
    """Run both, if the data are there."""
    if not DATA.exists():
        print(f"no {DATA}: nothing to check against")
        return
    correctness()
    speed()


if __name__ == "__main__":
    main()
