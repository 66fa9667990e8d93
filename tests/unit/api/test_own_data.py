"""Laws that do their own repetition: the cap on epochs, the price of unique data, and when repeating stops paying."""

import pytest

from flopsheet import api


@pytest.fixture
def solve(tmp_path):
    """A function that solves a plan under muennighoff_2023 given as text."""

    def run(text):
        path = tmp_path / "plan.yaml"
        path.write_text("title: Own data\nlaw: muennighoff_2023\n" + text, encoding="utf-8")
        return api.solve_plan(path).answers

    return run


def loss(answer):
    """The loss of a plan."""
    return answer.results["L_opt"].value


def test_epochs_cap_the_plan_and_belong_to_the_data(solve):
    """No more than so many passes; what one per cent more data change the loss by is their price, in every regime."""
    answers = solve(
        "budget: {compute: 1e21}\nscenarios:\n"
        "  four: {data: {unique: 2B, epochs: 4}}\n  four and more: {data: {unique: 2.0002B, epochs: 4}}\n"
        "  free: {data: {unique: 2B}}\n  free and more: {data: {unique: 2.0002B}}\n  plenty: {data: {unique: 3T}}\n"
        "  capped: {data: {unique: 2B, epochs: 4}, caps.tokens: 5B}\n"
    )
    four, four_more, free, free_more, plenty, capped = answers
    assert four.results["epochs"].value == pytest.approx(4, rel=1e-12)
    assert {"data"} <= set(four.binding)
    for plan, more in ((four, four_more), (free, free_more)):
        change = (loss(more) - loss(plan)) / 0.01
        assert plan.shadow_prices["data"].value == pytest.approx(change, rel=1e-3)
    assert free.results["epochs"].value > 4
    assert plenty.shadow_prices["data"].value == 0
    assert plenty.binding == ("compute",)
    assert capped.results["D_opt"].value == 5e9
    assert {"data", "tokens"} <= set(capped.binding)


def test_repetition_that_hardly_pays_is_flat(solve):
    """The next token adds less than a twentieth of a fresh one to the effective tokens."""
    deep, shallow = solve(
        "budget: {compute: 1e22}\nscenarios: {deep: {data.unique: 1B}, shallow: {data.unique: 100B}}\n"
    )
    assert (deep.status, shallow.status) == ("flat", "ok")
    assert "flat" in [finding.code for finding in deep.findings]
