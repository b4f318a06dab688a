"""What all dashboards share: variables, links to each other, alerts drawn in, the grid."""

from collections.abc import Sequence

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import dashboard as models

from dashboards.source.panels import DATASOURCE

TAG = "langchain-phase5"
COLUMNS = 24
ALL = models.VariableOption(selected=True, text=["All"], value=["$__all"])
KEEP = "${__url_time_range}&${__all_variables}"
"""Parameters of a link that keep the time range and every variable."""
KEEP_SERVICE = "${__url_time_range}&${datasource:queryparam}&${job:queryparam}"
"""The same for a link that chooses a value of one of the other variables."""

Row = tuple[int, Sequence[models.Panel]]
"""A height in grid units, and the panels that share the width."""


def board(
    uid: str, title: str, about: str, *rows: Row, filters: Sequence[str] = ()
) -> models.Dashboard:
    """Put panels into a dashboard.

    Args:
        uid: Stays the same for ever: links and bookmarks use it.
        title: Shown in the list of dashboards.
        about: What questions the dashboard answers.
        rows: From top to bottom; the panels of a row are of equal width, or nearly.
        filters: Labels of `agent_requests_total`, `tool_executions_total` or
            `llm_requests_total` to choose values of, e.g. `agent_type`.
    """
    built = (
        builders.Dashboard(title)
        .uid(uid)
        .description(about)
        .tags([TAG])
        .readonly()
        .time("now-6h", "now")
        .refresh("1m")
        .timezone("browser")
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .variables([_datasource(), *(_choice(label) for label in ("job", *filters))])
        .link(_siblings())
        .build()
    )
    built.annotations = models.AnnotationContainer([_alerts()])
    built.panels = _placed(rows)
    return built


def leading_to(panel: models.Panel, uid: str, title: str) -> models.Panel:
    """Give a panel a link to the dashboard with its details."""
    link = builders.DashboardLink(title).type(models.DashboardLinkType.LINK)
    panel.links = [link.url(f"/d/{uid}?{KEEP}").build()]
    return panel


def _placed(rows: Sequence[Row]) -> list[models.Panel | models.RowPanel]:
    placed: list[models.Panel | models.RowPanel] = []
    y = 0
    for height, panels in rows:
        for column, panel in enumerate(panels):
            x = COLUMNS * column // len(panels)
            end = COLUMNS * (column + 1) // len(panels)
            panel.id_val = len(placed) + 1
            panel.grid_pos = models.GridPos(h=height, w=end - x, x=x, y=y)
            placed.append(panel)
        y += height
    return placed


def _datasource() -> builders.DatasourceVariable:
    return builders.DatasourceVariable("datasource").label("Data source").type("prometheus")


_COUNTED_BY = {
    "job": "langchain_phase5_build_info",
    "agent_type": "agent_requests_total",
    "tool_name": "tool_executions_total",
    "model": "llm_requests_total",
}


def _choice(label: str) -> builders.QueryVariable:
    within = "" if label == "job" else '{job=~"$job"}'
    return (
        builders.QueryVariable(label)
        .label(label.replace("_", " ").capitalize())
        .query(f"label_values({_COUNTED_BY[label]}{within}, {label})")
        .datasource(DATASOURCE)
        .multi(multi=True)
        .include_all(include_all=True)
        .all_value(".*")
        .current(ALL)
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(models.VariableSort.ALPHABETICAL_CASE_INSENSITIVE_ASC)
    )


class _AlertMarks(models.AnnotationQuery):
    """Marks where alerts fired, with two fields for their text that the SDK does not know."""

    def to_json(self) -> dict[str, object]:
        return {
            **super().to_json(),
            "titleFormat": "{{alertname}}",
            "tagKeys": "severity, agent_type, model, tool_name",
        }


def _alerts() -> models.AnnotationQuery:
    return _AlertMarks(
        name="Alerts",
        datasource=DATASOURCE,
        icon_color="red",
        expr='ALERTS{job=~"$job", alertstate="firing"}',
    )


def _siblings() -> builders.DashboardLink:
    return (
        builders.DashboardLink("LangChain agents")
        .type(models.DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .include_vars(include_vars=True)
        .keep_time(keep_time=True)
    )
