"""The dashboards are what their sources say, whole, and well made."""

import itertools
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards import build
from dashboards.source.promql import families_in

FILES = sorted(build.FOLDER.glob("*.json"))
TITLES = {
    "overview": {"Requests in 24 h", "Average quality in 24 h", "Error rate in 24 h"}
    | {"P95 latency in 24 h", "Cost per day"},
    "agents": {"Requests by agent", "Quality by agent", "Success rate by agent"}
    | {"Latency distribution"},
    "tools": {"Calls by tool", "Success rate by tool", "Latency of tools", "Tool errors by kind"},
    "costs": {"Tokens", "Cost per hour by model", "Cost per hour by agent", "Prompt cache share"}
    | {"Most expensive agents", "Tools offered but never called", "Cost per success"},
}
# A duration in a query is a promise that the title has to make.
PROMISED = {"24h": "24 h", "1d": "per day"}


def read(file: Path) -> dict[str, Any]:
    return json.loads(file.read_text())


def panels() -> list[Any]:
    return [
        pytest.param(panel, id=f"{file.stem}: {panel['title']}")
        for file in FILES
        for panel in read(file)["panels"]
    ]


each_dashboard = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
each_panel = pytest.mark.parametrize("panel", panels())


def test_committed_files_are_what_the_sources_say(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "FOLDER", tmp_path)
    build.main()
    written = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert written == {file.name: file.read_text() for file in FILES}


@each_dashboard
def test_decoding_loses_nothing(file):
    plugins.register_default_plugins()
    board = read(file)
    again = json.loads(json.dumps(Dashboard.from_json(board), cls=JSONEncoder))
    for mark in board["annotations"]["list"]:
        # The SDK does not know these two, Grafana does.
        assert mark.pop("titleFormat")
        assert mark.pop("tagKeys")
    assert again == board


def test_there_are_four_each_under_its_own_uid():
    assert {file.stem for file in FILES} == set(TITLES)
    assert len({read(file)["uid"] for file in FILES}) == 4


@each_dashboard
def test_dashboard_shows_what_was_asked_for(file):
    assert TITLES[file.stem] <= {panel["title"] for panel in read(file)["panels"]}
    assert 8 <= len(read(file)["panels"]) <= 14


@each_dashboard
def test_dashboard_is_portable(file):
    board = read(file)
    assert not board["editable"]
    assert board["description"]
    assert "id" not in board
    variables = board["templating"]["list"]
    assert variables[0] | {"name": "datasource", "type": "datasource"} == variables[0]
    assert all(v["datasource"]["uid"] == "${datasource}" for v in variables[1:])
    assert all(v["includeAll"] and v["multi"] and v["allValue"] == ".*" for v in variables[1:])
    uids = re.findall(r'"uid": "([^"]*)"', json.dumps(board["panels"]))
    assert set(uids) == {"${datasource}"}


@each_dashboard
def test_every_variable_is_used(file):
    board = read(file)
    expressions = " ".join(t["expr"] for panel in board["panels"] for t in panel["targets"])
    for variable in board["templating"]["list"][1:]:
        assert f'=~"${variable["name"]}"' in expressions


@each_dashboard
def test_links_keep_time_and_variables(file):
    board = read(file)
    assert [link["keepTime"] and link["includeVars"] for link in board["links"]] == [True]
    assert board["links"][0]["tags"] == board["tags"]
    uids = {read(other)["uid"] for other in FILES}
    for uid, parameters in re.findall(r'"/d/([^?"]+)\?([^"]*)"', json.dumps(board["panels"])):
        assert uid in uids
        assert "${__url_time_range}" in parameters
        assert "${__all_variables}" in parameters or "${datasource:queryparam}" in parameters


@each_dashboard
def test_panels_fill_the_grid_without_overlap(file):
    cells = Counter(
        cell
        for panel in read(file)["panels"]
        for place in [panel["gridPos"]]
        for cell in itertools.product(
            range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"])
        )
    )
    assert set(cells.values()) == {1}
    height = max(y for _, y in cells) + 1
    assert set(cells) == set(itertools.product(range(24), range(height)))


@each_dashboard
def test_ids_and_titles_are_unique(file):
    for key in ("id", "title"):
        assert max(Counter(panel[key] for panel in read(file)["panels"]).values()) == 1


@each_panel
def test_panel_says_what_it_shows_and_reads(panel):
    read_here = set().union(*(families_in(target["expr"]) for target in panel["targets"]))
    about, _, last = panel["description"].partition("\n\nReads ")
    assert len(about) > 20
    assert about.endswith(".")
    assert set(re.findall(r"`(\w+)`", last)) == read_here


@each_panel
def test_panel_has_unit_thresholds_and_words_for_nothing(panel):
    defaults = panel["fieldConfig"]["defaults"]
    assert defaults["unit"]
    assert defaults["noValue"]
    assert defaults["thresholds"]["steps"][0]["value"] is None
    assert [m["options"]["match"] for m in defaults["mappings"]] == ["null+nan"]
    assert defaults["mappings"][0]["options"]["result"]["text"] == "No traffic"


@each_panel
def test_queries_filter_by_job_and_name_no_interval(panel):
    for target in panel["targets"]:
        selected = re.findall(r"\w+\{([^}]*)\}", target["expr"])
        assert selected
        assert all(matchers.startswith('job=~"$job"') for matchers in selected)
        for interval in re.findall(r"\[([^\]]+)\]", target["expr"]):
            if interval not in {"$__rate_interval", "$__range"}:
                assert PROMISED[interval] in panel["title"]


@each_panel
def test_counters_are_read_as_rates(panel):
    for target in panel["targets"]:
        for function in re.findall(r"(\w*)\((?:\w+_(?:total|bucket|count|sum))\{", target["expr"]):
            assert function in {"rate", "increase", "last_over_time"}
        without_ranges = re.sub(r"\w+\{[^}]*\}\[", "", target["expr"])
        assert not re.search(r"_(total|bucket|count|sum)\{", without_ranges)


@each_panel
def test_range_of_the_whole_panel_is_asked_once(panel):
    for target in panel["targets"]:
        assert target["instant"] != target["range"]
        over_the_range = "$__range" in target["expr"] or "[24h]" in target["expr"]
        assert target["instant"] or not over_the_range


@each_panel
def test_legends_use_labels_that_the_query_keeps(panel):
    for target in panel["targets"]:
        kept = set(re.findall(r"\w+", " ".join(re.findall(r"by \(([^)]*)\)", target["expr"]))))
        assert set(re.findall(r"\{\{(\w+)\}\}", target.get("legendFormat", ""))) <= kept
