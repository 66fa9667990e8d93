"""Symbols that a derivation writes but never computes with: logarithmic slopes and the like."""

from __future__ import annotations

import sympy as sp


class LogSlope(sp.Function):
    """The derivative of a quantity with respect to the logarithm of another: dL/d ln N."""

    nargs = 2


class Elasticity(sp.Function):
    """The derivative of a logarithm with respect to a logarithm: d ln N / d ln C."""

    nargs = 2


class Optimal(sp.Function):
    """A decision at the optimum under the budget alone."""

    nargs = 1


class Multiplier(sp.Function):
    """The KKT multiplier of a limit, -dL/d ln(limit)."""

    nargs = 1


class Slope(sp.Function):
    """The derivative of a quantity with respect to another: dQ/dc."""

    nargs = 2
