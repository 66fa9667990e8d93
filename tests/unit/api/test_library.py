"""Laws asked for by name or path: what they answer, at which points, and how known answers are computed."""

import pytest

from flopsheet.api.library import (
    answer_ours,
    describe_law,
    evaluate_formulas,
    evaluate_law_at,
    find_law,
)
from flopsheet.errors import FlopsheetError
from flopsheet.laws.library import load_library_law

TEXT = """\
law: ours_2026
loss: k * e / N**a + 2 / D**a
cost: 6 * N * D
decisions: {N: parameters, D: tokens}
constants: {a: 0.5, k: 3}
where: {e: 1 / (1 + x)}
formulas:
  twice: {formula: 2 * ratio, unit: token/parameter}
  ratio: {formula: D / N, unit: token/parameter}
  from_loss: {formula: L / C, unit: nats/token/FLOP}
  other: {formula: y * a, unit: '1'}
inputs: {x: {unit: '1'}, y: {unit: '1'}}
known_answers:
  - {at: {N: 4, D: 16, x: 1}, loss: 1.25, within: 0.1 %, source: by hand}
  - {at: {N: 4, D: 16}, twice: 8, within: 0.1 %, source: by hand}
  - {at: {C: 600, x: 1}, N_opt: 7.5, within: 0.1 %, source: by hand}
  - {at: {C: 600, x: 1, k: 2}, D_opt: 20, within: 0.1 %, source: by hand}
  - {at: {C: 600}, N_opt: 7.5, within: 0.1 %, source: the input is missing}
  - {at: {N: 4}, loss: 1, within: 0.1 %, source: a decision is missing}
"""


@pytest.fixture
def law(tmp_path):
    """A law of two decisions with inputs, and formulas that read each other, the loss and the cost."""
    path = tmp_path / "ours.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return find_law(str(path))


def test_known_answers_by_hand(law):
    """Points, optima with inputs and constants replaced, and None where the point does not fix the answer."""
    ours = [answer_ours(law, answer) for answer in law.known_answers]
    assert ours[:4] == pytest.approx([1.25, 8, 7.5, 20], rel=1e-14)
    assert ours[4:] == [None, None]


def test_formulas_read_each_other_the_loss_and_the_cost(law):
    """Formulas stand in any order, and L and C in them are the loss and the cost at the point."""
    found = evaluate_formulas(law, {"N": 4.0, "D": 16.0, "x": 1.0})
    assert {name: value for name, (value, _) in found.items()} == pytest.approx(
        {"loss": 1.25, "cost": 384.0, "twice": 8.0, "ratio": 4.0, "from_loss": 1.25 / 384}
    )
    assert found["twice"][1] == "token/parameter"


def test_what_the_point_leaves_open_is_left_out(law):
    """Without the input x there is no loss, but the cost and what needs neither are given."""
    assert set(evaluate_formulas(law, {"N": 4.0, "D": 16.0})) == {"cost", "twice", "ratio"}
    assert set(evaluate_formulas(law, {"y": 2.0})) == {"other"}
    assert evaluate_formulas(law, {}) == {}


def test_a_constant_may_be_given(law):
    """A constant under the point replaces the law's."""
    assert evaluate_formulas(law, {"y": 2.0, "a": 0.25})["other"] == (0.5, "1")


def test_point_on_the_command_line():
    """Numbers take suffixes and units, and results carry theirs."""
    found = evaluate_law_at(load_library_law("hoffmann_2022"), "N=70B, D=1.4T tokens")
    assert found["cost"] == {"value": 5.88e23, "unit": "FLOP"}
    loss = found["loss"]
    assert isinstance(loss, dict)
    assert loss["unit"] == "nats/token"
    assert loss["value"] == pytest.approx(1.9366454705587173, rel=1e-15)


@pytest.mark.parametrize(
    ("at", "message"),
    [
        ("N=70B", "the point leaves out `D`.\nGive what one of the law's formulas needs."),
        ("N=70B,Q=1", "law `hoffmann_2022` has no `Q`."),
        ("N", "must be a name, `=` and a number."),
        ("N=70 USD,D=1", "USD"),
        ("N=70B,N=7B,D=1", "`N` is given twice."),
    ],
)
def test_bad_points_are_refused(at, message):
    """What is missing, unknown or of another dimension is named."""
    with pytest.raises(FlopsheetError) as caught:
        evaluate_law_at(load_library_law("hoffmann_2022"), at)
    assert message in str(caught.value)


def test_law_without_closed_form_is_shown():
    """A law whose optimum has no closed form is described all the same, its answers computed at points."""
    record = describe_law(load_library_law("pearce_2024"))
    assert record["where"] == {"N_total": "N + gamma * N**(1 / 3)"}
    answers = record["known_answers"]
    assert isinstance(answers, list)
    assert answers[0]["ours"] == pytest.approx(answers[0]["published"], rel=1e-4)


def test_inputs_are_described():
    """What a law takes from the plan is shown with its unit and the key that sets it."""
    record = describe_law(load_library_law("muennighoff_2023"))
    assert record["inputs"] == {"U": {"unit": "token", "from": "data.unique"}}
    formulas = record["formulas"]
    assert isinstance(formulas, dict)
    assert formulas["epochs"] == {"formula": "D / U", "unit": "1"}
