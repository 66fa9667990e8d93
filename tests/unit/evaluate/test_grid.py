"""The points of a sweep: which numbers stand where, whole or in stretches."""

import math

import numpy as np
import pytest

from flopsheet.errors import Place
from flopsheet.evaluate.grid import Grid, compute_axis, number_points, share_points, thin_places
from flopsheet.plan.plan import Sourced
from flopsheet.plan.requests import Sweep, SweepAxis

PLACE = Place("plan.yaml", 1, 1)


def axis(key, scale, points, *values):
    """An axis."""
    given = tuple(Sourced(value, "1", PLACE, "plan.yaml", str(value)) for value in values)
    return SweepAxis(key, "1", scale, points, given, PLACE)


def test_ends_are_exact_and_powers_of_ten_are_what_they_are():
    """A log range over decades gives the doubles that one would type."""
    found = compute_axis(axis("a", "log", 7, 1e19, 1e25), np.arange(7))
    assert found.tolist() == [1e19, 1e20, 1e21, 1e22, 1e23, 1e24, 1e25]
    odd = compute_axis(axis("a", "log", 1001, 3.7, 8.11e19), np.arange(1001))
    assert (odd[0], odd[-1]) == (3.7, 8.11e19)
    assert np.allclose(np.diff(np.log(odd)), math.log(8.11e19 / 3.7) / 1000, rtol=1e-10)
    line = compute_axis(axis("a", "linear", 11, 0.3, 1.3), np.arange(11))
    assert (line[0], line[-1], line[5]) == (0.3, 1.3, pytest.approx(0.8))
    assert compute_axis(axis("a", "linear", 3, 5.0, -5.0), np.arange(3)).tolist() == [5.0, 0.0, -5.0]
    assert compute_axis(axis("a", "log", 1, 5.0, 7.0), np.arange(1)).tolist() == [5.0]


def test_the_first_group_varies_slowest():
    """Axes of a group go along together; a removed limit is nan."""
    sweep = Sweep(
        ((axis("a", "list", 2, 1.0, None),), (axis("b", "list", 3, 1, 2, 3), axis("c", "list", 3, 7, 8, 9))), PLACE
    )
    grid = Grid(sweep)
    columns = grid.columns(np.arange(grid.points))
    assert grid.points == 6
    assert columns["a"][:3].tolist() == [1, 1, 1]
    assert np.isnan(columns["a"][3:]).all()
    assert columns["b"].tolist() == [1, 2, 3] * 2
    assert columns["c"].tolist() == [7, 8, 9] * 2


def test_stretches_are_the_whole():
    """In whatever pieces they are computed, points have the same numbers; a long axis too, which is not kept."""
    sweep = Sweep(((axis("a", "log", 70_000, 1.0, 1e9),), (axis("b", "list", 2, 1, 2),)), PLACE)
    grid = Grid(sweep)
    assert grid._kept.keys() == {"b"}
    whole = grid.columns(np.arange(139_000, 140_000))["a"]
    parts = [grid.columns(np.arange(start, start + 125))["a"] for start in range(139_000, 140_000, 125)]
    assert np.array_equal(np.concatenate(parts), whole)
    assert whole[-1] == 1e9


def test_thinning_keeps_the_ends():
    """Evenly, short axes whole."""
    sweep = Sweep(((axis("a", "linear", 200, 0, 1),), (axis("b", "list", 3, 1, 2, 3),)), PLACE)
    shares = share_points(sweep, 20)
    assert shares == (6, 3)
    places = thin_places(sweep, shares)
    assert (places[0][0], places[0][-1]) == (0, 199)
    assert places[1] == (0, 1, 2)
    index = number_points(sweep, places)
    assert index[:4].tolist() == [0, 1, 2, 3 * places[0][1]]
    assert index[-1] == sweep.points - 1
