"""The JSON of `solve`: keys, units, infinity as a word, prices and binding as the contract has them."""

import json
import math

import pytest

from flopsheet import api

HEAD = "title: x\nlaw: hoffmann_2022\n"
SCENARIOS = """\
budget: {compute: 1e22 FLOP}
scenarios:
  free: {}
  slack: {caps.parameters: 100B, caps.tokens: 100T}
  small: {caps.parameters: 1B}
  short: {caps.tokens: 10B}
  both: {caps.parameters: 1B, caps.tokens: 10B}
  at: {caps.parameters: 1B, caps.tokens: 1666666666666.6667}
"""


@pytest.fixture
def record(tmp_path):
    """A function that gives the scenarios of a plan as `solve --json` would, by name."""

    def run(text):
        path = tmp_path / "plan.yaml"
        path.write_text(HEAD + text, encoding="utf-8")
        found = json.loads(json.dumps(api.record_solved(api.solve_plan(path)), allow_nan=False))
        assert set(found) == {"file", "law", "scenarios", "claims", "proofs"}
        assert found["law"] == "hoffmann_2022"
        return {scenario["name"]: scenario for scenario in found["scenarios"]}

    return run


def numbers(node):
    """Every number of a record."""
    if isinstance(node, dict):
        return [number for item in node.values() for number in numbers(item)]
    if isinstance(node, list):
        return [number for item in node for number in numbers(item)]
    return [node] if isinstance(node, float) else []


def test_binding_and_prices_in_every_regime(record):
    """`binding` is what has a price; a slack limit has price 0; an undeclared one is absent; compute's own is 1."""
    found = record(SCENARIOS)
    expected = {
        "free": ({"compute"}, {"compute"}),
        "slack": ({"compute"}, {"compute", "parameters", "tokens"}),
        "small": ({"compute", "parameters"}, {"compute", "parameters"}),
        "short": ({"compute", "tokens"}, {"compute", "tokens"}),
        "both": ({"parameters", "tokens"}, {"compute", "parameters", "tokens"}),
    }
    for name, (binding, declared) in expected.items():
        scenario = found[name]
        prices = scenario["shadow_prices"]
        assert scenario["status"] == "ok"
        assert set(scenario["binding"]) == binding
        assert set(prices) == declared
        assert {limit for limit, price in prices.items() if price["value"] != 0} == binding
        assert all(price["value"] <= 0 and price["unit"] == "nats/token per 1 %" for price in prices.values())
        if "compute" in binding:
            assert prices["compute"]["equivalent_compute"] == 1
            assert all(price["equivalent_compute"] == 0 for price in prices.values() if price["value"] == 0)
    # The price of compute there is zero: what a cap is worth in compute has no bound.
    assert found["both"]["shadow_prices"]["parameters"]["equivalent_compute"] == "infinity"
    assert found["both"]["shadow_prices"]["tokens"]["equivalent_compute"] == "infinity"
    assert found["both"]["shadow_prices"]["compute"]["value"] == 0


def test_compute_entry_where_compute_is_slack(record):
    """`equivalent_compute` is "infinity" where compute is slack, for each limit of the scenario."""
    prices = record(SCENARIOS)["both"]["shadow_prices"]
    assert prices["compute"]["equivalent_compute"] == "infinity"


def test_results_of_a_budget(record):
    """Names, units and that they fit together; nothing that does not apply."""
    found = record(SCENARIOS)
    results = found["small"]["results"]
    units = {name: amount["unit"] for name, amount in results.items()}
    assert units == {
        "N_opt": "parameter",
        "D_opt": "token",
        "L_opt": "nats/token",
        "C_train": "FLOP",
        "C_total": "FLOP",
        "tokens_per_parameter": "token/parameter",
        "efficiency": "1",
    }
    value = {name: amount["value"] for name, amount in results.items()}
    assert value["N_opt"] == 1e9
    assert value["C_total"] == pytest.approx(1e22, rel=1e-14)
    assert value["tokens_per_parameter"] == pytest.approx(value["D_opt"] / 1e9, rel=1e-15)
    assert value["efficiency"] == pytest.approx(found["free"]["results"]["L_opt"]["value"] / value["L_opt"], rel=1e-14)
    assert found["free"]["results"]["efficiency"]["value"] == pytest.approx(1, rel=1e-14)


def test_slack_budget_is_a_finding(record):
    """Where both caps bind, what is left is told; efficiency compares with the whole budget."""
    found = record(SCENARIOS)["both"]
    assert "slack_budget" in [finding["code"] for finding in found["findings"]]
    assert found["results"]["C_total"]["value"] == pytest.approx(6e19, rel=1e-14)
    assert "infeasible" not in found["status"]


def test_minus_zero_is_never_printed(record):
    """A slack limit costs 0, not -0."""
    for scenario in record(SCENARIOS).values():
        assert not [number for number in numbers(scenario) if number == 0 and math.copysign(1, number) < 0]


TARGETS = """\
objective: minimize compute
target: {loss: 2.0}
scenarios:
  free: {}
  capped: {caps.parameters: 10B}
  excluded: {caps.parameters: 1B}
  never: {target.loss: 1.69}
  below: {target.loss: 1.5, caps.parameters: 1B}
"""


def test_targets(record):
    """Reached; reached under a cap; excluded by a cap, named with the shortfall; below the floor, infinite and ok."""
    found = record(TARGETS)
    assert [found[name]["status"] for name in found] == ["ok", "ok", "infeasible", "ok", "ok"]
    assert found["free"]["results"]["L_opt"]["value"] == pytest.approx(2, rel=1e-14)
    assert found["capped"]["results"]["C_total"]["value"] > found["free"]["results"]["C_total"]["value"]
    assert found["capped"]["binding"] == ["parameters"]
    excluded = found["excluded"]
    assert (excluded["results"], excluded["binding"], excluded["shadow_prices"]) == ({}, [], {})
    (finding,) = excluded["findings"]
    assert finding["code"] == "infeasible"
    assert "caps.parameters" in finding["message"]
    for name in ("never", "below"):
        results = found[name]["results"]
        for result in ("N_opt", "D_opt", "C_train", "C_total"):
            assert results[result]["value"] == "infinity", (name, result)
        assert [item["code"] for item in found[name]["findings"]] == ["unreachable_target"]


def test_findings_of_extrapolation(record):
    """A budget far above the fitted range is ok, and said to be an extrapolation by decades."""
    found = record("budget: {compute: 1e28}\n")["base"]
    assert found["status"] == "ok"
    assert {finding["code"] for finding in found["findings"]} == {"extrapolation", "rounded_constants"}
    assert any("N" in finding["message"] for finding in found["findings"])


def test_strategies_and_cells(record):
    """Fixed choices spend the same budget and are never better; a cell over an absent cap has no value."""
    found = record(
        SCENARIOS
        + "strategies: {ratio: {tokens_per_parameter: 20}, size: {parameters: 7B}, data: {tokens: 100B}}\n"
        + "cells: {room: {formula: caps_parameters / N_opt}, days: {formula: C_total, unit: PF-day}}\n"
    )
    for strategy in found["free"]["strategies"].values():
        assert 6 * strategy["decisions"]["N"] * strategy["decisions"]["D"] == pytest.approx(1e22, rel=1e-14)
        assert strategy["L"] > found["free"]["results"]["L_opt"]["value"]
        assert strategy["efficiency"] == pytest.approx(
            found["free"]["results"]["L_opt"]["value"] / strategy["L"], rel=1e-14
        )
    ratio = found["free"]["strategies"]["ratio"]["decisions"]
    assert ratio["D"] / ratio["N"] == pytest.approx(20, rel=1e-14)
    assert "room" not in found["free"]["cells"]
    assert found["small"]["cells"]["room"] == {"value": 1.0, "unit": "1"}
    assert found["small"]["cells"]["days"]["value"] == pytest.approx(1e22 / 8.64e19, rel=1e-14)
    assert found["small"]["cells"]["days"]["unit"] == "PF-day"


def test_proofs_and_claims_are_plain(tmp_path):
    """Statement, method and verdict; English names at the head in Chinese plans too."""
    path = tmp_path / "plan.yaml"
    path.write_text(
        HEAD + "language: zh\nbudget: {compute: 1e22}\nclaims: {c: {says: {C_total: C}}}\n", encoding="utf-8"
    )
    found = api.record_solved(api.solve_plan(path))
    assert [claim["verdict"] for claim in found["claims"]] == ["proven"]
    assert set(found["claims"][0]) == {"name", "verdict", "reason"}
    names = [proof["statement"].partition(":")[0] for proof in found["proofs"]]
    assert names == [
        "budget identity",
        "stationarity",
        "second order",
        "exponents",
        "KKT signs",
        "complementary slackness",
        "inverse round trip",
        "dimension",
    ]
    assert all(set(proof) == {"statement", "method", "verdict"} for proof in found["proofs"])
