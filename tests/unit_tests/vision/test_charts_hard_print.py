"""What the offline reader makes of small print, and of lines and markers that meet print."""

import pytest
from chart_pictures import picture

from langchain_phase5.vision import ChartReader, UnreadableChartError

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun"]


def points(image):
    """The points of each series, as read."""
    read = ChartReader().read(image)
    return {one.name: [(point.x, point.y) for point in one.points] for one in read.series}


def near(places, heights, *, x=0.01, y):
    return [
        (pytest.approx(a, abs=x) if isinstance(a, float | int) else a, pytest.approx(b, abs=y))
        for a, b in zip(places, heights, strict=True)
    ]


def test_decimal_points_below_each_other_are_no_dotted_line():
    heights = [0.31, 0.87, 0.52, 0.14, 0.66, 0.95]

    def draw(axes):
        axes.plot(MONTHS, heights)
        axes.set_yticks([n / 20 for n in range(2, 21)])

    assert points(picture(draw, dpi=80)) == {None: near(MONTHS, heights, y=0.01)}


def test_small_negative_numbers_whose_digits_touch_are_read():
    heights = [-7.0, 14.0, -33.0, 18.0, -48.0, 3.0]
    read = points(picture(lambda axes: axes.plot(MONTHS, heights), dpi=72))
    assert read == {None: near(MONTHS, heights, y=0.5)}


@pytest.mark.parametrize("top", [1e6, 1e9])
def test_small_factors_are_read(top):
    heights = [0.7 * top, 3.1 * top, 5.2 * top, 1.4 * top, 6.6 * top, 4.5 * top]
    read = points(picture(lambda axes: axes.plot(MONTHS, heights), dpi=72))
    assert read == {None: near(MONTHS, heights, y=0.06 * top)}


@pytest.mark.parametrize("dpi", [72, 80, 90, 100])
def test_a_factor_never_goes_unnoticed(dpi):
    heights = [0.4e6, 7.0e6, 2.1e6, 5.4e6, 8.8e6]
    image = picture(lambda axes: axes.scatter([1.3, 2.6, 5.0, 9.3, 8.9], heights), dpi=dpi)
    try:
        (read,) = points(image).values()
    except UnreadableChartError:
        return
    assert sorted(y for _, y in read) == pytest.approx(sorted(heights), abs=1e5)


def test_points_between_the_ticks_are_found_and_no_more():
    heights = [-1.5, 0.4, -0.9, -1.4]

    def draw(axes):
        axes.plot([0, 0.25, 0.5, 0.75], heights)
        axes.set_xticks([0, 0.2, 0.4, 0.6])

    assert points(picture(draw)) == {None: near([0, 0.25, 0.5, 0.75], heights, y=0.02)}


@pytest.mark.parametrize("frameon", [True, False])
def test_a_legend_over_lines_hides_points_and_no_more(frameon):
    columns = {"Milk": [8.0, 2.0, 9.0, 4.0, 5.0, 9.5], "Bread": [3.0, 6.0, 1.0, 7.0, 2.0, 8.5]}

    def draw(axes):
        for (name, heights), look in zip(columns.items(), ({}, {"marker": "o"}), strict=True):
            axes.plot(MONTHS, heights, label=name, **look)
        axes.legend(loc="upper right", frameon=frameon)

    read = points(picture(draw))
    assert list(read) == list(columns)
    for name, found in read.items():
        wanted = dict(zip(MONTHS, columns[name], strict=True))
        assert len(found) >= 5
        assert found == [(x, pytest.approx(wanted[x], abs=0.1)) for x, _ in found]


def test_hidden_points_are_noted():
    def draw(axes):
        axes.plot(MONTHS, [2.0, 3.0, 1.0, 9.9, 10.0, 9.8], label="Milk")
        axes.plot(MONTHS, [5.0, 4.0, 6.0, 2.0, 3.0, 1.0], label="Bread")
        axes.legend(loc="upper right", framealpha=1, fontsize=26)

    read = ChartReader().read(picture(draw))
    assert len(read.series[0].points) < 6
    assert any("Milk" in note and "hidden" in note for note in read.notes)


def test_names_that_a_line_crosses_are_read():
    def draw(axes):
        axes.plot([0, 1, 2, 3], [0.0, 9.0, 8.8, 1.0], label="Kotlin")
        axes.plot([0, 1, 2, 3], [5.0, 0.5, 9.5, 2.0], label="Mobile")
        axes.legend(loc=(0.42, 0.66), frameon=False, fontsize=14)

    assert list(points(picture(draw, dpi=144))) == ["Kotlin", "Mobile"]


@pytest.mark.parametrize("edge", ["black", "none"])
def test_markers_with_dark_edges_are_named(edge):
    columns = {"Oslo": [(1, 10.0), (2, 25.0), (3, 14.0)], "Lima": [(1, 20.0), (2, 8.0), (3, 30.0)]}

    def draw(axes):
        for (name, spots), color in zip(columns.items(), ("C1", "C2"), strict=True):
            x, y = zip(*spots, strict=True)
            axes.scatter(
                x, y, s=120, marker="^", color=color, edgecolors=edge, linewidths=0.8, label=name
            )
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1))

    wanted = {
        name: near(*zip(*spots, strict=True), x=0.03, y=0.4) for name, spots in columns.items()
    }
    assert points(picture(draw, dpi=200)) == wanted


def test_tick_marks_inside_the_plot_place_powers_of_ten():
    heights = [2.0, 700.0, 30.0, 9000.0, 150.0]

    def draw(axes):
        axes.set_yscale("log")
        axes.scatter(range(5), heights)
        axes.minorticks_off()
        axes.tick_params(direction="in")

    (read,) = points(picture(draw)).values()
    assert [y for _, y in read] == pytest.approx(heights, rel=0.05)


def test_print_that_touches_the_corner_of_the_axes_is_no_marker():
    heights = [1.2e9, 4.4e9, 6.1e9, 2.7e9, 5.5e9]

    def draw(axes):
        axes.scatter([100, 900, 2100, 3300, 4200], heights, marker="s", edgecolors="black")
        axes.set_title("Units sold", pad=1)

    (read,) = points(picture(draw, dpi=144)).values()
    assert [y for _, y in read] == pytest.approx(heights, rel=0.02)


@pytest.mark.parametrize("dpi", [170, 200])
def test_dashes_of_a_grid_over_bars_are_no_print(dpi):
    from matplotlib import style

    names, heights = ["Cloud", "Swift", "Berlin", "Rome"], [7.04, 2.19, 2.4, 2.02]
    with style.context("bmh"):
        image = picture(lambda axes: axes.bar(names, heights), dpi=dpi)
    assert points(image) == {None: near(names, heights, y=0.05)}
