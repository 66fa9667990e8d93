"""Plans at git revisions: everything is read from that revision, and nothing else is."""

import subprocess

import pytest

from flopsheet.api.solve import load_checked
from flopsheet.errors import FlopsheetError
from flopsheet.plan.revision import open_plan_file, split_revision

PLAN = """\
title: Old
extends: ../shared/base.yaml
law: ./laws/ours.yaml
data: {unique: 30B, repetition: ../shared/worn.yaml}
"""
LAW = """\
law: ours
decisions: {N: parameters, D: tokens}
constants: {E: 1.7, A: 400, B: 410, alpha: 0.34, beta: 0.28}
loss: E + A / N**alpha + B / D**beta
cost: 6 * N * D
"""
WORN = "repetition: worn\nconstants: {r: 0.5}\neffective: min(1, epochs) + r * log(max(1, epochs))\n"


def git(folder, *arguments):
    """Run git there, as somebody."""
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository whose first commit has a plan in several files, all of which say something else since."""
    top = tmp_path / "repo"
    for name, text in {
        "plans/plan.yaml": PLAN,
        "plans/laws/ours.yaml": LAW,
        "shared/base.yaml": "budget: {compute: 1e21 FLOP}\n",
        "shared/worn.yaml": WORN,
    }.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(text, encoding="utf-8")
    git(top, "init", "--initial-branch=main")
    git(top, "add", "--all")
    git(top, "commit", "--message=one")
    git(top, "tag", "v1")
    for file in top.glob("*/**/*.yaml"):
        file.write_text("title: broken since: yes\n", encoding="utf-8")
    monkeypatch.chdir(top)
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    return top


@pytest.mark.parametrize("where", ["v1:plans/plan.yaml", "main:./plans/plan.yaml", "HEAD@{0}:plans/../plans/plan.yaml"])
@pytest.mark.usefixtures("repository")
def test_all_files_come_from_the_revision(where):
    """What the plan extends and names is that of the revision too, and places are relative to the repository."""
    with open_plan_file(where) as file:
        plan = load_checked(file.path)
        assert file.prefix == where.rpartition(":")[0] + ":"
        assert plan.title == "Old"
        assert plan.inputs["budget.compute"].place.file == "shared/base.yaml"
        assert plan.scenarios[0].repetition is not None
        assert plan.scenarios[0].repetition.origin == "shared/worn.yaml"
        assert (file.path.parents[1] / "plans/laws/ours.yaml").read_text(encoding="utf-8") == LAW
    assert not file.path.exists()


def test_dots_begin_at_the_working_folder(repository, monkeypatch):
    """As git has it: `./` and `../` are relative to where one stands, anything else to the top."""
    monkeypatch.chdir(repository / "shared")
    with open_plan_file("v1:../plans/plan.yaml") as file:
        assert load_checked(file.path).title == "Old"
    with pytest.raises(FlopsheetError, match=r"there is no file `plan\.yaml` at `v1`"), open_plan_file("v1:plan.yaml"):
        pass


def test_a_file_that_exists_wins(repository):
    """A colon may stand in the name of a file."""
    (repository / "v1:plans").mkdir()
    (repository / "v1:plans" / "plan.yaml").write_text("title: Named so\nlaw: hoffmann_2022\n", encoding="utf-8")
    with open_plan_file("v1:plans/plan.yaml") as file:
        assert file.prefix == ""


WRONG = {
    "nope:plans/plan.yaml": "there is no revision `nope`",
    "mian:plans/plan.yaml": "Did you mean `main`?",
    "v1..main:plans/plan.yaml": "there is no revision",
    "--output=x:plans/plan.yaml": "cannot begin with `-`",
    ":plans/plan.yaml": "cannot be empty",
    "v1:": "needs a path",
    "v1:plans/plam.yaml": "Did you mean `plans/plan.yaml`?",
    "v1:plans": "is a folder",
    "v1:../x.yaml": "leads out of the repository",
    "v1:/etc/passwd": "cannot begin with `/`",
}


@pytest.mark.parametrize("where", WRONG)
@pytest.mark.usefixtures("repository")
def test_what_is_not_there_is_told(where):
    """Each fault in a sentence that names the argument."""
    with pytest.raises(FlopsheetError) as told, open_plan_file(where):
        pass
    assert WRONG[where] in str(told.value)
    assert str(told.value).startswith(where)


def test_outside_a_repository(tmp_path, monkeypatch):
    """No repository: neither file nor revision."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    with pytest.raises(FlopsheetError, match="no git repository here"), open_plan_file("v1:plan.yaml"):
        pass


def test_without_git(repository, monkeypatch):
    """Git that is not installed is told as that."""
    monkeypatch.setenv("PATH", str(repository))
    with pytest.raises(FlopsheetError, match="git is needed"), open_plan_file("v1:plans/plan.yaml"):
        pass


@pytest.mark.parametrize("target", ["/etc", "../..", "../../../../../../etc", "out"])
def test_links_do_not_lead_outside(repository, tmp_path, target):
    """A link of the revision that leads out of the project is refused like one in the working tree."""
    (tmp_path / "secret.yaml").write_text("budget: {compute: 1e30 FLOP}\n", encoding="utf-8")
    git(repository, "checkout", "v1", ".")
    (repository / "shared" / "out").symlink_to(target)
    text = "title: T\nextends: ../shared/out/secret.yaml\nlaw: hoffmann_2022\n"
    (repository / "plans" / "plan.yaml").write_text(text, encoding="utf-8")
    git(repository, "add", "--all")
    git(repository, "commit", "--message=link")
    with open_plan_file("HEAD:plans/plan.yaml") as file, pytest.raises(FlopsheetError) as told:
        load_checked(file.path)
    assert "outside the project" in str(told.value) or "cannot be followed" in str(told.value)


def test_links_within_are_followed(repository):
    """A link to another folder of the project leads there, at the revision."""
    git(repository, "checkout", "v1", ".")
    (repository / "plans" / "common").symlink_to("../shared")
    (repository / "plans" / "plan.yaml").write_text(PLAN.replace("../shared/base", "common/base"), encoding="utf-8")
    (repository / "plans" / "also.yaml").symlink_to("plan.yaml")
    git(repository, "add", "--all")
    git(repository, "commit", "--message=link")
    with open_plan_file("HEAD:plans/also.yaml") as file:
        assert load_checked(file.path).inputs["budget.compute"].value == 1e21


def test_files_that_are_too_large_are_told_by_the_loader(repository):
    """A file beyond the bound is refused as it is in the working tree."""
    git(repository, "checkout", "v1", ".")
    (repository / "shared" / "base.yaml").write_text("# " + "x" * 1_000_001, encoding="utf-8")
    git(repository, "add", "--all")
    git(repository, "commit", "--message=large")
    with open_plan_file("HEAD:plans/plan.yaml") as file, pytest.raises(FlopsheetError, match="larger than 1,000,000"):
        load_checked(file.path)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("main:a.yaml", ("main", "a.yaml")),
        ("a.yaml", None),
        ("HEAD@{2026-01-01 10:00}:a:b.yaml", ("HEAD@{2026-01-01 10:00}", "a:b.yaml")),
        (":a", ("", "a")),
    ],
)
def test_where_a_revision_ends(text, parts):
    """At the first colon that is not in braces."""
    assert split_revision(text) == parts
