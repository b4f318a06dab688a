"""Two runs side by side, and what may be concluded."""

import json
import math
import random
from dataclasses import replace

import pytest
from rich.console import Console

from langchain_phase5.evaluation import (
    AgentEvaluator,
    ComparisonReport,
    Dataset,
    EvaluationReport,
    Example,
    ExampleResult,
    ExitCode,
    Failure,
    Regression,
    SequentialTest,
    assert_no_regression,
    compare_versions,
    detect_regressions,
    gate,
)


def dataset(n=100, **fields):
    return Dataset(
        name="d",
        examples=[
            Example(
                id=str(i),
                inputs={"i": i},
                reference_outputs={"answer": i},
                category=fields.get("category", ["a", "b"][i % 2]),
                cluster=str(i // 10) if fields.get("clusters") else "",
            )
            for i in range(n)
        ],
    )


def run(scores, *, seconds=None, cost=None, errors=(), data=None, metrics=("right",), version=""):
    data = data or dataset(len(scores))
    results = [
        ExampleResult(
            example_id=example.id,
            scores={metric: float(value) for metric in metrics},
            outputs=1,
            seconds=seconds[i] if seconds else None,
            cost=cost[i] if cost else None,
        )
        if i not in errors
        else ExampleResult(example_id=example.id, error=Failure(type="E", message="m"))
        for i, (example, value) in enumerate(zip(data, scores, strict=True))
    ]
    return EvaluationReport(
        dataset=data, results=results, metrics=list(metrics), target="t", target_version=version
    )


GOOD = [1] * 90 + [0] * 10
WORSE = [1] * 70 + [0] * 30


def test_a_real_drop_is_a_regression():
    found = compare_versions(run(GOOD), run(WORSE))
    assert found.verdict == "regression"
    first = found.findings[0]
    assert (first.metric, first.baseline, first.current) == ("right", 0.9, 0.7)
    assert first.drop == pytest.approx(0.2)
    assert 0 < first.low < 0.2 < first.high
    assert first.adjusted_p < 0.001
    assert "a regression" in first.message
    assert found.regressions[0] == first


def test_no_change_over_many_examples_passes_and_over_few_is_inconclusive():
    assert compare_versions(run(GOOD * 3), run(GOOD * 3)).verdict == "pass"
    few = compare_versions(run(GOOD[:12]), run(GOOD[:12]))
    assert few.verdict == "inconclusive"
    assert few.findings[0].needed > 12
    assert "inconclusive" in few.findings[0].message


def test_an_improvement_passes_and_says_so():
    found = compare_versions(run(WORSE), run(GOOD))
    assert found.verdict == "pass"
    assert found.findings[0].improved
    assert "an improvement" in found.findings[0].message


def test_errors_are_a_finding_of_their_own():
    found = compare_versions(run(GOOD), run(GOOD, errors=range(20)))
    assert {each.metric for each in found.regressions} == {"error_rate"}
    assert found.verdict == "regression"
    assert found.findings[0].n == 80


def test_latency_and_cost_are_compared_by_ratio_and_do_not_touch_the_verdict():
    chance = random.Random(1)  # noqa: S311 - a seeded draw
    before = [chance.lognormvariate(0, 0.3) for _ in range(300)]
    slower = [value * 1.5 for value in before]
    found = compare_versions(
        run(GOOD * 3, seconds=before, cost=before), run(GOOD * 3, seconds=slower, cost=slower)
    )
    assert found.verdict == "pass"
    assert {each.metric for each in found.regressions} == {"latency", "cost"}
    [latency] = [each for each in found.findings if each.kind == "latency"]
    assert latency.current / latency.baseline == pytest.approx(1.5)
    assert latency.change == "+50.0%"


def test_clusters_are_respected():
    data = dataset(100, clusters=True)
    worse = [0] * 10 + [1] * 80 + [0] * 10
    found = compare_versions(run(GOOD, data=data), run(worse, data=data))
    assert found.findings[0].n == 10
    assert found.findings[0].verdict == "inconclusive"
    assert compare_versions(run(GOOD), run(worse)).findings[0].verdict == "regression"


def test_only_unchanged_examples_are_paired():
    newer = Dataset(
        name="d",
        examples=[
            Example(id="0", inputs={"i": "changed"}, reference_outputs={"answer": 0}),
            *list(dataset(100))[1:90],
            Example(id="new", inputs={"i": "new"}),
        ],
    )
    found = compare_versions(run(GOOD), run(GOOD[:91], data=newer))
    assert len(found.paired_ids) == 89
    assert found.unpaired.added == ["new"]
    assert found.unpaired.changed == ["0"]
    assert len(found.unpaired.removed) == 10
    assert "1 new, 10 removed and 1 changed" in found.to_html()


def test_nothing_in_common_is_refused():
    other = Dataset(name="d", examples=[Example(id="0", inputs={"other": 1})])
    with pytest.raises(ValueError, match="share no example"):
        compare_versions(run(GOOD), run([1], data=other))


def test_only_examples_of_a_given_dataset_count():
    found = compare_versions(run(GOOD), run(WORSE), dataset(70))
    assert found.findings[0].n == 70
    assert found.findings[0].drop == 0


def test_flipped_examples_come_worst_first():
    found = compare_versions(run([1, 0.5, 0, 1]), run([0.4, 0.5, 1, 0]))
    assert list(found.flipped()) == ["3", "0", "2"]
    assert found.flipped()["3"] == (1.0, 0.0)


def test_versions_are_looked_up_in_storage(tmp_path):
    url = f"sqlite:///{tmp_path / 'runs.db'}"
    evaluator = AgentEvaluator(storage=url)
    evaluator.evaluate(lambda inputs: inputs["i"], dataset(), version="v1")
    evaluator.evaluate(lambda inputs: -1, dataset(), version="v2")
    found = compare_versions("v1", "v2", "d", storage=url)
    assert found.verdict == "regression"
    assert found.candidate.target_version == "v2"
    with pytest.raises(ValueError, match="no run of version 'v3' over the dataset 'd'"):
        compare_versions("v1", "v3", "d", storage=url)
    with pytest.raises(ValueError, match="give the storage"):
        compare_versions("v1", "v2")


def test_forms(tmp_path):
    found = compare_versions(run(GOOD, version="v1"), run(WORSE, version="v2"))
    data = json.loads(found.to_json(tmp_path / "c.json"))
    assert data["verdict"] == "regression"
    assert len(data["flipped"]) == 20
    markdown = found.to_markdown(tmp_path / "c.md")
    assert "### regression: t v2 against t v1" in markdown
    assert "| right | 0.900 | 0.700 | -20.0 |" in markdown
    assert "20 worse" in markdown
    assert (tmp_path / "c.md").read_text() == markdown
    console = Console(record=True, width=100)
    console.print(found)
    assert "regression" in console.export_text()
    assert "<caption>regression" in found._repr_html_()
    html = found.to_html(tmp_path / "c.html")
    assert "Differences" in html
    assert (tmp_path / "c.html").read_text() == html
    assert repr(found).startswith("<ComparisonReport regression: ")


def test_print_writes_to_the_terminal(capsys):
    compare_versions(run(GOOD), run(WORSE)).print()
    assert "right" in capsys.readouterr().out


def test_detected_regressions_leave_out_what_passed():
    assert detect_regressions(run(GOOD * 3), run(GOOD * 3), include_passes=True)
    found = detect_regressions(run(WORSE), run(GOOD))
    assert found[0].verdict == "regression"
    assert all(each.verdict != "pass" for each in found)
    unclear = detect_regressions(run(GOOD[:12]), run(GOOD[:12]))
    assert {each.verdict for each in unclear} == {"inconclusive"}


def test_bare_numbers_get_the_threshold_rule_and_say_so():
    before = {"accuracy": 0.9, "f1": 0.8, "old": 1.0}
    [found] = detect_regressions({"accuracy": 0.84, "f1": 0.75, "new": 0.1}, before)
    assert (found.metric, found.rule, found.verdict) == ("accuracy", "threshold", "regression")
    assert "bare threshold of 0.05" in found.message
    assert detect_regressions({"accuracy": 0.9}, {"accuracy": 0.9}) == []
    assert detect_regressions(run(WORSE), {"right": 0.9})[0].rule == "threshold"
    with pytest.raises(ValueError, match="no metric in common"):
        detect_regressions({"a": 1}, {"b": 1})


def test_adaptive_detection_asks_again_only_while_nothing_is_clear():
    asked = []

    def worse_by(every):
        def target(inputs):
            asked.append(inputs["i"])
            return inputs["i"] if inputs["i"] % every else -1

        return target

    examples = dataset(60)
    evaluate = AgentEvaluator(concurrency=1).evaluate
    baseline = evaluate(lambda inputs: inputs["i"], examples)
    options = {"adaptive": True, "metrics": ["exact_match"], "include_passes": True}
    for every, runs, verdict in ((2, 1, "regression"), (20, 5, "inconclusive")):
        target = worse_by(every)
        report = evaluate(target, examples, version="new")
        found = detect_regressions(
            report, baseline, target=target, plan=SequentialTest(futility=1.0), **options
        )
        assert (len(asked), found[0].verdict) == (60 * runs, verdict)
        asked.clear()


def test_adaptive_detection_says_what_it_needs():
    with pytest.raises(ValueError, match="bare numbers have no examples"):
        detect_regressions({"a": 1}, {"a": 1}, adaptive=True)
    with pytest.raises(ValueError, match="give the target and the metrics too"):
        detect_regressions(run(GOOD), run(GOOD), adaptive=True, metrics=["exact_match"])
    with pytest.raises(ValueError, match="give the target and the metrics too"):
        detect_regressions(run(GOOD), run(GOOD), adaptive=True, target=lambda inputs: 1)


def test_the_gate_has_four_answers():
    good = run(GOOD * 3)
    assert gate(ComparisonReport(baseline=good, candidate=good)) == ExitCode.PASS
    assert gate(compare_versions(run(GOOD), run(WORSE))) == ExitCode.REGRESSION
    assert gate(compare_versions(run(GOOD[:9]), run(GOOD[:9]))) == ExitCode.INCONCLUSIVE
    assert gate(compare_versions(run(GOOD), run(GOOD, errors=range(30)))) == ExitCode.ERRORS


def test_a_test_can_assert_that_nothing_got_worse():
    assert assert_no_regression(run(GOOD), run(GOOD)).verdict
    with pytest.raises(AssertionError, match=r"regression: error rate .*\n- right went from 0.9"):
        assert_no_regression(run(WORSE), run(GOOD))
    with pytest.raises(AssertionError, match="inconclusive"):
        assert_no_regression(run(GOOD[:9]), run(GOOD[:9]), allow_inconclusive=False)


@pytest.mark.parametrize(("broken", "runs", "verdict"), [(0.0, 5, "pass"), (0.5, 1, "regression")])
async def test_runs_are_added_only_while_nothing_is_clear(tmp_path, broken, runs, verdict):
    chance = random.Random(3)  # noqa: S311 - a seeded draw

    def flaky(share):
        return lambda inputs: inputs["i"] if chance.random() > share else -1

    evaluator = AgentEvaluator(storage=f"sqlite:///{tmp_path / 'runs.db'}")
    baseline = await evaluator.run_evaluation(dataset(80), flaky(0.1), repeats=3)
    found = await evaluator.run_until_clear(
        dataset(80),
        flaky(0.1 + broken),
        baseline,
        journal=tmp_path / "journal.jsonl",
        plan=SequentialTest(looks=(1, 2, 5), futility=1.0, level=0.001),
    )
    assert found.verdict in {verdict, "inconclusive"}
    assert found.candidate.repeats <= runs
    assert len(found.candidate.results) == 80 * found.candidate.repeats
    assert (found.candidate.repeats == 1) == (broken > 0)


def test_findings_speak_in_the_unit_of_what_they_are_about():
    amounts = [1.0 + i / 10 for i in range(12)]
    few = run(GOOD[:12], seconds=amounts, cost=amounts)
    amounts = [1.1 + (i * 7 % 12) / 10 for i in range(12)]
    slower = run(GOOD[:12], seconds=amounts, cost=amounts)
    found = {
        each.metric: each for each in ComparisonReport(baseline=few, candidate=slower).findings
    }
    assert "points, and one of 5.0 points needs about" in found["right"].message
    for metric in ("latency", "cost"):
        assert "%, and one of 10% needs about" in found[metric].message


def test_an_interval_that_reaches_zero_or_is_of_a_category_is_no_improvement():
    given = {"metric": "m", "verdict": "pass", "baseline": 0.5, "current": 0.6, "drop": -0.1}
    given |= {"threshold": 0.05, "low": -0.2}
    assert Regression(**given, high=-0.01).improved
    assert not Regression(**given, high=0.0).improved
    assert not Regression(**given, high=-0.01, category="a").improved
    assert not Regression(**given).improved
    unknown = Regression(**given | {"verdict": "inconclusive"}, minimum_detectable_drop=math.inf)
    assert "would show a drop of unknown size, and one of 5.0 points needs" in unknown.message
    assert (unknown.kind, unknown.n, unknown.rule) == ("score", 0, "paired test")


def test_nobody_is_told_of_a_drop_below_nothing():
    two = compare_versions(run([1, 0]), run([0, 1])).findings[0]
    assert two.minimum_detectable_drop > 1
    assert "2 examples would show no drop, however large, and one of 5.0 points" in two.message
    stars = replace(two, baseline=4.0, current=3.0)
    assert f"would show a drop of {two.minimum_detectable_drop * 100:.1f} points" in stars.message


@pytest.mark.parametrize(
    ("kind", "before", "after", "smallest", "shown"),
    [
        ("score", 0.0, 1.0, 1.5, "no drop, however large"),
        ("score", 1.0, 0.0, 1.5, "no drop, however large"),
        ("errors", 0.5, 0.5, 1.5, "no drop, however large"),
        ("score", 0.5, 0.5, 1.0, "a drop of 100.0 points"),
        ("score", 1.5, 0.5, 1.2, "a drop of 120.0 points"),
        ("score", 0.5, 1.5, 1.2, "a drop of 120.0 points"),
        ("latency", 0.5, 0.5, 1.5, "a drop of 348%"),
    ],
)
def test_what_a_finding_would_show_is_said_in_what_there_can_be(
    kind, before, after, smallest, shown
):
    unclear = Regression(
        metric="m",
        kind=kind,
        verdict="inconclusive",
        baseline=before,
        current=after,
        drop=0.0,
        threshold=0.05,
        minimum_detectable_drop=smallest,
    )
    assert f"would show {shown}, and one of 5" in unclear.message


def test_the_strongest_evidence_of_all_is_not_lost():
    """So strong that the p-value may be too small for a float."""
    n = 2_000
    before = run([1] * n, metrics=["a", "b"], seconds=[1.0] * n, cost=[1.0] * n)
    after = run([0] * n, metrics=["a", "b"], seconds=[math.e] * n, cost=[math.e] * n)
    found = compare_versions(before, after).findings
    worse = [each for each in found if each.metric != "error_rate"]
    assert {each.metric for each in worse} == {"a", "b", "latency", "cost"}
    assert all(each.p_value < 1e-12 for each in worse)
    assert {each.verdict for each in worse} == {"regression"}


def test_the_json_form_has_what_a_dashboard_would_read(tmp_path):
    before, after = run(GOOD, version="v1é"), run(WORSE, version="v2")
    text = compare_versions(before, after, threshold=0.1).to_json(tmp_path / "c.json")
    assert (tmp_path / "c.json").read_text() == text
    assert "v1é" in text
    data = json.loads(text)
    assert (data["threshold"], data["alpha"], data["paired"]) == (0.1, 0.05, 100)
    assert data["flipped"]["70"] == [1.0, 0.0]
    assert (data["baseline"]["name"], data["candidate"]["name"]) == ("t v1é", "t v2")
    assert data["baseline"]["scores"]["right"]["value"] == 0.9
    assert data["candidate"]["scores"]["right"]["value"] == 0.7
    first = data["findings"][0]
    assert (first["metric"], first["verdict"], first["kind"]) == ("right", "regression", "score")
    assert first["drop"] == pytest.approx(0.2)
    assert "a regression" in first["message"]


def test_what_is_infinite_is_unknown_in_json():
    found = compare_versions(run([7.0]), run([5.0]))
    assert math.isinf(found.findings[0].minimum_detectable_drop)
    assert json.loads(found.to_json())["findings"][0]["minimum_detectable_drop"] is None


def test_options_reach_the_comparison():
    assert detect_regressions(run(WORSE), run(GOOD))[0].verdict == "regression"
    assert detect_regressions(run(WORSE), run(GOOD), alpha=1e-12)[0].verdict == "inconclusive"
    few = run(GOOD[:12])
    assert [each.verdict for each in detect_regressions(few, few, threshold=0.5)] == []


def test_options_reach_the_runs_that_are_added():
    graded = []

    def close(outputs, reference_outputs):
        graded.append(outputs)
        return {"key": "close", "score": abs(outputs - reference_outputs["answer"]) < 2}

    asked = []

    def target(inputs):
        asked.append(inputs["i"])
        return inputs["i"]

    evaluator = AgentEvaluator(concurrency=1)
    report = evaluator.evaluate(target, dataset(12), [close])
    plan = SequentialTest(looks=(1, 2), futility=1.0)
    found = detect_regressions(
        report, report, adaptive=True, target=target, metrics=[close], plan=plan
    )
    assert found[0].metric == "close"
    assert len(asked) == len(graded) == 2 * 12


def test_what_was_not_scored_on_both_sides_has_not_flipped():
    before, after = run([1, 1, 1]), run([0, 1, 0])
    after.results[0].scores.clear()
    assert list(compare_versions(before, after).flipped()) == ["2"]
    bare = compare_versions(run([1, 1], metrics=()), run([0, 1], metrics=()))
    assert bare.flipped() == {}


# 9 examples lost, 3 won, 20 the same. By the binomial distribution, half of what is equal counts.
BEFORE = [1] * 9 + [0] * 3 + [1] * 20
AFTER = [0] * 9 + [1] * 3 + [1] * 20
P = (math.comb(12, 9) / 2 + math.comb(12, 10) + math.comb(12, 11) + 1) / 2**12


def test_the_first_metric_is_tested_at_nine_tenths_of_alpha():
    first, errors = ComparisonReport(
        baseline=run(BEFORE, data=dataset(32, category="a")),
        candidate=run(AFTER, data=dataset(32, category="a")),
    ).findings
    assert first.p_value == pytest.approx(P, rel=1e-9)
    assert first.adjusted_p == pytest.approx(P / 0.9, rel=1e-9)
    assert first.verdict == "inconclusive"
    assert (errors.metric, errors.adjusted_p) == ("error_rate", 1.0)


@pytest.mark.parametrize(("after", "share"), [(BEFORE, 0.1), ([0] * 32, 1.0)])
def test_the_others_share_the_rest_and_all_of_it_once_the_first_has_failed(after, share):
    data = dataset(32, category="a")
    baseline, candidate = run(BEFORE, data=data), run(after, data=data)
    for report, scores in ((baseline, BEFORE), (candidate, AFTER)):
        report.metrics = ["right", "second"]
        for result, score in zip(report.results, scores, strict=True):
            result.scores["second"] = float(score)
    first, second, errors = ComparisonReport(baseline=baseline, candidate=candidate).findings
    assert (first.verdict == "regression") == (share == 1)
    assert second.adjusted_p == pytest.approx(2 * P / share)  # Holm's factor of 2
    assert errors.adjusted_p == pytest.approx(min(0.5 / share, 1))


def test_errors_alone_are_tested_at_the_whole_of_alpha():
    def failing(flags):
        return run([1] * 32, metrics=(), errors=[i for i, ok in enumerate(flags) if not ok])

    found = ComparisonReport(baseline=failing(BEFORE), candidate=failing(AFTER))
    [errors] = found.findings
    assert (errors.metric, errors.verdict, found.verdict) == (
        "error_rate",
        "regression",
        "regression",
    )
    assert errors.adjusted_p == errors.p_value == pytest.approx(P, rel=1e-9)
    assert errors.drop == pytest.approx(6 / 32)
    strict = ComparisonReport(baseline=failing(BEFORE), candidate=failing(AFTER), alpha=0.04)
    assert strict.verdict == "inconclusive"


def test_what_surely_got_worse_is_a_regression_however_small_its_p_value():
    found = compare_versions(run([1] * 2_000), run([0] * 2_000))
    assert found.findings[0].p_value == 0.0
    assert found.findings[0].verdict == "regression"


def test_every_category_is_a_finding_where_there_are_several():
    worse_in_b = [int(i % 2 == 0) for i in range(100)]
    found = compare_versions(run([1] * 100), run(worse_in_b)).findings
    assert [(each.label, each.category, each.n) for each in found] == [
        ("right", "", 100),
        ("right / a", "a", 50),
        ("right / b", "b", 50),
        ("error_rate", "", 100),
    ]
    assert [each.drop for each in found] == [0.5, 0.0, 1.0, 0.0]
    alone = dataset(10, category="a")
    found = compare_versions(run([1] * 10, data=alone), run([1] * 10, data=alone)).findings
    assert [each.label for each in found] == ["right", "error_rate"]


def test_cost_is_compared_by_ratio():
    cost = [0.01 * (1 + i % 5) for i in range(40)]
    more = [each * (1.3 + 0.05 * (i % 3)) for i, each in enumerate(cost)]
    found = compare_versions(run([1] * 40, cost=cost), run([1] * 40, cost=more))
    [finding] = [each for each in found.findings if each.metric == "cost"]
    assert (finding.kind, finding.verdict, finding.n) == ("cost", "regression", 40)
    assert finding.current / finding.baseline == pytest.approx(math.exp(finding.drop))
    assert finding.threshold == pytest.approx(math.log(1.1))


def times(unit):
    """Latencies of the same 60 examples, and clearly longer ones."""
    before = [unit * (1 + i % 5) for i in range(60)]
    return before, [each * (1.6 + 0.05 * (i % 3)) for i, each in enumerate(before)]


def latency_of(before, after, **options):
    good = [1] * len(before)
    found = detect_regressions(
        run(good, seconds=after), run(good, seconds=before), include_passes=True, **options
    )
    return next(each for each in found if each.kind == "latency")


def test_slower_by_microseconds_is_noise_and_by_milliseconds_a_regression():
    noise, real = latency_of(*times(2e-6)), latency_of(*times(0.02))
    assert noise.p_value == real.p_value < 0.05
    assert (noise.verdict, real.verdict) == ("pass", "regression")
    assert math.expm1(noise.threshold) == pytest.approx(0.001 / noise.baseline)
    assert math.expm1(real.threshold) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("floor", "verdict"), [(0.0, "regression"), (1e-6, "regression"), (0.05, "pass")]
)
def test_whoever_asks_sets_the_floor_of_latency(floor, verdict):
    before, after = times(2e-6 if floor < 0.001 else 0.01)
    assert latency_of(before, after, latency_floor=floor).verdict == verdict
    good = [1] * len(before)
    found = compare_versions(
        run(good, seconds=before), run(good, seconds=after), latency_floor=floor
    )
    assert next(each for each in found.findings if each.kind == "latency").verdict == verdict


def test_below_the_floor_but_perhaps_above_it_is_not_clear():
    before, after = [0.001] * 60, [0.001] * 51 + [0.05] * 9
    found = latency_of(before, after)
    assert found.p_value < 0.05
    assert found.current - found.baseline < 0.001 < found.baseline * math.expm1(found.high)
    assert found.verdict == "inconclusive"


def test_the_floor_of_latency_says_nothing_of_cost():
    cost = [1e-6] * 40
    found = compare_versions(run([1] * 40, cost=cost), run([1] * 40, cost=[2e-6] * 40))
    [dearer] = [each for each in found.findings if each.kind == "cost"]
    assert dearer.verdict == "regression"
    assert math.expm1(dearer.threshold) == pytest.approx(0.1)


def test_equal_latencies_pass_however_few():
    found = compare_versions(run([1] * 9, seconds=[1.5] * 9), run([1] * 9, seconds=[1.5] * 9))
    assert {each.metric: each.verdict for each in found.findings}["latency"] == "pass"


@pytest.mark.parametrize(("before", "after"), [(2.0, 0.0), (0.0, 2.0)])
def test_only_scores_within_0_and_1_have_bounds_of_one(before, after):
    found = compare_versions(run([before] * 9), run([after] * 9)).findings[0]
    assert found.low == found.drop == found.high == before - after


def test_scores_of_0_and_1_are_never_certain():
    mixed = [0, 1] * 6
    assert compare_versions(run(mixed), run(mixed)).verdict == "inconclusive"


def test_a_larger_alpha_gives_narrower_bounds_and_needs_fewer_examples():
    strict, lax = (
        ComparisonReport(baseline=run(GOOD), candidate=run(WORSE), alpha=alpha).findings[0]
        for alpha in (0.05, 0.2)
    )
    assert strict.low < lax.low < lax.high < strict.high
    assert lax.needed < strict.needed


def test_resampling_is_seeded():
    chance = random.Random(4)  # noqa: S311 - a seeded draw
    before, after = ([chance.random() for _ in range(30)] for _ in range(2))

    def p_value(seed):
        report = ComparisonReport(baseline=run(before), candidate=run(after), seed=seed)
        return report.findings[0].p_value

    assert p_value(0) == p_value(0)
    assert p_value(0) != p_value(1)
