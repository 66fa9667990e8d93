"""The units a plan may use: one table, and the algebra of products, quotients and powers of them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from tokenize import TokenError
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pint

MAX_LENGTH = 100
MAX_POWER = 9


@dataclass(frozen=True, slots=True)
class Unit:
    """A named unit: `factor` times a product of base units. A base unit is 1 times itself."""

    name: str
    factor: Fraction
    bases: Mapping[str, int]
    aliases: tuple[str, ...] = ()


def _base(name: str, *aliases: str) -> Unit:
    """A unit that others are measured in."""
    return Unit(name, Fraction(1), {name: 1}, aliases)


def _scaled(name: str, factor: int | Fraction, base: str, *aliases: str) -> Unit:
    """A multiple of one base unit."""
    return Unit(name, Fraction(factor), {base: 1}, aliases)


_PREFIXES = {"k": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6, "Z": 7, "Y": 8}
_PF_DAY_SPELLINGS = tuple(
    f"{stem}-day{s}" for stem in ("PF", "PFLOP", "PFLOP/s", "petaflop", "petaflops", "petaflop/s") for s in ("", "s")
)

# Years have 365 days, as plans count them; there is no month, whose length depends on the month.
UNITS: tuple[Unit, ...] = (
    _base("FLOP", "FLOPs"),
    *(
        _scaled(f"{prefix}FLOP", 1000**power, "FLOP", f"{prefix}FLOPs")
        for prefix, power in _PREFIXES.items()
    ),
    _scaled("PF_day", 86_400 * 10**15, "FLOP", *_PF_DAY_SPELLINGS),
    _base("token", "tokens"),
    _base("parameter", "parameters"),
    _base("accelerator", "accelerators", "GPU", "GPUs"),
    _base("hour", "hours", "h"),
    _scaled("second", Fraction(1, 3600), "hour", "seconds", "s"),
    _scaled("minute", Fraction(1, 60), "hour", "minutes", "min"),
    _scaled("day", 24, "hour", "days"),
    _scaled("week", 168, "hour", "weeks"),
    _scaled("year", 8760, "hour", "years"),
    _base("USD"),
    _base("W", "watt", "watts"),
    *(_scaled(f"{prefix}W", 1000 ** _PREFIXES[prefix], "W") for prefix in "kMG"),
    *(Unit(f"{prefix}Wh", Fraction(1000 ** _PREFIXES.get(prefix, 0)), {"W": 1, "hour": 1}) for prefix in ("", *"kMG")),
    _base("byte", "bytes"),
    *(_scaled(f"{prefix}B", 1000 ** _PREFIXES[prefix], "byte") for prefix in "kMGTP"),
    *(_scaled(f"{prefix}iB", 1024 ** _PREFIXES[prefix.replace("K", "k")], "byte") for prefix in "KMGTP"),
    _base("bit", "bits"),
    _base("nats", "nat"),
    _base("step", "steps"),
    _base("sample", "samples"),
)  # fmt: skip

_BY_NAME: Mapping[str, Unit] = {unit.name: unit for unit in UNITS}
# How a unit is written when it is not written by its name, which has to be an identifier for pint.
_SHOWN = {"PF_day": "PF-day"}
_SPELLINGS: Mapping[str, Unit] = {
    spelling: unit for unit in UNITS for spelling in (_SHOWN.get(unit.name, unit.name), *unit.aliases)
}

_NAME = r"[A-Za-z]+(?:/s)?(?:-[A-Za-z]+)+|[A-Za-z]+"
_TOKEN = re.compile(
    rf"\s*(?:(?P<name>{_NAME})|(?P<power>\*\*\s*-?\d+(?:\.\d+)?)|(?P<sign>[*/()])|(?P<one>1)(?![\d.]))\s*"
)


class UnitError(ValueError):
    """A text that is no unit; `remedy` says what would be."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


@cache
def unit_powers(text: str) -> Mapping[str, Fraction]:
    """The power of each named unit in a product, quotient or power: {'USD': 1, 'hour': -1}.

    Raises:
        UnitError: the text holds an unknown unit or anything but `*`, `/`, `**`, parentheses and names.
    """
    text = text.strip()
    if text in {"1", ""}:
        return MappingProxyType({})
    if text in _SPELLINGS:  # the usual case needs no parser
        return MappingProxyType({_SPELLINGS[text].name: Fraction(1)})
    above, slash, below = text.partition("/")
    if slash and above in _SPELLINGS and below in _SPELLINGS and above != below:
        return MappingProxyType({_SPELLINGS[above].name: Fraction(1), _SPELLINGS[below].name: Fraction(-1)})
    parsed = _parse(_whitelisted(text), text)
    if any(abs(power) > MAX_POWER for power in parsed.values()):
        message = f"the unit `{text}` has a power beyond {MAX_POWER}."
        raise UnitError(message, "Use smaller powers.")
    return MappingProxyType(parsed)


def _whitelisted(text: str) -> str:
    """The text in names of the table, with nothing in it that pint could read in another way."""
    if len(text) > MAX_LENGTH:
        message = f"a unit may have at most {MAX_LENGTH} characters."
        raise UnitError(message)
    text = re.sub(r"\s+per\s+", "/", text)
    parts: list[str] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            message = f"`{text[position]}` cannot stand in a unit."
            raise UnitError(
                message, "A unit is a product, quotient or power of names, such as `USD/hour` or `token**2`."
            )
        name = match["name"]
        parts.append(_known(name) if name else match[0].replace(" ", ""))
        position = match.end()
    return " ".join(parts)


def _known(name: str) -> str:
    """The table's name of one unit, or a product for names joined by hyphens (`GPU-hours`)."""
    if name in _SPELLINGS:
        return _SPELLINGS[name].name
    if "-" in name and "/" not in name:
        return "(" + " * ".join(_known(part) for part in name.split("-")) + ")"
    message = f"unknown unit `{name}`."
    if re.fullmatch(r"[kMGTPEZY]?FLOPS", name):
        message = f"`{name}` may mean operations or operations per second."
        raise UnitError(message, f"Write `{name[:-1]}` or `{name[:-1]}/second`.")
    lower = {spelling.lower(): spelling for spelling in _SPELLINGS}
    close = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.7)
    raise UnitError(message, f"Did you mean `{lower[close[0]]}`?" if close else "")


def _parse(text: str, written: str) -> dict[str, Fraction]:
    """The powers by pint, from text that holds only names of the table."""
    import pint  # noqa: PLC0415 - 280 ms, and most plans only name single units

    try:
        container = _registry().parse_units_as_container(text)
    except (pint.errors.PintError, AssertionError, ArithmeticError, AttributeError, LookupError, SyntaxError,
            TokenError, TypeError, ValueError):  # fmt: skip  # what pint raises for unbalanced or misplaced signs
        message = f"`{written}` is not a product, quotient or power of units."
        raise UnitError(message, "Write for example `USD/hour`, `token**2` or `FLOP/(parameter*token)`.") from None
    return {name: Fraction(str(power)) for name, power in container.items()}


@cache
def _registry() -> pint.UnitRegistry[float]:
    """A pint registry with the units of the table and no others."""
    import pint  # noqa: PLC0415 - see _parse

    registry: pint.UnitRegistry[float] = pint.UnitRegistry(None)
    for unit in UNITS:
        is_base = unit.bases == {unit.name: 1}
        factors = " * ".join((f"{float(unit.factor)!r}", *unit.bases))
        registry.define(f"{unit.name} = [{unit.name}]" if is_base else f"{unit.name} = {factors}")
    return registry


@cache
def dimension_of(unit: str) -> Mapping[str, Fraction]:
    """The powers of base units in a unit: `kWh` gives {'W': 1, 'hour': 1}, `'1'` gives {}."""
    powers: dict[str, Fraction] = {}
    for name, power in unit_powers(unit).items():
        for base, times in _BY_NAME[name].bases.items():
            powers[base] = powers.get(base, Fraction(0)) + power * times
    return MappingProxyType({base: power for base, power in sorted(powers.items()) if power})


@cache
def exact_factor(unit: str) -> Fraction:
    """Base units in one of the unit, exactly where the powers are whole: `day` gives 24 (hours)."""
    factor = Fraction(1)
    for name, power in unit_powers(unit).items():
        factor *= Fraction(_BY_NAME[name].factor ** power)
    return factor


def base_factor(unit: str) -> float:
    """Base units in one of the unit: `kWh` gives 1000.0 (W hour), `USD/day` 1/24."""
    return float(exact_factor(unit))


@cache
def canonical_unit(unit: str) -> str:
    """The one spelling of a unit: `tokens per parameter` gives `token/parameter`, no unit gives `1`."""
    return _spelled(unit_powers(unit))


@cache
def base_unit(unit: str) -> str:
    """The unit in base units alone: `kWh` gives `W*hour`, `USD/day` gives `USD/hour`."""
    return _spelled(dimension_of(unit))


def _spelled(named: Mapping[str, Fraction]) -> str:
    """Powers of units as text, in alphabetical order, what is divided by at the end."""
    powers = sorted(named.items())
    above = [_power(name, power) for name, power in powers if power > 0]
    below = [_power(name, -power) for name, power in powers if power < 0]
    return "/".join(("*".join(above) or "1", *below))


def _power(name: str, power: Fraction) -> str:
    """One factor of a canonical unit."""
    shown = _SHOWN.get(name, name)
    if power == 1:
        return shown
    return f"{shown}**{power}" if power.denominator == 1 else f"{shown}**{float(power):g}"


def units_of_dimension(unit: str) -> tuple[str, ...]:
    """The named units that measure the same thing, for remedies; the unit itself when none does."""
    dimension = dimension_of(unit)
    named = tuple(_SHOWN.get(known.name, known.name) for known in UNITS if dict(known.bases) == dict(dimension))
    return named or (canonical_unit(unit),)
