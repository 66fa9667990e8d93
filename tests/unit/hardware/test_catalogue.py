"""The catalogue of accelerators: what each entry states, and what a misspelled name is told."""

import pytest

from flopsheet.errors import FlopsheetError, Place
from flopsheet.plan.catalogue import find_accelerator, load_accelerators

# Dense peaks in bf16 as published, in TFLOP/s.
PUBLISHED = {
    "A100-SXM": 312,
    "A100-PCIe": 312,
    "H100-SXM": 989,
    "H100-PCIe": 756,
    "H100-NVL": 835,
    "H200-SXM": 989,
    "H800": 989,
    "B200": 2250,
    "GB200": 2500,
    "B300": 2250,
    "MI300X": 1307.4,
    "MI325X": 1307.4,
    "MI355X": 2516.6,
    "TPU-v5e": 197,
    "TPU-v5p": 459,
    "TPU-v6e": 918,
}
NAMES = ", ".join(PUBLISHED)


def test_peaks_are_the_published_ones():
    """These accelerators and no others, each with its dense peak in bf16."""
    assert {name: each.peak["bf16"] / 1e12 for name, each in load_accelerators().items()} == PUBLISHED


def test_every_accelerator_has_a_title_and_a_source():
    """Each says what it is and where its numbers come from, and what it says is plausible in its units."""
    for name, accelerator in load_accelerators().items():
        assert accelerator.name == name
        assert accelerator.title
        assert len(accelerator.source.split()) >= 3
        assert accelerator.memory is None or 16e9 <= accelerator.memory <= 288e9
        assert accelerator.power is None or 300 <= accelerator.power <= 1400


def test_shorter_numbers_are_faster():
    """No precision of eight bits is below one of sixteen, and those of sixteen bits are equally fast."""
    for accelerator in load_accelerators().values():
        peak = accelerator.peak
        assert peak.get("fp16", peak["bf16"]) == peak["bf16"]
        for eight in {"fp8", "int8"} & set(peak):
            assert 1.98 <= peak[eight] / peak["bf16"] <= 2.01


@pytest.mark.parametrize(
    ("name", "hint"),
    [("H100-SMX", "Did you mean `H100-SXM`? "), ("h100-sxm", "Did you mean `H100-SXM`? "), ("abacus", "")],
)
def test_unknown_accelerator_is_refused_with_a_suggestion(name, hint):
    """A misspelled accelerator names the closest one, whatever its capitals, and all that are known."""
    place = Place("plan.yaml", 3, 25, 8, f"hardware: {{accelerator: {name}}}")
    with pytest.raises(FlopsheetError) as caught:
        find_accelerator(name, place=place, subject="hardware.accelerator")
    lines = str(caught.value).split("\n")
    assert lines[0] == f"plan.yaml:3:25: hardware.accelerator: unknown accelerator `{name}`."
    assert lines[-1] == f"{hint}Known here: {NAMES}."


def test_known_accelerator_is_found():
    """A name of the catalogue gives its entry."""
    found = find_accelerator("H200-SXM")
    assert (found.title, found.memory, found.power) == ("NVIDIA H200 SXM", 141e9, 700)
