"""Charts: the data, and what the offline reader makes of drawn ones."""

import csv
import io
import sys

import numpy as np
import pytest
from chart_pictures import picture
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from langchain_phase5.vision import (
    ChartData,
    ChartReader,
    ImageError,
    UnreadableChartError,
    load_image,
)
from langchain_phase5.vision.chart_check import check_chart
from langchain_phase5.vision.charts._numbers import to_number
from langchain_phase5.vision.charts._scale import fit_scale, roundest

NAMES = ["North", "South", "West", "Berlin"]


def chart(kind="bar", **columns):
    """One series per keyword; a series called `_` has no name."""
    series = [
        {
            "name": None if name == "_" else name,
            "points": [{"x": x, "y": y} for x, y in zip(NAMES, values, strict=False)],
        }
        for name, values in columns.items()
    ]
    return ChartData(kind=kind, series=series)


def values(data):
    return {(row["series"], str(row["x"])): row["y"] for row in data.records()}


def near(expected):
    return {key: pytest.approx(value, rel=0.02, abs=0.2) for key, value in expected.items()}


def test_a_table_has_a_row_per_key_and_a_column_per_series():
    data = chart("grouped_bar", a=[1.5, 2], b=[3])
    assert data.to_markdown().splitlines() == [
        "| x | a | b |",
        "| --- | --- | --- |",
        "| North | 1.5 | 3 |",
        "| South | 2 |  |",
    ]
    assert list(csv.reader(io.StringIO(data.to_csv()))) == [
        ["x", "a", "b"],
        ["North", "1.5", "3"],
        ["South", "2", ""],
    ]
    assert data.to_dataframe()["y"].tolist() == [1.5, 2, 3]


def test_no_point_is_lost_where_an_x_occurs_twice():
    data = ChartData(kind="scatter", series=[{"points": [{"x": 1, "y": 2}, {"x": 1, "y": 3}]}])
    assert data.to_markdown().count("\n") == 3


@pytest.mark.parametrize("label", ["=1+1", "+cmd", "@SUM(A1)", "-x"])
def test_labels_do_not_become_formulas(label):
    data = ChartData(kind="bar", series=[{"points": [{"x": label, "y": -2}]}])
    assert data.to_csv().splitlines()[1] == f"'{label},-2"


def test_labels_do_not_break_the_markdown_table():
    data = ChartData(kind="bar", series=[{"points": [{"x": "a|b\nc", "y": 1}]}])
    assert data.to_markdown().splitlines()[2] == "| a\\|b c | 1 |"


@pytest.mark.parametrize("kind", ["bar", "stacked_bar", "line", "scatter", "pie", "other"])
def test_every_kind_can_be_drawn_again(kind):
    picture = chart(kind, a=[1, 2, 3]).redraw()
    assert np.asarray(picture).std() > 5


@pytest.mark.parametrize(
    ("kind", "columns"),
    [
        ("bar", {"_": [12, 30, 21, 4]}),
        ("bar", {"_": [120_000, 300_000, 45_000]}),
        ("bar", {"_": [0.12, 0.3, 0.21, 0.04]}),
        ("bar", {"_": [12, -30, 21, -8]}),
        ("grouped_bar", {"Coffee": [12, 30, 21], "Tea": [20, 8, 16]}),
        ("stacked_bar", {"Coffee": [12, 30, 21], "Tea": [20, 8, 16]}),
        ("line", {"_": [12, 30, 21, 4]}),
        ("line", {"Coffee": [12, 30, 21, 4], "Tea": [20, 8, 16, 28]}),
    ],
)
def test_what_is_drawn_is_read_back(kind, columns):
    drawn = chart(kind, **columns)
    top = max(abs(v) for column in columns.values() for v in column)
    for point in (p for s in drawn.series for p in s.points):
        point.y = float(point.y)
    read = ChartReader().read(drawn.redraw())
    assert read.kind == kind
    assert read.engine == "offline"
    expected = values(drawn)
    assert values(read) == {k: pytest.approx(v, abs=0.01 * top) for k, v in expected.items()}


def test_a_pie_is_read_in_percent():
    read = ChartReader().read(chart("pie", _=[10, 20, 30, 40]).redraw())
    assert values(read) == near(
        {(None, name): n for name, n in zip(NAMES, [10, 20, 30, 40], strict=True)}
    )
    assert sum(values(read).values()) == pytest.approx(100, abs=0.3)


def test_bars_that_lie_are_read_like_bars_that_stand():
    read = ChartReader().read(picture(lambda axes: axes.barh(NAMES, [12, 30, 21, 4])))
    assert values(read) == near({(None, n): v for n, v in zip(NAMES, [12, 30, 21, 4], strict=True)})


def test_markers_are_found_where_they_are():
    spots = [(1, 10), (2.5, 35), (4, 20), (6, 48), (8, 5)]
    read = ChartReader().read(picture(lambda axes: axes.scatter(*zip(*spots, strict=True))))
    found = [(point.x, point.y) for point in read.series[0].points]
    assert read.kind == "scatter"
    assert found == [(pytest.approx(x, abs=0.05), pytest.approx(y, abs=0.3)) for x, y in spots]


def test_a_numeric_line_has_its_points_on_the_even_grid():
    x, y = [0, 5, 10, 15, 20], [3, 9, 4, 12, 7]
    read = ChartReader().read(picture(lambda axes: axes.plot(x, y)))
    found = {float(point.x): point.y for point in read.series[0].points}
    assert all(found[a] == pytest.approx(b, abs=0.1) for a, b in zip(x, y, strict=True))


def test_titles_and_labels_are_kept():
    def draw(axes):
        axes.bar(NAMES, [12, 30, 21, 4])
        axes.set_title("Revenue")
        axes.set_xlabel("Region")
        axes.set_ylabel("Sales")

    read = ChartReader().read(picture(draw))
    assert (read.title, read.x_axis.label, read.y_axis.label) == ("Revenue", "Region", "Sales")
    assert (read.y_axis.minimum, read.y_axis.maximum) == (0, 30)


def test_words_of_a_title_stay_apart():
    def draw(axes):
        axes.bar(NAMES, [12, 30, 21, 4])
        axes.set_title("Bikes sold per month")

    assert ChartReader().read(picture(draw)).title == "Bikes sold per month"


def test_lines_that_cross_over_a_dashed_grid_are_told_apart():
    x = [2, 4, 6, 8, 10]
    y = {"Rome": [3.1, 9.4, 2.2, 8.3, 1.4], "Paris": [8.0, 2.5, 7.1, 3.0, 9.2]}

    def draw(axes):
        for name, heights in y.items():
            axes.plot(x, heights, marker="s", label=name)
        axes.grid(linestyle="--")
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1))

    read = ChartReader().read(picture(draw))
    found = {(row["series"], row["x"]): row["y"] for row in read.records()}
    assert found == {
        (name, a): pytest.approx(b, abs=0.06)
        for name, heights in y.items()
        for a, b in zip(x, heights, strict=True)
    }
    assert read.confidence > 0.9


def test_markers_far_apart_on_a_line_give_its_points():
    x, y = [0, 1, 4, 5, 10], [3.0, 8.0, 7.0, 2.0, 6.0]
    read = ChartReader().read(picture(lambda axes: axes.plot(x, y, marker="o", markersize=8)))
    found = [(point.x, point.y) for point in read.series[0].points]
    assert found == [
        (pytest.approx(a, abs=0.06), pytest.approx(b, abs=0.15)) for a, b in zip(x, y, strict=True)
    ]


def test_markers_that_overlap_in_a_jpeg_file_are_counted():
    spots = {"Tea": [(1, 4), (5, 9), (5.12, 9.15), (8, 2)], "Bread": [(2, 7), (5.25, 9), (9, 6)]}

    def draw(axes):
        for name, points in spots.items():
            axes.scatter(*zip(*points, strict=True), label=name, s=60)
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1))

    buffer = io.BytesIO()
    picture(draw).convert("RGB").save(buffer, "JPEG", quality=90)
    read = ChartReader().read(Image.open(buffer))
    found = {series.name: [(p.x, p.y) for p in series.points] for series in read.series}
    assert found == {
        name: [(pytest.approx(x, abs=0.06), pytest.approx(y, abs=0.06)) for x, y in points]
        for name, points in spots.items()
    }


@pytest.mark.parametrize(
    ("package", "use"),
    [
        ("pandas", lambda data: data.to_dataframe()),
        ("matplotlib.figure", lambda data: data.redraw()),
    ],
)
def test_what_a_table_or_a_plot_needs_is_named(monkeypatch, package, use):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=r"langchain-phase5\[eval\]"):
        use(chart(_=[1, 2]))


@pytest.mark.parametrize(("confidence", "doubts"), [(0.95, 1), (0.8, 0)])
def test_only_a_sure_second_reading_casts_doubt(confidence, doubts):
    model, other = chart(_=[10, 20, 30]), chart(_=[10, 20, 44])
    second = other.model_copy(update={"confidence": confidence})
    assert len(check_chart(model, second).notes) == doubts


def test_a_line_may_be_read_at_other_places():
    model = ChartData(kind="line", series=[{"points": [{"x": x, "y": x} for x in (0, 5, 10)]}])
    second = ChartData(
        kind="line",
        series=[{"points": [{"x": x, "y": x} for x in range(0, 11, 2)]}],
        confidence=0.97,
    )
    assert check_chart(model, second).notes == []


def _two_colors():
    def draw(axes):
        axes.scatter([1, 2, 3], [3, 5, 4])
        axes.scatter([1.5, 2.5, 3.5], [1, 2, 6])

    return picture(draw)


def _blank():
    return Image.new("RGB", (300, 200), "white")


def _noise():
    return Image.fromarray(np.random.default_rng(0).integers(0, 255, (200, 300, 3), dtype=np.uint8))


def _unlabeled():
    image = _blank()
    for n, height in enumerate((50, 120, 80)):
        ImageDraw.Draw(image).rectangle((40 + 80 * n, 190 - height, 90 + 80 * n, 190), fill="teal")
    return image


def _text():
    image = _blank()
    ImageDraw.Draw(image).text((20, 80), "No chart at all", fill="black", font_size=24)
    return image


def _curve():
    x = np.linspace(0, 10, 200)
    return picture(lambda axes: axes.plot(x, np.sin(x)))


def _area():
    return picture(lambda axes: axes.fill_between([0, 1, 2], [3, 5, 2]))


def _no_legend():
    def draw(axes):
        axes.bar([0, 1], [3, 5], 0.4)
        axes.bar([0.4, 1.4], [2, 4], 0.4)
        axes.set_xticks([0.2, 1.2], ["North", "South"])

    return picture(draw)


@pytest.mark.parametrize(
    "picture",
    [
        _blank,
        _noise,
        _unlabeled,
        _text,
        _curve,
        _area,
        _no_legend,
        _two_colors,
        lambda: Image.new("L", (1, 1)),
    ],
)
def test_it_refuses_rather_than_guesses(picture):
    with pytest.raises(UnreadableChartError, match="cannot be read surely") as refused:
        ChartReader().read(picture())
    assert refused.value.reason


@pytest.mark.parametrize("form", ["path", "bytes", "loaded"])
def test_a_chart_comes_in_any_form(form, tmp_path):
    path = tmp_path / "chart.png"
    chart(_=[12, 30]).redraw().save(path)
    image = {"path": path, "bytes": path.read_bytes(), "loaded": load_image(path)}[form]
    assert values(ChartReader().read(image)) == near({(None, "North"): 12, (None, "South"): 30})


def test_a_picture_that_cannot_be_loaded_says_why():
    with pytest.raises(ImageError, match="no image that can be read"):
        ChartReader().read(b"no picture")


def test_a_transparent_background_is_white():
    solid = chart("bar", _=[12, 30, 21]).redraw().convert("RGBA")
    pixels = np.asarray(solid).copy()
    pixels[(pixels[..., :3] == 255).all(axis=2)] = 0
    read = ChartReader().read(Image.fromarray(pixels))
    assert values(read) == near({(None, "North"): 12, (None, "South"): 30, (None, "West"): 21})


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,500", 1500), ("1.5k", 1500), ("2M", 2e6), ("$20", 20), ("45%", 45), ("\u22125", -5),
        ("1e6", 1e6), (".5", 0.5), ("2.5e-3", 0.0025), ("Q1", None), ("", None), ("1.2.3", None),
    ],
)  # fmt: skip
def test_printed_numbers(text, number):
    assert to_number(text) == number


@given(
    start=st.integers(-1000, 1000),
    step=st.integers(1, 500),
    pitch=st.floats(20, 80),
    wrong=st.integers(0, 6),
)
@settings(deadline=None)
def test_one_misread_tick_does_not_bend_the_scale(start, step, pitch, wrong):
    pixels = [30 + n * pitch for n in range(7)]
    labels: list[float | None] = [float(start + n * step) for n in range(7)]
    labels[wrong] = labels[wrong] * 10 + 7 * step
    scale = fit_scale(pixels, labels)
    assert scale is not None
    assert scale.value(30 + 3 * pitch) == pytest.approx(start + 3 * step, abs=0.03 * step)


def test_a_log_scale_is_recognized():
    scale = fit_scale([10, 60, 110, 160], [1.0, 10.0, 100.0, 1000.0])
    assert scale is not None
    assert scale.kind == "log"
    assert scale.value(85) == pytest.approx(10**1.5)


def test_unrelated_numbers_are_no_scale():
    assert fit_scale([10, 60, 110, 160], [3.0, 900.0, 17.0, 250.0]) is None


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e3))
def test_rounding_stays_within_what_is_known(value, blur):
    assert value - blur <= roundest(value, value - blur, value + blur) <= value + blur
