"""Whatever a user gets wrong ends with a clear message, its place and exit code 2; nothing is run, nothing written."""

import pytest

HEAD = "title: x\nlaw: hoffmann_2022\n"
BUDGET = "budget: {compute: 1e22 FLOP}\n"


def law(loss):
    """A plan with an inline law of that loss, on line 3."""
    rest = "  cost: 6*N*D\n  decisions: {N: parameters, D: tokens}\n  constants: {A: 400, B: 400, a: 0.3, b: 0.3}\n"
    return f"title: x\nlaw:\n  loss: {loss}\n{rest}{BUDGET}"


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefghi", "bcdefghij", strict=True)
)
BAD = {
    # text, what the message says, the place
    "misspelled key": (HEAD + "bugdet: {compute: 1e22}\n", "Did you mean `budget`?", "plan.yaml:3:1"),
    "misspelled inner key": (HEAD + "budget: {compte: 1e22}\n", "Did you mean", "plan.yaml:3:10"),
    "duplicate key": (HEAD + BUDGET + BUDGET, "budget", "plan.yaml:4:1"),
    "tab": (HEAD + "budget:\n\tcompute: 1e22\n", "tab", "plan.yaml:4:1"),
    "wrong unit": (HEAD + "budget: {compute: 1e22 hours}\n", "FLOP", "plan.yaml:3:"),
    "unknown unit": (HEAD + "budget: {compute: 1e22 flops_of_joy}\n", "flops_of_joy", "plan.yaml:3:"),
    "negative budget": (HEAD + "budget: {compute: -1e22}\n", "budget.compute", "plan.yaml:3:19"),
    "zero budget": (HEAD + "budget: {compute: 0}\n", "budget.compute", "plan.yaml:3:19"),
    "not a number": (HEAD + "budget: {compute: .nan}\n", "budget.compute", "plan.yaml:3:19"),
    "nan in words": (HEAD + "budget: {compute: nan}\n", "budget.compute", "plan.yaml:3:19"),
    "infinity": (HEAD + "budget: {compute: .inf}\n", "budget.compute", "plan.yaml:3:19"),
    "a number beyond a double": (HEAD + "budget: {compute: 1e999}\n", "budget.compute", "plan.yaml:3:19"),
    "no budget": (HEAD, "budget", "plan.yaml:"),
    "unknown law": ("title: x\nlaw: hofmann_2022\n" + BUDGET, "Did you mean `hoffmann_2022`?", "plan.yaml:2:6"),
    "cyclic extends": (HEAD + "extends: plan.yaml\n" + BUDGET, "plan.yaml", "plan.yaml:3:10"),
    "unknown symbol": (law("A/N**a + Bx/D**b"), "unknown symbol `Bx`", "plan.yaml:3:18"),
    "caret": (law("A/N^a + B/D**b"), "**", "plan.yaml:3:12"),
    "import": (law("__import__('os').system('touch hacked')"), "`", "plan.yaml:3:"),
    "attribute": (law("A.__class__/N + B/D"), "`", "plan.yaml:3:"),
    "10,000 characters": (law("A/N**a + B/D**b" + " + 1" * 2500), "4,000", "plan.yaml:3:"),
    "a tower": (law("A/N**a + B/D**b + 9**9**9**9"), "expon", "plan.yaml:3:"),
    "a deep nest": (law("(" * 400 + "A/N**a + B/D**b" + ")" * 400), "50", "plan.yaml:3:"),
    "nested functions": (law("exp(" * 60 + "A/N**a + B/D**b" + ")" * 60), "50", "plan.yaml:3:"),
    "alias bomb": (HEAD + BUDGET + BOMB, "alias", "plan.yaml:"),
    "nested flow": (HEAD + "budget: " + "[" * 5000 + "]" * 5000 + "\n", "nest", "plan.yaml:3:"),
    "not a mapping": ("- a\n- b\n", "", "plan.yaml:1:1"),
    "not YAML": ("title: [\n", "", "plan.yaml:"),
    "a tag": ("title: !!python/object/apply:os.system ['touch hacked']\n" + BUDGET, "tag", "plan.yaml:1:8"),
    "extends that is missing": (HEAD + "extends: nowhere.yaml\n" + BUDGET, "nowhere.yaml", "plan.yaml:3:10"),
    "extends that leaves": (HEAD + "extends: ../outside.yaml\n" + BUDGET, "outside", "plan.yaml:3:10"),
    "extends that is absolute": (HEAD + "extends: /etc/passwd\n" + BUDGET, "/etc/passwd", "plan.yaml:3:10"),
    "extends by a link": (HEAD + "extends: link.yaml\n" + BUDGET, "link.yaml", "plan.yaml:3:10"),
    "law that leaves": ("title: x\nlaw: ./../outside.yaml\n" + BUDGET, "outside", "plan.yaml:2:6"),
    "law by a link": ("title: x\nlaw: ./link.yaml\n" + BUDGET, "link.yaml", "plan.yaml:2:6"),
    "a swing of nothing": (HEAD + BUDGET + "sensitivity: {swing: 0}\n", "sensitivity.swing", "plan.yaml:4:22"),
    "a sweep of nothing": (HEAD + BUDGET + "sweep: {budget.compute: []}\n", "has no values", "plan.yaml:4:25"),
    "a circle of cells": (
        HEAD + BUDGET + "cells: {p: {formula: q + 1}, q: {formula: p + 1}}\n",
        "in a circle: ",
        "plan.yaml:4:",
    ),
    "dimensions that do not fit": (
        HEAD + BUDGET + "cells: {p: {formula: N_opt + D_opt}}\n",
        "cannot be added",
        "plan.yaml:4:22",
    ),
}


@pytest.fixture
def written(project):
    """A function that writes the plan and what stands outside, and gives the files of the project."""

    def run(data):
        (project.parent / "outside.yaml").write_text(HEAD + BUDGET, encoding="utf-8")
        if not (project / "link.yaml").exists():
            (project / "link.yaml").symlink_to(project.parent / "outside.yaml")
        (project / "plan.yaml").write_bytes(data)
        return sorted(path.name for path in project.iterdir())

    return run


@pytest.mark.parametrize("command", ["solve", "check", "build"])
@pytest.mark.parametrize("case", BAD)
def test_bad_plan_is_told_with_its_place(case, command, flopsheet, written, project):
    """Exit code 2, message and place on stderr, nothing on stdout that could be taken for a result, nothing written."""
    text, message, place = BAD[case]
    before = written(text.encode())
    arguments = {"solve": ["--json"], "check": [], "build": ["--out", "reports"]}[command]
    run = flopsheet(command, "plan.yaml", *arguments)
    assert run.code == 2, run
    assert message in run.err
    assert place in run.err
    if command != "build":
        assert run.out == ""
    assert sorted(path.name for path in project.iterdir() if path.name != "reports") == before
    assert not list(project.rglob("plan.xlsx"))


def test_not_utf8_is_told(flopsheet, written):
    """A file in another encoding is named, with the place of the first odd byte."""
    written("title: \xe9t\xe9\n".encode("latin-1"))
    run = flopsheet("solve", "plan.yaml")
    assert run.code == 2
    assert "plan.yaml" in run.err
    assert "UTF-8" in run.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["solve", "nowhere.yaml"],
        ["build", "nowhere"],
        ["check", "nowhere"],
        ["verify", "nowhere.xlsx"],
        ["verify", "plan.yaml"],
        ["derive", "nowhere.yaml"],
        ["derive", "hofmann_2022"],
        ["laws", "hofmann_2022"],
        ["laws", "hoffmann_2022", "--at", "N=70B"],
        ["laws", "hoffmann_2022", "--at", "N=70B,Q=3"],
        ["laws", "hoffmann_2022", "--at", "N=abc,D=1T"],
        ["laws", "hoffmann_2022", "--at", ""],
        ["laws", "--at", "N=70B"],
        ["solve", "plan.yaml", "--set", "budget.compute"],
        ["solve", "plan.yaml", "--set", "budget.compte=1e22"],
        ["solve", "plan.yaml", "--set", "budget.compute=-1"],
        ["solve", "plan.yaml", "--set", "title=x"],
        ["solve", "plan.yaml", "--scenario", "nowhere"],
        ["solve", "plan.yaml", "--scenario", "nowhere", "--json"],
        ["solve", "."],
        ["build", "plan.yaml", "--templates", "nowhere"],
        ["build", "empty"],
        ["frobnicate"],
        ["solve"],
        ["solve", "plan.yaml", "--nope"],
        ["schema", "--out", "plan.yaml/x.json"],
    ],
    ids=" ".join,
)
@pytest.mark.usefixtures("plan")
def test_bad_usage_is_told(arguments, flopsheet, project):
    """What is missing or unknown is named on stderr; exit code 2."""
    (project / "empty").mkdir()
    run = flopsheet(*arguments)
    assert run.code == 2, run
    assert run.err.strip()
    assert run.out == ""


@pytest.mark.parametrize(
    "budget",
    ["1e24", "1.0e24", "'1e24'", "1e24 FLOP", "1_000_000e18", "1000000000000 T", "1e21 kFLOP"],
)
def test_numbers_as_people_write_them(budget, flopsheet, plan):
    """YAML 1.2 floats, suffixes with and without a space, units: all the same budget."""
    plan.write_text(HEAD + f"budget: {{compute: {budget}}}\ncaps: {{parameters: 10 B}}\n", encoding="utf-8")
    run = flopsheet("solve", "plan.yaml", "--json")
    assert run.code == 0, run.err
    assert '"N_opt": {\n          "value": 10000000000.0' in run.out


def test_hostile_names_stay_text(flopsheet, plan, project):
    """A title that begins with `=` is a title, a scenario `../../x` becomes its slug; all files lie below --out."""
    scenarios = '{../../x: {budget.compute: 1e21}, "=2": {budget.compute: 1e22}}'
    text = f'title: "=1+1"\nlaw: hoffmann_2022\nscenarios: {scenarios}\n'
    plan.write_text(text, encoding="utf-8")
    before = set(project.parent.rglob("*"))
    run = flopsheet("build", "plan.yaml", "--out", "reports")
    assert run.code == 0, run.err
    new = set(project.parent.rglob("*")) - before
    assert new
    assert all(project / "reports" in (path, *path.parents) for path in new)
    report = (project / "reports/plan/report.md").read_text(encoding="utf-8")
    assert "=1+1" in report.splitlines()[0].replace("\\", "")


def test_all_problems_of_a_file_at_once(flopsheet, plan):
    """Four mistakes, four messages."""
    text = "titel: x\nlanguage: fr\nlaw: hoffmann_2022\nbudget: {compute: -1}\ncaps: {parameters: 3 hours}\n"
    plan.write_text(text, encoding="utf-8")
    run = flopsheet("solve", "plan.yaml")
    assert run.code == 2
    assert [line for line in range(1, 6) if f"plan.yaml:{line}:" in run.err] == [1, 2, 4, 5]


def test_an_unknown_law_is_told_with_the_other_problems(flopsheet, plan):
    """The law is looked up even where the plan has faults of its own."""
    plan.write_text("titel: x\nlaw: hofmann_2022\nbudget: {compute: 1e22}\n", encoding="utf-8")
    run = flopsheet("solve", "plan.yaml")
    assert run.code == 2
    assert [line for line in range(1, 4) if f"plan.yaml:{line}:" in run.err] == [1, 2]
    assert "Did you mean `hoffmann_2022`?" in run.err


def test_all_that_does_not_fit_the_law_is_told_at_once(flopsheet, plan):
    """Constants, cells, units of cells, claims, expectations and strategies: one message each."""
    text = """\
title: x
law: hoffmann_2022
budget: {compute: 1e22}
constants: {gamma: 3}
cells:
  unknown: {formula: Foo}
  reads_unknown: {formula: unknown + D_opt}
  unit: {formula: D_opt, unit: parameter}
claims: {a: {says: {Nopt: '1'}}}
expect: {zz: {at_most: 1}}
strategies: {q: {shares: {N: 0.5, D: 0.5}}}
"""
    plan.write_text(text, encoding="utf-8")
    run = flopsheet("solve", "plan.yaml")
    assert run.code == 2
    assert [line for line in range(1, 12) if f"plan.yaml:{line}:" in run.err] == [4, 6, 8, 9, 10, 11]


def test_a_share_that_is_refused_is_not_added_up(flopsheet, plan):
    """One problem for one mistake: the sum of shares is told only where each is a number."""
    text = "title: x\nlaw: hoffmann_2022\nbudget: {compute: 1e22}\nstrategies: {q: {shares: {N: 1, D: 0}}}\n"
    plan.write_text(text, encoding="utf-8")
    run = flopsheet("solve", "plan.yaml")
    assert "must be greater than 0" in run.err
    assert "add up" not in run.err
