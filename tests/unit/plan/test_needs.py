"""What keys of hardware, data and inference need beside them, and which exclude each other."""

import pytest

from flopsheet.errors import FlopsheetError
from flopsheet.plan.layers import load_plan

HEAD = "title: t\nlaw: hoffmann_2022\n"
HARDWARE = "hardware: {accelerator: H100-SXM, count: 512, mfu: 40 %, price: 2.5}\n"
TARGET = "objective: minimize cost\ntarget.loss: 2\n"

GOOD = {
    "money": HARDWARE + "budget: {money: 3M USD}\n",
    "money without a count": "hardware: {peak: 1e15, mfu: 0.4, price: 2}\nbudget.money: 3M\n",
    "time": HARDWARE + "budget: {time: 60 days, covers: lifetime}\n",
    "time without a price": "hardware: {accelerator: B200, count: 8, mfu: 0.4}\nbudget.time: 24\n",
    "caps": HARDWARE + "budget.compute: 1e22\ncaps: {time: 60 days, money: 3M USD, memory: 80 GB}\n",
    "memory alone": "budget.compute: 1e22\ncaps.memory: 80 GB\n",
    "least cost": HARDWARE + TARGET,
    "least compute for a life": "objective: minimize compute\ntarget.loss: 2\nbudget.covers: lifetime\n",
    "least cost with limits": HARDWARE + TARGET + "caps: {time: 60 days, money: 3M USD}\n",
    "unique tokens": "budget.compute: 1e22\ndata: {unique: 3B, epochs: 4, decay: 7}\n",
    "a limit that a scenario removes": "budget.compute: 1e22\ndata: {unique: 3B, epochs: 4, repetition: none}\n"
    "scenarios: {a: {data.unique: null}}\n",
    "input and output": "budget.compute: 1e22\ninference: {input_tokens: 1T, output_tokens: 1T}\n",
    "output alone with money": HARDWARE + "budget.money: 3M\ninference: {output_tokens: 1T, decode_mfu: 1 %}\n",
    "another accelerator serves": HARDWARE
    + TARGET
    + "inference: {tokens: 1T, accelerator: B200, price: 5 USD/hour}\n",
    "a budget in another unit": HARDWARE + "budget.compute: 1e22\n"
    + "scenarios: {a: {}, b: {budget: {compute: null, money: 3M}}, c: {budget: {time: 3, compute: null}}}\n",
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_what_is_whole_is_taken(write, name: str):
    """Each in the unit of its key."""
    assert load_plan(write("plan.yaml", HEAD + GOOD[name])).scenarios


def test_amounts_are_held_in_base_units(write):
    """USD, hours and bytes; covers is a word of the plan."""
    text = HARDWARE + "budget: {money: 3M USD, covers: lifetime}\ncaps: {time: 60 days, memory: 80 GB}\n"
    plan = load_plan(write("plan.yaml", HEAD + text))
    found = {key: (s.value, s.unit) for key, s in plan.inputs.items() if key.startswith(("budget.", "caps."))}
    assert found == {"budget.money": (3e6, "USD"), "caps.time": (1440, "hour"), "caps.memory": (80e9, "byte")}
    assert (plan.covers, plan.places["budget.covers"].line, plan.objective) == ("lifetime", 4, "minimize loss")
    assert load_plan(write("plan.yaml", HEAD + "budget.compute: 1\n")).covers == "training"


BAD = {
    "money alone": (
        "budget.money: 3M\n",
        "plan.yaml:3:15: budget.money: needs `hardware.accelerator`, `hardware.mfu`, `hardware.price`.",
        "Write for example `hardware: {accelerator: H100-SXM, mfu: 40 %, price: 2.5 USD/hour}`.",
    ),
    "time without a count": (
        "budget.time: 3 days\nhardware: {accelerator: B200, mfu: 0.4}\n",
        "plan.yaml:3:14: budget.time: needs `hardware.count`.",
        "Write for example `hardware: {count: 512}`.",
    ),
    "a cap on time": (
        "budget.compute: 1e22\ncaps.time: 3\nhardware: {accelerator: B200, count: 8}\n",
        "plan.yaml:4:12: caps.time: needs `hardware.mfu`.",
        "Write for example `hardware: {mfu: 40 %}`.",
    ),
    "a cap on money": (
        "budget.compute: 1e22\ncaps.money: 3\nhardware: {mfu: 0.4, price: 2}\n",
        "plan.yaml:4:13: caps.money: needs `hardware.accelerator`.",
        "Write for example `hardware: {accelerator: H100-SXM}`.",
    ),
    "an accelerator that is wrong itself": (
        "budget.money: 3\nhardware: {accelerator: B20, mfu: 0.4, price: 2}\n",
        "plan.yaml:4:25: hardware.accelerator: unknown accelerator `B20`.",
        "",
    ),
    "least cost": (
        TARGET + "hardware: {accelerator: B200, mfu: 0.4}\n",
        "plan.yaml:1:1: `objective: minimize cost` needs `hardware.price`.",
        "Write for example `hardware: {price: 2.5 USD/hour}`.",
    ),
    "least cost of what": (
        HARDWARE + "objective: minimize cost\n",
        "plan.yaml:1:1: `objective: minimize cost` needs `target.loss`.",
        "Write for example `target: {loss: 2.0}`.",
    ),
    "least cost of a budget": (
        HARDWARE + TARGET + "budget.money: 3\n",
        "plan.yaml:6:15: budget.money: a budget cannot stand beside `objective: minimize cost`.",
        "Remove it, or set it to null in this layer.",
    ),
    "two budgets": (
        HARDWARE + "budget: {compute: 1e22, time: 3}\n",
        "plan.yaml:4:31: budget.time: stands beside `budget.compute`, but a plan spends exactly one budget.",
        "Set one of the two to null in this layer, or make it a limit under `caps`.",
    ),
    "a second budget in a scenario": (
        HARDWARE + "budget.compute: 1e22\nscenarios: {a: {budget.money: 3}}\n",
        "plan.yaml:5:31: budget.money: stands beside `budget.compute`, but a plan spends exactly one budget.",
        "null",
    ),
    "epochs alone": (
        "budget.compute: 1\ndata.epochs: 4\n",
        "plan.yaml:4:14: data.epochs: needs `data.unique`.",
        "Write for example `unique: 300B`.",
    ),
    "decay alone": ("budget.compute: 1\ndata.decay: 4\n", "plan.yaml:4:13: data.decay: needs `data.unique`.", ""),
    "tokens beside input tokens": (
        "budget.compute: 1\ninference: {tokens: 1T, input_tokens: 1T}\n",
        "plan.yaml:4:21: inference.tokens: stands beside `inference.input_tokens`: inference is given either whole",
        "Set one of the two to null in this layer.",
    ),
    "output tokens for money": (
        HARDWARE + "budget.money: 3M\ninference: {output_tokens: 1T, prefill_mfu: 0.5}\n",
        "plan.yaml:5:28: inference.output_tokens: beside `budget.money` needs `inference.decode_mfu`.",
        "Write for example `inference: {decode_mfu: 1 %}`.",
    ),
    "input tokens for the least cost": (
        HARDWARE + TARGET + "inference: {input_tokens: 1T}\n",
        "plan.yaml:6:27: inference.input_tokens: beside `objective: minimize cost` needs `inference.prefill_mfu`.",
        "Write for example `inference: {prefill_mfu: 50 %}`.",
    ),
    "another accelerator without a price": (
        HARDWARE + "budget.money: 3M\ninference: {tokens: 1T, accelerator: B200}\n",
        "plan.yaml:5:21: inference: inference on another accelerator than training needs `inference.price` beside",
        "Write for example `price: 2.5 USD/hour`.",
    ),
    "a precision without a peak": (
        "hardware: {peak: 1e15, mfu: 0.4, price: 2}\nbudget.money: 3M\ninference: {tokens: 1T, precision: fp8}\n",
        "plan.yaml:5:21: inference: inference beside `budget.money` needs `inference.accelerator` or `inference.peak`.",
        "",
    ),
    "covers in a scenario": (
        "budget.compute: 1\nscenarios: {a: {budget.covers: lifetime}}\n",
        "plan.yaml:4:24: `scenarios.a.budget.covers` is the same for the whole plan",
        "",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_missing_or_too_much_is_told(write, name: str):
    """Place, rule and remedy, once."""
    text, message, remedy = BAD[name]
    with pytest.raises(FlopsheetError) as caught:
        load_plan(write("plan.yaml", HEAD + text))
    assert message in str(caught.value)
    assert remedy in str(caught.value)
    assert len(caught.value.problems) == 1, str(caught.value)


def test_a_law_without_a_cost_has_no_use_for_money(write):
    """Nothing says what training takes."""
    law = "title: t\nlaw: {loss: A / D**b, decisions: {D: tokens}, constants: {A: 1, b: 0.3}}\ninputs.D: 1e9\n"
    with pytest.raises(FlopsheetError, match=r"budget.time: needs a law with a cost"):
        load_plan(write("plan.yaml", law + HARDWARE + "budget.time: 3\n"))
