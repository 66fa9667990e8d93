"""`flopsheet init`, and `flopsheet check` as hooks call it."""

import json


def test_init_writes_a_folder_once(flopsheet, project):
    """The files are listed on stdout and what to do next on stderr; a second time it is refused with exit code 2."""
    first = flopsheet("init", "new")
    assert first.code == 0
    assert sorted(first.out.splitlines()) == sorted(
        path.relative_to(project).as_posix() for path in (project / "new").rglob("*") if path.is_file()
    )
    assert "flopsheet build" in first.err
    again = flopsheet("init", "new")
    assert (again.code, again.out) == (2, "")
    assert "`first_model.yaml`" in again.err


def test_check_passes_over_files_that_are_no_plans(flopsheet, project, plan):
    """A hook names layers, laws and other YAML too: each has a note, and they alone are no failure."""
    others = {
        "_layer.yaml": "law: hoffmann_2022\n",
        "ours.yaml": "law: x\nloss: N\n",
        "site.yaml": "name: site\n",
    }
    for name, text in others.items():
        (project / name).write_text(text, encoding="utf-8")
    run = flopsheet("check", *others, plan.name)
    assert run.code == 0
    assert [line.split()[1] for line in run.out.splitlines()] == [plan.name]
    assert [line.split()[:2] for line in run.err.splitlines()] == [["skipped:", name] for name in others]
    alone = flopsheet("check", *others, "--json")
    assert (alone.code, json.loads(alone.out)) == (0, {"plans": [], "ok": True})
    (project / "untitled.yaml").write_text("law: hoffmann_2022\nbudget: {compute: 1e21}\n", encoding="utf-8")
    assert flopsheet("check", "untitled.yaml").code == 2
