"""Accelerators as a plan names them: what follows from a name and a precision, in every scenario."""

import pytest

from flopsheet.errors import FlopsheetError
from flopsheet.plan.accelerators import PRECISIONS
from flopsheet.plan.hardware import BYTES_PER_PARAMETER
from flopsheet.plan.keys import PEAK_UNIT, POWER_UNIT, PRICE_UNIT
from flopsheet.plan.layers import load_plan
from flopsheet.plan.plan import CATALOGUE, DEFAULT, Plan, Scenario
from flopsheet.plan.units import dimension_of

HEAD = "title: t\nlaw: hoffmann_2022\nbudget.compute: 1e22\n"
H100_BF16, H100_FP8, B200_BF16 = 989e12 * 3600, 1979e12 * 3600, 2250e12 * 3600


@pytest.fixture
def load(write):
    """A function that loads the plan with a text below the head."""

    def run(text: str, *sets: str) -> Plan:
        return load_plan(write("plan.yaml", HEAD + text), sets=sets)

    return run


def values(scenario: Scenario, *keys: str) -> list[float | None]:
    """The numbers of some keys, None where they are not set."""
    found = [scenario.inputs.get(key) for key in keys]
    return [source.value if source else None for source in found]


def test_a_name_gives_peak_power_and_memory(load):
    """In base units for each accelerator, with the catalogue as layer and the line of the name as place."""
    scenario = load("hardware: {accelerator: H100-SXM}\n").scenarios[0]
    peak = scenario.inputs["hardware.peak"]
    assert (peak.value, peak.unit, peak.layer, peak.text) == (H100_BF16, PEAK_UNIT, CATALOGUE, "H100-SXM")
    assert (peak.place.line, peak.place.column) == (4, 25)
    assert values(scenario, "hardware.power", "hardware.memory") == [700, 80e9]
    assert values(scenario, "hardware.bytes_per_parameter") == [2]
    assert scenario.texts["hardware.accelerator"].value == "H100-SXM"


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_precision_gives_its_peak_and_its_bytes(load, precision: str):
    """Each precision of the H100, and what a parameter takes in it."""
    scenario = load(f"hardware: {{accelerator: H100-SXM, precision: {precision}}}\n").scenarios[0]
    wide = precision in {"bf16", "fp16"}
    expected = [H100_BF16 if wide else H100_FP8, 2 if wide else 1]
    assert values(scenario, "hardware.peak", "hardware.bytes_per_parameter") == expected


def test_every_precision_has_its_bytes():
    """None is left out of the table."""
    assert set(BYTES_PER_PARAMETER) == set(PRECISIONS)


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("price", "2.5 USD/hour", 2.5),
        ("price", "2.5", 2.5),
        ("price", "2.5 USD/GPU-hour", 2.5),
        ("price", "2.5 USD/hour/GPU", 2.5),
        ("price", "60 USD/day", 2.5),
        ("power", "700 W", 700),
        ("power", "0.7 kW/accelerator", 700),
        ("peak", "989 TFLOP/s", H100_BF16),
        ("peak", "989e12", H100_BF16),
        ("peak", "989 TFLOP/second/GPU", H100_BF16),
        ("mfu", "40 %", 0.4),
        ("mfu", "1", 1),
        ("count", "512", 512),
        ("count", "512 GPUs", 512),
    ],
)
def test_numbers_of_each_accelerator_may_say_so_or_not(load, key: str, text: str, value: float):
    """The unit of each accelerator is the one that is held, whether it is written or not."""
    found = load(f"hardware: {{{key}: {text}}}\n").scenarios[0].inputs[f"hardware.{key}"]
    assert found.value == pytest.approx(value, rel=1e-15)
    assert found.text == text


def test_units_multiply_without_factors():
    """Peak times count times hours is compute, price times count times hours money, power likewise energy."""
    assert dimension_of(f"{PEAK_UNIT}*accelerator*hour") == dimension_of("FLOP")
    assert dimension_of(f"({PRICE_UNIT})*accelerator*hour") == dimension_of("USD")
    assert dimension_of(f"({POWER_UNIT})*accelerator*hour") == dimension_of("kWh")


def test_a_scenario_with_another_accelerator_has_its_figures(load):
    """The peak follows the name; what a scenario changes stands among its overrides, what it leaves does not."""
    plan = load(
        "hardware: {accelerator: H100-SXM, mfu: 40 %}\n"
        "scenarios: {old: {}, new: {hardware.accelerator: B200}, small: {extends: new, hardware.precision: fp8}}\n"
    )
    old, new, small = plan.scenarios
    assert not old.overrides
    assert values(new, "hardware.peak", "hardware.power") == [B200_BF16, 1000]
    assert set(new.overrides) == {"hardware.peak", "hardware.power", "hardware.memory"}
    assert set(small.overrides) == {"hardware.peak", "hardware.bytes_per_parameter"}
    assert values(small, "hardware.peak", "hardware.power") == [4500e12 * 3600, 1000]


@pytest.mark.parametrize(
    ("base", "own", "peak"),
    [
        ("accelerator: H100-SXM, peak: 1e15", "{}", 1e15 * 3600),
        ("accelerator: H100-SXM, peak: 1e15", "{hardware.accelerator: B200}", B200_BF16),
        ("accelerator: H100-SXM, peak: 1e15", "{hardware.precision: fp8}", H100_FP8),
        ("accelerator: H100-SXM, peak: 1e15", "{hardware.accelerator: B200, hardware.peak: 2e15}", 2e15 * 3600),
        ("accelerator: H100-SXM", "{hardware.peak: 2e15}", 2e15 * 3600),
        ("accelerator: H100-SXM, peak: 1e15", "{hardware.peak: null}", H100_BF16),
        ("peak: 1e15", "{hardware.precision: fp8}", 1e15 * 3600),
        ("accelerator: ours, peak: 1e15", "{}", 1e15 * 3600),
    ],
)
def test_a_peak_holds_until_a_later_layer_names_another_accelerator(load, base: str, own: str, peak: float):
    """A peak in the same layer or a later one beats the catalogue; one of an earlier layer was for another one."""
    plan = load(f"hardware: {{{base}}}\nscenarios: {{a: {own}}}\n")
    assert values(plan.scenarios[0], "hardware.peak") == [peak]


def test_layers_of_files_count_as_well(write):
    """A plan that names an accelerator above a company's peak gets the catalogue's."""
    write("_company.yaml", "hardware: {peak: 1e15, power: 1 kW, mfu: 0.4}\n")
    plan = load_plan(write("plan.yaml", HEAD + "extends: _company.yaml\nhardware.accelerator: H100-SXM\n"))
    assert values(plan.scenarios[0], "hardware.peak", "hardware.power") == [H100_BF16, 700]


def test_set_comes_last(load):
    """--set changes the accelerator of every scenario, and beats what they name; a peak there beats the catalogue."""
    text = "hardware.accelerator: H100-SXM\nscenarios: {a: {}, b: {hardware.accelerator: A100-SXM, hardware.peak: 1}}\n"
    assert [values(s, "hardware.peak") for s in load(text, "hardware.accelerator=B200").scenarios] == [[B200_BF16]] * 2
    assert [values(s, "hardware.peak") for s in load(text, "hardware.peak=1").scenarios] == [[3600.0]] * 2


def test_what_the_catalogue_does_not_know_of_another_accelerator_is_not_kept(load):
    """Power and memory of the base's accelerator go with it."""
    plan = load("hardware.accelerator: H100-SXM\nscenarios: {a: {hardware: {accelerator: ours, peak: 1e15}}}\n")
    assert values(plan.scenarios[0], "hardware.power", "hardware.memory") == [None, None]
    assert plan.scenarios[0].overrides["hardware.power"].value is None


def test_a_null_removes_the_accelerator_and_what_follows_from_it(load):
    """A scenario without hardware has no peak, nor does its column keep the base's."""
    plan = load("hardware: {accelerator: H100-SXM, mfu: 0.4}\nscenarios: {a: {hardware: null}}\n")
    keys = ("hardware.peak", "hardware.power", "hardware.memory", "hardware.mfu")
    assert values(plan.scenarios[0], *keys) == [None] * 4
    assert set(keys) <= set(plan.scenarios[0].overrides)
    assert plan.scenarios[0].texts["hardware.accelerator"].value is None


def test_inference_runs_on_what_trains_unless_it_says_otherwise(load):
    """Peak and price are those of the hardware; another accelerator or precision has its own, and no price."""
    hardware = "hardware: {accelerator: H100-SXM, price: 2}\n"
    keys = ("inference.peak", "inference.price")
    assert values(load(hardware).scenarios[0], *keys) == [None, None]
    same = load(hardware + "inference.tokens: 1T\n").scenarios[0]
    assert values(same, *keys) == [H100_BF16, 2]
    assert same.inputs["inference.peak"].layer == same.inputs["inference.price"].layer == DEFAULT
    assert values(load(hardware + "inference.precision: fp8\n").scenarios[0], *keys) == [H100_FP8, 2]
    assert values(load(hardware + "inference.accelerator: B200\n").scenarios[0], *keys) == [B200_BF16, None]
    assert values(load(hardware + "inference: {accelerator: B200, price: 5}\n").scenarios[0], *keys) == [B200_BF16, 5]
    own = "inference: {accelerator: ours, peak: 1e15}\n"
    assert values(load(hardware + own).scenarios[0], *keys) == [1e15 * 3600, None]


GOLDEN = {
    "unknown": (
        "hardware.accelerator: H100-SMX\n",
        "plan.yaml:4:23: hardware.accelerator: unknown accelerator `H100-SMX`.",
        "Did you mean `H100-SXM`? Known here: A100-SXM,",
    ),
    "unknown in a scenario": (
        "hardware.accelerator: H100-SXM\nscenarios: {a: {hardware.accelerator: B2000}}\n",
        "plan.yaml:5:39: hardware.accelerator: unknown accelerator `B2000`.",
        "Did you mean `B200`?",
    ),
    "no such peak": (
        "hardware: {accelerator: A100-SXM, precision: fp8}\n",
        "plan.yaml:4:46: hardware.precision: the catalogue has no peak of `A100-SXM` in fp8, only in bf16, fp16, int8.",
        "Choose one of these, or give `peak` yourself.",
    ),
    "unknown precision": (
        "hardware.precision: bf61\n",
        "plan.yaml:4:21: hardware.precision: must be `bf16` or `fp16` or `fp8` or `int8`, but is `bf61`.",
        "Did you mean `bf16`?",
    ),
    "inference": (
        "hardware.accelerator: H100-SXM\ninference: {tokens: 1T, accelerator: X}\n",
        "plan.yaml:5:38: inference.accelerator: unknown accelerator `X`.",
        "Known here: A100-SXM,",
    ),
    "a percentage without its sign": (
        "hardware.mfu: 40\n",
        "plan.yaml:4:15: hardware.mfu: must be at most 1, but is `40`.",
        "Write a share such as 0.4 or 40 %.",
    ),
    "a price in another unit": (
        "hardware.price: 2.5 USD\n",
        "plan.yaml:4:17: hardware.price: `2.5 USD` is an amount in USD, but this key takes an amount in USD/hour.",
        "USD/hour.",
    ),
    "a price of a parameter": (
        "hardware.price: 2.5 USD/hour/parameter\n",
        "plan.yaml:4:17: hardware.price: `2.5 USD/hour/parameter` is an amount in USD/hour/parameter,",
        "USD/hour.",
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_mistakes_are_told_at_their_place(load, name: str):
    """Place, rule and remedy, once."""
    text, message, remedy = GOLDEN[name]
    with pytest.raises(FlopsheetError) as caught:
        load(text)
    assert len(caught.value.problems) == 1, str(caught.value)
    assert message in str(caught.value)
    assert remedy in str(caught.value)


def test_an_accelerator_of_the_base_is_not_asked_for_what_each_scenario_changes(load):
    """A base that no scenario computes from may hold a precision that its accelerator does not have."""
    plan = load("hardware: {accelerator: A100-SXM, precision: fp8}\nscenarios: {a: {hardware.accelerator: H100-SXM}}\n")
    assert values(plan.scenarios[0], "hardware.peak") == [H100_FP8]
