"""`flopsheet diff`: what it prints, from where, and when it fails."""

import json
import subprocess

import pytest

NEW = """\
title: Small
law: hoffmann_2022
budget: {compute: 1.02e21 FLOP}
"""


def git(folder, *arguments):
    """Run git there, as somebody."""
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def committed(project, plan, monkeypatch):
    """The plan in a commit of a repository, and another budget in the working tree."""
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    (project / ".git").rmdir()
    git(project, "init", "--initial-branch=main")
    git(project, "add", "--all")
    git(project, "commit", "--message=one")
    plan.write_text(NEW, encoding="utf-8")
    return plan


REPORT = """\
## What changed: Small

From `main:plan.yaml` to `plan.yaml`.

### Inputs

| Key | Scenario | Before | Now | Lines |
| :--- | :--- | :--- | :--- | :--- |
| `budget.compute` | base | `1e21 FLOP` | `1.02e21 FLOP` | `main:plan.yaml:3`<br>`plan.yaml:3` |

### Results

#### “base”

| Result | Before | Now | Change | What contributed |
| :--- | ---: | ---: | ---: | :--- |
| `N_opt` | 1.824 B | 1.841 B parameters | +0.898 % | `budget.compute` |
| `D_opt` | 91.36 B | 92.36 B tokens | +1.09 % | `budget.compute` |
| `L_opt` | 2.329 | 2.327 nats/token | −0.00194 (−0.0833 %) | `budget.compute` |
| `C_train` | 10²¹ | 1.02 × 10²¹ FLOP | +2 % | `budget.compute` |
| `C_total` | 10²¹ | 1.02 × 10²¹ FLOP | +2 % | `budget.compute` |
| `tokens_per_parameter` | 50.08 | 50.18 tokens per parameter | +0.192 % | `budget.compute` |
"""


@pytest.mark.usefixtures("committed")
def test_markdown_is_printed(flopsheet):
    """The whole report of a small change, from the revision to the working tree."""
    run = flopsheet("diff", "main:plan.yaml", "plan.yaml")
    assert (run.code, run.err) == (0, "")
    assert run.out == REPORT


@pytest.mark.usefixtures("committed")
def test_json_has_full_numbers(flopsheet):
    """One document; numbers with all digits, both places, and contributions that add up."""
    record = json.loads(flopsheet("diff", "HEAD:./plan.yaml", "plan.yaml", "--json").out)
    assert record["changed"] is True
    (change,) = record["inputs"]
    assert change["old"] == {
        "value": 1e21, "unit": "FLOP", "text": "1e21 FLOP", "file": "HEAD:plan.yaml", "line": 3,
    }  # fmt: skip
    loss = next(each for each in record["results"][0]["results"] if each["name"] == "L_opt")
    assert loss["attribution"] == {"method": "shapley", "contributions": {"budget.compute": loss["change"]}}
    assert loss["new"] - loss["old"] == loss["change"]


FAIL_ON = {
    "any": 1,
    "inputs": 1,
    "results": 1,
    "results:1%": 1,
    "results:0.01": 1,
    "results: 3 %": 0,
    "formulas": 0,
    "regime": 0,
    "claims": 0,
    "claims, regime,results:2.5%": 0,
    "formulas,inputs": 1,
}


@pytest.mark.parametrize("rules", FAIL_ON)
@pytest.mark.usefixtures("committed")
def test_fail_on(rules, flopsheet):
    """Exit 1 where a change of such a kind is there; of results one above the threshold."""
    assert flopsheet("diff", "HEAD:plan.yaml", "plan.yaml", "--fail-on", rules).code == FAIL_ON[rules]


BASE = "title: T\nlaw: hoffmann_2022\nbudget: {compute: 1e22 FLOP}\ncaps: {parameters: 2B}\n"
KINDS = {
    "cells: {x: {formula: N_opt/2, unit: parameter}}": ("cells: {x: {formula: 0.5*N_opt, unit: parameter}}", {"any"}),
    "cells: {x: {formula: N_opt, unit: parameter}}": (
        "cells: {x: {formula: 2*N_opt, unit: parameter}}",
        {"any", "formulas", "results"},
    ),
    "expect: {N_opt: {at_most: 3B}}": ("expect: {N_opt: {at_most: 1B}}", {"any", "claims"}),
    "scenarios: {a: {}}": ("scenarios: {b: {}}", {"any"}),
    "scenarios: {base: {}}": ("scenarios: {base: {}, more: {budget.compute: 1e23}}", {"any", "inputs"}),
    "strategies: {x: {parameters: 1B}}": ("strategies: {x: {parameters: 1.5B}}", {"any", "formulas"}),
    "description: x": ("description: y", set()),
}


@pytest.mark.parametrize("case", KINDS)
def test_kinds_of_changes(case, flopsheet, project):
    """Each change counts as what it is: rewritten formulas and renamed scenarios as any change alone."""
    new, kinds = KINDS[case]
    (project / "old.yaml").write_text(f"{BASE}{case}\n", encoding="utf-8")
    (project / "new.yaml").write_text(f"{BASE}{new}\n", encoding="utf-8")
    every = ("inputs", "formulas", "results", "regime", "claims", "any")
    failing = {kind for kind in every if flopsheet("diff", "old.yaml", "new.yaml", "--fail-on", kind).code == 1}
    assert failing == kinds


def test_the_regime(flopsheet, project):
    """A cap that no longer binds fails `regime`."""
    (project / "old.yaml").write_text(BASE, encoding="utf-8")
    (project / "new.yaml").write_text(BASE.replace("2B", "200B"), encoding="utf-8")
    run = flopsheet("diff", "old.yaml", "new.yaml", "--fail-on", "regime")
    assert run.code == 1
    assert "no longer binds: parameter cap" in run.out


@pytest.mark.parametrize("rules", ["", "result", "inputs:1%", "results:", "results:x", "results:-1", "any,,"])
@pytest.mark.usefixtures("plan")
def test_unknown_rules(rules, flopsheet):
    """What `--fail-on` does not know is bad input, and what it knows is listed or shown."""
    run = flopsheet("diff", "plan.yaml", "plan.yaml", "--fail-on", rules)
    assert (run.code, run.out) == (2, "")
    assert "--fail-on" in run.err


@pytest.mark.usefixtures("committed")
def test_bad_plans_are_told_with_their_revision(flopsheet, project):
    """A fault of the old plan stands at its revision, one of the new plan in its file; never in another folder."""
    run = flopsheet("diff", "HEAD:nope.yaml", "plan.yaml")
    assert run.code == 2
    assert run.err.startswith("HEAD:nope.yaml: there is no file")
    (project / "plan.yaml").write_text(NEW.replace("law: hoffmann_2022", "law: hofman_2022"), encoding="utf-8")
    git(project, "commit", "--all", "--message=wrong")
    run = flopsheet("diff", "HEAD:plan.yaml", "plan.yaml")
    assert run.code == 2
    assert run.err.startswith("HEAD:plan.yaml:2:6: law: unknown law `hofman_2022`")
    run = flopsheet("diff", "HEAD~1:plan.yaml", "plan.yaml")
    assert run.err.startswith("plan.yaml:2:6: law: unknown law")
    assert flopsheet("diff", "missing.yaml", "plan.yaml").code == 2


@pytest.mark.usefixtures("committed")
def test_the_same_twice(flopsheet):
    """Two runs print the same bytes, and a plan does not differ from itself."""
    first, second = (flopsheet("diff", "HEAD:plan.yaml", "plan.yaml") for _ in range(2))
    assert first == second
    run = flopsheet("diff", "plan.yaml", "plan.yaml", "--fail-on", "any")
    assert run.code == 0
    assert "Nothing that the plan says or comes to has changed." in run.out


def test_chinese(flopsheet, project):
    """The report speaks the language of the new plan."""
    (project / "old.yaml").write_text(BASE, encoding="utf-8")
    (project / "new.yaml").write_text(BASE.replace("2B", "200B") + "language: zh\n", encoding="utf-8")
    out = flopsheet("diff", "old.yaml", "new.yaml").out
    assert out.startswith("## 变更内容：T\n")
    assert "不再起作用：参数量上限" in out


def test_text_of_a_plan_stays_text(flopsheet, project):
    """Titles, names and words of a plan never become markup of the report."""
    hostile = "<b>[x](y)|`$z$"
    old = f"title: '{hostile}'\nlaw: hoffmann_2022\nbudget: {{compute: 1e22}}\nscenarios: {{'{hostile}': {{}}}}\n"
    (project / "old.yaml").write_text(old, encoding="utf-8")
    (project / "new.yaml").write_text(old.replace("1e22", "2e22"), encoding="utf-8")
    out = flopsheet("diff", "old.yaml", "new.yaml").out
    assert "<b>" not in out
    assert "[x](y)" not in out
    assert r"\[x\](y)\|" in out
