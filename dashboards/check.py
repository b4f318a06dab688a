"""Ask a running Prometheus every question that the dashboards and rules ask.

    python -m dashboards.check --prometheus http://localhost:9090

lists what Prometheus refuses, and which panels have nothing to show yet. Nothing is changed.
"""

import argparse
import json
import math
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parent / "grafana"


class PanelQuery(NamedTuple):
    """One PromQL expression of a panel, with Grafana's variables still in it."""

    dashboard: str
    panel: str
    expression: str
    instant: bool


class Answer(NamedTuple):
    """What Prometheus said: an error, or how many series have a number in them."""

    error: str
    series: int


def panel_queries(folder: Path = FOLDER) -> Iterator[PanelQuery]:
    """Yield every query of every panel of the dashboards in `folder`."""
    for file in sorted(folder.glob("*.json")):
        dashboard = json.loads(file.read_text(encoding="utf-8"))
        for panel in dashboard["panels"]:
            for target in panel["targets"]:
                yield PanelQuery(file.stem, panel["title"], target["expr"], target["instant"])


def filled(expression: str, *, range_seconds: int, rate_seconds: int) -> str:
    """Replace Grafana's variables the way Grafana does where everything is chosen."""
    for variable, value in (
        ("$__rate_interval", f"{rate_seconds}s"),
        ("$__range_s", str(range_seconds)),
        ("$__range", f"{range_seconds}s"),
        ("$job", ".*"),
        ("$agent_type", ".*"),
        ("$tool_name", ".*"),
        ("$model", ".*"),
    ):
        expression = expression.replace(variable, value)
    return expression


def ask(
    prometheus: str, query: PanelQuery, *, range_seconds: int = 300, rate_seconds: int = 60
) -> Answer:
    """Send one query to Prometheus, over the last `range_seconds`.

    Raises:
        OSError: Prometheus cannot be reached.
    """
    asked = filled(query.expression, range_seconds=range_seconds, rate_seconds=rate_seconds)
    if query.instant:
        return _counted(_get(prometheus, "query", query=asked))
    now = time.time()
    step = max(1, range_seconds // 60)
    span = {"start": f"{now - range_seconds:.3f}", "end": f"{now:.3f}", "step": str(step)}
    return _counted(_get(prometheus, "query_range", query=asked, **span))


def rule_errors(prometheus: str) -> dict[str, str]:
    """Return the rules that Prometheus could not evaluate, with its reason.

    Raises:
        OSError: Prometheus cannot be reached.
    """
    groups = _get(prometheus, "rules")["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    return {rule["name"]: rule["lastError"] for rule in rules if rule.get("lastError")}


def main() -> None:
    """Print what is refused and what is empty; exit with 1 where anything is refused."""
    parser = argparse.ArgumentParser(prog="python -m dashboards.check", description=__doc__)
    parser.add_argument("--prometheus", default="http://localhost:9090", metavar="URL")
    parser.add_argument("--range", type=int, default=3600, metavar="SECONDS", dest="seconds")
    given = parser.parse_args()
    refused = [f"rule {name}: {reason}" for name, reason in rule_errors(given.prometheus).items()]
    empty = []
    queries = list(panel_queries())
    for query in queries:
        answer = ask(given.prometheus, query, range_seconds=given.seconds)
        where = f"{query.dashboard} / {query.panel}: {answer.error or query.expression}"
        if answer.error:
            refused.append(where)
        elif not answer.series:
            empty.append(where)
    for heading, lines in (("REFUSED", refused), ("EMPTY", empty)):
        sys.stdout.write("".join(f"{heading}  {line}\n" for line in lines))
    sys.stdout.write(f"{len(queries)} queries, {len(refused)} refused, {len(empty)} empty\n")
    sys.exit(1 if refused else 0)


def _get(prometheus: str, endpoint: str, **parameters: str) -> Any:
    url = f"{prometheus.rstrip('/')}/api/v1/{endpoint}?{urllib.parse.urlencode(parameters)}"
    try:
        with urllib.request.urlopen(url, timeout=30) as response:  # noqa: S310  the operator's own
            return json.load(response)
    except urllib.error.HTTPError as refusal:
        # The body says why.
        return json.load(refusal)


def _counted(answer: Any) -> Answer:
    if answer["status"] != "success":
        return Answer(str(answer.get("error")), 0)
    result = answer["data"]["result"]
    return Answer("", sum(any(map(_is_number, _values(series))) for series in result))


def _values(series: dict[str, Any]) -> list[str]:
    pairs = series.get("values") or [series["value"]]
    return [value for _, value in pairs]


def _is_number(value: str) -> bool:
    return not math.isnan(float(value))


if __name__ == "__main__":
    main()
