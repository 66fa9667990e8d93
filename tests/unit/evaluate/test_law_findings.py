"""What findings say about laws: rounding, what a cap counts, cells without a value, and what two laws do not share."""

import json
import math
import re
from dataclasses import replace

import pytest

from flopsheet import api
from flopsheet.evaluate.law_findings import compare_laws
from flopsheet.laws.library import load_library_law
from flopsheet.messages import LANGUAGES, render_message
from flopsheet.plan.plan import NOT_STATED, About


@pytest.fixture
def findings(tmp_path):
    """A function from a plan's text to the findings of its scenarios: messages by code, by scenario."""

    def run(text, law="hoffmann_2022"):
        path = tmp_path / "plan.yaml"
        path.write_text(f"title: x\nlaw: {law}\n{text}", encoding="utf-8")
        record = json.loads(json.dumps(api.record_solved(api.solve_plan(path)), allow_nan=False))
        return {
            scenario["name"]: {found["code"]: found["message"] for found in scenario["findings"]}
            for scenario in record["scenarios"]
        }

    return run


def test_rounded_constants_are_told(findings):
    """Where constants have too few digits the finding says by how much results move and what to use instead."""
    message = findings("budget: {compute: 1e21}\n")["base"]["rounded_constants"]
    assert message.startswith("Law hoffmann_2022: The exponents are printed with two digits.")
    for figure in ("1.57 to 2.2 times", "about 20 %", "hoffmann_2022_unrounded", "hoffmann_2022_table_a3"):
        assert figure in message
    assert findings("budget: {compute: 1e21}\n", "hoffmann_2022_unrounded")["base"] == {}


def test_own_constants_are_not_called_rounded(findings):
    """A scenario that sets every constant itself does not use the printed ones; one constant is not enough."""
    own = "{E: 1.7, A: 400, B: 410, alpha: 0.3392, beta: 0.2849}"
    found = findings(
        f"budget: {{compute: 1e21}}\nscenarios: {{own: {{constants: {own}}}, one: {{constants.beta: 0.2849}}}}\n"
    )
    assert ("rounded_constants" in found["own"], "rounded_constants" in found["one"]) == (False, True)


def test_no_plan_has_no_word_on_rounding(findings):
    """Where there is no result, or an infinite one, only what explains that is said."""
    found = findings(
        "objective: minimize compute\nscenarios:\n"
        "  never: {target.loss: 1.5}\n  excluded: {target.loss: 2, caps: {parameters: 1M, tokens: 1B}}\n"
    )
    assert {name: set(codes) for name, codes in found.items()} == {
        "never": {"unreachable_target"},
        "excluded": {"infeasible"},
    }


@pytest.mark.parametrize(
    ("law", "text", "counted"),
    [
        ("kaplan_2020", "caps: {parameters: 1B}", "the parameters without embeddings: the cap on parameters is taken"),
        (
            "kaplan_2020",
            "strategies: {a: {parameters: 1B}}",
            "the parameters without embeddings: strategies that name parameters are taken",
        ),
        (
            "ludziejewski_2025_e4",
            "caps: {parameters: 1B}\nstrategies: {a: {tokens_per_parameter: 20}}",
            "the parameters active per token: the cap on parameters and strategies that name parameters are taken",
        ),
    ],
)
def test_what_a_cap_counts(findings, law, text, counted):
    """Under a law that does not count all parameters, caps and strategies in parameters count like the law."""
    found = findings(f"budget: {{compute: 1e20}}\n{text}\n", law)["base"]
    assert (
        found["parameters_differ"] == f"Law {law} counts {counted} in that count, not in all parameters of the model."
    )


def test_what_a_cap_counts_is_said_where_it_matters(findings):
    """Neither without cap or strategy in parameters, nor where a scenario removes the cap, nor for all parameters."""
    text = "budget: {compute: 1e20}\ncaps: {parameters: 1B}\nscenarios: {with: {}, without: {caps.parameters: null}}\n"
    found = findings(text, "kaplan_2020")
    assert ("parameters_differ" in found["with"], "parameters_differ" in found["without"]) == (True, False)
    assert (
        "parameters_differ"
        not in findings("budget: {compute: 1e20}\nstrategies: {a: {tokens: 1B}}\n", "kaplan_2020")["base"]
    )
    assert "parameters_differ" not in findings(text, "besiroglu_2024")["with"]


def test_a_cell_without_value_is_named(findings):
    """A reader's cell that has no number in a scenario is named with the reason; the others are not."""
    found = findings(
        "budget: {compute: 1e21}\n"
        "cells:\n"
        "  room: {formula: caps_parameters / N_opt}\n"
        "  depth: {formula: log(1 - N_opt / 1e9)}\n"
        "  fine: {formula: N_opt / D_opt, unit: parameter/token}\n"
        "scenarios: {free: {}, capped: {caps.parameters: 100M}}\n",
        "hoffmann_2022_unrounded",
    )
    assert (
        found["free"]["cell_without_value"] == "The cell depth has no value here: its formula gives no finite number."
    )
    assert "cell_without_value" not in found["capped"]
    alone = findings(
        "budget: {compute: 1e21}\ncells: {room: {formula: caps_parameters / N_opt}}\n", "hoffmann_2022_unrounded"
    )
    assert alone["base"]["cell_without_value"] == "The cell room has no value here: it reads a limit that is not set."


def test_a_cell_of_an_unreachable_target_is_named(findings):
    """Where no compute reaches the target, a cell over the plan has no value either."""
    found = findings(
        "objective: minimize compute\ntarget: {loss: 1}\ncells: {days: {formula: C_total, unit: PF-day}}\n"
    )
    assert found["base"]["cell_without_value"].endswith("it reads results that no finite compute reaches.")


@pytest.mark.parametrize(
    ("compute", "words"),
    [("5e23", "decades above"), ("3.5e22", " % above"), ("1e18", "decades below"), ("5.9e18", " % below")],
)
def test_little_extrapolation_is_told_in_per_cent(findings, compute, words):
    """Below a tenth of a decade the distance is in per cent of the range's end, beyond it in decades."""
    message = findings(f"budget: {{compute: {compute}}}\n", "hoffmann_2022_unrounded")["base"]["extrapolation"]
    assert words in message
    (told,) = re.findall(r"^(\w) = (\S+) lies (\S+) ", message)
    name, value, distance = told
    end = {"above": {"N": 16e9, "D": 5e11}, "below": {"N": 7e7, "D": 5e9}}[words.split()[-1]][name]
    if "%" in words:
        assert float(distance) == pytest.approx(100 * abs(float(value) / end - 1), rel=0.05)
        assert 0 < float(distance) < 26
    else:
        assert float(distance) == pytest.approx(abs(math.log10(float(value) / end)), abs=0.006)


FIRST = replace(
    load_library_law("hoffmann_2022"), name="first", about=About(None, "total", "C4", "SentencePiece, 32k", None)
)


def second(**about):
    """A law that says the same as the first but for what is given."""
    return replace(FIRST, name="second", about=replace(FIRST.about, **about))


def told(findings):
    """Codes and English messages."""
    return [(finding.code, render_message(finding.message)) for finding in findings]


def test_equal_laws_compare():
    """Laws that say the same of themselves have nothing between them."""
    assert compare_laws(FIRST, second()) == ()


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        (
            {"parameters": "non_zero"},
            (
                "parameters_differ",
                (
                    "Sizes count differently: first counts all parameters, embeddings included, "
                    "second the parameters that are not zero."
                ),
            ),
        ),
        (
            {"data": "Dolma"},
            (
                "data_differs",
                "The training data differ: first was fitted on C4, second on Dolma. Their losses do not compare.",
            ),
        ),
        (
            {"tokenizer": "GPT-2 BPE, 50257"},
            (
                "tokenizer_differs",
                (
                    "The tokenizers differ: SentencePiece, 32k for first, GPT-2 BPE, 50257 for second. "
                    "Losses per token and numbers of tokens do not compare."
                ),
            ),
        ),
        (
            {"loss": "zero-shot error"},
            (
                "loss_differs",
                "The losses are of different kinds: plain nats/token for first, zero-shot error for second.",
            ),
        ),
        (
            {"parameters": NOT_STATED, "data": None},
            (
                "comparison_not_stated",
                "Law second does not state what its sizes count, its training data, so its numbers may not compare.",
            ),
        ),
        (
            {"loss": NOT_STATED},
            (
                "comparison_not_stated",
                "Law second does not state the kind of its loss, so its numbers may not compare.",
            ),
        ),
    ],
)
def test_what_keeps_two_laws_from_comparing(about, expected):
    """Each difference is one finding, whichever law comes first; what a law leaves open is said of that law."""
    assert told(compare_laws(FIRST, second(**about))) == [expected]
    assert [code for code, _ in told(compare_laws(second(**about), FIRST))] == [expected[0]]


def test_laws_of_the_library_compared():
    """Chinchilla and Kaplan share neither count, nor data, nor tokenizer; Chinchilla and its replication share all."""
    chinchilla, replica, kaplan = (load_library_law(n) for n in ("hoffmann_2022", "besiroglu_2024", "kaplan_2020"))
    assert compare_laws(chinchilla, replica) == ()
    codes = [finding.code for finding in compare_laws(chinchilla, kaplan)]
    assert codes == ["parameters_differ", "data_differs", "tokenizer_differs"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_comparisons_read_in_every_language(language):
    """Every finding is rendered, with both names and nothing left open."""
    found = compare_laws(FIRST, second(parameters="active", data="Dolma", tokenizer="bytes", loss="error"))
    assert len(found) == 4
    for finding in found:
        text = render_message(finding.message, language)
        assert "first" in text
        assert "second" in text
        assert not re.search(r"[{}]|\bNone\b", text)


def test_only_the_caps_that_exclude_a_target_are_named(tmp_path):
    """A cap under which the target would be reached with the other one lifted is not named, nor counted."""
    plan = tmp_path / "plan.yaml"
    plan.write_text(
        "title: T\nlaw: hoffmann_2022\nobjective: minimize compute\ntarget: {loss: 2.0}\nscenarios:\n"
        "  one: {caps.parameters: 1B, caps.tokens: 4T}\n  other: {caps.parameters: 100B, caps.tokens: 10B}\n"
        "  each: {caps.parameters: 1B, caps.tokens: 10B}\n  together: {caps.parameters: 10B, caps.tokens: 500B}\n",
        encoding="utf-8",
    )
    found = {answer.name: answer.findings[0] for answer in api.solve_plan(plan).answers}
    parameters, tokens = "caps.parameters", "caps.tokens"
    assert {name: finding.limits for name, finding in found.items()} == {
        "one": (parameters,),
        "other": (tokens,),
        "each": (parameters, tokens),
        "together": (parameters, tokens),
    }
    args = found["one"].message.args
    best = float(str(args["best"]))
    assert best == pytest.approx(1.69 + 406.4 / 1e9**0.34, rel=1e-12)
    assert args["shortfall"] == pytest.approx(best - 2.0, rel=1e-12)
    assert args["caps"] == "`caps.parameters` (1e+09)"
