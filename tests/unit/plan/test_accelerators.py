import pytest

from flopsheet.errors import FlopsheetError
from flopsheet.plan.accelerators import Accelerator, parse_accelerators
from flopsheet.plan.source import parse_source


def test_an_entry_is_typed_whole():
    """Peaks take a bare number in FLOP/second or a unit; memory and power may be absent."""
    found = parse_accelerators(
        parse_source(
            "X1: {title: An X1, peak: {bf16: 1e15, fp8: 2 PFLOP/second}, memory: 80 GB, power: 0.7 kW, source: s}\n"
            "X2: {title: An X2, peak.bf16: 312e12, source: t, note: n}\n",
            "a.yaml",
        )
    )
    assert found == {
        "X1": Accelerator("X1", "An X1", {"bf16": 1e15, "fp8": 2e15}, "s", 80e9, 700.0),
        "X2": Accelerator("X2", "An X2", {"bf16": 312e12}, "t", note="n"),
    }


def test_all_that_is_wrong_is_told_at_its_place():
    """Unknown precisions and units, and what is missing, each with line and column."""
    text = (
        "X1: {peak: {bf32: 1}, title: t, source: s}\n"
        "X2: {title: t, peak: {fp16: 1e12, bf16: 3 GB}}\n"
        "X3: {title: t, source: s, memory: -1}\n"
    )
    with pytest.raises(FlopsheetError) as caught:
        parse_accelerators(parse_source(text, "a.yaml"))
    assert [problem.render().split("\n")[0] for problem in caught.value.problems] == [
        "a.yaml:1:1: X1: an accelerator needs `peak.bf16`.",
        "a.yaml:1:13: X1.peak: unknown key `bf32`.",
        "a.yaml:2:1: X2: an accelerator needs `source`.",
        "a.yaml:2:41: X2.peak.bf16: `3 GB` is an amount in byte, but this key takes an amount in FLOP/second.",
        "a.yaml:3:1: X3: an accelerator needs `peak.bf16`.",
        "a.yaml:3:35: X3.memory: must be greater than 0, but is `-1`.",
    ]
