"""Labels: estimated widths, spreading, and places that cover nothing."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flopsheet.document.placement import Box, Canvas, Label, around, spread
from flopsheet.document.text_width import shorten, text_width, wrap

heights = st.lists(st.floats(min_value=0, max_value=300), max_size=12).map(sorted)


@given(heights)
def test_spread_keeps_gap_order_and_bounds(wanted: list[float]) -> None:
    """Neighbours stay apart by the gap, inside the bounds when there is room for all."""
    placed = spread(wanted, 16, 0, 300)
    assert len(placed) == len(wanted)
    assert all(b - a >= 16 - 1e-6 for a, b in itertools.pairwise(placed))
    assert all(-1e-6 <= position <= 300 + 1e-6 for position in placed)


def test_spread_moves_no_more_than_needed() -> None:
    """What is apart stays; what is too close moves evenly around its mean."""
    assert spread([10, 100, 104], 16, 0, 300) == [10, 94, 110]
    assert spread([], 16, 0, 300) == []


def test_wide_characters_take_one_em() -> None:
    """Chinese text is one em a character, whatever fonts are installed."""
    assert text_width("参数量上限", 12) == 60
    assert text_width("iii", 12) < text_width("mmm", 12)
    assert text_width("e\u0301", 12) == text_width("e", 12)


@pytest.mark.parametrize("text", ["a scenario with a very long name", "一个名称非常长的情景方案"])
def test_long_texts_are_cut_with_an_ellipsis(text: str) -> None:
    """A text wider than its room ends in an ellipsis and fits."""
    cut = shorten(text, 12, 80)
    assert cut.endswith("…")
    assert text_width(cut, 12) <= 80
    assert shorten("short", 12, 80) == "short"


def test_titles_wrap_at_blanks_and_between_chinese_characters() -> None:
    """No word is broken, no line begins with closing punctuation, and no more lines than asked for."""
    assert wrap("one two three", 12, 60, lines=3) == ["one two", "three"]
    assert wrap("计算预算，参数量上限", 12, 48, lines=3) == ["计算预", "算，参数", "量上限"]
    assert len(wrap("one two three four five", 12, 40, lines=2)) == 2


def test_labels_of_close_points_do_not_overlap() -> None:
    """Nine points close together get labels that overlap neither each other nor a marker."""
    canvas = Canvas(Box(0, 0, 600, 400))
    points = [(250 + 12 * i, 200 + 9 * j) for i in range(3) for j in range(3)]
    for point in points:
        canvas.add_marker(*point, 4.5)
    for index, point in enumerate(points):
        canvas.place(around(f"name {index}", *point, 12, first=-45), point)
    boxes = [label.box for label in canvas.labels]
    assert len(boxes) == 9
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
    assert not any(box.overlaps(marker) for box in boxes for marker in canvas.markers)
    assert all(canvas.bounds.contains(box) for box in boxes)


def test_a_label_stays_off_a_curve_and_inside() -> None:
    """The direction tried first gives way to one that is free."""
    canvas = Canvas(Box(0, 0, 300, 200))
    canvas.add_curve([(150, 100), (300, 0)])
    label = canvas.place(around("name", 150, 100, 12, first=-45), (150, 100))
    assert label is not None
    assert not any(label.box.holds(*at) for at in canvas.curves)
    corner = canvas.place(around("name", 299, 199, 12), (299, 199))
    assert corner is not None
    assert canvas.bounds.contains(corner.box)


def test_a_label_without_a_place_may_be_left_out() -> None:
    """Where every place covers another label, a name is left out rather than printed over it."""
    canvas = Canvas(Box(0, 0, 60, 20))
    canvas.add_label(Label("taken all over", 0, 14, "start", 12))
    assert canvas.place(around("x", 30, 10, 12), (30, 10), may_omit=True) is None
    assert len(canvas.labels) == 1


def test_a_label_is_nearest_to_its_own_point() -> None:
    """Two points one above the other: each name stands clearly nearer to its own."""
    canvas = Canvas(Box(0, 0, 400, 300))
    points = {"lower": (200.0, 152.0), "upper": (200.0, 138.0)}
    for point in points.values():
        canvas.add_marker(*point, 4.5)
    for name, point in points.items():
        label = canvas.place(around(name, *point, 12, first=-45), point)
        assert label is not None
        other = next(at for key, at in points.items() if key != name)
        assert label.leader is not None or label.box.distance(*point) < label.box.distance(*other)
