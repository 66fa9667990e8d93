"""load, solve and build for Python: arrays, plain data, notebooks, errors."""

import html.parser
import json
import math
import sys
import types
from typing import Any

import numpy as np
import pytest

import flopsheet
from flopsheet import api
from flopsheet.errors import FlopsheetError

PLAN = """\
title: 'A <b>plan</b> | *of* ours'
law: hoffmann_2022
budget: {compute: 1e21 FLOP}
caps: {parameters: 3B}
scenarios:
  base: {}
  large: {budget.compute: 1e24}
  free: {extends: large, caps.parameters: null}
  'a | b': {budget.compute: 1e20}
cells:
  room: {formula: caps_parameters / N_opt, unit: '1', label: Room}
"""


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A plan in a project."""
    folder = tmp_path_factory.mktemp("project")
    (folder / ".git").mkdir()
    (folder / "plan.yaml").write_text(PLAN, encoding="utf-8")
    return folder / "plan.yaml"


@pytest.fixture(scope="module")
def solved(path):
    """It solved."""
    return flopsheet.solve(flopsheet.load(path))


def test_results_are_arrays_over_scenarios(solved):
    """Each by its JSON name, in the plan's order; nan where a scenario has none; a copy each time."""
    assert solved.scenarios == ("base", "large", "free", "a | b")
    assert solved.status == ("ok",) * 4
    record = solved.to_dict()["scenarios"]
    for name in ("N_opt", "L_opt", "C_train"):
        expected = [scenario["results"][name]["value"] for scenario in record]
        assert solved[name].dtype == np.float64
        assert solved[name].tolist() == expected
        assert solved.units[name] == record[0]["results"][name]["unit"]
    assert [math.isnan(value) for value in solved["room"]] == [False, False, True, False]
    assert solved["room"][1] == 1
    assert solved.binding[1] == ("compute", "parameters")
    changed = solved["N_opt"]
    changed[:] = 0
    assert solved["N_opt"].min() > 0


def test_it_is_a_mapping(solved):
    """Names come as the terminal shows them; an unknown one is a KeyError with what was meant."""
    assert list(solved)[:3] == ["N_opt", "D_opt", "L_opt"]
    assert list(solved)[-1] == "room"
    assert len(solved) == len(list(solved))
    assert "N_opt" in solved
    assert "N_op" not in solved
    assert solved.get("N_op") is None
    with pytest.raises(KeyError, match="Did you mean `N_opt`"):
        solved["N_op"]
    assert len({solved, solved, flopsheet.solve(solved.plan)}) == 2
    assert repr(solved) == "<Solved plan.yaml under hoffmann_2022: base: ok, large: ok, free: ok, a | b: ok>"


def test_plain_data_is_what_the_command_prints(solved, path):
    """to_dict survives JSON as it is."""
    assert json.loads(json.dumps(solved.to_dict(), allow_nan=False)) == solved.to_dict()
    assert solved.to_dict() == api.record_solved(api.solve_plan(path))
    assert solved.proofs
    assert solved.failures == ()


def test_overrides_are_those_of_set(path):
    """Numbers, numpy's too, texts and None, over every scenario; to a loaded plan they come too late."""
    found = flopsheet.solve(path, {"budget.compute": np.float64(1e22), "caps.parameters": "1B"})
    assert found["C_train"].tolist() == [1e22] * 4
    assert found["N_opt"].tolist() == [1e9] * 4
    unlimited = flopsheet.solve(str(path), {"caps.parameters": None})
    assert np.isnan(unlimited["room"]).all()
    assert unlimited["N_opt"].min() > 0
    assert flopsheet.load(path, {"budget.compute": 10**22}).scenarios[0].inputs["budget.compute"].value == 1e22
    with pytest.raises(FlopsheetError, match="takes no overrides"):
        flopsheet.solve(flopsheet.load(path), {"budget.compute": 1e22})
    wrongs: tuple[Any, ...] = (True, math.nan, math.inf, [1e22])
    for wrong in wrongs:
        with pytest.raises(FlopsheetError, match=r"budget\.compute: must be a finite number, a text or None"):
            flopsheet.load(path, {"budget.compute": wrong})


def test_load_tells_everything_at_once(tmp_path):
    """Faults of the plan and of its law, each with its place."""
    (tmp_path / "plan.yaml").write_text(
        "title: t\nlaw: {law: x, loss: E + A/N, cost: N*D, decisions: {N: parameters, D: tokens}, constants: {E: 1}}\n"
        "budget: {compute: 1e21 FLOP}\ncops: 1\n",
        encoding="utf-8",
    )
    with pytest.raises(FlopsheetError) as found:
        flopsheet.load(tmp_path / "plan.yaml")
    assert [(p.place.line, p.place.column) for p in found.value.problems if p.place] == [(2, 25), (4, 1)]


def test_a_data_frame_where_pandas_is_installed(solved, monkeypatch):
    """A row for each scenario, a column for each result, units aside; without pandas a sentence says what to do."""
    made = types.SimpleNamespace(attrs={})

    def data_frame(columns, index):
        made.columns, made.index = columns, index
        return made

    fake = types.SimpleNamespace(DataFrame=data_frame, Index=lambda values, name: (name, list(values)))
    monkeypatch.setitem(sys.modules, "pandas", fake)
    assert solved.to_pandas() is made
    assert made.index == ("scenario", list(solved.scenarios))
    assert list(made.columns) == ["status", *solved]
    assert made.columns["N_opt"].tolist() == solved["N_opt"].tolist()
    assert made.attrs["units"]["N_opt"] == "parameter"
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="needs pandas, which is not installed"):
        solved.to_pandas()


class Tags(html.parser.HTMLParser):
    """The elements of a piece of HTML, and its text."""

    def __init__(self):
        super().__init__()
        self.tags, self.text = [], ""

    def handle_starttag(self, tag, _attrs):
        """One more element."""
        self.tags.append(tag)

    def handle_data(self, data):
        """More text."""
        self.text += data


def test_a_notebook_shows_tables_and_formulas(solved):
    """Markdown, HTML and LaTeX; text of the plan stays text in each."""
    shown = Tags()
    shown.feed(solved._repr_html_())
    assert shown.tags.count("tr") == len(solved) + 3
    assert (
        {"table", "code"}
        <= set(shown.tags)
        <= {"p", "b", "code", "table", "thead", "tbody", "tr", "th", "td", "ul", "li"}
    )
    assert "A <b>plan</b> | *of* ours" in shown.text
    latex = solved._repr_latex_()
    assert latex.strip("$").strip() in shown.text
    assert latex.startswith("$$\n\\begin{gathered}")
    assert latex.count("{") == latex.count("}")
    assert r"L &= E + \frac{A}{N^{\alpha}} + \frac{B}{D^{\beta}}" in latex
    assert r"\frac{1.00 \times 10^{21}}" in latex
    markdown = solved._repr_markdown_()
    assert latex in markdown
    assert r"**A &lt;b&gt;plan&lt;/b&gt; \| \*of\* ours** (`hoffmann_2022`)" in markdown
    rows = [line for line in markdown.splitlines() if line.startswith("|")]
    assert {row.replace(r"\|", "").count("|") for row in rows} == {len(solved.scenarios) + 3}
    assert "| `binding` |  | compute | compute, parameters | compute | compute |" in rows
    assert any(row.startswith("| `N_opt` | parameters | ") and " | 3 B | " in row for row in rows)


def test_build_gives_back_what_became_of_each_plan(path, tmp_path):
    """Built, then current with the same files, then built when forced; one that is wrong has its error."""
    (tmp_path / "wrong.yaml").write_text("title: t\nlaw: nowhere\nbudget: {compute: 1e21}\n", encoding="utf-8")
    (built,) = flopsheet.build(path, out=tmp_path / "out")
    assert (built.outcome, built.failures) == ("built", ())
    assert (built.folder / "report.md").is_file()
    (again, wrong) = flopsheet.build(path, tmp_path / "wrong.yaml", out=tmp_path / "out")
    assert (again.outcome, again.folder, sorted(again.files)) == ("current", built.folder, sorted(built.files))
    assert wrong.outcome == "failed"
    assert "nowhere" in str(wrong.error)
    with pytest.raises(FlopsheetError, match="does not exist"):
        flopsheet.build(tmp_path / "none.yaml")
    with pytest.raises(FlopsheetError, match="no plan below"):
        flopsheet.build(tmp_path / "out", out=tmp_path / "out")
    with pytest.raises(FlopsheetError, match="template folder"):
        flopsheet.build(path, templates=tmp_path / "none")
