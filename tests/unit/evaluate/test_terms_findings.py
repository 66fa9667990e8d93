"""Findings of plans under terms: which limit excludes a target, and several minima along the data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from flopsheet.api.solve import solve_plan
from flopsheet.evaluate.answers import Answer
from flopsheet.messages import render_message

TIME = """
title: Time
law: hoffmann_2022
objective: minimize compute
target: {loss: 1.9}
hardware: {accelerator: H100-SXM, count: 512, mfu: 40 %, price: 2.5 USD/hour}
caps: {time: 40 days}
"""
SIZE = """
title: Size
law: sardana_2023
objective: minimize compute
target: {loss: 2.0}
budget: {covers: lifetime}
inference: {tokens: 1T}
caps: {parameters: 100M}
"""
DATA = """
title: Data
law: hoffmann_2022
objective: minimize compute
target: {loss: 1.9}
data: {unique: 10B, epochs: 4}
"""
BOTH = """
title: Both
law: hoffmann_2022
objective: minimize compute
target: {loss: 2.4}
data: {unique: 10B, epochs: 2}
caps: {parameters: 2B}
"""
POOLS = """
title: Two pools
law: hoffmann_2022
budget: {compute: 5.0e20 FLOP}
data:
  tiers:
    - {name: good, unique: 1B, epochs: 4, decay: 1}
    - {name: bad, unique: 1000T, quality: 0.05, epochs: 1}
"""


def _answer(folder: Path, text: str, *sets: str) -> Answer:
    """The answer of a plan with one scenario."""
    path = folder / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    return solve_plan(path, sets=sets).answers[0]


def _number(args: Mapping[str, object], name: str) -> float:
    """A number of a finding."""
    value = args[name]
    assert isinstance(value, int | float)
    return float(value)


def _tell(answer: Answer, code: str) -> str:
    """The finding with a code."""
    return next(render_message(finding.message, "en") for finding in answer.findings if finding.code == code)


def test_an_amount_that_excludes_the_target(tmp_path: Path) -> None:
    """The limit is named with what the target takes of it, which just suffices when it is allowed."""
    answer = _answer(tmp_path, TIME)
    assert answer.status == "infeasible"
    told = _tell(answer, "infeasible")
    assert told.startswith(
        "The target loss 1.9 cannot be reached within the time limit: the way there that takes least"
    )
    days = _number(answer.findings[0].message.args, "needed")
    assert _answer(tmp_path, TIME, f"caps.time={days * 1.001} days").status == "ok"
    assert _answer(tmp_path, TIME, f"caps.time={days * 0.999} days").status == "infeasible"


@pytest.mark.parametrize(
    ("text", "limits"),
    [(SIZE, "parameter cap"), (DATA, "unique data"), (BOTH, "parameter cap and unique data")],
    ids=["size", "data", "both"],
)
def test_a_size_or_data_that_exclude_the_target(tmp_path: Path, text: str, limits: str) -> None:
    """The limit that keeps the loss above the target by itself is named, both where only both do."""
    answer = _answer(tmp_path, text)
    assert answer.status == "infeasible"
    told = _tell(answer, "infeasible")
    assert f"cannot be reached within the {limits}: the least loss there is" in told
    args = answer.findings[0].message.args
    assert _number(args, "best") - _number(args, "target") == pytest.approx(_number(args, "shortfall"))


def test_several_minima_along_the_data(tmp_path: Path) -> None:
    """Repeating little good data and reading much bad data are two minima; one pool of data has one."""
    answer = _answer(tmp_path, POOLS)
    (finding,) = [finding for finding in answer.findings if finding.code == "several_minima"]
    args = finding.message.args
    assert args["count"] == 2
    assert _number(args, "tokens") < answer.results["D_opt"].value / 10
    assert _number(args, "worse") > 0
    single = _answer(tmp_path, POOLS, "data.tiers.bad.quality=0.9")
    assert not [finding for finding in single.findings if finding.code == "several_minima"]


def test_the_next_minimum_is_what_the_better_one_hides(tmp_path: Path) -> None:
    """Held to few tokens, the plan is the next minimum that the finding told of."""
    answer = _answer(tmp_path, POOLS)
    args = next(finding.message.args for finding in answer.findings if finding.code == "several_minima")
    held = _answer(tmp_path, POOLS.replace("budget:", "caps: {tokens: 4B}\nbudget:"))
    assert held.results["D_opt"].value == pytest.approx(_number(args, "tokens"), rel=1e-6)
    worse = held.results["L_opt"].value - answer.results["L_opt"].value
    assert worse == pytest.approx(_number(args, "worse"), rel=1e-6)
