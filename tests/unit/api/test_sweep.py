"""A swept plan gives in each row what solving it with the same numbers in --set gives; files hold all of it."""

import csv
import errno
import json
import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flopsheet import api
from flopsheet.api import sweep_parquet
from flopsheet.api.sweep import open_sweep, sweep_plan
from flopsheet.api.sweep_files import columns_of, write_sweep
from flopsheet.errors import FlopsheetError
from flopsheet.evaluate.points import name_binding
from flopsheet.evaluate.sweep import map_ahead

CAPPED = """
title: Capped
law: hoffmann_2022
budget: {compute: 1e22 FLOP}
cells: {per_cap: {formula: N_opt / D_opt, unit: parameter/token}}
scenarios: {base: {}, capped: {caps.tokens: 100B}}
sweep: {caps.parameters: [1B, null], budget.compute: {from: 1e20, to: 1e24, points: 3, scale: log}}
"""
TARGET = """
title: Target
law: hoffmann_2022
objective: minimize compute
target: {loss: 2.1}
sweep: {zip: {target.loss: [2.4, 1.9, 1.6], caps.tokens: [3T, 100B, null]}, constants.alpha: [0.34, 0.36]}
"""
TERMS = """
title: Terms
law: hoffmann_2022
budget: {compute: 1e23 FLOP}
hardware: {accelerator: H100-SXM, count: 512, mfu: 40 %}
data: {tiers: [{name: good, unique: 30B}, {name: web, unique: 300B, quality: 0.5}]}
sweep: {zip: {data.tiers.good.quality: [high, low], caps.time: [2 days, null]}}
"""
DATA = """
title: Data
law: hoffmann_2022
budget: {compute: 1e22 FLOP}
data: {unique: 20B, epochs: 8}
sweep: {data.unique: [20B, null], data.epochs: [2, null]}
"""
RESOURCE = "title: R\nlaw: kaplan_2020_tokens\ninputs: {D: 1e10}\nsweep: {inputs.D: [1e9, 1e11], target.loss: [2.5]}\n"
BIG = """
title: Big
law: hoffmann_2022
budget: {compute: 1e22 FLOP}
sweep: {caps.parameters: {from: 1B, to: 10B, points: 30}, budget.compute: {from: 1e20, to: 1e22, points: 40}}
"""


def untold(_: int) -> None:
    """Nobody watches how far it is."""


@pytest.fixture
def write(tmp_path):
    """A function that writes a plan file."""

    def run(text: str) -> Path:
        path = tmp_path / "plan.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return run


@pytest.mark.parametrize(
    ("text", "scenario"),
    [(CAPPED, None), (CAPPED, "capped"), (TARGET, None), (TERMS, None), (DATA, None), (RESOURCE, None)],
    ids=["budgets", "scenario", "targets", "terms", "data", "resource"],
)  # fmt: skip
def test_each_row_is_the_plan_solved_there(write, text, scenario):
    """Results, own cells, status and what binds; what `solve` leaves out is nan."""
    path = write(text)
    found = sweep_plan(path, scenario=scenario)
    opened = open_sweep(path)
    keys, own = list(opened.swept.grid.keys), opened.plan.inputs
    assert list(found.columns)[: len(keys)] == keys
    for row in range(len(found.statuses)):
        at = {key: float(found.columns[key][row]) for key in keys}
        sets = [f"{key}={value!r}" for key, value in at.items() if not math.isnan(value)]
        sets += [f"{key}=null" for key, value in at.items() if math.isnan(value) and key in own]
        answers = api.solve_plan(path, sets=sets).answers
        answer = next(answer for answer in answers if scenario in {None, answer.name})
        assert found.statuses[row] == answer.status, at
        assert set(name_binding(int(found.binding[row])).split("+")) - {""} == set(answer.binding), at
        known = {**answer.results, **answer.cells}
        assert set(known) <= set(found.columns)
        for name in list(found.columns)[len(keys) :]:
            value = float(found.columns[name][row])
            if name in known:
                assert value == pytest.approx(known[name].value, rel=1e-12), (name, at)
            else:
                assert math.isnan(value), (name, at)


def test_csv_holds_every_digit(write, tmp_path):
    """Keys first, results, the status last; 17 digits, empty where there is nothing, infinity as a word."""
    path, out = write(TARGET), tmp_path / "grid.csv"
    opened = open_sweep(path)
    done: list[int] = []
    written = write_sweep(opened, out, done.append)
    assert done == [6]
    assert written.counts == {"ok": 4, "flat": 0, "infeasible": 2, "not_converged": 0}
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert list(rows[0]) == list(columns_of(opened))
    assert list(rows[0])[:3] == ["target.loss", "caps.tokens", "constants.alpha"]
    assert list(rows[0])[-1] == "status"
    found = sweep_plan(path)
    for number, row in enumerate(rows):
        for name, values in found.columns.items():
            text = row[name]
            assert float(text or "nan") == values[number] or (text == "" and math.isnan(values[number]))
    assert rows[0]["target.loss"] == "2.3999999999999999"
    assert [row["N_opt"] for row in rows[2:]] == ["", "", "infinity", "infinity"]
    assert [row["caps.tokens"] for row in rows[4:]] == ["", ""]


def test_csv_from_several_processes_is_the_same(write, tmp_path, monkeypatch):
    """Many rows are formatted elsewhere, in order."""
    opened = open_sweep(write(BIG), binding=True)
    write_sweep(opened, tmp_path / "one.csv", untold)
    monkeypatch.setattr("flopsheet.api.sweep_csv._WORTH_PROCESSES", 100)
    monkeypatch.setattr("flopsheet.api.sweep_csv.BLOCK", 97)
    write_sweep(opened, tmp_path / "two.csv", untold)
    text = (tmp_path / "two.csv").read_text(encoding="utf-8")
    assert text == (tmp_path / "one.csv").read_text(encoding="utf-8")
    assert text.splitlines()[0].endswith(",binding,status")
    assert "compute+parameters,ok" in text


def test_parquet_holds_the_same(write, tmp_path):
    """Plain doubles and words; what has no value is null."""
    path, out = write(TARGET), tmp_path / "grid.parquet"
    opened = open_sweep(path, binding=True)
    write_sweep(opened, out, untold)
    table, found = pq.read_table(out), sweep_plan(path)
    assert table.column_names == [*found.columns, "binding", "status"]
    for name, values in found.columns.items():
        assert np.array_equal(table[name].to_numpy(zero_copy_only=False), values, equal_nan=True)
        assert table[name].null_count == np.isnan(values).sum()
    assert table["status"].to_pylist() == found.statuses.tolist()
    assert table.schema.field("status").type == pa.string()
    assert [path.name for path in tmp_path.iterdir()] == ["plan.yaml", "grid.parquet"] or not list(tmp_path.glob(".*"))


@pytest.fixture
def small_parts(monkeypatch):
    """Parts of 250 rows, for sweeps above 1,000."""
    monkeypatch.setattr(sweep_parquet, "ROWS_OF_FILE", 1000)
    monkeypatch.setattr(sweep_parquet, "ROWS_OF_PART", 250)
    monkeypatch.setattr(sweep_parquet, "ROWS_OF_GROUP", 100)


@pytest.mark.usefixtures("small_parts")
def test_many_rows_are_a_folder_that_is_gone_on_with(write, tmp_path, monkeypatch):
    """An interrupted run leaves whole parts and no manifest; the next one keeps them and writes the rest."""
    path, out = write(BIG), tmp_path / "grid.parquet"
    opened = open_sweep(path)
    write_table, tables = pq.ParquetWriter.write_table, []

    def stop(writer, table, **options):
        """End the run in the middle of the third part, and whatever was begun beside it."""
        tables.append(table)
        if len(tables) >= 8:
            raise KeyboardInterrupt
        write_table(writer, table, **options)

    monkeypatch.setattr(sweep_parquet, "count_workers", lambda: 1)
    monkeypatch.setattr(pq.ParquetWriter, "write_table", stop)
    with pytest.raises(KeyboardInterrupt):
        write_sweep(opened, out, untold)
    monkeypatch.setattr(pq.ParquetWriter, "write_table", write_table)
    finished = sorted(path.name for path in out.iterdir())
    assert finished == ["part-00000.parquet", "part-00001.parquet"]
    times = [(out / name).stat().st_mtime_ns for name in finished]
    (out / ".part-00002.parquet.killed").write_text("half")
    written = write_sweep(opened, out, untold)
    assert (written.kept, written.points) == (500, 1200)
    assert written.counts["ok"] == 1200
    assert [(out / name).stat().st_mtime_ns for name in finished] == times
    table, found = pq.read_table(out), sweep_plan(path)
    assert table.num_rows == 1200
    assert all(np.array_equal(table[name].to_numpy(), values) for name, values in found.columns.items())
    manifest = json.loads((out / "_manifest.json").read_text(encoding="utf-8"))
    assert manifest["flopsheet_sweep_sha256"] == opened.sha256
    assert manifest["columns"] == list(columns_of(opened))
    assert [part["rows"] for part in manifest["parts"]] == [[0, 250], [250, 500], [500, 750], [750, 1000], [1000, 1200]]
    assert [axis["key"] for axis in manifest["axes"]] == ["caps.parameters", "budget.compute"]
    assert sorted(path.name for path in out.iterdir())[:2] == ["_manifest.json", "part-00000.parquet"]
    assert write_sweep(opened, out, untold).kept == 1200


@pytest.mark.usefixtures("small_parts")
def test_parts_of_another_sweep_are_refused(write, tmp_path):
    """A changed plan, other overrides, foreign files: nothing of them is mixed or removed."""
    out = tmp_path / "grid.parquet"
    write_sweep(open_sweep(write(BIG)), out, untold)
    other = open_sweep(write(BIG), sets=["constants.beta=0.29"])
    with pytest.raises(FlopsheetError, match=r"part-00000.parquet` is of another sweep"):
        write_sweep(other, out, untold)
    with pytest.raises(FlopsheetError, match="is of another sweep"):
        write_sweep(open_sweep(write(BIG.replace("1e22, points", "2e22, points"))), out, untold)
    (out / "notes.txt").write_text("mine")
    with pytest.raises(FlopsheetError, match=r"holds other files, such as `notes.txt`"):
        write_sweep(open_sweep(write(BIG)), out, untold)
    assert len(list(out.iterdir())) == 7
    single = open_sweep(write(CAPPED))
    for name in ("grid.parquet", "grid.csv"):
        (tmp_path / "grid.csv").mkdir(exist_ok=True)
        with pytest.raises(FlopsheetError, match="is a folder"):
            write_sweep(single, tmp_path / name, untold)
    (tmp_path / "file.parquet").write_text("mine")
    with pytest.raises(FlopsheetError, match="is a file, but 1,200 rows are a folder of parts"):
        write_sweep(open_sweep(write(BIG)), tmp_path / "file.parquet", untold)


@pytest.mark.usefixtures("small_parts")
def test_a_full_disk_keeps_what_is_finished(write, tmp_path, monkeypatch):
    """The message says so; the old CSV is as it was, and no temporary file is left."""
    opened, out = open_sweep(write(BIG)), tmp_path / "grid.parquet"
    write_table, tables = pq.ParquetWriter.write_table, []

    def fill(writer, table, **options):
        """Run out of room in the second part."""
        tables.append(table)
        if len(tables) > 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        write_table(writer, table, **options)

    monkeypatch.setattr(sweep_parquet, "count_workers", lambda: 1)
    monkeypatch.setattr(pq.ParquetWriter, "write_table", fill)
    with pytest.raises(FlopsheetError, match=r"the disk is full.*\n.*The 1 parts that are finished are kept"):
        write_sweep(opened, out, untold)
    assert [path.name for path in out.iterdir()] == ["part-00000.parquet"]
    (tmp_path / "grid.csv").write_text("old")

    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("flopsheet.api.sweep_csv.format_rows", refuse)
    with pytest.raises(FlopsheetError, match="the disk is full"):
        write_sweep(opened, tmp_path / "grid.csv", untold)
    assert (tmp_path / "grid.csv").read_text() == "old"
    assert not list(tmp_path.glob(".grid*"))


def test_without_pyarrow_it_is_said(write, tmp_path, monkeypatch):
    """With how to get it."""
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    with pytest.raises(FlopsheetError, match=r"needs pyarrow.*\n.*flopsheet\[parquet\]"):
        write_sweep(open_sweep(write(CAPPED)), tmp_path / "grid.parquet", untold)


@pytest.mark.parametrize(
    ("text", "sets", "message"),
    [
        (CAPPED, ["caps.parameters=3B"], "--set caps.parameters: it is swept"),
        ("title: t\nlaw: hoffmann_2022\nbudget.compute: 1e22\n", [], "has no `sweep`"),
        (CAPPED.replace("caps.parameters: [1B", "constants.alpha: [0.3, -1"), [], "cannot be removed"),
        (CAPPED.replace("caps.parameters: [1B, null]", "constants.alpha: [0.3, -1]"), [], "must be above zero"),
        (CAPPED.replace("caps.parameters: [1B, null]", "constants.alfa: [0.3]"), [], "has no constant `alfa`"),
        (CAPPED.replace("caps.parameters: [1B, null]", "inputs.P: [8]"), [], "has no input `P`"),
        (RESOURCE.replace("1e11]", "1e11 hour]"), [], "is in hour"),
        (CAPPED.replace("per_cap", "status"), [], "status: is a column of every sweep"),
    ],
)  # fmt: skip
def test_what_a_law_does_not_take_is_refused(write, text, sets, message):
    """At its place in the sweep."""
    with pytest.raises(FlopsheetError) as refused:
        open_sweep(write(text), sets=sets)
    assert message in str(refused.value)
    assert "plan.yaml" in str(refused.value)


def test_what_fails_ahead_ends_the_rest():
    """Items are made in order and not all at once; a failure comes where its item would."""
    started = []

    def make(item: int) -> int:
        started.append(item)
        if item == 3:
            raise ValueError(item)
        return item

    found = map_ahead(make, range(100), workers=2)
    assert [next(found) for _ in range(3)] == [0, 1, 2]
    assert len(started) < 8
    with pytest.raises(ValueError, match="3"):
        next(found)
    assert len(started) < 8
