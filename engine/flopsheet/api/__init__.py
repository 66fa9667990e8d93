"""The program in verbs, where all layers meet: load, solve, derive, check, build, verify."""

from flopsheet.api.build import BuildOptions, BuildResult, build_plans
from flopsheet.api.compiled import CompiledPlan, compile_plan
from flopsheet.api.deriving import derive_of_law, derive_of_plan
from flopsheet.api.difference import compare_plans
from flopsheet.api.explain import NoPlanError, TracedKey, explain
from flopsheet.api.hardware import describe_accelerator, list_accelerators
from flopsheet.api.library import describe_law, evaluate_law_at, find_law, group_laws, list_laws
from flopsheet.api.plan_laws import derive_any_law, derive_plan_law
from flopsheet.api.solve import record_solved, solve, solve_plan
from flopsheet.api.sweep import SweepResult, sweep_plan

__all__ = [
    "BuildOptions",
    "BuildResult",
    "CompiledPlan",
    "NoPlanError",
    "SweepResult",
    "TracedKey",
    "build_plans",
    "compare_plans",
    "compile_plan",
    "derive_any_law",
    "derive_of_law",
    "derive_of_plan",
    "derive_plan_law",
    "describe_accelerator",
    "describe_law",
    "evaluate_law_at",
    "explain",
    "find_law",
    "group_laws",
    "list_accelerators",
    "list_laws",
    "record_solved",
    "solve",
    "solve_plan",
    "sweep_plan",
]
