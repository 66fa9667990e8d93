"""The section `uncertainty`: numbers in base units, and every mistake with its place."""

import re
from typing import Any

import pytest

from flopsheet import api
from flopsheet.errors import FlopsheetError
from flopsheet.plan.layers import load_plan

HEAD = "title: t\nlaw: besiroglu_2024\nbudget: {compute: 1e22}\n"
JOINT = "E,A,B,alpha,beta\n1.8,480,2000,0.35,0.36\n1.81,470,2100,0.34,0.37\n"


def load(write, text, **files):
    """The request of a plan."""
    for name, content in files.items():
        write(name.replace("_", "."), content)
    return load_plan(write("plan.yaml", text)).uncertainty


def test_defaults(write):
    """Ten thousand draws of 90 % from seed 0."""
    request = load(write, HEAD + "uncertainty: {}\n")
    assert (request.draws, request.seed, request.level, request.file, request.fixed) == (10_000, 0, 0.9, None, False)
    assert request.inputs == {}
    assert load(write, HEAD) is None


def test_numbers_are_in_base_units(write):
    """Dotted and nested keys, suffixes, units, shares; the spread of a lognormal has no unit."""
    text = """\
uncertainty:
  draws: 20K
  level: 95 %
  inputs:
    hardware.mfu: {normal: [40 %, 3 %]}
    hardware: {price: {lognormal: [2.5 USD/hour, 0.2]}, peak: {uniform: [900 TFLOP/second, 989e12]}}
    data: {tiers: {web: {unique: {normal: [1.2T, 200B]}}}}
    inference.peak: {lognormal: [900 TFLOP/second, 0.1]}
    caps.time: {uniform: [30 days, 60 days]}
"""
    request = load(write, HEAD + text)
    found = {key: (each.kind, each.first, each.second, each.unit) for key, each in request.inputs.items()}
    assert request.draws == 20_000
    assert request.level == 0.95
    assert found == {
        "hardware.mfu": ("normal", 0.4, 0.03, "1"),
        "hardware.price": ("lognormal", 2.5, 0.2, "USD/(accelerator*hour)"),
        "hardware.peak": ("uniform", 900e12 * 3600, 989e12 * 3600, "FLOP/(accelerator*hour)"),
        "inference.peak": ("lognormal", 900e12 * 3600, 0.1, "FLOP/(accelerator*hour)"),
        "data.tiers.web.unique": ("normal", 1.2e12, 2e11, "token"),
        "caps.time": ("uniform", 720.0, 1440.0, "hour"),
    }


def test_the_example_of_the_list_of_keys_loads(write, project_root):
    """Every key of the section, as the document shows it."""
    text = (project_root / "docs" / "plan_keys.md").read_text(encoding="utf-8")
    section = re.search(r"```yaml\n(uncertainty:.*?)```", text, flags=re.DOTALL)
    assert section is not None
    request: Any = load(write, HEAD + section[1], draws_csv=JOINT)
    assert (request.draws, request.seed, request.level, request.file) == (10_000, 1, 0.9, "draws.csv")
    assert {key: each.kind for key, each in request.inputs.items()} == {
        "hardware.mfu": "normal",
        "hardware.price": "lognormal",
        "data.tiers.web.unique": "uniform",
    }


def test_joint_draws_are_files_of_the_plan(write):
    """A file under `draws` gives their number, one under `constants` does not; both count among the plan's files."""
    by_draws = load(write, HEAD + "uncertainty: {draws: joint.csv}\n", joint_csv=JOINT)
    assert (by_draws.draws, by_draws.file) == (None, "joint.csv")
    plan: Any = load_plan(write("other.yaml", HEAD + "uncertainty: {constants: ./joint.csv}\n"))
    assert (plan.uncertainty.draws, plan.uncertainty.file) == (10_000, "joint.csv")
    assert "joint.csv" in plan.files


def test_layers_merge(write):
    """A later layer changes a single distribution; null takes one away."""
    write("_base.yaml", HEAD + "uncertainty: {seed: 4, inputs: {constants.beta: {normal: [0.36, 0.1]}}}\n")
    text = "extends: _base.yaml\nuncertainty: {draws: 50, inputs: {constants.beta: {normal: [0.4, 0.2]}}}\n"
    request = load(write, text)
    assert (request.draws, request.seed, request.inputs["constants.beta"].first) == (50, 4, 0.4)
    assert load(write, "extends: _base.yaml\nuncertainty.inputs.constants.beta: null\n").inputs == {}


MISTAKES = {
    "unknown key": ("inputs: {hardware.mfuu: {normal: [0.4, 0.03]}}", "4:33", "Did you mean `mfu`?"),
    "a word": ("inputs: {hardware.accelerator: {normal: [1, 2]}}", "4:33", "is a word, not a number"),
    "unknown constant": ("inputs: {constants.bta: {normal: [0.4, 0.03]}}", "4:48", "Did you mean `beta`?"),
    "unknown distribution": ("inputs: {constants.beta: {nromal: [1, 2]}}", "4:41", "Did you mean `normal`?"),
    "two distributions": ("inputs: {constants.beta: {normal: [1, 2], uniform: [1, 2]}}", "4:40", "but has 2"),
    "no spread": ("inputs: {constants.beta: {normal: [0.4, 0]}}", "4:49", "standard deviation above 0"),
    "ends that fall": ("inputs: {budget.compute: {uniform: [2e22, 1e22]}}", "4:50", "must rise"),
    "negative median": ("inputs: {constants.beta: {lognormal: [-2, 0.1]}}", "4:52", "median above 0"),
    "wrong unit": ("inputs: {budget.compute: {normal: [1e22 token, 1]}}", "4:50", "an amount in FLOP"),
    "spread with a unit": ("inputs: {budget.compute: {lognormal: [1e22, 1 FLOP]}}", "4:59", "without unit"),
    "three numbers": ("inputs: {constants.beta: {normal: [1, 2, 3]}}", "4:49", "but has 3 items"),
    "above what is allowed": ("inputs: {hardware.mfu: {uniform: [0.5, 1.4]}}", "4:48", "must be at most 1"),
    "below zero": ("inputs: {budget.compute: {normal: [-1e22, 1e21]}}", "4:49", "must be greater than 0"),
    "no draws": ("draws: 0", "4:22", "from 2 to 10,000,000, but is `0`"),
    "too many draws": ("draws: 2e7", "4:22", "each takes 80 MB"),
    "part of a draw": ("draws: 10.5", "4:22", "must be a whole number"),
    "seed": ("seed: -1", "4:21", "must be a whole number"),
    "level": ("level: 40 %", "4:22", "between 50 % and 100 %"),
    "not set": ("inputs: {caps.parameters: {normal: [1e9, 1e8]}}", "4:50", "Give `caps.parameters` at the top"),
    "not read": ("inputs: {hardware.mfu: {normal: [0.4, 0.03]}}", "4:47", "the plan does not set it"),
    "nothing": ("constants: fixed", "4:14", "nothing is uncertain"),
    "no file": ("draws: no.csv", "4:22", "there is no file `no.csv`"),
    "outside": ("constants: ../x.csv", "4:26", "leads outside the project"),
    "no table": ("constants: plan.yaml", "4:26", "is no CSV file"),
    "no way": ("constants: exact", "4:26", "must be `fixed` or a CSV file"),
    "two ways": ("draws: joint.csv, constants: fixed", "4:44", "drawn in one way"),
    "joint and alone": (
        "constants: joint.csv, inputs: {constants.beta: {normal: [0.3, 0.1]}}", "4:71", "stands beside the joint draws",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes(write, name):
    """Each is told with its place and what to do."""
    section, place, message = MISTAKES[name]
    write("joint.csv", JOINT)
    with pytest.raises(FlopsheetError) as refused:
        api.solve_plan(write("plan.yaml", f"{HEAD}uncertainty: {{{section}}}\n"))
    assert str(refused.value).startswith(f"plan.yaml:{place}: ")
    assert message in str(refused.value)


def test_a_constant_that_is_set_and_drawn(write):
    """Joint draws hold all constants: one that the plan sets too is refused."""
    write("joint.csv", JOINT)
    with pytest.raises(FlopsheetError, match=r"plan\.yaml:4:19: constants\.beta: is set here"):
        api.solve_plan(write("plan.yaml", HEAD + "constants: {beta: 0.3}\nuncertainty: {draws: joint.csv}\n"))


def test_scenarios_do_not_change_it(write):
    """Draws are those of the whole plan."""
    with pytest.raises(FlopsheetError, match=r"plan\.yaml:5:17: .* is the same for the whole plan"):
        load(write, HEAD + "uncertainty: {}\nscenarios: {a: {uncertainty.draws: 3}}\n")


TABLES = {
    "empty": ("\n# nothing\n", ["joint.csv:1:1: the table of draws is empty"]),
    "one row": ("E,A,B,alpha,beta\n1.8,480,2000,0.35,0.36\n", ["joint.csv:2:1: a table of draws needs two rows"]),
    "columns": (
        "E,A,B,alpha,betta\n1,2,3,4,5\n1,2,3,4,5\n",
        ["joint.csv:1:1: law `besiroglu_2024` has no constant `betta`", "there is no column for `beta`"],
    ),
    "twice": ("E,A,B,alpha,beta,E\n1,2,3,4,5,6\n1,2,3,4,5,6\n", ["the column `E` stands there twice"]),
    "text": (
        JOINT + "1.8,nan,2000,0.35,0.36\n1.8,many,,0.35,inf\n",
        [
            "joint.csv:4:5: `A` must be a finite number, but is `nan`",
            "joint.csv:5:5: `A` must be a finite number, but is `many`",
            "joint.csv:5:10: `B` must be a finite number, but is empty",
            "joint.csv:5:16: `beta` must be a finite number, but is `inf`",
        ],
    ),
    "ragged": (JOINT + "1,2,3\n", ["joint.csv:4:1: the row has 3 fields, but there are 5 columns"]),
}


@pytest.mark.parametrize("name", TABLES)
def test_tables_that_do_not_fit(write, name):
    """What is wrong with a table of draws is told by its line."""
    table, messages = TABLES[name]
    write("joint.csv", table)
    with pytest.raises(FlopsheetError) as refused:
        api.solve_plan(write("plan.yaml", HEAD + "uncertainty: {draws: joint.csv}\n"))
    for message in messages:
        assert message in str(refused.value)


def test_draws_of_a_law_stay_in_the_project(write, project):
    """A law's own draws are resolved from its folder, and refused outside of the project before they are read."""
    (project.parent / "secret.csv").write_text(JOINT, encoding="utf-8")
    law = "law: l_2026\nloss: A / N**alpha + B / D**beta\ncost: 6*N*D\ndecisions: {N: parameters, D: tokens}\n"
    law += "constants: {A: 400, B: 400, alpha: 0.3, beta: 0.3}\n"
    write("laws/l.yaml", law + "draws: ../../secret.csv\n")
    text = "title: t\nlaw: ./laws/l.yaml\nbudget: {compute: 1e22}\nuncertainty: {draws: 100}\n"
    with pytest.raises(FlopsheetError, match=r"laws/l\.yaml:6:8: the path .* leads outside the project"):
        api.solve_plan(write("plan.yaml", text))
    write("laws/l.yaml", law + "draws: own.csv\n")
    write("laws/own.csv", "A,B,alpha,beta\n400,400,0.3,0.3\n410,390,0.31,0.29\n")
    solution: Any = api.solve_plan(write("plan.yaml", text))
    assert "laws/own.csv" in solution.files
    assert solution.answers[0].uncertainty.sampler.joint.rows == 2
