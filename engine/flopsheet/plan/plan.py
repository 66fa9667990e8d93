"""The plan as the rest of the program sees it: typed, frozen, every value with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from flopsheet.errors import Place
from flopsheet.formula.text import FormulaText
from flopsheet.plan.requests import SensitivityRequest, Sweep
from flopsheet.plan.uncertain import UncertaintyRequest

Objective = Literal["minimize loss", "minimize compute", "minimize cost"]
Covers = Literal["training", "lifetime"]
# Layers of numbers that no file writes: figures of the catalogue of accelerators, and what holds where nothing is said.
CATALOGUE = "catalogue"
DEFAULT = "default"
# What a law file writes where it was looked for and the source does not say.
NOT_STATED = "not stated"
COUNTED_PARAMETERS = ("total", "non_embedding", "active", "non_zero")
LOSS_SIGNS = ("positive", "any")
FitMethod = Literal["logs"]
StrategyKind = Literal["tokens_per_parameter", "parameters", "tokens", "shares"]


@dataclass(frozen=True, slots=True)
class Sourced:
    """A number of the plan in base units (FLOP, token, parameter, nats/token, '1'), and what set it.

    `value` is None where a layer removed a limit with null. `layer` is the file (relative to the
    project root), "--set", or one of CATALOGUE and DEFAULT. `text` is the scalar as written.
    """

    value: float | None
    unit: str
    place: Place
    layer: str
    text: str

    @property
    def is_written(self) -> bool:
        """Whether a plan's own line says so, rather than the catalogue or a default."""
        return self.layer not in {CATALOGUE, DEFAULT}


@dataclass(frozen=True, slots=True)
class SourcedText:
    """A word of the plan, such as the name of an accelerator, and what set it; None where a layer removed it."""

    value: str | None
    place: Place
    layer: str


@dataclass(frozen=True, slots=True)
class Tier:
    """A tier of data by the name that dotted keys address it with; `slug` is for identifiers."""

    name: str
    slug: str
    place: Place


@dataclass(frozen=True, slots=True)
class Constant:
    """A fitted constant of a law. `interval` has coverage `level`; `se` is a standard error."""

    name: str
    value: float
    place: Place
    unit: str | None = None
    interval: tuple[float, float] | None = None
    level: float | None = None
    se: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """A quantity the optimiser chooses. `role` is "parameters", "tokens" or None; `unit` its base unit."""

    symbol: str
    role: str | None
    unit: str
    place: Place


@dataclass(frozen=True, slots=True)
class Source:
    """Where a law was published. `cite` is "Author et al. YEAR"; `bibtex` holds BibTeX fields."""

    cite: str
    where: str = ""
    arxiv: str = ""
    doi: str = ""
    url: str = ""
    bibtex: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class About:
    """What the symbols of a law stand for, and how far its constants can be trusted.

    Each text is None where the law file says nothing, and `NOT_STATED` where its source does not. `topic` is the
    heading under which the library lists the law. `parameters` is what its sizes count, one of
    `COUNTED_PARAMETERS`; `data` the training set; `loss` what the loss is where that is not plain nats/token of
    the data, and `loss_sign` is `any` where it may be zero or below, as one less that of another model is;
    `rounded` says by language what too few printed digits do to results.
    """

    topic: str | None = None
    parameters: str | None = None
    data: str | None = None
    tokenizer: str | None = None
    loss: str | None = None
    loss_sign: str | None = None
    rounded: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KnownAnswer:
    """A published figure.

    `at` gives decisions, or `C` for the optimum at a budget; `quantity` is `loss`, `cost`, a decision's
    `X_opt`, or the name of a formula. `within` is relative.
    """

    at: Mapping[str, float]
    quantity: str
    value: float
    within: float
    source: str
    place: Place


@dataclass(frozen=True, slots=True)
class ExtraFormula:
    """A further output of a law, or a reader's own cell: formula, unit, label."""

    name: str
    formula: FormulaText
    unit: str
    label: str = ""
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class LawInput:
    """What a law takes from the plan: `source` is a dotted key or None.

    `candidates` are a finite choice, `between` the ends of a continuous one.
    """

    symbol: str
    unit: str
    source: str | None = None
    candidates: tuple[float, ...] = ()
    place: Place | None = None
    between: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Law:
    """A law file, typed. `origin` is "library", a path relative to the project root, or "inline"."""

    name: str
    title: str
    origin: str
    place: Place
    source: Source | None
    loss: FormulaText | None
    cost: FormulaText | None
    decisions: Mapping[str, Decision]
    constants: Mapping[str, Constant]
    where: Mapping[str, FormulaText] = field(default_factory=dict)
    formulas: Mapping[str, ExtraFormula] = field(default_factory=dict)
    inputs: Mapping[str, LawInput] = field(default_factory=dict)
    inference_cost: FormulaText | None = None
    fitted_range: Mapping[str, tuple[float, float]] | None = None  # None: "not stated"
    known_answers: tuple[KnownAnswer, ...] = ()
    draws: str | None = None
    draws_place: Place | None = None
    notes: tuple[str, ...] = ()
    about: About = About()

    @property
    def has_signed_loss(self) -> bool:
        """Whether its loss may be zero or below, as that of a normalised loss may."""
        return self.about.loss_sign == "any"


@dataclass(frozen=True, slots=True)
class Repetition:
    """What repeated tokens are worth, as a formula of `epochs` (tokens over unique tokens) and the constants.

    Exactly one is given: `effective` (how many epochs' worth of new data) or `loss_factor` (the loss is multiplied
    by it). `effective_parameters` is what parameters are worth, as a formula of `excess` (how many times the best size
    for one pass). A plan's `data.decay` stands for the constant `decay`. `origin` is "library" or a path.
    """

    name: str
    title: str
    constants: Mapping[str, Constant]
    effective: FormulaText | None
    loss_factor: FormulaText | None
    effective_parameters: FormulaText | None
    source: Source | None
    place: Place
    origin: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ComparedName:
    """A law that the plan's own is compared with: a library name or a path relative to the root, with its place."""

    name: str
    place: Place


@dataclass(frozen=True, slots=True)
class Strategy:
    """A fixed choice held against the optimum: exactly one of tokens_per_parameter, parameters, tokens, shares.

    `value` is the number chosen; of `shares` (each decision's part of a budget that is their sum) it is the first.
    """

    name: str
    slug: str
    kind: StrategyKind
    value: float
    place: Place
    shares: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Claim:
    """Formulas somebody states about results, to be proven or refuted."""

    name: str
    says: Mapping[str, FormulaText]
    place: Place
    source: str = ""
    expected: Literal["proven", "refuted"] | None = None
    scenario: str | None = None


@dataclass(frozen=True, slots=True)
class Expectation:
    """A bound the planner sets on a result or cell; `within` is relative to `value`. Base units.

    `unit` is the base unit of the bounds as written, None where they are bare numbers.
    """

    name: str
    place: Place
    at_most: float | None = None
    at_least: float | None = None
    value: float | None = None
    within: float | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class FitRequest:
    """Constants of the plan's law to be taken from training runs.

    `runs` is a CSV file relative to the project root. `columns` names the column of the law's resource and that of
    the `loss`, where it is not their own name. `free` are the constants to be fitted; where it is empty, all that the
    plan does not set itself. `places` holds the place of each key.
    """

    runs: str
    law: str
    method: FitMethod
    columns: Mapping[str, str]
    free: tuple[str, ...]
    places: Mapping[str, Place]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One named set of inputs.

    `overrides` are its own lines, without those that --set beats; `inputs` is base, parents, own lines and
    --set merged. Both by dotted key; a removed key stays in both with value None. Both hold what follows
    from its accelerators too: `hardware.peak`, `.power`, `.memory`, `.bytes_per_parameter`, `inference.peak`
    and `.price`; and a tier that is not among its own has a `unique` of 0. `expect` is of the parents and its own.
    `texts` are its words by dotted key, base and --set merged, `text_overrides` those of its own lines;
    `repetition` is the one that the words name, the exponential one where they name none, and None where the data are
    not limited. `tiers` are the names of its own.
    """

    name: str
    slug: str
    place: Place
    parent: str | None
    overrides: Mapping[str, Sourced]
    inputs: Mapping[str, Sourced]
    expect: Mapping[str, Expectation] = field(default_factory=dict)
    texts: Mapping[str, SourcedText] = field(default_factory=dict)
    repetition: Repetition | None = None
    tiers: tuple[str, ...] = ()
    text_overrides: Mapping[str, SourcedText] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan file with its layers merged. `path` and `files` are relative to `root`, with `/`.

    `law` is a library name, a path, or an inline law already typed. `inputs` are the base values
    (before scenarios) by dotted key. There is always at least one scenario. `tiers` are those of any scenario, in
    the order in which they first stand. `covers` is what a budget pays for.
    """

    path: str
    root: Path
    title: str
    description: str
    language: str
    objective: Objective
    law: str | Law
    law_place: Place
    inputs: Mapping[str, Sourced]
    scenarios: tuple[Scenario, ...]
    strategies: tuple[Strategy, ...]
    cells: Mapping[str, ExtraFormula]
    claims: tuple[Claim, ...]
    expect: Mapping[str, Expectation]
    files: tuple[str, ...]
    compare: tuple[ComparedName, ...] = ()
    fit: FitRequest | None = None
    uncertainty: UncertaintyRequest | None = None
    tiers: tuple[Tier, ...] = ()
    covers: Covers = "training"
    sensitivity: SensitivityRequest | None = None
    # Where `objective` and `budget.covers` stand, by those keys, as far as they do.
    places: Mapping[str, Place] = field(default_factory=dict)
    sweep: Sweep | None = None
