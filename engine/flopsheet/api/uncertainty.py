"""The draws that a plan asks for: every scenario's answer with intervals, and what is to be known about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flopsheet.api.plan_model import PlanModel
from flopsheet.evaluate.answers import Answer
from flopsheet.evaluate.points import PointPlan
from flopsheet.evaluate.uncertainty_findings import list_uncertainty_findings, tell_fixed
from flopsheet.evaluate.uncertainty_study import Study, build_study
from flopsheet.plan.plan import Plan


def draw_answers(plan: Plan, built: PlanModel, answers: Sequence[Answer]) -> tuple[tuple[Answer, ...], Study | None]:
    """The answers with intervals where the plan asks for draws, and what was drawn.

    Raises:
        FlopsheetError: what is drawn does not fit the plan or its law, or most draws break a limit.
    """
    points = PointPlan(built.graph, built.table, 0)
    study = build_study(plan, built.model, points)
    if study is None:
        return tuple(answers), None
    found = []
    for index, answer in enumerate(answers):
        if not study.samplers[index].keys:
            told = tell_fixed(study.fixed[index])
            found.append(replace(answer, findings=(*answer.findings, *told)))
            continue
        uncertainty = study.evaluate(points.at(index))
        findings = list_uncertainty_findings(uncertainty, built.law.name)
        found.append(replace(answer, uncertainty=uncertainty, findings=(*answer.findings, *findings)))
    return tuple(found), study
