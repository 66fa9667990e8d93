"""What a plan, a scenario or --set may set: every input number and every input text, each a row of a table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from flopsheet.plan.accelerators import PRECISIONS

NAME = "<name>"

# What a quality word counts as: a convention of this tool, for plans that know no better number.
QUALITY_PRESETS: Mapping[str, float] = {"high": 1.0, "mixed": 0.7, "low": 0.4}
_MOST_DECAY = 1e6


@dataclass(frozen=True, slots=True)
class InputKey:
    """A number that a plan, a scenario or --set may set. A limit can be removed with null.

    `unit` is what the number is held in; `written`, where it differs, what it is written in: `shared` is then a unit
    that may stand below it or be left out (`2.5 USD/hour` of each accelerator). `most` is the largest and `least` the
    smallest that is allowed, `words` the names that stand for numbers, `about` what an editor shows.
    """

    key: str
    unit: str
    positive: bool
    is_limit: bool
    section: str
    about: str = ""
    written: str = ""
    shared: str = ""
    most: float | None = None
    least: float | None = None
    words: Mapping[str, float] = field(default_factory=dict)

    @property
    def reading(self) -> str:
        """The unit that a bare number of the key is in."""
        return self.written or self.unit


@dataclass(frozen=True, slots=True)
class TextKey:
    """A word that a plan, a scenario or --set may set, one of `choices` where there are some."""

    key: str
    section: str
    about: str
    choices: tuple[str, ...] = ()


def _limit(key: str, unit: str, about: str) -> InputKey:
    """A budget or cap."""
    return InputKey(key, unit, positive=True, is_limit=True, section=key.partition(".")[0], about=about)


def _epochs(key: str, about: str) -> InputKey:
    """A cap on passes over data, each of which may be seen once at least."""
    return InputKey(key, "1", positive=True, is_limit=True, section="data", about=about, least=1.0)


def _amount(key: str, unit: str, about: str, written: str = "") -> InputKey:
    """Anything above zero; `written` is its unit for each accelerator, with the accelerator left out."""
    section, shared = key.partition(".")[0], "accelerator" if written else ""
    return InputKey(
        key, unit, positive=True, is_limit=False, section=section, about=about, written=written, shared=shared
    )


def _share(key: str, about: str) -> InputKey:
    """A part of a whole, above 0 and at most 1."""
    section = key.partition(".")[0]
    return InputKey(key, "1", positive=True, is_limit=False, section=section, about=about, most=1.0)


def _decay(key: str) -> InputKey:
    """Epochs over which repetition wears off; so large that it does not, doubles lose what is left of it."""
    about = "Epochs over which repetition wears off; default: that of the repetition"
    return InputKey(key, "1", positive=True, is_limit=False, section="data", about=about, most=_MOST_DECAY)


PEAK_UNIT = "FLOP/(accelerator*hour)"
PRICE_UNIT = "USD/(accelerator*hour)"
POWER_UNIT = "W/accelerator"
BYTES_UNIT = "byte/parameter"

# The table that new inputs are added to; `<name>` stands for a name that the writer or the law chooses.
# Constants absorb their units from the law, so theirs is '1' and any finite number may stand. Values for
# a law's own symbols may carry any unit; whether it fits is known once the law is.
INPUT_KEYS: tuple[InputKey, ...] = (
    InputKey("constants.<name>", "1", positive=False, is_limit=False, section="constants"),
    InputKey("inputs.<name>", "1", positive=False, is_limit=False, section="inputs"),
    InputKey("target.loss", "nats/token", positive=False, is_limit=False, section="target"),
    _limit("budget.compute", "FLOP", "Compute to spend"),
    _limit("budget.money", "USD", "Money to spend; needs the accelerator with its mfu and price"),
    _limit("budget.time", "hour", "Time to train; needs the accelerator with its mfu, and how many there are"),
    _limit("caps.parameters", "parameter", "At most so many parameters"),
    _limit("caps.tokens", "token", "At most so many training tokens"),
    _limit("caps.time", "hour", "At most so long; needs the accelerator with its mfu, and how many there are"),
    _limit("caps.money", "USD", "At most so much money; needs the accelerator with its mfu and price"),
    _limit("caps.memory", "byte", "The weights take at most so many bytes, each as many as its precision has"),
    _amount("hardware.count", "accelerator", "How many accelerators train at once"),
    _share("hardware.mfu", "Share of the peak that training reaches (model FLOP utilisation)"),
    _amount("hardware.price", PRICE_UNIT, "Price of one accelerator for an hour", "USD/hour"),
    _amount("hardware.power", POWER_UNIT, "Power that one accelerator draws; default: that of the catalogue", "W"),
    _amount(
        "hardware.peak", PEAK_UNIT, "Dense peak of one accelerator; default: that of the catalogue", "FLOP/second"
    ),
    _amount("hardware.bytes_per_parameter", BYTES_UNIT, "Memory of a parameter; default: that of the precision"),
    _limit("data.unique", "token", "Unique tokens there are; further ones are repetitions"),
    _epochs("data.epochs", "At most so many epochs over the unique tokens, 1 or more; absent: no cap"),
    _decay("data.decay"),
    _limit("data.tiers.<name>.unique", "token", "Unique tokens of this tier; a tier that a scenario lacks has none"),
    InputKey(
        "data.tiers.<name>.quality",
        "1",
        positive=True,
        is_limit=False,
        section="data",
        about="What a token is worth against one of the data the law was fitted on: a number up to 1, or, by a "
        "convention of this tool, high (1), mixed (0.7) or low (0.4); default 1",
        most=1.0,
        words=QUALITY_PRESETS,
    ),
    _epochs("data.tiers.<name>.epochs", "At most so many epochs over this tier, 1 or more; absent: no cap"),
    _decay("data.tiers.<name>.decay"),
    _amount("inference.tokens", "token", "Tokens that the model will process in its life"),
    _amount("inference.input_tokens", "token", "Tokens that it will read in its life"),
    _amount("inference.output_tokens", "token", "Tokens that it will write in its life"),
    _share("inference.prefill_mfu", "Share of the peak reached while it reads"),
    _share("inference.decode_mfu", "Share of the peak reached while it writes"),
    _amount(
        "inference.price", PRICE_UNIT, "Price of one accelerator for an hour; default: that of hardware", "USD/hour"
    ),
    _amount("inference.peak", PEAK_UNIT, "Dense peak of one accelerator; default: that of hardware", "FLOP/second"),
)  # fmt: skip

_ACCELERATOR = "A name of the catalogue (flopsheet laws accelerators), or any name beside a peak of your own"
TEXT_KEYS: tuple[TextKey, ...] = (
    TextKey("hardware.accelerator", "hardware", _ACCELERATOR),
    TextKey("hardware.precision", "hardware", "What it computes in, and holds weights in; default bf16", PRECISIONS),
    TextKey("inference.accelerator", "inference", f"{_ACCELERATOR}; default: that of hardware"),
    TextKey("inference.precision", "inference", "What inference computes in; default: that of hardware", PRECISIONS),
    TextKey(
        "data.repetition",
        "data",
        "What repeated tokens are worth: exponential (default), muennighoff_2023, none, article_linear, half_life, "
        "or the path of a YAML of your own",
    ),
)

BUDGET_KEYS = ("budget.compute", "budget.money", "budget.time")
TIERS = "data.tiers"


def input_key(dotted: str) -> InputKey | None:
    """The row of the table for a dotted key such as `constants.beta` or `data.tiers.web.unique`, or None."""
    return next((row for row in INPUT_KEYS if _pattern(row.key).fullmatch(dotted)), None)


@cache
def _pattern(key: str) -> re.Pattern[str]:
    """What a key of the table looks like once its name is chosen."""
    return re.compile(re.escape(key).replace(re.escape(NAME), r"[^.]+"))
