from pathlib import Path

import pytest

from flopsheet.errors import FlopsheetError
from flopsheet.plan.law_file import parse_law
from flopsheet.plan.plan import NOT_STATED, About, Law, Source
from flopsheet.plan.source import load_source, parse_source
from flopsheet.plan.topics import TOPICS


def law(text: str, origin: str = "library") -> Law:
    """The law of a text that must be accepted."""
    return parse_law(parse_source(text, "law.yaml"), origin)


def refusals(text: str, origin: str = "library") -> list[str]:
    """The first line of each problem of a law."""
    with pytest.raises(FlopsheetError) as caught:
        law(text, origin)
    return [problem.render().split("\n")[0] for problem in caught.value.problems]


def test_a_law_file_is_typed_whole(examples: Path):
    """Every key of the law file ends up in the law, numbers in base units."""
    ours = parse_law(load_source(examples / "law.yaml", examples), "library")
    assert (ours.name, ours.title, ours.origin) == ("ours_2026", "Our own fit", "library")
    assert ours.source == Source("We et al. 2026", "Eq. 1", "2601.00010", bibtex={"year": "2026"})
    assert ours.loss is not None
    assert ours.loss.text == "E + A / N**alpha + B / D**beta"
    assert (ours.loss.place.line, ours.loss.place.column) == (4, 7)
    assert {d.symbol: (d.role, d.unit) for d in ours.decisions.values()} == {
        "N": ("parameters", "parameter"),
        "D": ("tokens", "token"),
    }
    alpha, beta = ours.constants["alpha"], ours.constants["beta"]
    assert (alpha.value, alpha.interval, alpha.level, alpha.se) == (0.34, (0.30, 0.38), 0.9, None)
    assert (beta.value, beta.se, ours.constants["B"].note) == (0.28, 0.02, "rounded in print")
    assert (ours.constants["B_star"].value, ours.constants["B_star"].unit) == (2e6, "token")
    assert (ours.constants["A"].value, ours.constants["A"].unit) == (400.0, None)
    assert ours.draws == "draws.csv"
    assert {name: formula.text for name, formula in ours.where.items()} == {"U_N": "min(N_best, N)", "N_best": "N"}
    assert {name: (f.formula.text, f.unit, f.label) for name, f in ours.formulas.items()} == {
        "B_crit": ("B_star / L**(1/alpha)", "token", "Critical batch"),
        "twice": ("2 * N", "1", ""),
    }
    assert {name: (i.source, i.unit, i.candidates) for name, i in ours.inputs.items()} == {
        "U": ("data.unique", "token", ()),
        "P": (None, "bit", (4.0, 8.0, 16.0)),
    }
    assert ours.fitted_range == {"N": (44e6, 16e9), "D": (5e9, 5e11), "C": (6e18, 3e21)}
    assert [(a.at, a.quantity, a.value, a.within, a.source) for a in ours.known_answers] == [
        ({"N": 70e9, "D": 1.4e12}, "loss", 1.94, 0.01, "Table 1"),
        ({"C": 1e21}, "N_opt", 7e9, 0.05, "Table 2"),
        ({"C": 1e21}, "D_opt", 140e9, 0.05, "Table 2"),
        ({"N": 1e9}, "B_crit", 2e6, 0.01, "Figure 3"),
    ]
    assert ours.notes == ("Counts embeddings.", "Free text.")


def test_a_law_may_be_short():
    """Loss, cost and decisions may each be absent; the fitted range may be not stated; a source may be text."""
    ours = law("law: lr\nformulas: {rate: '1'}\nfitted_range: not stated\nsource: We et al. 2026\nnotes: one\n")
    assert (ours.loss, ours.cost, dict(ours.decisions), ours.fitted_range) == (None, None, {}, None)
    assert ours.source == Source("We et al. 2026")
    assert ours.title == "lr"
    assert ours.notes == ("one",)


def test_a_decision_may_have_a_unit_for_a_role():
    """A share of a budget is measured in FLOP and has no role."""
    ours = law("law: shares\ndecisions: {x_N: FLOP, x_D: FLOPs}\nknown_answers: []\n")
    assert {d.symbol: (d.role, d.unit) for d in ours.decisions.values()} == {
        "x_N": (None, "FLOP"),
        "x_D": (None, "FLOP"),
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("titel: x\n", ["law.yaml:1:1: unknown key `titel`."]),
        ("title: x\n", ["law.yaml:1:1: a law file needs `law`, its name."]),
        ("law: a b\n", ["law.yaml:1:6: law: `a b` cannot be the name of a law."]),
        ("law: a\nloss:\n", ["law.yaml:2:6: loss: is empty."]),
        ("law: a\nloss: ''\n", ["law.yaml:2:7: loss: must be a formula, but is empty."]),
        ("law: a\nloss: [1]\n", ["law.yaml:2:7: loss: must be a formula, but is a list."]),
        (
            "law: a\nconstants: {E: x, 中: 1, b: {valeu: 1}, c: {}, d: {value: true}}\n",
            [
                "law.yaml:2:16: constants.E: must be a number, but is `x`.",
                "law.yaml:2:19: constants: `中` cannot be the name of a constant.",
                "law.yaml:2:29: constants.b: unknown key `valeu`.",
                "law.yaml:2:40: constants.c: a constant needs `value`.",
                "law.yaml:2:58: constants.d.value: must be a number, but is the truth value `true`.",
            ],
        ),
        ("law: a\nconstants: {c: {}}\n", ["law.yaml:2:13: constants.c: a constant needs `value`."]),
        (
            "law: a\nconstants: {c: {value: 3, interval: [1, 2], level: 2}}\n",
            [
                "law.yaml:2:37: constants.c.interval: the interval 1 to 2 does not contain the value 3.",
                "law.yaml:2:52: constants.c.level: must lie between 0 and 1 (or 0 % and 100 %).",
            ],
        ),
        (
            "constants:\n  c: {value: 3, interval: [4, 2]}\n  d: {value: 1, level: 1}\nlaw: a\n",
            [
                "law.yaml:2:27: constants.c.interval: must be in rising order: [from, to].",
                "law.yaml:3:24: constants.d.level: must lie between 0 and 1 (or 0 % and 100 %).",
                "law.yaml:3:24: constants.d.level: says how sure the interval is, but there is no `interval`.",
            ],
        ),
        (
            "law: a\ndecisions: {N: parameters, M: parameters, D: tonnes}\n",
            [
                "law.yaml:2:31: decisions.M: the role `parameters` is taken by `N` already.",
                "law.yaml:2:46: decisions.D: unknown unit `tonnes`.",
            ],
        ),
        (
            "law: a\nconstants: {N: 1}\ndecisions: {N: parameters}\n",
            ["law.yaml:2:13: constants.N: `N` is a name under `decisions` already (law.yaml:3:13)."],
        ),
        (
            "law: a\ndecisions: {D: tokens}\nfitted_range: {D: [1 hour, 2]}\n",
            [
                "law.yaml:3:20: fitted_range.D: `1 hour` is an amount in hour, but this key takes an amount in token.",
            ],
        ),
        ("law: a\nfitted_range: unknown\n", ["law.yaml:2:15: fitted_range: must be `not stated`, but is `unknown`."]),
        (
            "law: a\nknown_answers: [{at: {N: 1}, los: 3, within: 1 %, source: s}, 3, {loss: 1}]\n",
            [
                "law.yaml:2:23: known_answers.at: the law has no `N`.",
                "law.yaml:2:30: known_answers: unknown quantity `los`.",
                "law.yaml:2:63: known_answers: must be a mapping of at, within, source, but is `3`.",
                "law.yaml:2:66: known_answers: a known answer needs `at`.",
                "law.yaml:2:66: known_answers: a known answer needs `within`.",
                "law.yaml:2:66: known_answers: a known answer needs `source`.",
            ],
        ),
        (
            "law: a\nconstants: {e: {value: 1, interval: [1]}}\n",
            ["law.yaml:2:37: constants.e.interval: must be a list of 2, each item a number, but has 1 items."],
        ),
        (
            "law: a\nconstants: {c: {value: 1, se: -0.1}, d: {value: 1, unit: tonne}}\n",
            [
                "law.yaml:2:31: constants.c.se: must be greater than 0, but is `-0.1`.",
                "law.yaml:2:58: constants.d.unit: unknown unit `tonne`.",
            ],
        ),
        (
            (
                "law: a\ndecisions: {N: parameters}\nconstants: {k: 1}\nfitted_range: {N: [16B, 70M], M: [1, 2]}\n"
                "known_answers: [{at: {k: 2, n: 3}, loss: 1, within: 1 %, source: s}]\n"
            ),
            [
                "law.yaml:4:19: fitted_range.N: must be in rising order: [from, to].",
                "law.yaml:4:31: fitted_range: the law has no `M`.",
                "law.yaml:5:29: known_answers.at: the law has no `n`.",
            ],
        ),
        (
            "law: a\nabout: {parameters: totl, dta: C4, topic: exprts, rounded: {fr: x}, loss: [1]}\n",
            [
                (
                    "law.yaml:2:21: about.parameters: must be `total` or `non_embedding` or `active` or `non_zero` or "
                    "`not stated`, but is `totl`."
                ),
                "law.yaml:2:27: about: unknown key `dta`.",
                (
                    "law.yaml:2:43: about.topic: must be "
                    f"{' or '.join(f'`{topic}`' for topic in TOPICS)}, but is `exprts`."
                ),
                "law.yaml:2:61: about.rounded: unknown key `fr`.",
                "law.yaml:2:75: about.loss: must be text, but is a list.",
            ],
        ),
        (
            "law: a\nabout: {loss_sign: any}\n",
            ["law.yaml:2:20: about.loss_sign: says that the loss may be below zero, but not what it is."],
        ),
        (
            "law: a\nabout: {loss: less a unigram, loss_sign: either}\n",
            ["law.yaml:2:42: about.loss_sign: must be `positive` or `any`, but is `either`."],
        ),
        ("law: a\nsource: {where: here}\n", ["law.yaml:2:9: source: a source needs `cite`."]),
        ("law: a\ninputs: {U: {form: data.unique}}\n", ["law.yaml:2:14: inputs.U: unknown key `form`."]),
        (
            "law: a\ninputs: {U: {from: data.uniq}, V: {from: caps}}\n",
            [
                "law.yaml:2:20: inputs.U.from: `data.uniq` is not a number that a plan sets.",
                "law.yaml:2:42: inputs.V.from: `caps` is not a number that a plan sets.",
            ],
        ),
        (
            "law: a\ninputs: {P: {unit: bit, candidates: [4, 0, -8, 4]}, Q: {candidates: []}}\n",
            [
                "law.yaml:2:41: inputs.P.candidates: must be greater than 0, but is `0`.",
                "law.yaml:2:44: inputs.P.candidates: must be greater than 0, but is `-8`.",
                "law.yaml:2:48: inputs.P.candidates: 4 stands there already.",
                "law.yaml:2:69: inputs.Q.candidates: names no candidate.",
            ],
        ),
    ],
)
def test_all_that_is_wrong_in_a_law_is_told_at_its_place(text: str, expected: list[str]):
    """Each problem of a law file is told once, sorted by place."""
    assert refusals(text) == expected


def test_a_law_says_what_it_counts():
    """What a law says of itself is typed: absent is not the same as not stated, rounding is told by language."""
    ours = law(
        "law: a\nabout:\n  parameters: non_embedding\n  data: C4\n  tokenizer: not stated\n"
        "  topic: experts\n  rounded: {en: two digits, zh: 两位}\n"
    )
    assert ours.about == About(
        "experts", "non_embedding", "C4", NOT_STATED, None, rounded={"en": "two digits", "zh": "两位"}
    )
    assert law("law: a\nabout: {rounded: two digits}\n").about == About(rounded={"en": "two digits"})
    assert law("law: a\nabout.data: C4\n").about == About(data="C4")
    assert law("law: a\n").about == About()


def test_an_inline_law_needs_no_name():
    """A law inside a plan is called inline unless it says otherwise."""
    assert law("loss: '1'\n", "inline").name == "inline"
    assert law("law: mine\nloss: '1'\n", "inline").name == "mine"
