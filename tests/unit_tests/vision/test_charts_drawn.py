"""What the offline reader makes of charts that are clean, but not plain."""

import numpy as np
import pytest
from chart_pictures import picture
from PIL import Image, ImageDraw

from langchain_phase5.vision import ChartReader, UnreadableChartError

NAMES = ["Marketing", "Support", "Research", "Finance", "Sales"]
HEIGHTS = [12.0, 30.0, 21.0, 4.0, 17.0]


def values(image):
    read = ChartReader().read(image)
    return {(row["series"], row["x"]): row["y"] for row in read.records()}


def near(columns, slack):
    return {
        (name, x): pytest.approx(y, abs=slack)
        for name, heights in columns.items()
        for x, y in zip(NAMES, heights, strict=False)
    }


@pytest.mark.parametrize("dpi", [80, 100, 150])
@pytest.mark.parametrize("look", [{}, {"edgecolor": "black"}])
def test_bars_are_read_without_bias(dpi, look):
    heights = [120.0, 80.0, 45.0, 97.0, 61.0]
    read = values(picture(lambda axes: axes.bar(NAMES, heights, **look), dpi=dpi))
    off = [read[None, name] - height for name, height in zip(NAMES, heights, strict=True)]
    assert np.abs(off).max() < 0.6
    assert abs(np.mean(off)) < 0.25


@pytest.mark.parametrize(
    "turn",
    [
        {"rotation": 45},
        {"rotation": 30, "ha": "right", "rotation_mode": "anchor"},
        {"rotation": 60, "ha": "right"},
    ],
)
def test_slanted_labels_are_read(turn):
    def draw(axes):
        axes.bar(NAMES, HEIGHTS)
        axes.set_xticks(range(len(NAMES)), NAMES, **turn)
        axes.set_xlabel("Department")

    image = picture(draw)
    assert values(image) == near({None: HEIGHTS}, 0.3)
    assert ChartReader().read(image).x_axis.label == "Department"


def test_turned_labels_whose_letters_touch_are_read():
    def draw(axes):
        axes.plot(NAMES, HEIGHTS)
        axes.tick_params(axis="x", rotation=90, labelsize=9, labelfontfamily="sans-serif")

    assert values(picture(draw)) == near({None: HEIGHTS}, 0.3)


def test_long_tick_marks_are_no_letters():
    def draw(axes):
        axes.plot(range(6), [3, 9, 4, 12, 7, 8])
        axes.tick_params(length=9, width=1)

    read = {x: y for (_, x), y in values(picture(draw)).items()}
    assert read == {
        x: pytest.approx(y, abs=0.1) for x, y in zip(range(6), [3, 9, 4, 12, 7, 8], strict=True)
    }


def test_black_bars_on_black_axes_are_bars():
    columns = {"Coffee": HEIGHTS[:3], "Tea": [20.0, 8.0, 16.0]}

    def draw(axes):
        for shift, color, (name, heights) in zip(
            (-0.2, 0.2), ("black", "0.5"), columns.items(), strict=True
        ):
            spots = [spot + shift for spot in range(3)]
            axes.bar(spots, heights, 0.4, color=color, label=name)
        axes.set_xticks(range(3), NAMES[:3])
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1))

    assert values(picture(draw)) == near(columns, 0.3)


def test_grey_lines_are_no_bars():
    def draw(axes):
        axes.plot([2023, 2024, 2025, 2026], [57, 75, 20, 15], color="black")
        axes.plot([2023, 2024, 2025, 2026], [11, 92, 16, 88], color="0.4")
        axes.plot([2023, 2024, 2025, 2026], [88, 82, 24, 90], color="0.6")

    with pytest.raises(UnreadableChartError):
        ChartReader().read(picture(draw))


def test_a_thin_line_has_the_color_of_its_pale_swatch():
    columns = {"Coffee": HEIGHTS, "Tea": [20.0, 8.0, 16.0, 25.0, 3.0]}

    def draw(axes):
        for (name, heights), width in zip(columns.items(), (0.8, 2.4), strict=True):
            axes.plot(NAMES, heights, label=name, linewidth=width)
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1))

    assert values(picture(draw, dpi=80)) == near(columns, 0.3)


def test_small_markers_on_a_thick_line_do_not_bend_it():
    columns = {"Coffee": HEIGHTS, "Tea": [20.0, 8.0, 16.0, 25.0, 3.0]}

    def draw(axes):
        for (name, heights), width in zip(columns.items(), (4.0, 1.5), strict=True):
            axes.plot(NAMES, heights, marker="^", label=name, linewidth=width)
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1))

    assert values(picture(draw)) == near(columns, 0.4)


def test_points_on_the_frame_are_read():
    def draw(axes):
        axes.plot([0, 1, 2, 3, 4], HEIGHTS, marker="s", color="blue")
        axes.set(xlim=(0, 4), ylim=(0, 35))

    read = {x: y for (_, x), y in values(picture(draw)).items()}
    assert read == {x: pytest.approx(y, abs=0.4) for x, y in enumerate(HEIGHTS)}


def test_a_bar_whose_end_the_legend_hides_is_left_out():
    columns = {"Coffee": [12.0, 18.0, 16.0], "Tea": [20.0, 8.0, 30.0]}

    def draw(axes):
        for shift, (name, heights) in zip((-0.2, 0.2), columns.items(), strict=True):
            axes.bar([spot + shift for spot in range(3)], heights, 0.4, label=name)
        axes.set_xticks(range(3), NAMES[:3])
        axes.legend(loc="upper right", framealpha=1)

    read = ChartReader().read(picture(draw))
    found = {(row["series"], row["x"]): row["y"] for row in read.records()}
    expected = near(columns, 0.3)
    del expected["Tea", NAMES[2]]
    assert found == expected
    assert "legend" in read.notes[0]


def test_rings_have_the_color_of_their_line():
    spots = {"Coffee": [(1, 10), (3, 35), (5, 20)], "Tea": [(2, 15), (4, 40), (6, 28)]}

    def draw(axes):
        for color, (name, points) in zip(("tab:blue", "tab:orange"), spots.items(), strict=True):
            axes.scatter(
                *zip(*points, strict=True), s=60, facecolors="none", edgecolors=color, label=name
            )
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1))

    read = ChartReader().read(picture(draw))
    assert {series.name: [(p.x, p.y) for p in series.points] for series in read.series} == {
        name: [(pytest.approx(x, abs=0.06), pytest.approx(y, abs=0.4)) for x, y in points]
        for name, points in spots.items()
    }


def scattered(points, **look):
    """A scatter plot, and what is read from it."""
    image = picture(lambda axes: axes.scatter(*zip(*points, strict=True), **look))
    return [(row["x"], row["y"]) for row in ChartReader().read(image).records()]


@pytest.mark.parametrize("marker", ["o", "s"])
@pytest.mark.parametrize("size", [20, 60])
def test_touching_markers_are_counted(marker, size):
    step = 0.014 * size**0.5  # two thirds of a marker's width
    pairs = [(1, 2.0), (1, 2.0 + step), (3, 7.0), (3 + step, 7.0 + step), (6, 4.0), (8, 9.0)]
    points = [*pairs, (9, 1.0), (2, 9.0), (5, 5.5)]
    read = scattered(points, marker=marker, s=size)
    assert sorted(read) == [
        (pytest.approx(x, abs=0.07), pytest.approx(y, abs=0.07)) for x, y in sorted(points)
    ]


@pytest.mark.parametrize("clip", [True, False])
def test_markers_on_the_axes_are_read(clip):
    points = [(0, 3.0), (1, 7.0), (2, 0.0), (3, 2.0), (4, 8.0), (5, 4.0), (6, 10.0), (10, 6.0)]

    def draw(axes):
        axes.scatter(*zip(*points, strict=True), clip_on=clip)
        axes.set(xlim=(0, 10), ylim=(0, 10))

    read = [(row["x"], row["y"]) for row in ChartReader().read(picture(draw)).records()]
    assert read == [(pytest.approx(x, abs=0.15), pytest.approx(y, abs=0.15)) for x, y in points]


def test_thin_letters_at_the_end_of_small_names_are_read():
    names = ["Winter", "Silver", "Copper", "Summer", "Milk"]

    def draw(axes):
        axes.barh(names, HEIGHTS)
        axes.tick_params(length=0)

    read = ChartReader().read(picture(draw, dpi=72))
    assert sorted(row["x"] for row in read.records()) == sorted(names)


def test_two_shapes_in_one_color_are_refused():
    rng = np.random.default_rng(3)

    def draw(axes):
        for marker, size in (("o", 20), ("s", 70)):
            axes.scatter(*rng.uniform(0, 10, (2, 9)), marker=marker, s=size, color="navy")

    with pytest.raises(UnreadableChartError, match="several shapes"):
        ChartReader().read(picture(draw))


@pytest.mark.parametrize("fill", ["teal", "black"])
def test_thousands_of_dots_are_refused(fill):
    image = Image.new("RGB", (1200, 1200), "white")
    draw = ImageDraw.Draw(image)
    for x, y in np.random.default_rng(0).integers(0, 1190, (4000, 2)).tolist():
        draw.ellipse((x, y, x + 6, y + 6), fill=fill)
    with pytest.raises(UnreadableChartError):
        ChartReader().read(image)


@pytest.mark.parametrize("share", [0.5, 0.98])
def test_noise_is_refused_early(share):
    noise = np.random.default_rng(0).random((1200, 1200)) < share
    with pytest.raises(UnreadableChartError, match=r"flat colors|patches"):
        ChartReader().read(Image.fromarray(noise.astype(np.uint8) * 255))


SHADES = {"blues": ["#c6dbef", "#6baed6", "#08519c"], "grays": ["#000000", "#777777", "#bbbbbb"]}


@pytest.mark.parametrize("hue", SHADES)
@pytest.mark.parametrize("filled", [True, False])
def test_markers_in_shades_of_one_hue_are_told_apart(hue, filled):
    points = {
        "North": [(1, 10), (4, 31), (8, 22)],
        "South": [(2, 40), (5, 8), (7, 44)],
        "West": [(3, 18), (6, 35), (9, 12)],
    }

    def draw(axes):
        for color, (name, spots) in zip(SHADES[hue], points.items(), strict=True):
            face = color if filled else "none"
            axes.scatter(*zip(*spots, strict=True), s=30, label=name, fc=face, ec=color)
        axes.set(xlim=(0, 10), ylim=(0, 50))
        axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1))

    read = ChartReader().read(picture(draw))
    found = [[(point.x, point.y) for point in series.points] for series in read.series]
    assert found == [
        [(pytest.approx(x, abs=0.1), pytest.approx(y, abs=0.5)) for x, y in spots]
        for spots in points.values()
    ]


def test_markers_in_shades_of_one_hue_that_touch_are_not_guessed():
    def draw(axes):
        for color, xs in zip(SHADES["blues"], ([1, 3, 4], [1.15, 6, 7], [2, 5, 8]), strict=True):
            axes.scatter(xs, [10, 20, 30], s=40, color=color, label=f"Team {xs[1]}")
        axes.set(xlim=(0, 10), ylim=(0, 50))
        axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1))

    with pytest.raises(UnreadableChartError, match="shades of one color"):
        ChartReader().read(picture(draw))
