"""How the symbols of a law and its plan are written in LaTeX."""

from __future__ import annotations

from typing import Final

from flopsheet.derive.contour import UNKNOWN
from flopsheet.derive.regimes import find_caps
from flopsheet.document.latex_names import latex_name
from flopsheet.model.law_model import LawModel
from flopsheet.model.literals import is_literal
from flopsheet.model.resource_model import ResourceModel

_MAXIMUM: Final = r"\max"


def list_symbols(model: LawModel | ResourceModel) -> dict[str, str]:
    r"""LaTeX by symbol name, in the order in which factors are read: constants, decisions, budget, caps.

    Besides the law's own symbols there are the inputs of the plan that derived formulas read: the
    budget, the target loss and the caps (`N_{\max}`).
    """
    names = [*model.constants, *(z.name for z in model.decisions), model.amount.name, model.level.name]
    symbols = {name: latex_name(name) for name in names}
    for constant in model.law.constants.values():
        if is_literal(constant):
            symbols[constant.name] = _literal(constant.value)
    for given in model.inputs.values():
        symbols[given.symbol.name] = symbols[given.result.name] = symbols[given.cell] = latex_name(given.name)
    symbols["budget_compute"] = symbols[model.amount.name]
    symbols["target_loss"] = symbols[model.level.name]
    symbols[UNKNOWN.name] = r"\tau"
    for z, cap in find_caps(model).items():
        symbols[cap.symbol.name] = subscripted(symbols[z.name], _MAXIMUM)
    return symbols


def _literal(value: float) -> str:
    """A number as it stands in a formula, with a power of ten where it has one."""
    digits, _, exponent = f"{value:.10g}".partition("e")
    if not exponent:
        return digits
    power = f"{{10^{{{int(exponent)}}}}}"
    return power if digits == "1" else rf"{digits} \cdot {power}"


def subscripted(latex: str, subscript: str) -> str:
    """A symbol with a further subscript, in the same pair of braces as the one it has."""
    if "_{" in latex and latex.endswith("}"):
        return f"{latex[:-1]},{subscript}}}"
    return f"{latex}_{{{subscript}}}"
