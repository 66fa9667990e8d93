from pathlib import Path

from flopsheet.plan.discovery import find_plans

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
