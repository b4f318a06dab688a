"""The kinds of panels the dashboards use, each with what makes a panel honest.

Every panel says in its description what it shows and which metrics it reads, names its unit, and
shows "No traffic" where there is nothing to divide by.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from grafana_foundation_sdk.builders import bargauge, common, heatmap, stat, table, timeseries
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.models import common as options
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from dashboards.source.promql import families_in
from dashboards.source.thresholds import NEUTRAL, Steps

DATASOURCE = models.DataSourceRef(type_val="prometheus", uid="${datasource}")
NO_TRAFFIC = "No traffic"
NO_ERRORS = "No errors"

AnyPanel = timeseries.Panel | stat.Panel | table.Panel | heatmap.Panel | bargauge.Panel


class Query(NamedTuple):
    """A PromQL expression, and what to call its series: text with `{{label}}` in it."""

    expression: str
    legend: str


class Column(NamedTuple):
    """A column of numbers in a table: one PromQL expression, a number per row."""

    expression: str
    title: str
    unit: str
    thresholds: Steps = NEUTRAL


def time_series(
    title: str,
    about: str,
    *queries: Query,
    unit: str,
    thresholds: Steps = (),
    stacked: bool = False,
    colors: Mapping[str, str] | None = None,
    maximum: float | None = None,
    nothing: str = NO_TRAFFIC,
) -> models.Panel:
    """Lines over time, or stacked areas; thresholds are drawn in as dashed lines."""
    panel = _lines(title, about, queries, unit=unit, thresholds=thresholds)
    panel.fill_opacity(25 if stacked else 8).no_value(nothing)
    if stacked:
        panel.stacking(common.StackingConfig().mode(options.StackingMode.NORMAL))
    if thresholds:
        dashed = options.GraphThresholdsStyleMode.DASHED
        panel.thresholds_style(common.GraphThresholdsStyleConfig().mode(dashed))
    if maximum is not None:
        panel.max(maximum)
    _paint(panel, colors or {})
    return panel.build()


def bars_per_day(title: str, about: str, *queries: Query, unit: str) -> models.Panel:
    """One stacked bar a day, over the last two weeks whatever the dashboard's time range."""
    panel = _lines(title, about, queries, unit=unit, thresholds=())
    panel.draw_style(options.GraphDrawStyle.BARS).fill_opacity(80)
    panel.stacking(common.StackingConfig().mode(options.StackingMode.NORMAL))
    return panel.interval("1d").time_from("14d").build()


def single_value(
    title: str, about: str, expression: str, *, unit: str, thresholds: Steps = NEUTRAL
) -> models.Panel:
    """One number, colored by its thresholds."""
    query = Query(expression, title)
    panel = stat.Panel()
    _describe(panel, title, about, queries=[query], unit=unit, thresholds=thresholds)
    panel.targets([_instant(query, "A")])
    panel.color_scheme(builders.FieldColor().mode(models.FieldColorModeId.THRESHOLDS))
    panel.color_mode(options.BigValueColorMode.VALUE).graph_mode(options.BigValueGraphMode.NONE)
    panel.reduce_options(_last())
    return panel.build()


def bars(
    title: str, about: str, query: Query, *, unit: str, colors: Mapping[str, str]
) -> models.Panel:
    """One horizontal bar per series, for its value over the panel's time range."""
    panel = bargauge.Panel()
    _describe(panel, title, about, queries=[query], unit=unit, thresholds=NEUTRAL)
    panel.targets([_instant(query, "A")])
    panel.color_scheme(builders.FieldColor().mode(models.FieldColorModeId.THRESHOLDS))
    panel.display_mode(options.BarGaugeDisplayMode.BASIC)
    panel.orientation(options.VizOrientation.HORIZONTAL)
    panel.min(0).reduce_options(_last())
    _paint(panel, colors)
    return panel.build()


def buckets_over_time(title: str, about: str, expression: str, *, unit: str) -> models.Panel:
    """A heatmap of a histogram: time to the right, buckets upward, color for how many."""
    query = Query(expression, "{{le}}")
    panel = heatmap.Panel()
    _describe(panel, title, about, queries=[query], unit="short", thresholds=())
    panel.targets([_range(query, "A").format(PromQueryFormat.HEATMAP)])
    panel.calculate(calculate=False)
    panel.color(
        heatmap.HeatmapColorOptions()
        .mode(HeatmapColorMode.SCHEME)
        .scheme("Oranges")
        .steps(64)
        .exponent(0.5)
    )
    panel.y_axis(heatmap.YAxisConfig().unit(unit))
    panel.cell_values(heatmap.CellValues().unit("short")).cell_gap(1)
    linear = common.ScaleDistributionConfig().type(options.ScaleDistribution.LINEAR)
    panel.scale_distribution(linear)
    panel.mode(options.TooltipDisplayMode.SINGLE).hide_y_histogram().show_legend()
    return panel.build()


def rows(
    title: str,
    about: str,
    *columns: Column,
    labels: Mapping[str, str],
    links: Mapping[str, str] | None = None,
    nothing: str = NO_TRAFFIC,
) -> models.Panel:
    """A table: a row per combination of `labels`, given with their headings.

    Args:
        title: Of the panel.
        about: What it shows.
        columns: The numbers; the rows are sorted by the first, largest on top.
        labels: Prometheus labels, and how to head their columns.
        links: Where a click on a label leads.
        nothing: What to say where there are no rows.
    """
    queries = [Query(column.expression, "") for column in columns]
    panel = table.Panel()
    _describe(panel, title, about, queries=queries, unit=columns[0].unit, thresholds=())
    panel.targets([_instant(q, ref).format(PromQueryFormat.TABLE) for q, ref in _numbered(queries)])
    names = {"Value": columns[0].title} if len(columns) == 1 else {}
    for column, (_, ref) in zip(columns, _numbered(queries), strict=True):
        names[f"Value #{ref}"] = column.title
        panel.override_by_name(column.title, _column_style(column))
    panel.transformations(_merged(names | dict(labels))).no_value(nothing)
    panel.align(options.FieldTextAlignment.AUTO).inspect(inspect=False)
    panel.cell_options(options.TableAutoCellOptions())
    panel.sort_by([common.TableSortByFieldState().display_name(columns[0].title).desc(desc=True)])
    for label, url in (links or {}).items():
        link = {"title": "Show", "url": url, "targetBlank": False}
        value = models.DynamicConfigValue(id_val="links", value=[link])
        panel.override_by_name(labels[label], [value])
    return panel.build()


def _lines(
    title: str, about: str, queries: Sequence[Query], *, unit: str, thresholds: Steps
) -> timeseries.Panel:
    panel = timeseries.Panel()
    _describe(panel, title, about, queries=queries, unit=unit, thresholds=thresholds)
    panel.targets([_range(query, ref) for query, ref in _numbered(queries)])
    panel.color_scheme(builders.FieldColor().mode(models.FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
    return panel.min(0).legend(_legend()).tooltip(_tooltip())


def _paint(panel: timeseries.Panel | bargauge.Panel, colors: Mapping[str, str]) -> None:
    for series, color in colors.items():
        fixed = {"mode": "fixed", "fixedColor": color}
        panel.override_by_name(series, [models.DynamicConfigValue(id_val="color", value=fixed)])


def _merged(names: Mapping[str, str]) -> list[models.DataTransformerConfig]:
    organize = {"excludeByName": {"Time": True}, "indexByName": {}, "renameByName": dict(names)}
    return [
        models.DataTransformerConfig(id_val="merge", options={}),
        models.DataTransformerConfig(id_val="organize", options=organize),
    ]


def _column_style(column: Column) -> list[models.DynamicConfigValue]:
    steps = [{"value": limit, "color": color} for limit, color in column.thresholds]
    style = [
        models.DynamicConfigValue(id_val="unit", value=column.unit),
        models.DynamicConfigValue(id_val="thresholds", value={"mode": "absolute", "steps": steps}),
    ]
    if column.thresholds is not NEUTRAL:
        colored = models.DynamicConfigValue(
            id_val="custom.cellOptions", value={"type": "color-text"}
        )
        style.append(colored)
    return style


def _describe(
    panel: AnyPanel,
    title: str,
    about: str,
    *,
    queries: Sequence[Query],
    unit: str,
    thresholds: Steps,
) -> None:
    families = sorted(set().union(*(families_in(query.expression) for query in queries)))
    read = ", ".join(f"`{family}`" for family in families)
    panel.title(title).description(f"{about}\n\nReads {read}").datasource(DATASOURCE)
    panel.unit(unit).no_value(NO_TRAFFIC).mappings([_not_a_number()])
    steps = [models.Threshold(value=limit, color=color) for limit, color in thresholds or NEUTRAL]
    mode = models.ThresholdsMode.ABSOLUTE
    panel.thresholds(builders.ThresholdsConfig().mode(mode).steps(steps))


def _not_a_number() -> models.SpecialValueMap:
    result = models.ValueMappingResult(text=NO_TRAFFIC, color="text", index=0)
    match = models.SpecialValueMatch.NULL_AND_NAN
    return models.SpecialValueMap(models.DashboardSpecialValueMapOptions(match, result))


def _numbered(queries: Sequence[Query]) -> list[tuple[Query, str]]:
    return [(query, chr(ord("A") + number)) for number, query in enumerate(queries)]


def _query(query: Query, ref: str) -> Dataquery:
    asked = Dataquery().expr(query.expression).ref_id(ref).datasource(DATASOURCE)
    return asked.legend_format(query.legend) if query.legend else asked


def _range(query: Query, ref: str) -> Dataquery:
    return _query(query, ref).range()


def _instant(query: Query, ref: str) -> Dataquery:
    return _query(query, ref).instant()


def _last() -> common.ReduceDataOptions:
    return common.ReduceDataOptions().calcs(["lastNotNull"])


def _legend() -> common.VizLegendOptions:
    legend = common.VizLegendOptions().show_legend(show_legend=True)
    legend.display_mode(options.LegendDisplayMode.TABLE).placement(options.LegendPlacement.BOTTOM)
    return legend.calcs(["lastNotNull", "max"])


def _tooltip() -> common.VizTooltipOptions:
    tooltip = common.VizTooltipOptions().mode(options.TooltipDisplayMode.MULTI)
    return tooltip.sort(options.SortOrder.DESCENDING)
