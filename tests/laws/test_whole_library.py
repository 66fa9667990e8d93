"""Every law of the library: where it comes from, in what units it answers, and its known answers."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from flopsheet.api.library import answer_ours, build_formula_graph, list_answered
from flopsheet.laws import library
from flopsheet.laws.library import law_names, load_library_law
from flopsheet.messages import LANGUAGES
from flopsheet.model.law_faults import find_law_faults
from flopsheet.model.units import check_dimensions
from flopsheet.plan.plan import COUNTED_PARAMETERS, NOT_STATED
from flopsheet.plan.topics import TOPICS

# The library by paper, each law by what follows the paper in its name.
LIBRARY = {
    "abnar_2025": ("",),
    "aghajanyan_2023": ("_code", "_image", "_image_text", "_molecules", "_speech", "_speech_text", "_text"),
    "besiroglu_2024": ("", "_unrounded"),
    "chowdhery_2022": ("",),
    "clark_2022": ("_dense", "_hash", "_rl_r", "_s_base"),
    "deepseek_2024": ("", "_scale"),
    "frantar_2023": ("",),
    "gadre_2024": ("_c4", "_redpajama", "_refinedweb"),
    "goyal_2024": ("",),
    "grattafiori_2024": ("", "_text"),
    "gu_2024": ("_1600m", "_3100m", "_460m", "_940m"),
    "hagele_2024": ("",),
    "ho_2024": ("",),
    "hoffmann_2022": ("", "_approach_1", "_approach_2", "_flops", "_table_a3", "_unrounded"),
    "hu_2024": ("",),
    "ibrahim_2024": ("",),
    "kaplan_2020": (
        "",
        "_batch",
        "_compute",
        "_compute_min",
        "_flops",
        "_learning_rate",
        "_parameters",
        "_steps",
        "_tokens",
    ),
    "karpathy_2022": ("",),
    "korthikanti_2022": ("",),
    "krajewski_2024": ("", "_dense"),
    "kumar_2024": ("", "_ptq"),
    "li_2025": ("", "_bootstrap"),
    "liu_2025": ("",),
    "ludziejewski_2025": ("", "_counts", "_e1", "_e16", "_e2", "_e32", "_e4", "_optimum"),
    "mcleish_2025": ("", "_100b", "_cooldown", "_learning_rate", "_no_embeddings"),
    "muennighoff_2023": ("", "_printed"),
    "pearce_2024": ("", "_chinchilla"),
    "porian_2024": (
        "_hyperparameters",
        "_openwebtext2_1",
        "_openwebtext2_2",
        "_openwebtext2_3",
        "_openwebtext2_4",
        "_openwebtext2_5",
        "_refinedweb_1",
        "_refinedweb_2",
        "_refinedweb_3",
        "_refinedweb_4",
        "_refinedweb_5",
    ),
    "sardana_2023": ("", "_cost", "_fit_100", "_fit_250", "_fit_500", "_fit_all", "_lifetime", "_requests"),
    "shukor_2025": ("_early", "_late", "_sparse"),
    "tao_2024": ("_approach_1", "_approach_2", "_approach_3", "_vocabulary"),
    "xiao_2024": ("",),
    "ye_2024": ("_academic", "_continual", "_dialogue", "_internet", "_prose", "_symbolic"),
}
NAMES = [paper + suffix for paper, suffixes in LIBRARY.items() for suffix in suffixes]
FOLDER = Path(library.__file__).parent
ANSWERS = [(name, index) for name in NAMES for index in range(len(load_library_law(name).known_answers))]


def _text(name: str) -> dict[str, Any]:
    text: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    return text


def test_library_holds_these_laws():
    """These and no others: a new law is added here together with its source and its known answers."""
    assert sorted(NAMES) == list(law_names())
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_law_says_where_it_comes_from(name):
    """A law is named like its file, and states its source with what a reference list needs."""
    law = load_library_law(name)
    assert (law.name, law.origin) == (name, "library")
    assert re.fullmatch(r"[a-z]+_\d{4}(_[a-z0-9]+)*", name)
    assert law.title
    assert law.notes
    assert law.source is not None
    assert law.source.cite.endswith(name.split("_")[1])
    assert re.fullmatch(r"\d{4}\.\d{5}", law.source.arxiv) or law.source.url.startswith("https://github.com/")
    assert law.source.where
    assert {"title", "author", "year"} <= set(law.source.bibtex)
    assert law.source.bibtex["year"] == name.split("_")[1]


@pytest.mark.parametrize("name", NAMES)
def test_law_states_units_range_and_answers(name):
    """Each output and input has a unit, the fitted range is given or said to be unstated, an answer is known."""
    law, text = load_library_law(name), _text(name)
    outputs, inputs = text.get("formulas", {}), text.get("inputs", {})
    assert all(entry.get("unit") and entry.get("label") for entry in outputs.values())
    assert all(entry.get("unit") for entry in inputs.values())
    assert text["fitted_range"] == "not stated" or law.fitted_range
    assert set(law.fitted_range or {}) <= {*law.decisions, *law.inputs, "C"}
    assert law.known_answers
    assert all(0 < answer.within < 0.1 and answer.source for answer in law.known_answers)
    assert list_answered(law)


@pytest.mark.parametrize("name", NAMES)
def test_law_says_what_it_counts(name):
    """A law with sizes says what they count, one with a loss on what it was fitted, or that this is not stated."""
    law = load_library_law(name)
    about = law.about
    assert about.topic in TOPICS
    if any(decision.role == "parameters" for decision in law.decisions.values()):
        assert about.parameters in {*COUNTED_PARAMETERS, NOT_STATED}
    if law.loss is not None:
        assert about.data
        assert about.tokenizer
    assert set(about.rounded) in (set(), set(LANGUAGES))
    named = set(re.findall(r"[a-z]+_20\d\d\w*", " ".join(about.rounded.values())))
    assert named <= set(NAMES) - {name}


def test_what_laws_count_agrees_with_their_notes():
    """Where the notes of a law speak of its sizes, data or tokenizer, `about` says the same."""
    phrases = {
        "counts all parameters": ("parameters", "total"),
        "counts parameters without embeddings": ("parameters", "non_embedding"),
        "counts the parameters active": ("parameters", "active"),
        "counts the parameters that are not zero": ("parameters", "non_zero"),
        "nats per token of MassiveText": ("data", "MassiveText"),
        "nats per token of WebText2": ("data", "WebText2"),
        "nats per token of C4": ("data", "C4"),
        "nats per token of Dolma": ("data", "Dolma"),
        "nats per token of FineWeb-Edu": ("data", "FineWeb-Edu"),
        "vocabulary of GPT-2": ("tokenizer", "GPT-2 BPE, 50257"),
        "32 thousand SentencePiece": ("tokenizer", "SentencePiece, 32k"),
    }
    met = set()
    for name in NAMES:
        law = load_library_law(name)
        notes = " ".join(law.notes)
        for phrase, (key, value) in phrases.items():
            if phrase in notes and getattr(law.about, key) is not None:
                assert getattr(law.about, key) == value, (name, phrase)
                met.add(phrase)
    assert met == set(phrases)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_in_a_law_is_idle(name):
    """Every constant, intermediate formula and input is read somewhere in the law."""
    law = load_library_law(name)
    texts = [law.loss, law.cost, *law.where.values(), *(extra.formula for extra in law.formulas.values())]
    words = {word for text in texts if text is not None for word in re.findall(r"\w+", text.text)}
    assert {*law.constants, *law.where, *law.inputs, *law.decisions} - words == set()
    assert find_law_faults(law) == ()


@pytest.mark.parametrize("name", NAMES)
def test_units_follow_from_the_formulas(name):
    """Each output's unit is what its formula makes of the units of decisions and inputs."""
    graph, outputs = build_formula_graph(load_library_law(name))
    assert outputs
    assert check_dimensions(graph) >= len(outputs)


@pytest.mark.parametrize(("name", "index"), ANSWERS)
def test_known_answer_is_met(name, index):
    """The product gives each figure that a law file states, as `flopsheet laws` shows it."""
    law = load_library_law(name)
    known = law.known_answers[index]
    assert answer_ours(law, known) == pytest.approx(known.value, rel=known.within)


def test_exponents_alone_are_marked():
    """A law without prefactors says so in its title, and answers neither a loss nor a size."""
    marked = {name for name in NAMES if "exponents only" in load_library_law(name).title}
    assert {name.split("_")[0] for name in marked} == {"aghajanyan", "shukor", "hu"}
    for name in marked:
        assert {"loss", "N_opt"}.isdisjoint(list_answered(load_library_law(name)))


def test_intervals_are_the_published_ones():
    """Intervals come from Hoffmann et al. (10 to 90 %) and Porian et al. (2.5 to 97.5 %), from nobody else."""
    levels = {
        (name.split("_")[0], constant.level)
        for name in NAMES
        for constant in load_library_law(name).constants.values()
        if constant.interval
    }
    assert levels == {("hoffmann", 0.8), ("porian", 0.95)}


def test_printed_constants_are_rounded():
    """What Muennighoff et al. print is the output of their notebook, to the last printed digit."""
    printed, whole = (load_library_law(f"muennighoff_2023{suffix}").constants for suffix in ("_printed", ""))
    for symbol, constant in printed.items():
        digits = len(repr(constant.value).partition(".")[2])
        digits = 0 if constant.value.is_integer() else digits
        assert round(whole[symbol].value, digits) == constant.value
