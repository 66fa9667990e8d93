"""Plans written as text, solved and rendered."""

from collections.abc import Callable
from pathlib import Path

import pytest

from flopsheet import api
from flopsheet.document.report import render_report
from flopsheet.document.source import ReportSource

HASH = "0123456789abcdef" * 4


BUDGETS = """
title: Four budgets
description: What a cap costs.
law: hoffmann_2022
scenarios:
  small: {budget.compute: 1e19 FLOP, caps.parameters: 1B}
  large: {budget.compute: 1e22 FLOP, caps.parameters: 1T}
  fleet: {extends: large, caps.parameters: 1B}
  little data: {extends: fleet, caps.tokens: 100B}
strategies:
  twenty to one: {tokens_per_parameter: 20}
cells:
  head_room: {formula: D_opt / 1e12, unit: token, label: Tokens in trillions}
expect:
  L_opt: {at_most: 2.9}
  N_opt: {value: 228M, within: 1 %}
"""

CLAIMS = """
title: Claims
law: hoffmann_2022
budget: {compute: 1e18}
claims:
  article:
    source: an overview
    says:
      N_opt: (C / (6*B))**(beta/(alpha+beta))
      D_opt: (C / (6*A))**(alpha/(alpha+beta))
    expected: refuted
  rewritten:
    says: {N_opt: ((alpha*A)/(beta*B))**(1/(alpha+beta)) * (C/6)**(beta/(alpha+beta))}
  twenty: {says: {D_opt: 20 * N_opt}}
  ratio: {says: {tokens_per_parameter: '20'}}
"""

TARGETS = """
title: 最省方案
language: zh
law: besiroglu_2024
objective: minimize compute
scenarios:
  目标一: {target.loss: 2.1}
  目标二: {target.loss: 2.0, caps.parameters: 10B}
  太低: {target.loss: 1.5}
  被排除: {target.loss: 1.9, caps.parameters: 1B}
strategies:
  二十比一: {tokens_per_parameter: 20}
"""

OTHER_LETTERS = """
title: Other letters
law:
  law: ours
  loss: k0 + k1 / P**p + k2 / Q**q
  cost: 2 * P * Q
  decisions: {P: parameters, Q: tokens}
  constants: {k0: 1.5, k1: 400, k2: 500, p: 0.3, q: 0.35}
scenarios:
  free: {budget.compute: 3e21}
  capped: {budget.compute: 3e21, caps.parameters: 2B}
"""

SUM = """
title: A budget that is a sum
law:
  law: shares
  loss: (x_N / 1e18)**-0.05 + (x_D / 1e19)**-0.05
  cost: x_N + x_D
  decisions: {x_N: FLOP, x_D: FLOP}
  constants: {}
budget: {compute: 1e22}
"""

PLANS = {"budgets": BUDGETS, "claims": CLAIMS, "letters": OTHER_LETTERS, "sum": SUM, "targets": TARGETS}


@pytest.fixture(scope="session")
def solve_text(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], ReportSource]:
    """A function that solves a plan of PLANS by its name, or any other by its text; each is solved once."""
    solved: dict[str, ReportSource] = {}

    def solve(text: str) -> ReportSource:
        if text not in solved:
            path: Path = tmp_path_factory.mktemp("plan") / "plan.yaml"
            path.write_text(PLANS.get(text, text), encoding="utf-8")
            solved[text] = ReportSource(api.solve_plan(path), HASH, "9.9.9")
        return solved[text]

    return solve


@pytest.fixture(scope="session")
def report_text(solve_text: Callable[[str], ReportSource]) -> Callable[[str], dict[str, str]]:
    """A function that renders the report of a plan, given as in `solve_text`."""
    rendered: dict[str, dict[str, str]] = {}

    def render(text: str) -> dict[str, str]:
        if text not in rendered:
            rendered[text] = render_report(solve_text(text))
        return rendered[text]

    return render
