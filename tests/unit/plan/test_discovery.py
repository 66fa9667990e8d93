from pathlib import Path

import pytest

from flopsheet.plan.discovery import explain_no_plan, find_plans

PLAN = "title: t\nlaw: l\n"


def test_plans_are_the_files_with_title_and_law_after_their_extends(write, project: Path):
    """Layers, laws, modifiers and other YAML are left out; broken files are not."""
    yes = {
        "b.yaml": PLAN,
        "sub/a.yaml": "title: t\nextends: ../_base.yaml\n",
        "sub/inline.yaml": "title: t\nlaw: {loss: '1'}\n",
        "sub/dotted.yaml": "title: t\nlaw.loss: '1'\n",
        "broken.yaml": "title: [\n",
        "latin.yaml": b"title: \xff\n",
        "lost.yaml": "title: t\nextends: none.yaml\n",
        "wrong.yaml": PLAN + "nonsense: 1\n",
    }
    no = {
        "_base.yaml": "law: l\nbudget.compute: 1\n",
        "_broken.yaml": "a: [",
        "laws/ours.yaml": PLAN,
        "sub/laws/ours.yaml": "title: [",
        "law.yaml": "law: x\ntitle: t\nloss: E\n",
        "rate.yaml": "law: x\ntitle: t\nformulas: {}\n",
        "modifier.yaml": "repetition: mine\ntitle: t\nlaw: x\n",
        "untitled.yaml": "law: l\n",
        "removed.yaml": "extends: b.yaml\ntitle: null\n",
        "list.yaml": "- a\n",
        "empty.yaml": "",
        "other.yml": PLAN,
        "notes.txt": PLAN,
        ".hidden/a.yaml": PLAN,
    }
    for name, text in {**yes, **no}.items():
        write(name, text)
    assert [path.relative_to(project).as_posix() for path in find_plans(project)] == sorted(yes)


def test_a_file_given_itself_is_always_a_plan(write, project: Path):
    """Also when it begins with _, or is not there: loading it tells what is wrong."""
    layer = write("_base.yaml", "language: en\n")
    assert find_plans(layer) == [layer]
    assert find_plans(project / "none.yaml") == [project / "none.yaml"]


def test_links_out_of_the_project_are_kept_to_be_refused(project: Path, tmp_path_factory):
    """A linked file is not read while looking for plans; a linked folder is not entered."""
    outside = tmp_path_factory.mktemp("outside")
    (outside / "a.yaml").write_text(PLAN)
    (project / "link.yaml").symlink_to(outside / "a.yaml")
    (project / "folder").symlink_to(outside)
    assert find_plans(project) == [project / "link.yaml"]


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("_base.yaml", PLAN, "a layer: its name begins with _"),
        ("laws/ours.yaml", PLAN, "it stands in a folder named laws"),
        ("a/laws/b/ours.yaml", "title: [", "it stands in a folder named laws"),
        ("ours.yaml", "law: x\ntitle: t\nloss: E\n", "a law, or what repeated tokens are worth"),
        ("worth.yaml", "repetition: mine\neffective: epochs\n", "a law, or what repeated tokens are worth"),
        ("layer.yaml", "caps: {tokens: 1T}\nbudget: {compute: 1e21}\n", "no plan: it has no title and no law"),
        ("site.yaml", "title: A blog\ntheme: plain\n", "no plan: it has no title and no law"),
    ],
)
def test_a_named_file_that_is_no_plan_is_explained(name, text, reason, write):
    """Layers, laws, modifiers and YAML of other programs, each with what it is."""
    assert explain_no_plan(write(name, text)) == reason


@pytest.mark.parametrize(
    "text",
    [
        PLAN,
        "law: l\n",
        "title: t\nbudget: {compute: 1e21}\n",
        "title: t\nextends: none.yaml\n",
        "title: [\n",
        "- a\n",
        "",
    ],
)
def test_a_named_file_that_is_meant_to_be_a_plan_is_one(text, write):
    """Whole or not: what is missing or broken is told by loading it, not passed over."""
    assert explain_no_plan(write("a.yaml", text)) is None


def test_where_the_project_stands_does_not_matter(write):
    """A folder named laws above the project hides nothing."""
    write("laws/team/.git/HEAD", "")
    assert explain_no_plan(write("laws/team/a.yaml", PLAN)) is None
