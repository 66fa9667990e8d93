"""Contributions: known games, sums to the last bit, and no attribution where there is none."""

import itertools
import math

import numpy as np
import pytest

from flopsheet.evaluate.attribution import EXACT_UP_TO, Corners, attribute, list_corners


def corners_of(changes, value):
    """The corners of a game given by a function of the changes that are made."""
    bits = list_corners(len(changes))
    made = [{name for i, name in enumerate(changes) if corner >> i & 1} for corner in bits]
    return Corners(tuple(changes), bits, {"v": np.array([value(each) for each in made])})


def attribute_game(changes, value):
    """The contributions in a game."""
    return attribute(corners_of(changes, value), "v", value(set()), value(set(changes)))


def test_a_sum_is_taken_apart():
    """Where changes do not touch each other, each contributes what it adds alone."""
    worth = {"a": 1.0, "b": -2.5, "c": 0.125}
    found = attribute_game("abc", lambda made: 7 + sum(worth[name] for name in made))
    assert found.method == "shapley"
    assert found.contributions == pytest.approx(worth, rel=1e-15)


def test_a_product_is_shared():
    """Of a product of two changes each gets half of what neither does alone; of three, by orders."""
    found = attribute_game("ab", lambda made: 10.0 if made == {"a", "b"} else 0.0)
    assert found.contributions == {"a": 5.0, "b": 5.0}

    def glove(made):
        return 1.0 if "l" in made and made & {"r", "s"} else 0.0

    found = attribute_game("lrs", glove)
    assert found.contributions == pytest.approx({"l": 2 / 3, "r": 1 / 6, "s": 1 / 6}, rel=1e-15)


def test_it_is_the_mean_over_all_orders():
    """The weights are those of the definition: the average of what a change adds over every order."""

    def value(made):
        return math.exp(0.3 * len(made)) * (2 if "a" in made else 1) + 5 * ("b" in made and "d" not in made)

    changes = "abcd"
    mean = dict.fromkeys(changes, 0.0)
    orders = list(itertools.permutations(changes))
    for order in orders:
        for at, name in enumerate(order):
            mean[name] += (value(set(order[: at + 1])) - value(set(order[:at]))) / len(orders)
    assert attribute_game(changes, value).contributions == pytest.approx(mean, rel=1e-12)


def test_many_changes_are_averaged_and_still_add_up():
    """Beyond the exact limit a sample of orders is averaged: fewer corners, the same sum, the same every time."""
    changes = [f"c{i}" for i in range(EXACT_UP_TO + 3)]

    def value(made):
        return math.prod(1 + 0.1 * (1 + int(name[1:])) for name in made)

    found = attribute_game(changes, value)
    assert found.method == "averaged_orders"
    assert len(list_corners(len(changes))) < 1 << EXACT_UP_TO
    assert math.fsum(found.contributions.values()) == pytest.approx(value(set(changes)) - 1, rel=1e-15)
    assert found == attribute_game(changes, value)
    assert all(share > 0 for share in found.contributions.values())


def test_without_some_corners_changes_are_made_in_an_order():
    """Where a combination has no result, one order that avoids it is walked; it adds up and is said to be one."""

    def value(made):
        return math.nan if made == {"a"} else 3.0 * ("a" in made) + 2.0 * ("b" in made)

    found = attribute_game("ab", value)
    assert found.method == "one_order"
    assert list(found.contributions.items()) == [("b", 2.0), ("a", 3.0)]


def test_nothing_is_attributed_where_no_order_has_results():
    """Every way through leads over a missing result: said so, and no numbers."""
    found = attribute_game("ab", lambda made: math.nan if len(made) == 1 else float(len(made)))
    assert (found.method, found.why_not, found.contributions) == ("none", "no_path", {})


def test_corners_must_give_what_was_told():
    """Corners that do not begin or end at the told results attribute nothing."""
    corners = corners_of("ab", lambda made: float(len(made)))
    assert attribute(corners, "v", 0.0, 2.0).method == "shapley"
    assert attribute(corners, "v", 0.0, 2.1).why_not == "cannot_mix"
    assert attribute(corners, "v", 0.1, 2.0).why_not == "cannot_mix"
    assert attribute(corners, "v", 0.0, math.inf).why_not == "infinite"


def test_rounding_is_no_contribution():
    """What a change adds in the last bits is nothing; the others take it up."""
    found = attribute_game("ab", lambda made: 1e22 * (1 + ("a" in made)) + 2097152.0 * ("b" in made))
    assert found.contributions["b"] == 0.0
    assert found.contributions["a"] == pytest.approx(1e22, rel=1e-15)
