"""Published answers that a whole plan reproduces: cheapest to serve, and data that are repeated."""

import pytest

from flopsheet import api
from flopsheet.laws.library import load_library_law

# A plan that serves: 35.1 billion requests of 70 tokens read and 215 written, on cheaper accelerators in INT8.
REQUESTS = 35.1e9
SERVING = """\
title: Requests
law: sardana_2023
objective: minimize cost
target: {{loss: {loss!r}}}
budget: {{covers: lifetime}}
hardware: {{accelerator: A100-SXM, mfu: 50 %, price: 1.5 USD/hour}}
inference: {{input_tokens: {read!r}, output_tokens: {written!r}, prefill_mfu: 50 %, decode_mfu: 1 %,
  price: {price} USD/hour, precision: int8}}
"""


@pytest.fixture
def solve(tmp_path):
    """The results of a plan given as text, by name."""

    def run(text):
        path = tmp_path / "plan.yaml"
        path.write_text(text, encoding="utf-8")
        (answer,) = api.solve_plan(path).answers
        return {name: amount.value for name, amount in answer.results.items()}

    return run


@pytest.mark.parametrize(
    ("price", "size", "tokens", "saved", "within"),
    [
        # The paper's figures: 21.5B on 27.0T tokens, 54 % cheaper. It does not say which cost of a FLOP it took for
        # inference; a third of the training's, 1.00 USD for an hour of 624 TFLOP/s, comes nearest.
        (1.0, 21.5e9, 27.0e12, 0.54, 0.03),
        # The printed 1.10 USD an hour, worked out by hand from the same equations.
        (1.1, 2.097e10, 2.925e13, 0.5526, 0.001),
    ],
)
def test_the_cheapest_model_to_serve(price, size, tokens, saved, within, solve):
    """Sardana et al. 2023: at the loss of a 70B model that is best for training, held against that model."""
    k = {name: constant.value for name, constant in load_library_law("sardana_2023").constants.items()}
    N = 70e9
    D = (k["beta"] * k["B"] / (k["alpha"] * k["A"]) * N ** k["alpha"]) ** (1 / k["beta"])
    loss = k["E"] + k["A"] * N ** -k["alpha"] + k["B"] * D ** -k["beta"]
    read, written = 70 * REQUESTS, 215 * REQUESTS
    found = solve(SERVING.format(loss=loss, read=read, written=written, price=price))
    hour = 312e12 * 3600
    cost = 1.5 * 6 * N * D / (hour * 0.5) + price * 2 * N * (read / 0.5 + written / 0.01) / (2 * hour)
    assert found["N_opt"] == pytest.approx(size, rel=within)
    assert found["D_opt"] == pytest.approx(tokens, rel=within)
    assert 1 - found["cost"] / cost == pytest.approx(saved, rel=within)


def test_repeated_tokens_alone_and_with_excess_parameters(solve):
    """Muennighoff et al. 2023, 1e22 FLOP, 25B unique: D' alone gives 11.3B and 5.9 epochs, with N' 7.03B and 9.5."""
    law = load_library_law("muennighoff_2023")
    k = {name: constant.value for name, constant in law.constants.items()}
    constants = ", ".join(f"{name}: {k[name]!r}" for name in ("E", "A", "B", "alpha", "beta"))
    inline = (
        "title: Inline\nlaw:\n  loss: E + A / N**alpha + B / D**beta\n  cost: 6 * N * D\n"
        f"  decisions: {{N: parameters, D: tokens}}\n  constants: {{{constants}}}\nbudget: {{compute: 1e22}}\n"
    )
    alone = solve(f"{inline}data: {{unique: 25B, decay: {k['R_D']!r}}}\n")
    assert alone["N_opt"] == pytest.approx(11.3e9, rel=5e-3)
    assert alone["epochs"] == pytest.approx(5.9, rel=5e-3)
    both = solve(f"{inline}data: {{unique: 25B, repetition: muennighoff_2023}}\n")
    built_in = solve("title: Built in\nlaw: muennighoff_2023\nbudget: {compute: 1e22}\ndata: {unique: 25B}\n")
    assert both["N_opt"] == pytest.approx(7.03e9, rel=2e-3)
    assert both["epochs"] == pytest.approx(9.5, rel=5e-3)
    assert both["L_opt"] == pytest.approx(built_in["L_opt"], rel=1e-12)
    assert both["N_opt"] == pytest.approx(built_in["N_opt"], rel=1e-7)
