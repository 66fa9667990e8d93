"""Whole messages, as a user reads them, of the mistakes that are made in plan files."""

import random

import pytest

from flopsheet.errors import FlopsheetError
from flopsheet.plan.layers import load_plan

HEAD = "title: t\nlaw: hoffmann_2022\n"
NUMBERS = "Write a number such as 1e22, 1_000, 10B or 10 B (suffixes K, M, B, T)"
FLOPS = "alone or with a unit: FLOP, kFLOP, MFLOP, GFLOP, TFLOP, PFLOP, EFLOP, ZFLOP, YFLOP, PF-day."

GOLDEN = {
    "misspelled key": (
        HEAD + "budgte: {compute: 1e22}\n",
        """\
plan.yaml:3:1: unknown key `budgte`.
    3 | budgte: {compute: 1e22}
      | ^^^^^^
Did you mean `budget`? Known here: budget, caps, cells, claims, compare, constants, data, description, expect, \
extends, fit, hardware, inference, inputs, language, law, objective, scenarios, sensitivity, strategies, \
sweep, target, title, uncertainty.""",
    ),
    "misspelled dotted key": (
        HEAD + "budget.compute: 1\nscenarios:\n  中: {caps.tokns: 4T}\n",
        """\
plan.yaml:5:12: scenarios.中.caps: unknown key `tokns`.
    5 |   中: {caps.tokns: 4T}
      |             ^^^^^
Did you mean `tokens`? Known here: memory, money, parameters, time, tokens.""",
    ),
    "duplicate key": (
        HEAD + "budget: {compute: 1e22}\ntitle: again\n",
        """\
plan.yaml:4:1: the key `title` stands twice; the first is at plan.yaml:1:1.
    4 | title: again
      | ^^^^^
Keep one of the two.""",
    ),
    "duplicate as dotted key": (
        HEAD + "budget: {compute: 1e22}\nbudget.compute: 2e22\n",
        """\
plan.yaml:4:8: the key `compute` stands twice; the first is at plan.yaml:3:10.
    4 | budget.compute: 2e22
      |        ^^^^^^^
Keep one of the two; a dotted key is the same as a nested one.""",
    ),
    "tab": (
        HEAD + "budget:\n\tcompute: 1e22\n",
        """\
plan.yaml:4:1: a tab stands where YAML allows only spaces.
    4 | \tcompute: 1e22
      | ^
Indent with spaces.""",
    ),
    "wrong unit": (
        HEAD + "budget: {compute: 1e22 tokens}\n",
        f"""\
plan.yaml:3:19: budget.compute: `1e22 tokens` is an amount in token, but this key takes an amount in FLOP.
    3 | budget: {{compute: 1e22 tokens}}
      |                   ^^^^^^^^^^^
{NUMBERS}, {FLOPS}""",
    ),
    "negative and zero": (
        HEAD + "budget.compute: -1e22\ncaps: {tokens: 0}\n",
        """\
plan.yaml:3:17: budget.compute: must be greater than 0, but is `-1e22`.
    3 | budget.compute: -1e22
      |                 ^^^^^
Write a positive number.

plan.yaml:4:16: caps.tokens: must be greater than 0, but is `0`.
    4 | caps: {tokens: 0}
      |                ^
Write a positive number.""",
    ),
    "not finite": (
        HEAD + "budget.compute: .inf\nconstants: {beta: .nan}\n",
        f"""\
plan.yaml:3:17: budget.compute: must be a finite number, but `.inf` is infinite.
    3 | budget.compute: .inf
      |                 ^^^^
{NUMBERS}, {FLOPS}

plan.yaml:4:19: constants.beta: must be a finite number, but `.nan` is not a number (NaN).
    4 | constants: {{beta: .nan}}
      |                   ^^^^
{NUMBERS}, with or without a unit.""",
    ),
    "nothing that is needed": (
        "description: x\n",
        """\
plan.yaml:1:1: a plan needs `title`.
    1 | description: x
      | ^^^^^^^^^^^
Add a line `title: ...`.

plan.yaml:1:1: a plan needs `law`.
    1 | description: x
      | ^^^^^^^^^^^
Add a line `law: ...`.

plan.yaml:1:1: the least loss needs a budget: `budget.compute` is not set.
    1 | description: x
      | ^^^^^^^^^^^
Write for example `budget: {compute: 1e22 FLOP}`.""",
    ),
    "objective": (
        HEAD + "objective: minimize compute\nbudget.compute: 1e22\n",
        """\
plan.yaml:1:1: `objective: minimize compute` needs `target.loss`.
    1 | title: t
      | ^^^^^
Write for example `target: {loss: 2.0}`.

plan.yaml:4:17: budget.compute: a budget cannot stand beside `objective: minimize compute`.
    4 | budget.compute: 1e22
      |                 ^^^^
Remove it, or set it to null in this layer.""",
    ),
    "target": (
        HEAD + "target.loss: 2\nbudget.compute: 1e22\n",
        """\
plan.yaml:3:14: target.loss: a target loss has no meaning while the loss is minimised at a budget.
    3 | target.loss: 2
      |              ^
Write `objective: minimize compute` without a budget, or remove the target.""",
    ),
    "scenarios": (
        HEAD + "budget.compute: 1\nscenarios:\n  a: {extends: bse, law: x, caps.tokens: null}\n  base:\n  '': {}\n",
        """\
plan.yaml:5:16: scenarios.a.extends: unknown scenario `bse`.
    5 |   a: {extends: bse, law: x, caps.tokens: null}
      |                ^^^
Known here: a.

plan.yaml:5:21: `scenarios.a.law` is the same for the whole plan: a scenario overrides only inputs and `expect`. \
Name other laws under `compare` at the top level: each scenario is then answered under all of them.
    5 |   a: {extends: bse, law: x, caps.tokens: null}
      |                     ^^^

plan.yaml:5:42: scenarios.a.caps.tokens: is null, but no layer set it before.
    5 |   a: {extends: bse, law: x, caps.tokens: null}
      |                                          ^^^^
Remove the line, or give it a value.

plan.yaml:6:8: scenarios.base: is null, but no layer set it before.
    6 |   base:
      |        ^
Write `{}` for a scenario without overrides.

plan.yaml:7:3: scenarios: a scenario needs a name.
    7 |   '': {}
      |   ^^""",
    ),
    "strategies": (
        HEAD + "budget.compute: 1\nstrategies: {a: {tokens: 1T, parameters: 3}, b: {}, c: {shares: {}}}\n",
        """\
plan.yaml:4:14: strategies.a: needs exactly one of `tokens_per_parameter`, `parameters`, `tokens`, \
`shares`, but has 2.
    4 | strategies: {a: {tokens: 1T, parameters: 3}, b: {}, c: {shares: {}}}
      |              ^
To replace what a layer below chose, set that to null.

plan.yaml:4:46: strategies.b: needs exactly one of `tokens_per_parameter`, `parameters`, `tokens`, \
`shares`, but has 0.
    4 | strategies: {a: {tokens: 1T, parameters: 3}, b: {}, c: {shares: {}}}
      |                                              ^

plan.yaml:4:65: strategies.c.shares: must be the shares of two decisions that add up to 1, but are 0 that add up to 0.
    4 | strategies: {a: {tokens: 1T, parameters: 3}, b: {}, c: {shares: {}}}
      |                                                                 ^
Write for example `{shares: {x_N: 0.7, x_D: 0.3}}`.""",
    ),
    "cells": (
        HEAD
        + "budget.compute: 1\n"
        + "cells: {L_opt: {formula: x}, a b: {formula: x}, k: {label: a}, u: {formula: 1, unit: m}}\n",
        """\
plan.yaml:4:9: cells.L_opt: `L_opt` is the name of a result or an input.
    4 | cells: {L_opt: {formula: x}, a b: {formula: x}, k: {label: a}, u: {formula: 1, unit: m}}
      |         ^^^^^
Give the cell another name.

plan.yaml:4:30: cells: `a b` cannot be the name of a cell.
    4 | cells: {L_opt: {formula: x}, a b: {formula: x}, k: {label: a}, u: {formula: 1, unit: m}}
      |                              ^^^
Use letters a-z, digits and _, beginning with a letter, at most 64 characters.

plan.yaml:4:49: cells.k: needs `formula`.
    4 | cells: {L_opt: {formula: x}, a b: {formula: x}, k: {label: a}, u: {formula: 1, unit: m}}
      |                                                 ^
Write `{formula: ..., unit: ...}`.

plan.yaml:4:86: cells.u.unit: unknown unit `m`.
    4 | cells: {L_opt: {formula: x}, a b: {formula: x}, k: {label: a}, u: {formula: 1, unit: m}}
      |                                                                                      ^
Write units such as FLOP, token, parameter, hour, USD/hour, token**2, or '1' for none.""",
    ),
    "claims and expectations": (
        HEAD + "budget.compute: 1\nclaims: {a: {expected: refused}, b: {says: {L_opt: x}, scenario: bas}}\n"
        "expect: {L_opt: {within: 1 %}, x: {at_least: 3, at_most: 2}, y: {}}\n",
        """\
plan.yaml:4:10: claims.a: a claim needs `says`.
    4 | claims: {a: {expected: refused}, b: {says: {L_opt: x}, scenario: bas}}
      |          ^
Write `says: {N_opt: 'formula'}`.

plan.yaml:4:24: claims.a.expected: must be `proven` or `refuted`, but is `refused`.
    4 | claims: {a: {expected: refused}, b: {says: {L_opt: x}, scenario: bas}}
      |                        ^^^^^^^
Did you mean `refuted`?

plan.yaml:4:66: claims.b.scenario: unknown scenario `bas`.
    4 | claims: {a: {expected: refused}, b: {says: {L_opt: x}, scenario: bas}}
      |                                                                  ^^^
Did you mean `base`? Known here: base.

plan.yaml:5:10: expect.L_opt: `within` is the tolerance of a `value`, but there is none.
    5 | expect: {L_opt: {within: 1 %}, x: {at_least: 3, at_most: 2}, y: {}}
      |          ^^^^^

plan.yaml:5:32: expect.x: `at_least` is larger than `at_most`: nothing can be both.
    5 | expect: {L_opt: {within: 1 %}, x: {at_least: 3, at_most: 2}, y: {}}
      |                                ^

plan.yaml:5:62: expect.y: needs `at_most`, `at_least` or `value`.
    5 | expect: {L_opt: {within: 1 %}, x: {at_least: 3, at_most: 2}, y: {}}
      |                                                              ^
Write for example `{at_most: 2.2}`.""",
    ),
    "paths": (
        "title: t\nlaw: ../../etc/passwd.yaml\nbudget.compute: 1\nextends: [/etc/passwd, none.yaml]\n",
        """\
plan.yaml:4:11: the path `/etc/passwd` leads outside the project.
    4 | extends: [/etc/passwd, none.yaml]
      |           ^^^^^^^^^^^
Name a file inside the project folder (the nearest one with `.git`, else the plan's own).

plan.yaml:4:24: there is no file `none.yaml`.
    4 | extends: [/etc/passwd, none.yaml]
      |                        ^^^^^^^^^
Paths are relative to the file that names them.""",
    ),
    "wrong kinds": (
        "title: [a]\nlaw: no law\nlanguage: en\nbudget.compute: 1\ncaps: 3\nconstants: [a]\ndescription: {a: b}\n",
        """\
plan.yaml:1:8: title: must be text, but is a list.
    1 | title: [a]
      |        ^

plan.yaml:2:6: law: `no law` is neither the name of a law nor a path to one.
    2 | law: no law
      |      ^^^^^^
Write a name such as hoffmann_2022, or a path such as ./laws/ours.yaml.

plan.yaml:5:7: caps: must be a mapping of parameters, tokens, time, money, memory, but is `3`.
    5 | caps: 3
      |       ^

plan.yaml:6:12: constants: must be a mapping (each constant with its value), but is a list.
    6 | constants: [a]
      |            ^

plan.yaml:7:14: description: must be text, but is a mapping.
    7 | description: {a: b}
      |              ^""",
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_the_message_is_exactly_this(write, name: str):
    """Place, subject, rule, what was got, the line with a caret, and the remedy."""
    text, message = GOLDEN[name]
    with pytest.raises(FlopsheetError) as caught:
        load_plan(write("plan.yaml", text))
    assert str(caught.value) == message


def test_a_long_line_is_shown_around_its_fault(write):
    """A line of ten thousand characters does not fill the terminal, and the caret still points to the fault."""
    text = f"{{title: t, law: l, description: {'x' * 5000}, budget.covers: everything, claims: '{'y' * 5000}'}}\n"
    with pytest.raises(FlopsheetError) as caught:
        load_plan(write("plan.yaml", text))
    fault = next(problem for problem in caught.value.problems if "everything" in problem.message)
    _, line, caret = fault.render().split("\n")
    assert len(line) < 300
    assert line[caret.index("^") : caret.rindex("^") + 1] == "everything"


def test_damaged_plans_load_or_are_refused(write, examples):
    """Plans with characters cut, doubled or exchanged raise nothing but a FlopsheetError."""
    text = (examples / "team" / "midsize.yaml").read_text(encoding="utf-8") + (
        "\n".join(f"# {n}" for n in range(3)) + "\n"
    )
    write("_company.yaml", (examples / "_company.yaml").read_bytes())
    chance = random.Random(1)  # noqa: S311 - repeatable damage, not secrecy
    outcomes = {"loaded": 0, "refused": 0}
    for _ in range(400):
        damaged = list(text)
        for _ in range(chance.randint(1, 3)):
            spot = chance.randrange(len(damaged))
            damaged[spot : spot + chance.randint(0, 4)] = chance.choice(
                ["", "\n", ": ", "{", "}", "null", "[", "- ", "'", '"', "&a ", "*a", "1e999", ".", "\t", "%", "!", "中"]
            )
        path = write("team/p.yaml", "".join(damaged))
        try:
            load_plan(path)
        except FlopsheetError as error:
            outcomes["refused"] += all(problem.place for problem in error.problems)
        else:
            outcomes["loaded"] += 1
    assert sum(outcomes.values()) == 400
    assert min(outcomes.values()) > 10
