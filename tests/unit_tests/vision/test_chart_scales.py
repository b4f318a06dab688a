"""Axes on which a label does not say the whole value: factors, offsets, powers of ten."""

import pytest
from chart_pictures import picture

from langchain_phase5.vision import ChartReader, UnreadableChartError

SHARES = [0.12, 0.3, 0.21, 0.9, 0.55]


def heights(image):
    return [row["y"] for row in ChartReader().read(image).records()]


def near(values):
    spread = max(values) - min(values)
    return [pytest.approx(value, abs=0.01 * spread) for value in values]


@pytest.mark.parametrize("dpi", [100, 144])
@pytest.mark.parametrize(("factor", "offset"), [(1e7, 0), (1e-6, 0), (80.0, 1e5), (5e9, 0)])
def test_a_factor_or_an_offset_of_the_axis_counts(factor, offset, dpi):
    values = [offset + factor * share for share in SHARES]
    image = picture(lambda axes: axes.scatter(range(5), values), dpi=dpi)
    assert heights(image) == near(values)


def test_a_factor_below_the_axis_counts_for_lying_bars():
    values = [4e9 * share for share in SHARES]
    image = picture(lambda axes: axes.barh(["Oslo", "Rome", "Lima", "Paris", "Bern"], values))
    assert sorted(heights(image)) == near(sorted(values))


def test_an_offset_of_x_counts():
    x = [100_000 + 90 * share for share in SHARES]
    image = picture(lambda axes: axes.scatter(x, SHARES))
    read = [row["x"] for row in ChartReader().read(image).records()]
    assert read == near(sorted(x))


def test_a_factor_that_is_not_legible_makes_the_chart_unreadable():
    def draw(axes):
        axes.scatter(range(5), SHARES)
        axes.text(0, 1.01, "1e?", transform=axes.transAxes)

    with pytest.raises(UnreadableChartError, match="factor or an offset"):
        ChartReader().read(picture(draw))


def test_a_title_above_the_axis_is_no_factor():
    def draw(axes):
        axes.scatter(range(5), SHARES)
        axes.text(0.03, 1.02, "Score of 2026", transform=axes.transAxes)

    read = ChartReader().read(picture(draw))
    assert read.title == "Score of 2026"
    assert [row["y"] for row in read.records()] == near(SHARES)


@pytest.mark.parametrize("dpi", [100, 144, 200])
def test_powers_of_ten_are_read(dpi):
    values = [0.002, 0.5, 30.0, 4.0, 700.0]

    def draw(axes):
        axes.set_yscale("log")
        axes.scatter(range(5), values)

    image = picture(draw, dpi=dpi)
    assert heights(image) == pytest.approx(values, rel=0.05)
    assert ChartReader().read(image).y_axis.scale == "log"


def test_two_powers_of_ten_make_no_linear_scale():
    values = [20.0, 70.0, 110.0, 33.0, 54.0]

    def draw(axes):
        from matplotlib.ticker import NullFormatter

        axes.set_yscale("log")
        axes.set_ylim(8, 130)
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.scatter(range(5), values)

    assert heights(picture(draw)) == pytest.approx(values, rel=0.05)
