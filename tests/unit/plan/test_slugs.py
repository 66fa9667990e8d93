import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flopsheet.plan.slugs import slugs_of


@pytest.mark.parametrize(
    ("names", "slugs"),
    [
        (["base", "double budget"], ["base", "double_budget"]),
        (["../../x"], ["x"]),
        (["Größe 10!"], ["gr_e_10"]),
        (["中文", "base", "更多"], ["s1", "base", "s3"]),
        (["A b", "a-b", "c"], ["s1", "s2", "c"]),
        (["s2", "中文"], ["s1", "s2"]),
        ([], []),
    ],
)
def test_slugs_of_names(names: list[str], slugs: list[str]):
    """Lower case, runs of other characters one _; positions where nothing is left or two meet."""
    assert list(slugs_of(names)) == slugs


def test_tiers_have_a_letter_of_their_own():
    """The letter before the position can be chosen."""
    assert slugs_of(["中", "文"], "t") == ("t1", "t2")


@given(st.lists(st.text(max_size=8) | st.sampled_from(["s1", "s2", "S 1", "a", "A", ""]), max_size=8))
def test_slugs_are_safe_and_differ(names: list[str]):
    """Whatever the names, slugs are made of a-z, 0-9 and _, and no two are the same."""
    slugs = slugs_of(names)
    assert len(set(slugs)) == len(names)
    assert all(re.fullmatch("[a-z0-9]+(_[a-z0-9]+)*", slug) for slug in slugs)
