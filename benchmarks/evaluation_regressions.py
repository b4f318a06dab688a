"""How often does the regression rule cry wolf, and how often does it see a real drop?

    python benchmarks/evaluation_regressions.py [--trials 2000]

The world: example i passes with a chance of its own, drawn from a Beta distribution with mean 0.8
and an intra-example correlation of 0.4 (measured on tau-bench airline, gpt-4o). The candidate
breaks a random share of the examples, so that the true mean falls by the stated drop; besides, 4 %
of the examples change at random without net effect. Rates of 2,000 trials are good to about
+-0.01; intervals are Wilson's.

The real data (`../shared/data/evaluation/tau_airline_trials`) are used where they are present.
"""

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from langchain_phase5.evaluation import (
    ComparisonReport,
    Dataset,
    EvaluationReport,
    Example,
    ExampleResult,
)
from langchain_phase5.evaluation.estimate import mean_estimate, wilson
from langchain_phase5.evaluation.paired_test import paired_test
from langchain_phase5.evaluation.sequential_test import SequentialTest

MEAN, CORRELATION, CHURN, THRESHOLD = 0.8, 0.4, 0.04, 0.05
TAU = Path(__file__).parents[2] / "shared/data/evaluation/tau_airline_trials/trials.jsonl"


def chances(random: np.random.Generator, n: int, drop: float) -> tuple[np.ndarray, np.ndarray]:
    """Draw each example's chance to pass, before and after."""
    concentration = (1 - CORRELATION) / CORRELATION
    shape = MEAN * concentration, (1 - MEAN) * concentration
    before = random.beta(*shape, size=n)
    after, fate = before.copy(), random.random(n)
    after[fate < drop / MEAN] = 0
    churned = (fate >= drop / MEAN) & (fate < drop / MEAN + CHURN)
    after[churned] = random.beta(*shape, size=int(churned.sum()))
    return before, after


def rate(hits: int, trials: int) -> str:
    """Show a rate with its interval."""
    low, high = wilson(hits / trials, trials)
    return f"{hits / trials:.3f} [{low:.3f}, {high:.3f}]"


def cells(trials: int) -> None:
    """Print verdicts for sizes, repeats and drops."""
    print("\n## Verdicts (alpha 0.05, threshold 0.05)\n")
    print(
        "| n | runs | true drop | regression | pass | inconclusive | naive drop > 0.05 | CPU ms |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for n in (50, 200, 1000):
        for runs in (1, 5):
            for drop in (0.0, 0.02, 0.05, 0.10):
                random = np.random.default_rng([7, n, runs, round(drop * 100)])
                verdicts: defaultdict[str, int] = defaultdict(int)
                started = time.process_time()
                for _ in range(trials):
                    before, after = chances(random, n, drop)
                    change = random.binomial(runs, before) - random.binomial(runs, after)
                    test = paired_test(change / runs)
                    verdicts[test.verdict(THRESHOLD)] += 1
                    verdicts["naive"] += test.drop > THRESHOLD
                spent = (time.process_time() - started) / trials * 1e3
                shown = (rate(verdicts[v], trials) for v in ("regression", "pass", "inconclusive"))
                naive = f"{verdicts['naive'] / trials:.3f}"
                print(f"| {n} | {runs} | {drop} | {' | '.join(shown)} | {naive} | {spent:.2f} |")


def report(scores: np.ndarray, categories: Iterable[str]) -> EvaluationReport:
    """Build a report from scores of shape (metrics, examples)."""
    examples = [
        Example(id=str(i), inputs={"i": i}, category=category)
        for i, category in enumerate(categories)
    ]
    results = [
        ExampleResult(
            example_id=str(i), scores={f"m{m}": float(v) for m, v in enumerate(column)}, outputs=1
        )
        for i, column in enumerate(scores.T)
    ]
    metrics = [f"m{m}" for m in range(len(scores))]
    dataset = Dataset(name="family", examples=examples)
    return EvaluationReport(dataset=dataset, results=results, metrics=metrics)


def families(trials: int) -> None:
    """Print false alarms of whole comparisons: 4 metrics and 5 categories of the first one."""
    print("\n## Any alarm in a comparison of 4 metrics and 5 categories, n = 200, 1 run\n")
    print("| what changed | any alarm | first metric's alarm |\n| --- | --- | --- |")
    categories = [f"c{i % 5}" for i in range(200)]
    for name, drop in (("nothing", 0.0), ("first metric down 10 points", 0.1)):
        random = np.random.default_rng([11, round(drop * 100)])
        alarms = first = 0
        for _ in range(trials):
            sides: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
            for metric in range(4):
                pair = chances(random, 200, drop if metric == 0 else 0.0)
                for side, chance in zip(sides, pair, strict=True):
                    side.append(random.binomial(1, chance))
            before, after = (report(np.array(side), categories) for side in sides)
            found = ComparisonReport(baseline=before, candidate=after)
            alarms += found.verdict == "regression"
            first += found.findings[0].verdict == "regression"
        print(f"| {name} | {rate(alarms, trials)} | {rate(first, trials)} |")


def twenty(trials: int) -> None:
    """Print false alarms over 20 tests: 5 categories of 4 metrics, all independent."""
    from langchain_phase5.evaluation.paired_test import holm  # noqa: PLC0415

    random = np.random.default_rng(13)
    naive = uncorrected = corrected = 0
    for _ in range(trials):
        tests = []
        for _ in range(20):
            before, after = chances(random, 40, 0.0)
            tests.append(paired_test(random.binomial(1, before) - random.binomial(1, after)))
        p_values = [test.p_value for test in tests]
        naive += any(test.drop > THRESHOLD for test in tests)
        uncorrected += min(p_values) < 0.05
        corrected += min(holm(p_values)) < 0.05
    print("\n## Any alarm in 20 independent tests of 40 examples, nothing changed\n")
    print("| rule | any alarm |\n| --- | --- |")
    for name, hits in (("drop > 0.05", naive), ("p < 0.05", uncorrected), ("Holm", corrected)):
        print(f"| {name} | {rate(hits, trials)} |")


def clusters(trials: int) -> None:
    """Print false alarms where 20 clusters of 10 examples move together, without net drop."""
    random = np.random.default_rng(5)
    keys = [str(i // 10) for i in range(200)]
    ignored = respected = 0
    for _ in range(trials):
        chance = np.repeat(random.beta(0.8, 0.2, 20), 10)
        move = np.repeat(random.choice([-1, 0, 1], 20, p=[0.1, 0.8, 0.1]), 10)
        before = random.binomial(1, np.where(move > 0, 0.3, chance))
        after = random.binomial(1, np.where(move < 0, 0.3, chance))
        ignored += paired_test(before - after).p_value < 0.05
        respected += paired_test(before - after, clusters=keys).p_value < 0.05
    print("\n## 20 clusters of 10 that move together, no net drop\n")
    print("| rule | false alarms |\n| --- | --- |")
    print(f"| examples | {rate(ignored, trials)} |\n| clusters | {rate(respected, trials)} |")


def adaptive(trials: int) -> None:
    """Print alarms and runs used when runs are added only while nothing is clear."""
    print("\n## Adaptive: looks after 1, 2, 3 and 5 runs, baseline of 20 runs, n = 200\n")
    print("| true drop | regression | pass | runs used |\n| --- | --- | --- | --- |")
    for drop in (0.0, 0.02, 0.05, 0.10):
        random = np.random.default_rng([17, round(drop * 100)])
        verdicts: defaultdict[str, int] = defaultdict(int)
        used = 0
        for _ in range(trials):
            before, after = chances(random, 200, drop)
            baseline, plan = random.binomial(20, before) / 20, SequentialTest()
            total, runs = np.zeros(200), 0
            for look in plan.looks:
                total += random.binomial(look - runs, after)
                runs = look
                test = paired_test(baseline - total / runs, alpha=plan.level)
                verdict = test.verdict(THRESHOLD, alpha=plan.level)
                if plan.decided(verdict, runs, test.p_value):
                    break
            verdicts[verdict] += 1
            used += runs
        shown = " | ".join(rate(verdicts[v], trials) for v in ("regression", "pass"))
        print(f"| {drop} | {shown} | {used / trials:.2f} |")


def real(trials: int) -> None:
    """Print false alarms on repeated real runs of one agent, and its pass^k."""
    if not TAU.exists():
        print(f"\n(no {TAU}: real data left out)")
        return
    runs: defaultdict[str, list[float]] = defaultdict(list)
    for line in TAU.read_text().splitlines():
        row = json.loads(line)
        runs[row["id"]].append(float(row["reward"]))
    rewards = np.array([runs[key] for key in sorted(runs)])
    print("\n## The same real agent on both sides: tau-bench airline, gpt-4o, 50 tasks\n")
    print("| runs a side | drop > 0.05 | this rule |\n| --- | --- | --- |")
    for k in (1, 2):
        random = np.random.default_rng(1)
        naive = alarms = 0
        for _ in range(trials):
            shuffled = random.permuted(rewards, axis=1)
            before, after = shuffled[:, :k].mean(1), shuffled[:, k : 2 * k].mean(1)
            test = paired_test(before - after)
            naive += test.drop > THRESHOLD
            alarms += test.verdict(THRESHOLD) == "regression"
        print(f"| {k} | {rate(naive, trials)} | {rate(alarms, trials)} |")
    found = EvaluationReport(
        dataset=Dataset(name="tau", examples=[Example(id=key, inputs={}) for key in runs]),
        results=[
            ExampleResult(example_id=key, repeat=k, scores={"reward": value}, outputs=1)
            for key, values in runs.items()
            for k, value in enumerate(values)
        ],
        metrics=["reward"],
        repeats=4,
    )
    print("\n| k | pass^k | pass@k |\n| --- | --- | --- |")
    for k in (1, 2, 3, 4):
        print(f"| {k} | {found.pass_all(k)} | {found.pass_at(k)} |")


def coverage(trials: int) -> None:
    """Print how often the 95 % interval of a mean holds the truth."""
    print("\n## Coverage of the 95 % interval of a mean score\n")
    print("| n | runs | coverage |\n| --- | --- | --- |")
    for n in (10, 50, 200):
        for runs in (1, 5):
            random = np.random.default_rng([23, n, runs])
            hits = 0
            for _ in range(trials):
                values = random.binomial(runs, chances(random, n, 0.0)[0]) / runs
                found = mean_estimate(values)
                hits += (found.low or 0.0) <= MEAN <= (found.high or 0.0)
            print(f"| {n} | {runs} | {rate(hits, trials)} |")


def speed() -> None:
    """Print the CPU time of one comparison."""
    print("\n## CPU seconds of one test\n\n| n | kind | CPU s |\n| --- | --- | --- |")
    random = np.random.default_rng(3)
    kinds = {
        "pass/fail": lambda n: random.choice([-1, 0, 1], n, p=[0.1, 0.8, 0.1]),
        "5 runs": lambda n: random.integers(-5, 6, n) / 5,
        "continuous": lambda n: random.normal(0, 0.3, n),
    }
    for n in (1_000, 10_000):
        for kind, draw in kinds.items():
            data = draw(n)
            started = time.process_time()
            paired_test(data)
            print(f"| {n} | {kind} | {time.process_time() - started:.4f} |")


def main() -> None:
    """Run everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=2000)
    trials = parser.parse_args().trials
    cells(trials)
    adaptive(trials)
    twenty(min(trials, 1000))
    clusters(trials)
    real(trials)
    coverage(trials)
    speed()
    families(min(trials, 500))


if __name__ == "__main__":
    main()
