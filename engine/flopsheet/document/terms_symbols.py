"""How the names of a plan's terms are written in LaTeX: data, hardware, inference, limits and their parts."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from flopsheet.document.latex_names import latex_name

_MONEY, _TIME, _MEMORY = r"\mathcal{M}", r"\mathcal{T}", r"\mathcal{B}"
_LIMITS: Final = {
    "compute": "C",
    "money": _MONEY,
    "time": _TIME,
    "memory": _MEMORY,
    "parameters": r"N_{\max}",
    "tokens": r"D_{\max}",
    "data": "U",
}
_FIXED: Final = {
    "budget_money": _MONEY,
    "budget_time": _TIME,
    "caps_money": rf"{_MONEY}_{{\max}}",
    "caps_time": rf"{_TIME}_{{\max}}",
    "caps_memory": rf"{_MEMORY}_{{\max}}",
    "hardware_count": r"n_{\mathrm{acc}}",
    "hardware_mfu": r"\mathrm{MFU}",
    "hardware_peak": r"\mathrm{peak}",
    "hardware_price": r"\mathrm{price}",
    "hardware_power": r"\mathrm{power}",
    "hardware_bytes_per_parameter": r"\mathrm{bytes}",
    "inference_tokens": r"D_{\mathrm{inf}}",
    "inference_input_tokens": r"D_{\mathrm{in}}",
    "inference_output_tokens": r"D_{\mathrm{out}}",
    "inference_peak": r"\mathrm{peak}_{\mathrm{inf}}",
    "inference_prefill_mfu": r"\mathrm{MFU}_{\mathrm{in}}",
    "inference_decode_mfu": r"\mathrm{MFU}_{\mathrm{out}}",
    "inference_price": r"\mathrm{price}_{\mathrm{inf}}",
    "data_unique": "U",
    "data_epochs": r"k_{\max}",
    "data_decay": "R",
    "epochs": "k",
    "water_level": r"\mu",
    "D_effective": r"D_{\mathrm{eff}}",
    "N_effective": r"N_{\mathrm{eff}}",
    "size_one_pass": "N_{U}",
    "repetition_decay_parameters": "R_{N}",
    "trade_below": r"\theta_{-}",
    "trade_above": r"\theta_{+}",
    "trade_wanted": r"\theta",
    "part_below": "p_{-}",
    "part_above": "p_{+}",
}
_PATTERNS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...]] = (
    (re.compile(r"data_tiers_(\w+)_unique"), lambda m: latex_name(f"U_{m[1]}")),
    (re.compile(r"data_tiers_(\w+)_quality"), lambda m: latex_name(f"q_{m[1]}")),
    (re.compile(r"data_tiers_(\w+)_decay"), lambda m: latex_name(f"R_{m[1]}")),
    (re.compile(r"data_tiers_(\w+)_epochs"), lambda m: latex_name(f"k_{m[1]}").replace("_{", r"_{\max,", 1)),
    (re.compile(r"tier_(\w+)_epochs"), lambda m: latex_name(f"k_{m[1]}")),
    (re.compile(r"effective_(\w+)"), lambda m: latex_name(f"D_eff_{m[1]}")),
    (re.compile(r"repetition_(\w+)"), lambda m: latex_name(m[1])),
    (re.compile(r"(\w+)_where_(\w+)_meets_(\w+)"), lambda m: f"{latex_name(m[1])}_{{{_limit(m[2])} = {_limit(m[3])}}}"),
    (re.compile(r"multiplier_(\w+)"), lambda m: rf"\lambda_{{{_limit(m[1])}}}"),
    (re.compile(r"kappa_(\w+)"), lambda m: rf"\kappa_{{{_limit(m[1])}}}"),
    (re.compile(r"nu_(\w+)"), lambda m: rf"\nu_{{{_limit(m[1])}}}"),
    (re.compile(r"part_(\w+)"), lambda m: f"p_{{{_limit(m[1])}}}"),
    (re.compile(r"limit_(\w+)"), lambda m: _limit(m[1])),
    (re.compile(r"spent_(\w+)"), lambda m: _limit(m[1])),
    (re.compile(r"(\w+)_at_(\w+)_opt"), lambda m: f"{latex_name(m[1])}_{{{_limit(m[2])}}}"),
)


def spell_term(name: str) -> str | None:
    """The LaTeX of a name that a plan's terms bring; None for any other."""
    if name in _FIXED:
        return _FIXED[name]
    for pattern, spell in _PATTERNS:
        match = pattern.fullmatch(name)
        if match:
            return spell(match)
    return None


def _limit(name: str) -> str:
    """The letter of a limit."""
    return _LIMITS.get(name) or latex_name(name)
