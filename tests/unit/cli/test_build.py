"""`flopsheet build`: only what changed, whole or not at all, nothing outside --out, and stale outputs are told."""

import os
import shutil
from pathlib import Path

import pytest

from flopsheet import messages, provenance
from flopsheet.api import solve_plan

LAW = """\
law: ours
title: Ours
loss: E + A / N**alpha + B / D**beta
cost: 6 * N * D
decisions: {N: parameters, D: tokens}
constants: {E: 1.7, A: 400, B: 410, alpha: 0.34, beta: 0.28}
"""
PLAN = "title: {title}\nextends: [_layer.yaml]\nbudget: {{compute: 1e21 FLOP}}\n"


@pytest.fixture
def plans(project):
    """Two plans on a shared layer with a law of their own."""
    folder = project / "scenarios"
    (folder / "laws").mkdir(parents=True)
    (folder / "laws/ours.yaml").write_text(LAW, encoding="utf-8")
    (folder / "_layer.yaml").write_text("law: ./laws/ours.yaml\n", encoding="utf-8")
    for name in ("one", "two"):
        (folder / f"{name}.yaml").write_text(PLAN.format(title=name), encoding="utf-8")
    return folder


@pytest.fixture
def build(flopsheet, plans):
    """A function that builds the plans and gives exit code and the plans that were built."""

    def run(*more):
        assert plans.is_dir()
        result = flopsheet("build", "scenarios", "--out", "reports", *more)
        return result.code, [line.split()[0] for line in result.out.splitlines() if line.startswith("scenarios/")]

    return run


def contents(folder):
    """Every file of a folder with its bytes and its time."""
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


def outputs(project):
    """What a reader looks at, with its bytes; also anything that a failed write might leave behind."""
    kept = {provenance.STATE_FILE, provenance.INDEX_FILE}
    return {path: data for path, (data, _) in contents(project / "reports").items() if path.name not in kept}


def test_second_build_does_nothing(build, project):
    """The first build writes report, workbook and charts of each plan; the second touches no file."""
    assert build() == (0, ["scenarios/one.yaml", "scenarios/two.yaml"])
    assert {"report.md", "plan.xlsx"} <= {path.name for path in (project / "reports/one").iterdir()}
    before = contents(project / "reports")
    assert build() == (0, [])
    assert contents(project / "reports") == before


def test_only_what_changed_is_built(build, plans):
    """An edited plan alone; every plan when its layer or law changes; a deleted output; all with --force."""
    build()
    with (plans / "two.yaml").open("a", encoding="utf-8") as file:
        file.write("caps: {parameters: 1B}\n")
    assert build() == (0, ["scenarios/two.yaml"])
    (plans / "laws/ours.yaml").write_text(LAW.replace("400", "401"), encoding="utf-8")
    assert build() == (0, ["scenarios/one.yaml", "scenarios/two.yaml"])
    with (plans / "_layer.yaml").open("a", encoding="utf-8") as file:
        file.write("# a remark\n")
    assert build() == (0, ["scenarios/one.yaml", "scenarios/two.yaml"])
    Path("reports/one/report.md").unlink()
    assert build() == (0, ["scenarios/one.yaml"])
    Path("reports/two/plan.xlsx").write_bytes(b"spoilt")
    assert build() == (0, ["scenarios/two.yaml"])
    assert build("--force") == (0, ["scenarios/one.yaml", "scenarios/two.yaml"])


def test_exactly_what_depends_on_a_file_is_built(build, plans):
    """A law, a layer, runs and a repetition of one plan's own rebuild that plan; a new plan is built alone."""
    (plans / "laws/theirs.yaml").write_text(LAW.replace("law: ours", "law: theirs"), encoding="utf-8")
    (plans / "laws/worth.yaml").write_text("repetition: worth\neffective: epochs**power\nconstants: {power: 0.5}\n")
    (plans / "two.yaml").write_text(
        "title: two\nlaw: ./laws/theirs.yaml\nbudget: {compute: 1e21 FLOP}\n"
        "data: {unique: 5B, repetition: ./laws/worth.yaml}\n",
        encoding="utf-8",
    )
    (plans / "runs.csv").write_text("N,loss\n1e9,3\n1e10,2.5\n1e11,2.2\n", encoding="utf-8")
    (plans / "fitted.yaml").write_text(
        "title: fitted\nlaw: {law: own, loss: a * N**(-b), decisions: {N: parameters}, constants: {a: 1, b: 0.1}}\n"
        "inputs: {N: 1e9}\nfit: {runs: runs.csv}\n",
        encoding="utf-8",
    )
    assert build() == (0, ["scenarios/fitted.yaml", "scenarios/one.yaml", "scenarios/two.yaml"])
    for file, plan in (
        ("laws/theirs.yaml", "two"),
        ("laws/worth.yaml", "two"),
        ("laws/ours.yaml", "one"),
        ("_layer.yaml", "one"),
        ("runs.csv", "fitted"),
    ):
        with (plans / file).open("a", encoding="utf-8") as changed:
            changed.write("1e12,2.1\n" if file.endswith(".csv") else "# a remark\n")
        assert build() == (0, [f"scenarios/{plan}.yaml"]), file
    shutil.copy(plans / "one.yaml", plans / "three.yaml")
    assert build() == (0, ["scenarios/three.yaml"])
    assert build() == (0, [])


def test_another_version_or_label_builds_everything(build, monkeypatch, tmp_path):
    """What the program brings counts: its version, templates and label catalogues, shipped laws."""
    build()
    brought = tmp_path / "brought"
    shutil.copytree(messages.template_root(), brought)
    monkeypatch.setattr(provenance, "template_root", lambda: brought)
    monkeypatch.setattr(messages, "template_root", lambda: brought)
    provenance.hash_installation.cache_clear()
    assert build() == (0, [])
    with (brought / "labels/en.toml").open("a", encoding="utf-8") as file:
        file.write("# a remark\n")
    provenance.hash_installation.cache_clear()
    assert build() == (0, ["scenarios/one.yaml", "scenarios/two.yaml"])
    monkeypatch.setattr(provenance, "__version__", "9.9.9")
    provenance.hash_installation.cache_clear()
    assert build() == (0, ["scenarios/one.yaml", "scenarios/two.yaml"])
    monkeypatch.undo()
    provenance.hash_installation.cache_clear()


def test_a_plan_of_the_same_name_is_another_plan(build, flopsheet, plans, project):
    """What stands in the output folder was built from another folder's plan: built again, not called current."""
    build()
    shutil.copytree(plans, project / "others")
    (project / "others/two.yaml").unlink()
    run = flopsheet("build", "others", "--out", "reports")
    assert [line.split()[0] for line in run.out.splitlines() if line.startswith("others/")] == ["others/one.yaml"]


def test_what_is_saved_during_a_build_is_built_next(build, plans, monkeypatch):
    """A plan saved after it was read, and one that is new, are not taken for built."""

    def save_and_solve(path):
        solution = solve_plan(path)
        if path.name == "one.yaml":
            with path.open("a", encoding="utf-8") as file:
                file.write("caps: {parameters: 1B}\n")
            shutil.copy(plans / "two.yaml", plans / "new.yaml")
        return solution

    monkeypatch.setattr("flopsheet.api.build.solve_plan", save_and_solve)
    assert build() == (0, ["scenarios/one.yaml", "scenarios/two.yaml"])
    monkeypatch.setattr("flopsheet.api.build.solve_plan", solve_plan)
    assert build() == (0, ["scenarios/new.yaml", "scenarios/one.yaml"])
    assert build() == (0, [])


def test_a_touched_plan_with_the_same_content_is_not_built(build, plans):
    """Content decides, not time."""
    build()
    os.utime(plans / "one.yaml", (1, 1))
    assert build() == (0, [])


def test_builds_are_byte_identical(build, project):
    """Two builds of the same inputs give the same bytes, file by file."""
    build()
    first = {path.relative_to(project): data for path, (data, _) in contents(project / "reports").items()}
    shutil.rmtree(project / "reports")
    build()
    second = {path.relative_to(project): data for path, (data, _) in contents(project / "reports").items()}
    assert first == second


def test_check_tells_what_is_stale(flopsheet, build, plans):
    """--check builds nothing: 1 and the names where a plan, its layer, its law or a report is not today's, else 0."""
    assert flopsheet("build", "scenarios", "--out", "reports", "--check").code == 1
    assert not Path("reports").exists()
    build()
    assert flopsheet("build", "scenarios", "--out", "reports", "--check").code == 0
    # A fresh clone has the reports alone.
    for name in ("one", "two"):
        Path("reports", name, "plan.xlsx").unlink()
        Path("reports", name, provenance.STATE_FILE).unlink(missing_ok=True)
    assert flopsheet("build", "scenarios", "--out", "reports", "--check").code == 0
    (plans / "laws/ours.yaml").write_text(LAW.replace("400", "401"), encoding="utf-8")
    stale = flopsheet("build", "scenarios", "--out", "reports", "--check")
    assert stale.code == 1
    assert "stale: reports/one" in stale.err
    assert "stale: reports/two" in stale.err


@pytest.mark.usefixtures("plans")
def test_templates_of_ones_own_replace_and_count(flopsheet, project):
    """A template folder overrides the shipped one; editing it makes the outputs stale."""
    folder = project / "templates"
    folder.mkdir()
    (folder / "report.md.jinja").write_text("ours: {{ title | default('x') }}\n", encoding="utf-8")
    arguments = ["build", "scenarios/one.yaml", "--out", "reports", "--templates", "templates"]
    assert flopsheet(*arguments).code == 0
    assert Path("reports/one/report.md").read_text(encoding="utf-8").startswith("ours:")
    assert "up to date" in flopsheet(*arguments).err
    provenance.hash_installation.cache_clear()
    (folder / "report.md.jinja").write_text("changed\n", encoding="utf-8")
    assert "up to date" not in flopsheet(*arguments).err
    assert Path("reports/one/report.md").read_text(encoding="utf-8") == "changed\n"


@pytest.mark.usefixtures("plans")
def test_check_with_templates_of_ones_own(flopsheet, project):
    """What was built with a folder of templates is current with it alone, also where only the reports are kept."""
    (project / "templates").mkdir()
    (project / "templates/lines.jinja").write_text("{# not used #}", encoding="utf-8")
    arguments = ("build", "scenarios/one.yaml", "--out", "reports")
    flopsheet(*arguments, "--templates", "templates")
    Path("reports/one", provenance.STATE_FILE).unlink()
    assert flopsheet(*arguments, "--check", "--templates", "templates").code == 0
    assert flopsheet(*arguments, "--check").code == 1


def test_outputs_appear_whole_or_not_at_all(build, plans, project, monkeypatch):
    """Where a rename fails, the old files stand as they were, no part lies about, and the next build makes it good."""
    build()
    before = outputs(project)
    with (plans / "one.yaml").open("a", encoding="utf-8") as file:
        file.write("caps: {parameters: 1B}\n")
    replace = os.replace
    failed = []

    def fail(source, target):
        if Path(target).suffix in {".md", ".xlsx", ".svg"}:
            failed.append(target)
            raise OSError(28, "No space left on device")
        return replace(source, target)

    # What pathlib renames with, too.
    monkeypatch.setattr(os, "replace", fail)
    code, _ = build()
    assert code == 2
    assert failed
    assert outputs(project) == before
    monkeypatch.undo()
    monkeypatch.chdir(project)
    assert build() == (0, ["scenarios/one.yaml"])


@pytest.mark.usefixtures("plans")
def test_a_kill_leaves_no_half_file(project, monkeypatch):
    """An interrupt inside the write leaves the old content and no temporary file."""
    target = project / "file.txt"
    provenance.write_whole(target, b"old")
    monkeypatch.setattr(os, "fdopen", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        provenance.write_whole(target, b"new")
    assert target.read_bytes() == b"old"
    assert [path.name for path in project.iterdir() if path.name.startswith(".file")] == []


def test_two_plans_into_one_folder_are_refused(flopsheet, project):
    """a.yaml in two given folders would be written to one place: refused before anything is built."""
    for folder in ("first", "second"):
        (project / folder).mkdir()
        (project / folder / "same.yaml").write_text(
            "title: x\nlaw: hoffmann_2022\nbudget: {compute: 1e21}\n", encoding="utf-8"
        )
    run = flopsheet("build", "first", "second", "--out", "reports")
    assert run.code == 2
    assert "would both be built into" in run.err
    assert not (project / "reports").exists()


def test_one_bad_plan_does_not_keep_the_other(flopsheet, plans):
    """The good one is built, the bad one told; exit code 2."""
    (plans / "one.yaml").write_text("title: x\nlaw: nowhere\nbudget: {compute: 1e21}\n", encoding="utf-8")
    run = flopsheet("build", "scenarios", "--out", "reports")
    assert run.code == 2
    assert "nowhere" in run.err
    assert Path("reports/two/report.md").exists()
    assert not Path("reports/one").exists()


def test_a_failed_expectation_builds_and_exits_1(flopsheet, plans):
    """The outputs are there to look at, and the next build fails again instead of calling them current."""
    with (plans / "one.yaml").open("a", encoding="utf-8") as file:
        file.write("expect: {L_opt: {at_most: 1}}\n")
    for _ in range(2):
        run = flopsheet("build", "scenarios/one.yaml", "--out", "reports")
        assert run.code == 1
        assert "L_opt" in run.err
        assert Path("reports/one/report.md").exists()


@pytest.mark.usefixtures("plans")
def test_out_that_cannot_be_written_is_told(flopsheet, project):
    """A file where the folder should be: exit code 2, no traceback."""
    (project / "reports").write_text("a file", encoding="utf-8")
    run = flopsheet("build", "scenarios", "--out", "reports")
    assert run.code == 2
    assert "reports" in run.err


def test_check_tells_of_a_report_that_was_changed_or_lost_a_chart(flopsheet, build):
    """An edited report is stale where it was built; a missing chart is stale in a fresh clone too."""
    build()
    report = Path("reports/one/report.md")
    whole = report.read_text(encoding="utf-8")
    report.write_text(whole + "more\n", encoding="utf-8")
    assert "stale: reports/one" in flopsheet("build", "scenarios", "--out", "reports", "--check").err
    report.write_text(whole, encoding="utf-8")
    assert flopsheet("build", "scenarios", "--out", "reports", "--check").code == 0
    Path("reports/one", provenance.STATE_FILE).unlink()
    next(Path("reports/one").glob("*.svg")).unlink()
    assert flopsheet("build", "scenarios", "--out", "reports", "--check").code == 1


@pytest.mark.usefixtures("plans")
def test_a_link_out_of_the_output_folder_is_refused(flopsheet, project):
    """Nothing is written where a link below --out leads."""
    (project / "elsewhere").mkdir()
    (project / "reports").mkdir()
    (project / "reports/one").symlink_to(project / "elsewhere", target_is_directory=True)
    run = flopsheet("build", "scenarios", "--out", "reports")
    assert run.code == 2
    assert "reports/one" in run.err
    assert not list((project / "elsewhere").iterdir())
    assert not (project / "reports/two").exists()


def test_a_plan_named_twice_is_built_once(build):
    """A folder and a plan in it are one build of that plan."""
    assert build("scenarios/one.yaml") == (0, ["scenarios/one.yaml", "scenarios/two.yaml"])


def test_an_output_without_a_plan_is_told_and_kept(build, flopsheet, plans, project):
    """The output of a deleted plan is stale: `--check` fails and names it, a build names it; neither removes it."""
    build()
    (plans / "two.yaml").unlink()
    told = "stale: reports/two (its plan scenarios/two.yaml is gone; remove the folder)"
    checked = flopsheet("build", "scenarios", "--out", "reports", "--check")
    assert (checked.code, checked.err.splitlines()) == (1, ["1 of 1 plans are up to date.", told])
    built = flopsheet("build", "scenarios", "--out", "reports")
    assert (built.code, told in built.err.splitlines()) == (0, True)
    assert (project / "reports/two/report.md").is_file()
    # A pull takes the report away with its plan, but not the workbook, which is not in git.
    (project / "reports/two/report.md").unlink()
    assert told in flopsheet("build", "scenarios", "--out", "reports", "--check").err.splitlines()
    shutil.rmtree(project / "reports/two")
    assert flopsheet("build", "scenarios", "--out", "reports", "--check").code == 0


def test_the_output_of_a_plan_elsewhere_is_not_stale(build, flopsheet, plans, project):
    """Plans of another folder built into the same one, and plans that were not asked for, are there."""
    build()
    (project / "others").mkdir()
    (plans / "two.yaml").rename(project / "others/two.yaml")
    (project / "others/_layer.yaml").write_text("law: hoffmann_2022\n", encoding="utf-8")
    flopsheet("build", "others", "--out", "reports")
    for asked in ("scenarios", "others", "scenarios/one.yaml"):
        result = flopsheet("build", asked, "--out", "reports", "--check")
        assert (result.code, "gone" in result.err) == (0, False)


@pytest.mark.parametrize("command", [("check",), ("solve",), ("build", "--out", "reports")])
def test_a_plan_of_another_project_keeps_its_folder_in_messages(command, flopsheet, tmp_path):
    """Given by its absolute path, a file is told by it, so that one can go there."""
    plan = tmp_path / "elsewhere/team/plan.yaml"
    plan.parent.mkdir(parents=True)
    plan.write_text("title: T\nlaw: hoffmann_2022\nbudgt: {compute: 1e21}\n", encoding="utf-8")
    result = flopsheet(command[0], plan, *command[1:])
    assert result.code == 2
    assert f"{plan.as_posix()}:3:1: unknown key `budgt`." in result.err
