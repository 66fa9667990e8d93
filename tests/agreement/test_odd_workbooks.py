"""Plans that strain a workbook: names, limits, laws and cells as nobody expects them, in both languages."""

import pytest

from flopsheet import api
from flopsheet.workbook.lint import check_workbook
from flopsheet.workbook.package import read_package
from flopsheet.workbook.planbook import write_plan_workbook
from flopsheet.workbook.stored import CellError, parse_cells
from flopsheet.workbook.verify import verify_workbook

BUDGET = "title: Odd\nlaw: hoffmann_2022\nbudget: {compute: 1e21 FLOP}\n"
TARGET = "title: Odd\nlaw: hoffmann_2022\nobjective: minimize compute\ntarget: {loss: 2.2}\n"
INLINE = "title: Odd\nbudget: {{compute: 1e21 FLOP}}\nlaw:\n  law: own_2024\n  title: Own\n  source: {{cite: Own}}\n{}"

LONG = "a name as long as any " * 4 + "may be"

PLANS = {
    "no scenarios": BUDGET,
    "twelve scenarios": BUDGET
    + "scenarios:\n"
    + "".join(f"  s {n}: {{budget.compute: 1e{12 + n} FLOP, caps.parameters: 1B}}\n" for n in range(1, 13)),
    "names": BUDGET
    + """scenarios:
  "=1+1": {}
  "../../x": {caps.parameters: 1B}
  中文: {caps.tokens: 1B}
  a: {caps.parameters: 2B}
  A: {caps.parameters: 3B}
  "what? *": {}
  "~": {}
  "1": {}
  "'quoted'": {}
  '"': {}
  "<b>&amp;": {}
""",
    "long names": BUDGET
    + f"scenarios:\n  {LONG}: {{}}\n  {'很长' * 50}: {{extends: {LONG}}}\n  {'x' * 100}: {{caps.parameters: 1B}}\n"
    + f"strategies:\n  {LONG}: {{tokens_per_parameter: 20}}\n",
    "same slugs": BUDGET + "scenarios: {a b: {}, a-b: {caps.parameters: 1B}, a_b: {}, s2: {}}\n",
    "cells": BUDGET
    + """caps: {parameters: 8B}
scenarios: {base: {}, free: {caps.parameters: null}, both: {caps.tokens: 20B}}
cells:
  room: {formula: caps_tokens / D_opt, unit: '1'}
  chosen: {formula: 'if(N_opt > 1e9, if(N_opt > 2e9, 3, 2), 1)', unit: '1'}
  least: {formula: 'min(N_opt, caps_parameters, 5e9)', unit: parameter}
  most: {formula: 'max(0, log10(C_total) - 20.5, round(N_opt / caps_parameters) - floor(3 * efficiency))', unit: '1'}
  negative: {formula: efficiency - 2, unit: '1'}
  nothing: {formula: '1 / (N_opt - min(N_opt, 1e15))', unit: 1/parameter}
  further: {formula: 2 * room + ceiling(efficiency), unit: '1'}
  money: {formula: C_total / 1e18, unit: FLOP}
""",
    "target": TARGET
    + """scenarios:
  base: {}
  small: {caps.parameters: 2B}
  little data: {caps.tokens: 100B}
  out of reach: {target.loss: 1.6}
  on the floor: {target.loss: 1.69}
  excluded: {caps.parameters: 1M}
  excluded by both: {caps.parameters: 1B, caps.tokens: 1B}
strategies: {twenty: {tokens_per_parameter: 20}, always: {parameters: 7B}, data: {tokens: 1T}}
cells:
  days: {formula: C_total, unit: PF-day}
  room: {formula: caps_parameters / N_opt, unit: '1'}
  over: {formula: L_opt - E, unit: nats/token}
""",
    "target that nothing reaches first": TARGET.replace("2.2", "1.5")
    + "scenarios: {base: {}, fine: {target.loss: 2.5}}\n",
    "target that the caps exclude first": TARGET
    + "caps: {parameters: 1M}\nscenarios: {base: {}, fine: {caps.parameters: 10B}}\n",
    "a number that only a chart needs": TARGET.replace(
        "hoffmann_2022",
        """
  loss: E + A / N**alpha * (1 + 20 * exp(-P / g)) + B / D**beta
  cost: 6 * N * D * (8 + P) / 16
  decisions: {N: parameters, D: tokens}
  inputs: {P: {unit: bit, candidates: [4, 8, 16]}}
  constants: {E: 1.69, A: 406.4, B: 410.7, alpha: 0.34, beta: 0.28, g: 2}
  law: own_2024
  title: Own
  source: {cite: Own}""",
    ),
    "choices of a target that nothing reaches": TARGET.replace("hoffmann_2022", "kumar_2024").replace("2.2", "2.9")
    + "scenarios: {fine: {}, never: {target.loss: 2}, excluded: {caps.parameters: 1M}, given: {inputs.P: 6}}\n",
    "a choice between two ends beside candidates": BUDGET.replace(
        "hoffmann_2022",
        """
  loss: E + A / N**alpha * (1 + 20 * exp(-P / g) + k / G) + B / D**beta
  cost: 6 * N * D * P / 16 * (1 + j * G)
  decisions: {N: parameters, D: tokens}
  inputs: {G: {unit: '1', candidates: [1, 4]}, P: {unit: bit, between: [2, 16]}}
  constants: {E: 1.69, A: 406.4, B: 410.7, alpha: 0.34, beta: 0.28, g: 2, k: 0.3, j: 0.02}""",
    )
    + "scenarios: {free: {}, one: {inputs.G: 2}, other: {inputs.P: 3}}\n",
    "a choice of one resource": INLINE.format(
        """  loss: a * E**delta * D**(alpha + gamma * log(E)) + c
  decisions: {D: tokens}
  constants: {a: 35.91, alpha: -0.1889, delta: 0.15, gamma: -0.0098, c: 1.3637}
  inputs: {E: {unit: '1', candidates: [1, 4, 16]}}
"""
    ).replace("budget: {compute: 1e21 FLOP}\n", "")
    + "scenarios: {a: {inputs.D: 1M}, b: {inputs.D: 1T, target.loss: 4}, c: {target.loss: 1}, d: {target.loss: 3}}\n",
    "losses below zero": BUDGET.replace("hoffmann_2022", "tao_2024_vocabulary").replace("1e22", "1e21")
    + "inputs: {N: 3B, d: 3200}\nscenarios: {base: {}, small: {inputs.N: 1B}, capped: {caps.tokens: 10B}}\n",
    "other letters": INLINE.format(
        """  loss: k1 + (k2 / P)**k3 + (k4 / Q)**k5
  cost: 6 * P * Q
  decisions: {P: parameters, Q: tokens}
  constants: {k1: 1.7, k2: 2e7, k3: 0.35, k4: 3e9, k5: 0.3}
caps: {parameters: 1B}
"""
    ),
    "case and cells": INLINE.format(
        """  loss: E + A / N**a + H100 / D**R1C1 + A1 / N**a
  cost: 6 * N * D
  decisions: {N: parameters, D: tokens}
  constants: {E: 1.7, A: 300, a: 0.34, H100: 410, R1C1: 0.28, A1: 100}
scenarios: {base: {}, other: {constants.A: 350, constants.a: 0.33}}
"""
    ),
    "sum of costs": INLINE.format(
        """  loss: (x_N / k1)**-a + (x_D / k2)**-a
  cost: x_N + x_D
  decisions: {x_N: FLOP, x_D: FLOP}
  constants: {k1: 1e10, k2: 3e11, a: 0.3}
scenarios: {base: {}, more: {budget.compute: 1e23 FLOP}}
"""
    ),
    "kinks": INLINE.format(
        """  loss: E + max(A/N**a, B/D**b)
  cost: 6 * N * D
  decisions: {N: parameters, D: tokens}
  constants: {E: 1.69, A: 406.4, B: 410.7, a: 0.34, b: 0.28}
scenarios:
  base: {}
  small: {budget.compute: 1e17 FLOP}
  large: {budget.compute: 1e26 FLOP}
  capped: {caps.parameters: 300M}
  few: {caps.tokens: 30B}
  both: {caps.tokens: 30B, caps.parameters: 300M}
"""
    ),
    "level stretches": INLINE.format(
        """  loss: E + A/min(N, N_0)**a + B/min(D, D_0)**b
  cost: 6 * N + 7 * D
  decisions: {N: parameters, D: tokens}
  constants: {E: 1.69, A: 406.4, B: 410.7, a: 0.34, b: 0.28, N_0: 1e10, D_0: 1e12}
scenarios:
  base: {budget.compute: 1e11 FLOP}
  at one: {budget.compute: 3e12 FLOP}
  level: {budget.compute: 1e15 FLOP}
  capped: {budget.compute: 1e15 FLOP, caps.parameters: 1B}
"""
    ),
    "a kink by a ratio": INLINE.format(
        """  loss: E + A/N**a + B/D**b + k*abs(log(D/N/rho))
  cost: 6 * N * D
  decisions: {N: parameters, D: tokens}
  constants: {E: 1.69, A: 406.4, B: 410.7, a: 0.34, b: 0.28, k: 0.01, rho: 20}
scenarios: {base: {}, smooth: {budget.compute: 1e18 FLOP}, at it: {budget.compute: 1e24 FLOP}}
"""
    ),
    "kaplan": BUDGET.replace("hoffmann_2022", "kaplan_2020") + "caps: {parameters: 8B, tokens: 100B}\n",
    "constants": BUDGET
    + "constants: {beta: 0.31}\nscenarios: {base: {}, other: {constants.alpha: 0.3, constants.A: 1e6}}\n",
    "extremes": BUDGET
    + "scenarios: {tiny: {budget.compute: 1e4 FLOP}, huge: {budget.compute: 1e40 FLOP}, one: {caps.tokens: 1}}\n",
    "fixed cost above the first budget": INLINE.replace("1e21", "1e19").format(
        """  loss: E + A / N**a + B / D**b
  cost: 6 * N * D + 1e20 + 1e8 * served
  decisions: {N: parameters, D: tokens}
  constants: {E: 1.7, A: 300, a: 0.34, B: 410, b: 0.28}
  inputs: {served: {from: inference.tokens, unit: token}}
  formulas: {share: {formula: 6 * N * D / C, unit: '1'}, gap: {formula: L - E, unit: nats/token}}
inference: {tokens: 100B}
caps: {parameters: 1B}
compare: [hoffmann_2022]
cells: {twice: {formula: 2 * N_opt, unit: parameter}}
strategies: {ratio: {tokens_per_parameter: 20}, small: {parameters: 100M}}
scenarios: {base: {}, more: {budget.compute: 1e21}, slack: {budget.compute: 1e21, caps.tokens: 1B}}
"""
    ),
    "fixed cost and a root": INLINE.format(
        """  loss: E + A / N**a + B / D**b
  cost: 6 * N * D + 100 * N**1.1 + 1e20
  decisions: {N: parameters, D: tokens}
  constants: {E: 1.7, A: 300, a: 0.34, B: 410, b: 0.28}
strategies: {large: {parameters: 700B}}
scenarios: {base: {}, less: {budget.compute: 1e19}}
"""
    ),
    "fixed cost and a third choice": INLINE.replace("1e21", "1e19").format(
        """  loss: E + A / (N * (1 - exp(-P / 3)))**a + B / D**b
  cost: 6 * N * D * P / 16 + 1e20
  decisions: {N: parameters, D: tokens}
  inputs: {P: {unit: bit, candidates: [4, 8, 16]}}
  constants: {E: 1.7, A: 300, a: 0.34, B: 410, b: 0.28}
scenarios: {base: {}, more: {budget.compute: 1e21}}
"""
    ),
    "a strategy that inference alone exceeds": TARGET.replace("hoffmann_2022", "sardana_2023_lifetime")
    + """inference: {tokens: 2T}
strategies: {large: {parameters: 700B}, small: {parameters: 1B}, data: {tokens: 900T}}
scenarios: {base: {}, mild: {target.loss: 1.9}, never: {target.loss: 1}, hard: {target.loss: 1.8}}
""",
    "a strategy that inference alone exceeds on a budget": BUDGET.replace("hoffmann_2022", "sardana_2023_lifetime")
    + """inference: {tokens: 2T}
strategies: {large: {parameters: 700B}, small: {parameters: 10M}}
scenarios: {base: {}, much: {budget.compute: 1e25}}
""",
    "quotes": BUDGET.replace("Odd", "'=HYPERLINK(\"x\")'")
    + "description: '=1+1'\ncells: {x: {formula: N_opt, unit: parameter, label: '=SUM(A1)'}}\n",
}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", PLANS)
def test_an_odd_plan_makes_a_sound_workbook(name, language, tmp_path):
    """Both engines agree with every stored value, no rule is broken, no cell holds an error, and all checks pass.

    The formulas are the same in both languages, so the engines calculate those of one.
    """
    plan, book = tmp_path / "plan.yaml", tmp_path / "plan.xlsx"
    plan.write_text(f"{PLANS[name]}language: {language}\n", encoding="utf-8")
    write_plan_workbook(api.solve_plan(plan), book, version="0", inputs_sha256="0" * 64)
    if language == "en":
        result = verify_workbook(book, engines=("formualizer", "ironcalc"))
        assert [report.status for report in result.engines] == ["recalculated"] * 2
        assert [(str(d.cell), d.formula, d.stored, d.engine, d.recalculated) for d in result.disagreements] == []
    assert check_workbook(book) == []
    stored = parse_cells(book, read_package(book))
    assert not [str(cell) for cell, content in stored.cells.items() if isinstance(content.value, CellError)]
    assert stored.cells[stored.names["CHK_MASTER"]].value == 1


@pytest.mark.parametrize("loss", ["E + A/(N + N_0)**a + B/(D + D_0)**b", "E + min(A/N**a, k) + B/D**b"])
def test_a_scenario_without_a_plan_fails_the_checks(loss, tmp_path):
    """The best place is an end of the budget: both engines agree with every cell, among them checks that fail."""
    plan, book = tmp_path / "plan.yaml", tmp_path / "plan.xlsx"
    law = f"""  loss: {loss}
  cost: 6 * N * D
  decisions: {{N: parameters, D: tokens}}
  constants: {{E: 1.69, A: 406.4, B: 410.7, a: 0.309, b: 0.28, N_0: 1e5, D_0: 1e6, k: 0.1}}
scenarios: {{at an end: {{budget.compute: 1e13 FLOP}}, more: {{}}}}
"""
    # A constant that no formula reads is refused.
    law = law.replace(", k: 0.1", "") if "N_0" in loss else law.replace(", N_0: 1e5, D_0: 1e6", "")
    plan.write_text(INLINE.format(law), encoding="utf-8")
    solved = api.solve_plan(plan)
    assert solved.answers[0].status == "not_converged"
    write_plan_workbook(solved, book, version="0", inputs_sha256="0" * 64)
    result = verify_workbook(book, engines=("formualizer", "ironcalc"))
    assert [report.status for report in result.engines] == ["recalculated"] * 2
    assert [(str(d.cell), d.formula, d.stored, d.engine, d.recalculated) for d in result.disagreements] == []
    stored = parse_cells(book, read_package(book))
    assert stored.cells[stored.names["CHK_MASTER"]].value == 0


def test_the_words_of_an_unreachable_target(tmp_path):
    """No resources reach it: `infinite` where an amount would stand, a dash where nothing can be said."""
    plan, book = tmp_path / "plan.yaml", tmp_path / "plan.xlsx"
    plan.write_text(PLANS["target that nothing reaches first"], encoding="utf-8")
    write_plan_workbook(api.solve_plan(plan), book, version="0", inputs_sha256="0" * 64)
    stored = parse_cells(book, read_package(book))
    shown = {
        name: stored.cells[stored.names[name.upper()]].value for name in ("N_opt", "C_total", "efficiency", "L_opt")
    }
    assert shown == {"N_opt": "infinite", "C_total": "infinite", "efficiency": "–", "L_opt": 1.69}
