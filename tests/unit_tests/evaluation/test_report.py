"""What a report says, and the forms it takes."""

import json
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from langchain_phase5.evaluation import (
    AgentEvaluator,
    Dataset,
    EvaluationReport,
    Example,
    ExampleResult,
    Failure,
    RunHistory,
)

HOSTILE = "</script><script>alert(1)</script><!-- | \u2028 'quoted' \"twice\" & <b>bold</b>"


def make_report(**fields):
    examples = [
        Example(id="a", inputs={"query": "one"}, reference_outputs={"answer": "1"}, category="x"),
        Example(id="b", inputs={"query": HOSTILE}, reference_outputs={"answer": "2"}, category="x"),
        Example(id="c", inputs={"query": "three"}, category="y"),
    ]
    results = [
        ExampleResult(example_id="c", error=Failure(type="ValueError", message=HOSTILE, trace="t")),
        ExampleResult(
            example_id="b",
            outputs={"answer": HOSTILE},
            scores={"right": 0.0, "length": 12.0},
            comments={"right": HOSTILE},
            seconds=0.5,
            cost=0.002,
            input_tokens=10,
            output_tokens=5,
            steps=[{"kind": "model", "name": "m", "output": HOSTILE, "seconds": 0.1}],
        ),
        ExampleResult(
            example_id="a",
            outputs={"answer": "1"},
            scores={"right": 1.0, "length": 1.0},
            metric_errors={"judge": Failure(type="TimeoutError", message="slow", trace="t2")},
            seconds=0.1,
            steps=[{"kind": "model", "name": "m", "seconds": 0.1}],
        ),
    ]
    given = {"dataset": Dataset(name="demo", examples=examples), "results": results}
    given |= {"metrics": ["right", "length", "judge"], "target": "agent", "target_version": "v1"}
    return EvaluationReport(**given | {"run_id": "r1", "started_at": 1.0} | fields)


def test_numbers():
    report = make_report()
    assert [result.example_id for result in report.results] == ["a", "b", "c"]
    assert (report.accuracy.value, report.accuracy.n) == (0.5, 2)
    assert report.score("length").value == 6.5
    assert report.error_rate.value == pytest.approx(1 / 3)
    assert {c: e.value for c, e in report.by_category().items()} == {"x": 0.5, "y": None}
    assert (report.latency(0.5).value, report.latency(0.5).n) == (pytest.approx(0.3), 2)
    assert (report.total_cost, report.cost.n, report.unpriced) == (0.002, 1, 1)
    assert report.tokens == (10, 5)
    assert report.metrics == ["right", "length", "judge"]
    assert report.score("judge").value is None


def test_a_metric_goes_by_the_key_it_answers_with():
    report = AgentEvaluator().evaluate(
        lambda inputs: 1,
        [{"inputs": {"query": "?"}}],
        [lambda outputs: [{"key": "first", "score": True}, {"key": "second", "score": 0.5}]],
    )
    assert report.metrics == ["first", "second"]
    assert report.results[0].scores == {"first": 1.0, "second": 0.5}


def test_pass_at_k_and_pass_to_the_k():
    results = [
        ExampleResult(example_id=name, repeat=k, scores={"right": float(k < passes)}, outputs=1)
        for name, passes in (("a", 4), ("b", 2), ("c", 0))
        for k in range(4)
    ]
    report = make_report(results=results, repeats=4, metrics=["right"])
    assert report.pass_all(1).value == report.pass_at(1).value == pytest.approx(0.5)
    assert report.pass_all(2).value == pytest.approx((1 + 1 / 6 + 0) / 3)
    assert report.pass_at(2).value == pytest.approx((1 + 5 / 6 + 0) / 3)
    assert report.pass_all(4).value == pytest.approx(1 / 3)
    assert report.pass_all(5).value is None


def test_json_comes_back_the_same(tmp_path):
    report = make_report()
    text = report.to_json(tmp_path / "deep" / "report.json")
    assert (tmp_path / "deep" / "report.json").read_text() == text
    again = EvaluationReport.from_dict(json.loads(text))
    assert again.to_json() == text
    assert again.dataset.version == report.dataset.version


def test_a_data_frame_has_a_row_per_run():
    pytest.importorskip("pandas")
    frame = make_report().to_dataframe()
    assert list(frame["example_id"]) == ["a", "b", "c"]
    assert frame["right"].isna().sum() == 1
    assert frame["error"].iloc[2].startswith("ValueError: ")


def test_markdown_cannot_be_broken_out_of():
    text = make_report(target=HOSTILE).to_markdown()
    assert "| right | 50.0 % |" in text
    assert "| cost | $0.002 | 1 runs unknown | 1 |" in text


def test_terminal_and_notebook():
    console = Console(record=True, width=120)
    console.print(make_report())
    assert "latency p95" in console.export_text()
    html = make_report(target=HOSTILE)._repr_html_()
    assert "<table>" in html
    assert "<b>bold" not in html


def test_print_writes_to_the_terminal(capsys):
    make_report().print()
    assert "agent v1 on demo@" in capsys.readouterr().out


def test_junit_tells_failures_from_errors(tmp_path):
    report = make_report()
    report.to_junit(tmp_path / "junit.xml")
    suite = ET.parse(tmp_path / "junit.xml").getroot()  # noqa: S314 - our own file
    assert suite.attrib.items() >= {("tests", "3"), ("failures", "1"), ("errors", "2")}
    kinds = [[child.tag for child in case] for case in suite]
    assert kinds == [["error"], ["failure"], ["error"]]
    assert "right is 0" in suite[1][0].get("message")


def test_junit_skips_what_has_no_score():
    results = [ExampleResult(example_id="a", outputs="\x00\ud800 odd", scores={"right": 0.5})]
    results += [ExampleResult(example_id="c", outputs="x")]
    text = make_report(results=results, metrics=["right"]).to_junit(pass_mark=0.5)
    assert [[child.tag for child in case] for case in ET.fromstring(text)] == [[], ["skipped"]]  # noqa: S314


def page_data(html):
    start = html.index('id="data">') + len('id="data">')
    return json.loads(html[start : html.index("</script>", start)])


def test_the_page_holds_everything_and_loads_nothing(tmp_path):
    report = make_report()
    html = report.to_html(tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text() == html
    data = page_data(html)
    assert [example["id"] for example in data["examples"]] == ["a", "b", "c"]
    assert data["examples"][1]["query"] == HOSTILE
    assert data["examples"][1]["runs"][0][0]["comments"] == {"right": HOSTILE}
    assert data["examples"][2]["runs"][0][0]["error"]["trace"] == "t"
    assert "default-src 'none'" in html
    assert "http" not in html.replace('http-equiv="Content-Security-Policy"', "")


def test_no_text_of_an_example_becomes_html():
    html = make_report(target=HOSTILE).to_html()
    assert "<b>bold" not in html
    assert "<script>alert" not in html
    assert html.count("</script>") == 2


def test_long_texts_are_cut_on_the_page_only():
    results = [ExampleResult(example_id="a", outputs={"answer": "y" * 100_000})]
    report = make_report(results=results)
    assert len(page_data(report.to_html())["examples"][0]["runs"][0][0]["answer"]) < 21_000
    assert len(report.results[0].outputs["answer"]) == 100_000


def test_repeats_show_how_reliable_passes_are():
    results = [
        ExampleResult(example_id="a", repeat=k, scores={"right": 1.0}, seconds=0.1, outputs=1)
        for k in range(3)
    ]
    html = make_report(results=results, repeats=3, metrics=["right"]).to_html()
    assert "pass^k" in html
    assert "k = 3" in html


def test_messages_as_inputs_are_readable():
    messages = [{"role": "user", "content": "hello there"}]
    dataset = Dataset(name="d", examples=[Example(id="a", inputs={"messages": messages})])
    html = make_report(dataset=dataset, results=[]).to_html()
    assert page_data(html)["examples"][0]["query"] == "hello there"


def test_reprs_are_short():
    report = make_report()
    assert repr(report) == "<EvaluationReport agent v1 on demo: 3 results>"
    assert repr(report.dataset) == "<Dataset demo: 3 examples>"


def test_history_keeps_every_run(tmp_path):
    url = f"sqlite:///{tmp_path / 'runs.db'}"
    for version, answer in (("v1", "1"), ("v2", "2"), ("v3", "1")):
        AgentEvaluator(storage=url).evaluate(
            lambda inputs, answer=answer: answer,
            Dataset(name="d", examples=make_report().dataset.examples[:1]),
            version=version,
        )
    history = RunHistory("d", storage=url)
    assert [run["target_version"] for run in history.runs] == ["v1", "v2", "v3"]
    console = Console(record=True, width=120)
    console.print(history)
    text = console.export_text()
    assert text.index("v3") < text.index("v1")
    page = history.to_html(tmp_path / "history.html")
    assert "exact_match" in page
    assert page.count("<circle") == 3
    assert history._repr_html_() == page


def test_one_example_is_not_one_examples():
    report = AgentEvaluator().evaluate(lambda inputs: "1", [{"inputs": {"query": "?"}}])
    forms = [report.to_html(), report.to_markdown(), report._repr_html_()]
    assert all("1 example" in form and "1 examples" not in form for form in forms)
    three = make_report()
    assert "3 examples" in three.to_html()
