"""The tables of a report on a plan under terms: inputs, results, tiers, limits, and what binds as the budget grows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flopsheet.document.naming import binding_cell, head_of
from flopsheet.document.tables import Column, Table, build_table
from flopsheet.document.terms_study import Study
from flopsheet.document.terms_words import TermWords
from flopsheet.document.view_tables import head_of_result
from flopsheet.evaluate.binding_order import Phase, Sweep
from flopsheet.model.cell import BEYOND_REACH, Cell
from flopsheet.plan.keys import QUALITY_PRESETS

_TAKES: Final = ("C_train", "C_inference", "C_total", "accelerator_hours", "time", "cost", "energy")
_TIER: Final = "data_tiers_"
#: More scenarios than these stand below each other, not side by side.
_MOST_COLUMNS: Final = 8


def list_term_inputs(study: Study, words: TermWords) -> Table | None:
    """Every input of the scenarios but those of tiers: an input a row, or a scenario a row where these are many."""
    source = study.source
    cells = [cell for cell in _inputs(study) if not cell.id.startswith(_TIER)]
    names = [answer.name for answer in source.answers]
    shown = [[_input_cell(study, words, cell, index) for index in range(len(names))] for cell in cells]
    heads = [words.head(cell) for cell in cells]
    if len(names) <= _MOST_COLUMNS:
        columns = [Column(words.plain.say("report.input"), "left"), *(Column(words.plain.name(name)) for name in names)]
        return build_table(columns, [[head, *texts] for head, texts in zip(heads, shown, strict=True)])
    columns = [Column(words.plain.say("report.scenario"), "left"), *(Column(head) for head in heads)]
    rows = [[words.plain.name(name), *(texts[index] for texts in shown)] for index, name in enumerate(names)]
    return build_table(columns, rows)


def _inputs(study: Study) -> list[Cell]:
    """The input cells that any scenario sets, as the model orders them; constants of the law only where they differ."""
    source = study.source
    table = source.table
    constants = set(source.model.constants)
    found = []
    for cell in source.graph:
        if cell.kind not in {"input", "constant"} or cell.key is None or cell.key.startswith("strategies."):
            continue
        given = any(table.is_set(cell.key, index) for index in range(len(source.answers)))
        if given and (cell.id not in constants or len(set(table.values[cell.id])) > 1):
            found.append(cell)
    return found


def _input_cell(study: Study, words: TermWords, cell: Cell, index: int) -> str:
    """The value of an input in a scenario; a dash where it is not set."""
    value = study.source.evaluation.value(cell.id, index)
    if value >= BEYOND_REACH:
        return words.plain.number(None)
    return words.plain.percent(value, 4) if cell.id.endswith("_mfu") else words.amount(value, cell.unit)


def list_supply(study: Study, words: TermWords) -> Table | None:
    """The tiers of data as they are given: unique tokens, quality, passes allowed, how repetition wears off."""
    source, plain = study.source, words.plain
    supply = study.terms.supply
    if supply is None or not supply.is_named:
        return None
    rows = []
    for index, answer in enumerate(source.answers):
        for tier in study.tiers(index):
            texts = []
            for part in ("unique", "quality", "epochs", "decay"):
                cell_id = f"{_TIER}{tier.slug}_{part}"
                if cell_id not in source.graph:
                    texts.append("")
                    continue
                text = _input_cell(study, words, source.graph[cell_id], index)
                given = source.plan.scenarios[index].inputs.get(f"data.tiers.{tier.name}.{part}")
                if part == "quality" and given is not None and given.text in QUALITY_PRESETS:
                    text += (
                        plain.say("document.open_paren") + plain.code(given.text) + plain.say("document.close_paren")
                    )
                texts.append(text)
            rows.append([plain.name(answer.name), plain.name(tier.name), *texts])
    columns = [
        Column(plain.say("report.scenario"), "left"),
        Column(plain.say("terms.tier"), "left"),
        *(Column(plain.say(f"terms.{part}")) for part in ("unique", "quality", "most_epochs", "decay")),
    ]
    return build_table(columns, rows)


def list_term_results(study: Study, words: TermWords) -> Table | None:
    """What to do in every scenario, and what that reaches."""
    source, plain = study.source, words.plain
    model = source.model
    decisions = [f"{z}_opt" for z in model.decisions]
    known = list(dict.fromkeys(name for answer in source.answers for name in answer.results))
    names = [*decisions, *(name for name in known if name not in decisions and name not in _TAKES)]
    same = all("efficiency" not in a.results or a.results["efficiency"].value > 1 - 1e-9 for a in source.answers)
    names = [name for name in names if name != "efficiency" or not same]
    heads = {f"{z}_opt": head_of(source, plain, number) for number, z in enumerate(model.decisions)}
    columns = [Column(plain.say("report.scenario"), "left")]
    columns += [Column(heads.get(name) or head_of_result(source, plain, name)) for name in names]
    columns.append(Column(plain.say("report.binds"), "left"))
    rows = []
    for answer in source.answers:
        texts = [
            plain.number(None) if (found := answer.results.get(name)) is None else
            plain.number(found.value, None if found.unit == "1" else found.unit)
            for name in names
        ]  # fmt: skip
        rows.append([plain.name(answer.name), *texts, binding_cell(source, plain, answer)])
    return build_table(columns, rows)


def list_takes(study: Study, words: TermWords) -> Table | None:
    """What every scenario spends."""
    source, plain = study.source, words.plain
    names = [name for name in _TAKES if any(name in answer.results for answer in source.answers)]
    if "C_inference" not in names:
        names = [name for name in names if name != "C_total"]
    columns = [Column(plain.say("report.scenario"), "left"), *(Column(plain.say(f"terms.{name}")) for name in names)]
    rows = []
    for answer in source.answers:
        texts = [
            plain.number(None) if (found := answer.results.get(name)) is None else words.amount(found.value, found.unit)
            for name in names
        ]
        rows.append([plain.name(answer.name), *texts])
    return build_table(columns, rows) if names else None


def list_tiers(study: Study, words: TermWords) -> Table | None:
    """What is done with each tier of every scenario, and what more of it is worth."""
    source, plain = study.source, words.plain
    rows = []
    for index in study.planned:
        answer = source.answers[index]
        more = {item.tier: item for item in study.more_data[index]}
        for tier in answer.tiers:
            gain = more.get(tier.name)
            rows.append(
                [
                    plain.name(answer.name),
                    plain.name(tier.name),
                    plain.number(tier.epochs),
                    plain.number(tier.tokens, "token"),
                    plain.number(tier.marginal_value),
                    plain.change(tier.shadow_price),
                    *words.gain(gain, source.minimises_loss),
                ]
            )
        if not answer.tiers and study.tiers(index) and (gain := more.get("")):
            epochs, tokens = answer.results["epochs"].value, answer.results[f"{study.tokens}_opt"].value
            level = source.evaluation.value("fresh_part", index)
            price = answer.shadow_prices.get("data")
            rows.append(
                [
                    plain.name(answer.name),
                    plain.say("terms.all_data"),
                    plain.number(epochs),
                    plain.number(tokens, "token"),
                    plain.number(level),
                    plain.number(None) if price is None else plain.change(price.value),
                    *words.gain(gain, source.minimises_loss),
                ]
            )
    columns = [
        Column(plain.say("report.scenario"), "left"),
        Column(plain.say("terms.tier"), "left"),
        Column(plain.say("terms.epochs")),
        Column(plain.say("role.tokens_title")),
        Column(plain.say("terms.next_token")),
        Column(plain.say("terms.one_percent")),
        *(Column(head) for head in words.gain_heads(source.minimises_loss)),
    ]
    return build_table(columns, rows)


def list_uses(study: Study, words: TermWords) -> Table | None:
    """Every limit of every scenario: what it allows, what is used, and what 1 % more of it is worth."""
    plain = words.plain
    rows = []
    for index in study.planned:
        for use in study.uses[index]:
            usd = None if use.usd is None or use.price == 0 else use.usd
            rows.append(
                [
                    plain.name(study.source.answers[index].name),
                    plain.say(f"limit.{use.name}_title"),
                    words.amount(use.amount, use.unit),
                    words.amount(use.used, use.unit),
                    words.left(use.left),
                    plain.change(use.price) if use.price else "0",
                    words.share(use.equivalent / 100),
                    words.amount(usd, "USD"),
                ]
            )
    yardsticks = {words.yardstick(study, index) for index in study.planned}
    beside = yardsticks.pop() if len(yardsticks) == 1 else plain.say("terms.the_budget")
    heads = ["limit", "amount", "used", "left", "one_percent"]
    columns = [
        Column(plain.say("report.scenario"), "left"),
        Column(plain.say(f"terms.{heads[0]}"), "left"),
        *(Column(plain.say(f"terms.{head}")) for head in heads[1:]),
        Column(plain.say("terms.same_as" if study.source.minimises_loss else "terms.saves_of", what=beside)),
        Column(plain.say("terms.same_usd")),
    ]
    if all(row[-1] == plain.number(None) for row in rows):
        columns, rows = columns[:-1], [row[:-1] for row in rows]
    return build_table(columns, rows)


def list_fixed(study: Study, words: TermWords) -> Table | None:
    """Fixed choices within the limits of their scenario, held against the plan."""
    source, plain = study.source, words.plain
    rows = []
    for answer in source.answers:
        for name, strategy in answer.strategies.items():
            decided = [
                plain.number(strategy.decisions[z.name], source.model.decision(z).unit, 3)
                for z in source.model.decisions
            ]
            worse = strategy.loss - answer.results["L_opt"].value
            rows.append(
                [
                    plain.name(answer.name),
                    plain.name(name),
                    *decided,
                    plain.number(strategy.loss, "nats/token", 5),
                    plain.cost(worse, "nats/token", 3),
                ]
            )
    columns = [
        Column(plain.say("report.scenario"), "left"),
        Column(plain.say("report.strategy"), "left"),
        *(Column(head_of(source, plain, number)) for number in range(2)),
        Column(plain.say("report.loss")),
        Column(plain.say("terms.above_plan")),
    ]
    return build_table(columns, rows)


def list_order(study: Study, words: TermWords, sweep: Sweep) -> Table | None:
    """The ranges of budgets, or of targets, in which the same limits bind; the plan's own is marked."""
    plain, source = words.plain, study.source
    cell = source.graph[sweep.cell]
    own = source.evaluation.value(sweep.cell, sweep.index)
    starts = [phase.low for phase in sweep.phases]
    values = study.what_if.evaluate(sweep.index, {sweep.cell: starts})
    rows = []
    for at, phase in enumerate(sweep.phases):
        texts = [words.amount(phase.low, cell.unit, 4), _binding(words, phase), _data(study, words, phase)]
        if phase.binding is None:
            texts += [plain.number(None)] * 3
        else:
            decided = [(f"{z.name}_opt", source.model.decision(z).unit) for z in source.model.decisions]
            texts += [plain.number(float(values[name][at]), unit, 3) for name, unit in decided]
            texts.append(plain.number(float(values["L_opt"][at]), "nats/token"))
        rows.append([f"**{text}**" if phase.holds(own) and text else text for text in texts])
    columns = [
        Column(plain.say("terms.from_budget" if source.minimises_loss else "terms.from_target")),
        Column(plain.say("report.binds"), "left"),
        Column(plain.say("terms.data_use"), "left"),
        *(Column(head_of(source, plain, number)) for number in range(2)),
        Column(plain.say("report.loss")),
    ]
    return build_table(columns, rows)


def _binding(words: TermWords, phase: Phase) -> str:
    """What binds in a range."""
    plain = words.plain
    if phase.binding is None:
        return plain.say("terms.no_plan")
    return plain.join([plain.say(f"limit.{name}") for name in phase.binding] or [plain.say("report.no_limit")])


def _data(study: Study, words: TermWords, phase: Phase) -> str:
    """What is done with the data in a range."""
    plain, supply = words.plain, study.terms.supply
    names = {} if supply is None else {tier.slug: tier.name for tier in supply.tiers}
    texts: Sequence[str] = [
        (plain.name(names[slug]) + plain.say("document.colon") if names[slug] else "") + plain.say(f"terms.use_{use}")
        for slug, use in phase.uses
    ]
    return plain.say("terms.gap").join(texts)
