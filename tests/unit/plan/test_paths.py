from pathlib import Path

import pytest

from flopsheet.errors import FlopsheetError, Place
from flopsheet.plan.paths import project_root, resolve_inside

PLACE = Place("p.yaml", 1, 1)


def test_a_project_begins_at_the_nearest_folder_with_git(tmp_path: Path):
    """`.git` may be a folder or, in a worktree, a file; the nearest one counts; without one the plan's folder does."""
    inner = tmp_path / "outer" / "inner" / "deep"
    inner.mkdir(parents=True)
    (tmp_path / "outer" / ".git").mkdir()
    assert project_root(inner / "p.yaml") == tmp_path.resolve() / "outer"
    assert project_root(inner) == tmp_path.resolve() / "outer"
    (inner.parent / ".git").write_text("gitdir: elsewhere")
    assert project_root(inner / "none.yaml") == inner.parent.resolve()


def test_paths_inside_the_root_are_followed(project: Path):
    """Relative and absolute paths and links work as long as they end inside the root."""
    (project / "a").mkdir()
    (project / "a" / "x.yaml").write_text("")
    (project / "link.yaml").symlink_to(project / "a" / "x.yaml")
    target = project.resolve() / "a" / "x.yaml"
    for base, text in ((project, "a/x.yaml"), (project / "a", "../a/./x.yaml"), (project, "link.yaml"),
                       (project, str(target))):  # fmt: skip
        assert resolve_inside(project, base, text, PLACE) == target


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a path must name a file."),
        ("a\0b", "a path must name a file."),
        ("none.yaml", "there is no file `none.yaml`."),
        (".", "there is no file `.`."),
        ("..", "the path `..` leads outside the project."),
        ("sibling-of-root/../../x", "the path `sibling-of-root/../../x` leads outside the project."),
        ("loop.yaml", "the path `loop.yaml` cannot be followed."),
        ("x" * 5000, "cannot be followed."),
    ],
)
def test_other_paths_are_refused(project: Path, text: str, message: str):
    """What leaves the root, goes in a circle or names no file is a problem at its place."""
    (project / "loop.yaml").symlink_to(project / "loop.yaml")
    with pytest.raises(FlopsheetError) as caught:
        resolve_inside(project, project, text, PLACE)
    assert message in str(caught.value)
    assert caught.value.problems[0].place == PLACE


def test_a_folder_whose_name_begins_like_the_root_is_outside(project: Path):
    """Not text but folders are compared."""
    twin = project.parent / f"{project.name}-twin"
    twin.mkdir()
    (twin / "x.yaml").write_text("")
    with pytest.raises(FlopsheetError, match="leads outside"):
        resolve_inside(project, project, f"../{twin.name}/x.yaml", PLACE)
