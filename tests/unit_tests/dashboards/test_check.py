"""Asking Prometheus by hand: variables filled in, answers counted, refusals told."""

import io
import json
import urllib.error
import urllib.request

import pytest

from dashboards import check


@pytest.fixture
def answer(monkeypatch):
    """Let Prometheus answer everything the same way, or by a function of the URL."""

    def use(reply):
        def urlopen(url, timeout):
            body = reply(url) if callable(reply) else reply
            content = io.BytesIO(json.dumps(body).encode())
            if body["status"] == "error":
                raise urllib.error.HTTPError(url, 400, "Bad Request", {}, content)
            return content

        monkeypatch.setattr(urllib.request, "urlopen", urlopen)

    return use


def result(*values):
    series = [{"metric": {}, "values": [[0, value] for value in each]} for each in values]
    return {"status": "success", "data": {"result": series, "groups": []}}


def test_no_variable_is_left():
    for query in check.panel_queries():
        assert "$" not in check.filled(query.expression, range_seconds=60, rate_seconds=15)


def test_range_in_seconds_is_a_number():
    given = "increase(a[$__range]) / $__range_s"
    assert check.filled(given, range_seconds=60, rate_seconds=15) == "increase(a[60s]) / 60"


@pytest.mark.parametrize("instant", [True, False])
def test_series_without_numbers_do_not_count(answer, instant):
    query = check.PanelQuery("board", "panel", "a", instant=instant)
    answer(result(["1", "NaN"], ["NaN"], ["0"]))
    assert check.ask("http://localhost", query) == check.Answer("", 2)


def test_instant_answers_count_too(answer):
    query = check.PanelQuery("board", "panel", "a", instant=True)
    answer({"status": "success", "data": {"result": [{"metric": {}, "value": [0, "1"]}]}})
    assert check.ask("http://localhost/", query) == check.Answer("", 1)


def test_refusal_is_told(answer):
    query = check.PanelQuery("board", "panel", "a(", instant=True)
    answer({"status": "error", "error": "parse error"})
    assert check.ask("http://localhost", query) == check.Answer("parse error", 0)


def test_program_lists_what_is_empty(answer, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["check"])
    answer(result())
    with pytest.raises(SystemExit) as ended:
        check.main()
    assert ended.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("EMPTY  agents / ")
    assert lines[-1] == f"{len(lines) - 1} queries, 0 refused, {len(lines) - 1} empty"


def test_program_fails_where_something_is_refused(answer, monkeypatch, capsys):
    rule = {"name": "Broken", "lastError": "many-to-many"}
    rules = {"status": "success", "data": {"groups": [{"rules": [rule, {"name": "Fine"}]}]}}
    answer(lambda url: rules if "rules" in url else {"status": "error", "error": "too much"})
    monkeypatch.setattr("sys.argv", ["check", "--prometheus", "http://localhost:1"])
    with pytest.raises(SystemExit) as ended:
        check.main()
    assert ended.value.code == 1
    out = capsys.readouterr().out
    assert out.startswith("REFUSED  rule Broken: many-to-many\n")
    assert ": too much" in out
