import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flopsheet.errors import FlopsheetError
from flopsheet.plan.layers import load_plan
from flopsheet.plan.plan import Law, Plan, Scenario

SHORT = "title: t\nlaw: hoffmann_2022\n"


def values(scenario: Scenario) -> dict[str, float | None]:
    """The inputs of a scenario as bare numbers."""
    return {key: given.value for key, given in scenario.inputs.items()}


@pytest.fixture
def midsize(project: Path, examples: Path) -> Plan:
    """The plan of a team over the layer of its company, in a project of their own."""
    shutil.copytree(examples, project, dirs_exist_ok=True)
    return load_plan(project / "team" / "midsize.yaml")


def refusal(path: Path, *sets: str) -> str:
    """The whole message with which a plan is refused."""
    with pytest.raises(FlopsheetError) as caught:
        load_plan(path, sets=sets)
    return str(caught.value)


def test_a_plan_is_typed_with_its_layers(midsize: Plan, project: Path):
    """Texts, files and law come from the layers; paths are relative to the project."""
    assert (midsize.path, midsize.root) == ("team/midsize.yaml", project.resolve())
    assert midsize.files == ("_company.yaml", "team/midsize.yaml")
    assert midsize.title == "Mid-size project"
    assert midsize.description == "What 1e22 FLOP buy, with and without the cap."
    assert (midsize.language, midsize.objective, midsize.law) == ("en", "minimize loss", "hoffmann_2022")
    assert midsize.law_place.line == 7
    assert [(s.name, s.slug, s.kind, s.value) for s in midsize.strategies] == [
        ("twenty to one", "twenty_to_one", "tokens_per_parameter", 20.0),
        ("seven billion", "seven_billion", "parameters", 7e9),
    ]
    assert {name: (c.formula.text, c.unit, c.label) for name, c in midsize.cells.items()} == {
        "head_room": ("caps_parameters / N_opt", "1", "Head room"),
        "bill": ("2 * C", "FLOP", ""),
    }
    assert midsize.cells["bill"].formula.place.column == 20
    claim = midsize.claims[0]
    assert (claim.name, claim.expected, claim.scenario) == ("article", "refuted", None)
    assert claim.says["N_opt"].text == "(C/(6*B))**(beta/(alpha+beta))"
    expected = midsize.expect["N_opt"]
    assert (expected.value, expected.within, expected.unit) == (5.16e9, 0.01, "parameter")


def test_each_input_remembers_what_set_it(midsize: Plan):
    """File, line, column, layer and text of each base value are kept."""
    assert {
        key: (given.value, given.unit, given.layer, given.place.line, given.place.column, given.text)
        for key, given in midsize.inputs.items()
    } == {
        "constants.beta": (0.29, "1", "team/midsize.yaml", 8, 19, "0.29"),
        "budget.compute": (1e22, "FLOP", "_company.yaml", 2, 19, "1e22 FLOP"),
        "caps.parameters": (1e10, "parameter", "_company.yaml", 3, 18, "10 B"),
        "caps.tokens": (4e12, "token", "team/midsize.yaml", 9, 16, "4T"),
    }


def test_scenarios_merge_base_parents_and_their_own_lines(midsize: Plan):
    """Lines of two layers meet in one scenario; a parent's lines are inherited; null removes limits."""
    base, double, uncapped = midsize.scenarios
    assert [base.slug, double.slug, uncapped.slug] == ["base", "double", "uncapped"]
    assert values(base) == {key: given.value for key, given in midsize.inputs.items()}
    assert values(double) | {"budget.compute": 2e22, "constants.beta": 0.3} == values(double)
    assert {key: given.layer for key, given in double.overrides.items()} == {
        "constants.beta": "team/midsize.yaml",
        "budget.compute": "_company.yaml",
    }
    assert uncapped.parent == "double"
    assert values(uncapped) == {
        "constants.beta": 0.3, "budget.compute": 2e22, "caps.parameters": None, "caps.tokens": None,
    }  # fmt: skip
    assert {key: given.value for key, given in uncapped.overrides.items()} == {
        "caps.parameters": None, "caps.tokens": None,
    }  # fmt: skip
    assert uncapped.expect["L_opt"].at_least == 1.9
    assert not double.expect


def test_set_wins_over_base_and_scenarios(midsize: Plan, project: Path):
    """--set is the last layer: no scenario overrides what it says."""
    plan = load_plan(project / midsize.path, sets=["budget.compute = 3 ZFLOP", "caps.parameters=null"])
    assert plan.inputs["budget.compute"].value == 3e21
    assert plan.inputs["budget.compute"].layer == "--set"
    assert plan.inputs["budget.compute"].place.column == 18
    for scenario in plan.scenarios:
        assert scenario.inputs["budget.compute"].value == 3e21
        assert scenario.inputs["caps.parameters"].value is None
        assert not {"budget.compute", "caps.parameters"} & set(scenario.overrides)


def test_a_chinese_plan_with_an_inline_law(examples: Path):
    """A title that begins with = is text, slugs fall back to positions, the inline law is typed."""
    plan = load_plan(examples / "chinese.yaml")
    assert plan.title == "=中文标题"
    assert isinstance(plan.law, Law)
    assert (plan.law.name, plan.law.origin, plan.law.title) == ("inline", "inline", "自己的定律")
    assert plan.law.constants["A"].interval == (350.0, 450.0)
    assert plan.law.constants["A"].level == 0.9
    assert [(s.name, s.slug) for s in plan.scenarios] == [("小型", "s1"), ("../../x", "s2"), ("X", "s3")]
    assert [s.inputs["target.loss"].value for s in plan.scenarios] == [2.0, 2.1, 2.2]


def test_a_plan_without_scenarios_has_one_called_base(write):
    """Its inputs are the plan's, and it overrides nothing."""
    plan = load_plan(write("plan.yaml", SHORT + "budget.compute: 1e22\n"))
    (only,) = plan.scenarios
    assert (only.name, only.slug, dict(only.overrides)) == ("base", "base", {})
    assert only.inputs == plan.inputs


def test_a_number_as_title_is_text(write):
    """`title: 2026` and a scenario called 1 are texts."""
    plan = load_plan(write("plan.yaml", "title: 2026\nlaw: l\nbudget.compute: 1\nscenarios: {1: {}, yes: {}}\n"))
    assert plan.title == "2026"
    assert [scenario.name for scenario in plan.scenarios] == ["1", "yes"]


def test_dotted_and_nested_keys_are_the_same(write):
    """Keys may be dotted anywhere, to any depth, and halves of one section meet."""
    dotted = load_plan(
        write(
            "a.yaml",
            "title: t\nlaw.loss: E\nlaw.constants.E: 1\nlaw.constants.F: {se: 1, value: 2}\nbudget.covers: training\n"
            "budget: {compute: 1}\nscenarios.a.budget.compute: 2\nscenarios.a: {caps.tokens: 3}\ncells.x.formula: 1\n",
        )
    )
    assert isinstance(dotted.law, Law)
    assert list(dotted.law.constants) == ["E", "F"]
    assert values(dotted.scenarios[0]) == {"budget.compute": 2.0, "caps.tokens": 3.0}
    assert dotted.cells["x"].formula.text == "1"


def test_names_of_scenarios_are_not_split_at_dots(write):
    """A scenario may be called v1.5."""
    plan = load_plan(write("a.yaml", SHORT + "budget.compute: 1\nscenarios: {v1.5: {}, a.b.c: {extends: v1.5}}\n"))
    assert [(s.name, s.slug, s.parent) for s in plan.scenarios] == [("v1.5", "v1_5", None), ("a.b.c", "a_b_c", "v1.5")]


def test_later_layers_win_and_lists_of_layers_keep_their_order(write):
    """With several layers the later wins, the plan itself last; a layer's own layers come before it."""
    write("_0.yaml", "title: zero\nbudget.compute: 1\ncaps.tokens: 1\ncaps.parameters: 1\n")
    write("_1.yaml", "extends: _0.yaml\nbudget.compute: 2\ncaps.tokens: 2\n")
    write("_2.yaml", "extends: _0.yaml\nbudget.compute: 3\n")
    plan = load_plan(write("p.yaml", "extends: [_1.yaml, _2.yaml]\nlaw: l\ncaps.parameters: 4\n"))
    assert plan.files == ("_0.yaml", "_1.yaml", "_2.yaml", "p.yaml")
    assert {key: given.value for key, given in plan.inputs.items()} == {
        "budget.compute": 3.0, "caps.parameters": 4.0, "caps.tokens": 2.0,
    }  # fmt: skip
    assert plan.title == "zero"


def test_null_removes_what_a_layer_set(write):
    """A null in a later layer removes scenarios, claims, limits and whole sections."""
    write(
        "_a.yaml",
        "budget.compute: 1\ncaps: {tokens: 1, parameters: 2}\nscenarios: {a: {}, b: {caps.tokens: 5}}\n"
        "description: d\nclaims: {c: {says: {N_opt: x}}}\n",
    )
    nulls = "caps:\nscenarios: {a: null, b: {caps.tokens: null}}\ndescription: ~\nclaims: {c: null}\n"
    plan = load_plan(write("p.yaml", SHORT + "extends: _a.yaml\n" + nulls))
    assert [scenario.name for scenario in plan.scenarios] == ["b"]
    assert values(plan.scenarios[0]) == {"budget.compute": 1.0, "caps.parameters": None, "caps.tokens": None}
    assert plan.inputs["caps.tokens"].layer == "p.yaml"
    assert plan.description == ""
    assert plan.claims == ()


def test_setting_a_valid_key_that_no_layer_set_is_fine(write):
    """A scenario may bring a cap that the base does not have."""
    plan = load_plan(write("p.yaml", SHORT + "budget.compute: 1\nscenarios: {a: {caps.tokens: 5}}\n"))
    assert "caps.tokens" not in plan.inputs
    assert values(plan.scenarios[0])["caps.tokens"] == 5.0


def test_a_base_without_budget_is_fine_when_every_scenario_sets_one(write):
    """The rule of the budget holds for scenarios, and is told for each that breaks it."""
    text = SHORT + "scenarios: {a: {budget.compute: 1}, b: {budget.compute: 2}}\n"
    assert len(load_plan(write("p.yaml", text)).scenarios) == 2
    message = refusal(write("q.yaml", text.replace("budget.compute: 2", "caps.tokens: 2")))
    assert message.startswith("q.yaml:3:37: scenarios.b: the least loss needs a budget: `budget.compute` is not set.\n")
    assert message.count("q.yaml:") == 1


def test_law_paths_are_relative_to_the_file_that_names_them(write):
    """A law named by a layer is found beside the layer, and given relative to the root."""
    write("common/laws/ours.yaml", "law: ours\nloss: '1'\n")
    write("common/_base.yaml", "law: ./laws/ours.yaml\nbudget.compute: 1\n")
    plan = load_plan(write("team/p.yaml", "title: t\nextends: ../common/_base.yaml\n"))
    assert plan.law == "common/laws/ours.yaml"


def test_all_problems_of_all_files_are_told_sorted_by_place(write):
    """An error that an override hides is told too, and each problem once."""
    write("_base.yaml", "budget.compute: -1\ncaps.tokens: 3 FLOP\nlanguage: de\n")
    path = write("p.yaml", SHORT + "extends: _base.yaml\nbudget.compute: 1e22\ncaps.tokens: 1\nlanguage: fr\n")
    with pytest.raises(FlopsheetError) as caught:
        load_plan(path)
    places = [(p.place.file, p.place.line, p.subject) for p in caught.value.problems if p.place]
    assert places == [
        ("_base.yaml", 1, "budget.compute"),
        ("_base.yaml", 2, "caps.tokens"),
        ("_base.yaml", 3, "language"),
        ("p.yaml", 6, "language"),
    ]


def test_circles_are_named(write):
    """Files and scenarios that extend each other are refused with the way around."""
    write("_a.yaml", "extends: sub/_b.yaml\n")
    write("sub/_b.yaml", "extends: ../_a.yaml\n")
    message = refusal(write("p.yaml", SHORT + "extends: _a.yaml\n"))
    assert message.startswith(
        "sub/_b.yaml:1:10: extends: the files extend each other in a circle: _a.yaml > sub/_b.yaml > _a.yaml.\n"
    )
    scenarios = "budget.compute: 1\nscenarios: {a: {extends: c}, b: {extends: a}, c: {extends: b}, d: {extends: a}}\n"
    message = refusal(write("q.yaml", SHORT + scenarios))
    assert "the scenarios extend each other in a circle: a > c > b > a." in message
    assert message.count("circle") == 1
    itself = "budget.compute: 1\nscenarios: {a: {extends: a}}\n"
    assert "in a circle: a > a." in refusal(write("r.yaml", SHORT + itself))


def test_long_chains_of_scenarios_and_files_end_without_a_traceback(write):
    """Two thousand scenarios over each other are refused; so are sixty layers."""
    chain = "".join(f"  s{n}: {{extends: s{n + 1}}}\n" for n in range(2000))
    path = write("p.yaml", SHORT + f"budget.compute: 1\nscenarios:\n{chain}  s2000: {{}}\n")
    assert "scenarios may extend each other at most 50 levels deep." in refusal(path)
    for number in range(60):
        write(f"_{number}.yaml", f"extends: _{number + 1}.yaml\n")
    write("_60.yaml", "language: en\n")
    assert "a plan may have at most 50 layers." in refusal(write("q.yaml", SHORT + "extends: _0.yaml\n"))


@pytest.mark.parametrize("target", ["../outside.yaml", "/etc/hostname", "link.yaml", "folder/secret.yaml"])
@pytest.mark.parametrize("key", ["extends", "law"])
def test_paths_that_leave_the_project_are_refused_before_they_are_read(
    write, project: Path, tmp_path_factory: pytest.TempPathFactory, target: str, key: str
):
    """Neither `..`, nor an absolute path, nor a link to a file or folder outside is followed."""
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.yaml").write_text("password: hunter2 [\n")
    (project / "link.yaml").symlink_to(outside / "secret.yaml")
    (project / "folder").symlink_to(outside)
    text = SHORT.replace("hoffmann_2022", "l" if key == "extends" else target) + "budget.compute: 1\n"
    message = refusal(write("p.yaml", text + (f"extends: {target}\n" if key == "extends" else "")))
    assert f"the path `{target}` leads outside the project." in message
    assert "hunter2" not in message


def test_a_plan_that_is_a_link_out_of_the_project_is_refused(project: Path, tmp_path_factory: pytest.TempPathFactory):
    """A link inside a project to a file outside is not read, even when it is named itself."""
    secret = tmp_path_factory.mktemp("outside") / "secret.yaml"
    secret.write_text("password: hunter2 [\n")
    (project / "p.yaml").symlink_to(secret)
    (project / "loop.yaml").symlink_to(project / "loop.yaml")
    message = refusal(project / "p.yaml")
    assert "leads outside the project" in message
    assert "hunter2" not in message
    assert "the path cannot be followed" in refusal(project / "loop.yaml")


def test_a_folder_without_git_is_its_own_project(tmp_path: Path):
    """Without `.git` above, nothing beside the plan's folder may be named."""
    (tmp_path / "_base.yaml").write_text("budget.compute: 1\n")
    plan = tmp_path / "sub" / "p.yaml"
    plan.parent.mkdir()
    plan.write_text(SHORT + "extends: ../_base.yaml\n")
    if any((folder / ".git").exists() for folder in tmp_path.resolve().parents):
        pytest.skip("the temporary folder lies inside a repository")
    assert "leads outside the project" in refusal(plan)


def test_wrong_sets_are_refused_at_their_option(midsize: Plan, project: Path):
    """Places of --set count the options as lines; structure cannot be set there."""
    path = project / midsize.path
    message = refusal(path, "budget.compute=-1", "law=x", "caps.tokns=1", "=3", "caps.tokens", "caps=null",
                      "hardware.mfu=3", "target.loss=null")  # fmt: skip
    for line in (
        "--set:1:16: budget.compute: must be greater than 0, but is `-1`.",
        "--set:2:1: `law` cannot be set here: --set takes inputs only.",
        "--set:3:6: caps: unknown key `tokns`.",
        "--set:4:1: must be a key, `=` and a value.",
        "--set:5:1: must be a key, `=` and a value.",
        "--set:7:14: hardware.mfu: must be at most 1, but is `3`.",
        "--set:8:13: target.loss: is null, but no layer set it before.",
    ):
        assert line in message
    assert "--set:2:1: the key `budget.compute` is set twice" in refusal(path, "budget.compute=1", "budget.compute=2")
    assert "--set:1:6: caps: a whole section cannot be removed here." in refusal(path, "caps=null")


def test_a_plan_of_twenty_scenarios_loads_in_milliseconds(write):
    """After the imports a plan of ordinary size takes less than 30 ms, the best of five."""
    scenarios = "".join(
        f"  case {n}: {{budget.compute: {n + 1}e22 FLOP, caps: {{parameters: {n + 1} B, tokens: 1T}}}}\n"
        for n in range(20)
    )
    path = write("p.yaml", SHORT + "budget.compute: 1e22\nscenarios:\n" + scenarios)
    load_plan(path)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        load_plan(path)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.03


def test_loading_a_plan_imports_nothing_heavy(midsize: Plan, project: Path):
    """Neither the import nor an ordinary plan needs sympy, numpy or pint."""
    code = (
        "import sys; from pathlib import Path; from flopsheet.plan.layers import load_plan;"
        "from flopsheet.plan.discovery import find_plans; from flopsheet.plan.json_schema import plan_json_schema;"
        f"load_plan(Path({str(project / midsize.path)!r}));"
        "print([name for name in ('pint', 'numpy', 'sympy', 'openpyxl') if name in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert out.stdout == "[]\n"


@pytest.mark.parametrize("name", ["N_opt", "x_N_opt", "D_required", "C_train", "C", "caps_parameters", "cost"])
def test_cells_do_not_take_the_names_of_results_and_inputs(write, name: str):
    """A cell is refused where its name means something already; a Python keyword is a name like any other."""
    text = SHORT + "budget.compute: 1\ncells: {NAME: {formula: 1}}\n"
    assert f"cells.{name}: `{name}` is the name of a result or an input." in refusal(
        write("p.yaml", text.replace("NAME", name))
    )
    assert list(load_plan(write("q.yaml", text.replace("NAME", "lambda"))).cells) == ["lambda"]


def test_a_fault_in_a_dotted_key_is_marked_in_its_part(write):
    """The caret stands below the part of a dotted key that is wrong, not below the whole."""
    keys = "cells.1x.formula: 2\ncells.ok.formla: 2\n'cells.2y.formula': 2\n"
    message = refusal(write("p.yaml", SHORT + "budget.compute: 1\n" + keys))
    shown = [line for line in message.split("\n") if "|" in line]
    assert shown == [
        "    4 | cells.1x.formula: 2",
        "      |       ^^",
        "    5 | cells.ok.formla: 2",
        "      |          ^^^^^^",
        "    6 | 'cells.2y.formula': 2",
        "      |        ^^",
    ]


def test_a_scenario_that_removes_the_budget_is_told_where_it_does(write):
    """Removing the only budget is refused at the null that removes it."""
    message = refusal(write("p.yaml", SHORT + "budget.compute: 1\nscenarios:\n  a: {budget.compute: null}\n"))
    assert message.startswith("p.yaml:5:23: scenarios.a: the least loss needs a budget: `budget.compute` is not set.")


def test_what_may_only_be_misspelled_is_not_called_missing(write):
    """Beside a key that was refused in the same place, nothing is said to be missing."""
    for text in (
        "titel: t\nlaw: l\nbudget.compute: 1\n",
        SHORT + "budget: {mony: 3}\n",
        SHORT + "budget: {money: 3}\nhardware: {acelerator: B200, mfu: 0.4, price: 2}\n",
        SHORT + "budget.compute: 1\ndata.tiers: [{name: a, uniqe: 1}]\n",
        SHORT + "budget.compte: 1\n",
        SHORT + "scenarios: {a: {budgt.compute: 1}}\n",
    ):
        message = refusal(write("p.yaml", text))
        assert message.count("p.yaml:") == 1, message
        assert "unknown key" in message


def test_a_refused_key_elsewhere_hides_nothing(write):
    """A misspelled key of a cell does not keep the missing title and budget from being told."""
    message = refusal(write("p.yaml", "law: l\ncells: {x: {formul: 1}}\n"))
    assert "unknown key `formul`" in message
    assert "a plan needs `title`." in message
    assert "`budget.compute` is not set." in message
