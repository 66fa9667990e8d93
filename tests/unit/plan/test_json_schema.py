import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from flopsheet.plan.json_schema import law_json_schema, plan_json_schema
from flopsheet.plan.keys import INPUT_KEYS, QUALITY_PRESETS, TEXT_KEYS
from flopsheet.plan.repetition import repetition_names
from flopsheet.plan.schema import PLAN
from flopsheet.plan.shape import dotted_keys


@pytest.fixture(scope="module")
def plans() -> jsonschema.Draft202012Validator:
    """The validator of plan files."""
    return jsonschema.Draft202012Validator(plan_json_schema())


@pytest.fixture(scope="module")
def laws() -> jsonschema.Draft202012Validator:
    """The validator of law files."""
    return jsonschema.Draft202012Validator(law_json_schema())


def test_the_schemas_are_schemas(plans: Any, laws: Any):
    """Both hold against the meta-schema of their dialect."""
    for validator in (plans, laws):
        jsonschema.Draft202012Validator.check_schema(validator.schema)


@pytest.mark.parametrize("name", ["_company.yaml", "team/midsize.yaml", "chinese.yaml"])
def test_example_plans_hold_against_the_schema(plans: Any, examples: Path, name: str):
    """What PyYAML reads from a legal plan or layer is accepted."""
    plans.validate(yaml.safe_load((examples / name).read_text(encoding="utf-8")))


def test_the_example_law_holds_against_the_schema(laws: Any, examples: Path):
    """What PyYAML reads from a legal law is accepted."""
    laws.validate(yaml.safe_load((examples / "law.yaml").read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "text",
    [
        "budget: {compute: 10000}",
        "budget: {compute: 1e22}",
        "budget.compute: 1e22 FLOP",
        "budget.compute: .5",
        "caps: {parameters: null, tokens: ~}",
        "caps.parameters: 10_000",
        "caps:",
        "constants: {alpha: -0.1, beta: '0.3'}",
        "constants.beta: -3",
        "title: 2026",
        "title: yes",
        "extends: _a.yaml",
        "extends: [_a.yaml, _b.yaml]",
        "law: {loss: 1, source: text}",
        "law.constants.E: {value: 1, se: 0.1}",
        "law.constants: {E: 1}",
        "cells.x: {formula: 1, unit: 1}",
        "cells: {x: {formula: N_opt, unit: token**2}}",
        "scenarios: {v1.5: {}, 中文: {budget.compute: 1, caps: {tokens: 1T}, extends: v1.5}}",
        "scenarios.base.budget.compute: 1",
        "scenarios.base: {expect: {L_opt: {at_most: 2}}, expect.N_opt.value: 3}",
        "strategies.twenty to one.tokens_per_parameter: 20",
        "objective: minimize compute",
        "objective: minimize cost",
        "budget: {money: 3M USD, time: null, covers: lifetime}",
        "caps: {time: 60 days, money: 3M USD, memory: 80 GB}",
        "hardware: {accelerator: H100-SXM, count: 512, precision: fp8, mfu: 40 %, price: 2.5 USD/hour, power: 700 W}",
        "hardware: {accelerator: ours, peak: 989 TFLOP/s, mfu: 0.4}",
        "data: {repetition: half_life, unique: 300B, epochs: 4, decay: 15.39}",
        "data.tiers: [{name: web, unique: 1.2T, quality: mixed, epochs: 4}, {name: books, unique: 1, quality: 0.4}]",
        "data.tiers: null",
        "data: {tiers: {web: null}}",
        "scenarios.a: {data.tiers.web crawl.unique: 300B, hardware.accelerator: B200, inference: null}",
        "inference: {input_tokens: 1T, output_tokens: 1T, prefill_mfu: 50 %, decode_mfu: 1 %, price: 2, peak: 1e15}",
        "inference: {tokens: 2T, accelerator: H100-SXM, precision: null}",
        "target.loss: 2.0 nats/token",
        "sweep: {budget.compute: {from: 1e19, to: 1e25 FLOP, points: 200, scale: log}, caps.tokens: [1B, null, 10]}",
        "sweep: {budget: {compute: [1]}, zip: {data.tiers.web.quality: [high, 0.4], constants: {beta: [0.3, 0.2]}}}",
        "sweep.zip.caps.tokens: [1T]",
        "{}",
    ],
)
def test_every_legal_spelling_is_accepted(plans: Any, text: str):
    """Numbers or texts, dotted or nested keys, nulls that remove."""
    plans.validate(yaml.safe_load(text))


@pytest.mark.parametrize(
    "text",
    [
        "titel: x",
        "budgte.compute: 1",
        "budget.compte: 1",
        "budget: {compte: 1}",
        "budget: 3",
        "budget.compute: true",
        "budget.compute: -1",
        "budget.compute: 0",
        "budget.compute: much",
        "budget.compute: '-1e22'",
        "budget.compute: [1]",
        "budget.mony: 3",
        "budget.covers: everything",
        "data.tiers: 3",
        "data.tiers: [{unique: 3}]",
        "data.tiers: [{name: web, uniqe: 3}]",
        "data.tiers: [web]",
        "data.tiers.web.quality: best",
        "data: {tiers: {web: {quality: 11}}}",
        "data.repetition: [none]",
        "hardware.mfu: 40",
        "hardware: {precision: bf15}",
        "inference.tokens: -1",
        "sweep: {budget.compute: 3}",
        "sweep: {budget.compute: {from: 1, to: 2, point: 3}}",
        "sweep: {budget.compute: {from: 1, to: 2, points: 3, scale: lg}}",
        "sweep: {caps.tokns: [3]}",
        "sweep: {caps.tokens: []}",
        "sweep: {hardware.accelerator: [H100-SXM]}",
        "sweep: {zip: {zip: {caps.tokens: [3]}}}",
        "objective: minimize price",
        "language: de",
        "constants: {1a: 3}",
        "constants.中: 3",
        "cells: {a b: {formula: x}}",
        "cells: {x: {formulas: x}}",
        "scenarios: {a: {law: x}}",
        "scenarios: {a: {budget.covers: training}}",
        "scenarios: {a: {caps.tokns: 3}}",
        "scenarios.a.law: x",
        "strategies: {a: {shares: {x_N: many}}}",
        "claims: {a: {expected: maybe}}",
        "law: {loss: 1, los: 1}",
        "law.constants.E.vale: 1",
        "expect: {L_opt: {at_mots: 1}}",
        "extends: {a: b}",
        "title: [a]",
    ],
)
def test_typing_errors_are_refused(plans: Any, text: str):
    """A key that is not known, or a value that cannot be one, is underlined by an editor."""
    assert list(plans.iter_errors(yaml.safe_load(text)))


@pytest.mark.parametrize(
    "text",
    ["title: x", "law: a\nlos: 1", "law: a\nconstants: {E: {vale: 1}}", "law: a\nfitted_range: unknown",
     "law: a\nfitted_range: {N: [1]}", "law: a\nknown_answers: [{at: {N: x y}}]", "law: a\nknown_answers: 3"],
)  # fmt: skip
def test_typing_errors_in_laws_are_refused(laws: Any, text: str):
    """A law needs its name, and only knows its keys."""
    assert list(laws.iter_errors(yaml.safe_load(text)))


def test_each_input_key_is_part_of_the_plan():
    """The table of inputs and the plan's declaration name the same keys."""
    keys = set(dotted_keys(PLAN))
    assert {row.key for row in INPUT_KEYS} <= keys
    assert {"budget.covers", "title", "law", "cells.<name>"} <= keys


def test_every_key_that_is_set_is_described(plans: Any, project_root: Path):
    """In editors by its own sentence, and in the list of keys with its unit."""
    listed = (project_root / "docs" / "plan_keys.md").read_text(encoding="utf-8")
    named = {"constants.<name>", "inputs.<name>"}
    for row in INPUT_KEYS:
        assert f"`{row.key}`" in listed
        if row.key not in named | {"target.loss"}:
            assert row.about
            assert row.about in json.dumps(plans.schema), row.key
    for text in TEXT_KEYS:
        assert f"`{text.key}`" in listed
        assert text.about in json.dumps(plans.schema), text.key
    for word, value in QUALITY_PRESETS.items():
        assert f"| {word} | {value:g} |" in listed
    for name in repetition_names():
        assert f"`{name}`" in listed
