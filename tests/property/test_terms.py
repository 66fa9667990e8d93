"""Plans under tiers, inference and every cap, against a search that shares nothing with the engine."""

import os
from functools import cache
from typing import Any

import mpmath
import numpy as np
import pytest

from flopsheet import api
from flopsheet.formula.mp_value import mp_value

E, A, B, ALPHA, BETA = 1.69, 406.4, 410.7, 0.34, 0.28
FLOP_AN_HOUR = 989e12 * 3600
COUNT, MFU, PRICE = 1024, 0.4, 2.5
ABSENT = 1e60
DECIDED = ("N_opt", "D_opt", "L_opt")
LIMITS = ("compute", "money", "time", "parameters", "tokens", "data")
LIMIT_KEYS = {
    "compute": "budget.compute",
    "money": "caps.money",
    "time": "caps.time",
    "parameters": "caps.parameters",
    "tokens": "caps.tokens",
}
SMALL, WHOLE = 60, 400
# With WHOLE_RUN set there are 400 problems with up to five tiers each, which take the better part of an hour.
WHOLE_RUN = bool(os.environ.get("WHOLE_RUN"))


@cache
def compiled(folder, tiers, target=False):
    """A plan with so many tiers and every limit, as a numpy function."""
    path = folder / f"plan_{tiers}_{target}.yaml"
    rows = "".join(f"    - {{name: t{i}, unique: 1T, quality: 0.5, epochs: 4, decay: 15}}\n" for i in range(tiers))
    head = (
        "objective: minimize compute\ntarget: {loss: 2.2}\n"
        if target
        else "budget: {compute: 1e24, covers: lifetime}\n"
    )
    head = head.replace("\n", "\nbudget: {covers: lifetime}\n", 1) if target else head
    path.write_text(
        f"title: Terms\nlaw: hoffmann_2022\n{head}"
        "caps: {parameters: 50B, tokens: 9T, time: 60 days, money: 9M USD}\n"
        f"hardware: {{accelerator: H100-SXM, count: {COUNT}, mfu: {MFU}, price: {PRICE} USD/hour}}\n"
        "inference: {tokens: 2T}\n" + (f"data:\n  tiers:\n{rows}" if tiers else ""),
        encoding="utf-8",
    )
    return api.compile_plan(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the plans stand."""
    return tmp_path_factory.mktemp("terms")


def problems(tiers, count, seed, target=False):
    """Random inputs by key. A third have a little good data and a lot of poor, where several minima are likely."""
    random = np.random.default_rng(seed)

    def spread(low, high):
        """Even in the logarithm."""
        return np.exp(random.uniform(np.log(low), np.log(high), count))

    def often_absent(values, part):
        """A limit that only some have."""
        return np.where(random.random(count) < part, ABSENT, values)

    aimed = random.random(count) < 1 / 3
    k = {"inference.tokens": spread(1e6, 1e14)}
    if target:
        k["target.loss"] = random.uniform(1.85, 2.6, count)
    else:
        k["budget.compute"] = spread(1e20, 1e26)
    for i in range(tiers):
        good = i == 0
        k[f"data.tiers.t{i}.unique"] = np.where(
            aimed, spread(1e9, 1e11) if good else spread(1e12, 1e14), spread(1e9, 1e13)
        )
        quality = np.where(aimed, 1.0 if good else random.uniform(0.05, 0.3, count), random.uniform(0.05, 1, count))
        k[f"data.tiers.t{i}.quality"] = quality
        k[f"data.tiers.t{i}.decay"] = random.uniform(2, 30, count)
        k[f"data.tiers.t{i}.epochs"] = often_absent(random.uniform(0.5, 20, count), 0.4)
    k["caps.money"] = often_absent(spread(1e3, 1e9), 0.5)
    k["caps.time"] = often_absent(spread(1, 1e5), 0.5)
    k["caps.parameters"] = often_absent(spread(1e8, 1e12), 0.5)
    k["caps.tokens"] = often_absent(spread(1e10, 1e14), 0.7)
    return k


class Search:
    """The same problem from hand-made arithmetic: every array is problems x places."""

    def __init__(self, tiers, k):
        """Columns of the inputs."""
        self.k = {key: np.asarray(value)[:, None] for key, value in k.items()}
        names = [f"data.tiers.t{i}" for i in range(tiers)]
        self.tiers = tiers
        self.U, self.q, self.R, cap = (
            np.stack([self.k[f"{name}.{what}"] for name in names], axis=-1) if names else np.zeros((1, 1, 0))
            for what in ("unique", "quality", "decay", "epochs")
        )
        self.cap = np.minimum(cap, 1 + 200 * self.R)
        most = self.k["caps.tokens"]
        self.most = np.minimum(most, (self.U * self.cap).sum(-1)) if tiers else most
        self.flop_an_hour = FLOP_AN_HOUR * MFU

    def passes(self, level):
        """Best epochs of every tier at the logarithm of a level."""
        depth = np.log(self.q) - level[..., None]
        return np.where(depth >= 0, np.minimum(self.cap, 1 + self.R * depth), 0.0)

    def fill(self, D):
        """Effective tokens and the level, by halving: tokens at the level go on until D is reached."""
        if not self.tiers:
            return D, np.ones_like(D)
        low, high = np.full(D.shape, -500.0), np.full(D.shape, 1e-9) + np.log(self.q).max(-1)
        for _ in range(120):
            middle = (low + high) / 2
            enough = (self.U * self.passes(middle)).sum(-1) >= D
            low, high = np.where(enough, middle, low), np.where(enough, high, middle)
        e = self.passes(high)
        worth = np.minimum(e, 1) - self.R * np.expm1(-np.maximum(0, e - 1) / self.R)
        level = np.exp(low)
        return (self.U * self.q * worth).sum(-1) + level * (D - (self.U * e).sum(-1)), level

    def spent(self, D):
        """FLOP, USD and hours a parameter."""
        whole = 6 * D + 2 * self.k["inference.tokens"]
        return {
            "compute": whole,
            "money": whole / self.flop_an_hour * PRICE,
            "time": 6 * D / self.flop_an_hour / COUNT,
        }

    def sizes(self, D):
        """What every limit leaves for the parameters."""
        spent = self.spent(D)
        found = {name: self.k[LIMIT_KEYS[name]] / spent[name] for name in spent if LIMIT_KEYS[name] in self.k}
        return {**found, "parameters": self.k["caps.parameters"] + 0 * D}

    def loss(self, t):
        """The least loss at ln D."""
        D = np.exp(t)
        N = np.minimum.reduce(list(self.sizes(D).values()))
        return E + A * N**-ALPHA + B * self.fill(D)[0] ** -BETA

    def compute(self, t):
        """The least compute that reaches the target at ln D, infinite where a limit is exceeded."""
        D = np.exp(t)
        room = self.k["target.loss"] - E - B * self.fill(D)[0] ** -BETA
        with np.errstate(all="ignore"):
            N = np.where(room > 0, (A / np.where(room > 0, room, 1)) ** (1 / ALPHA), np.inf)
        kept = np.all([size * (1 + 1e-12) >= N for size in self.sizes(D).values()], axis=0)
        return np.where(kept, N * self.spent(D)["compute"], np.inf)

    def least(self, objective, nodes=1500, tries=3):
        """The least over all tokens: a grid, and a zoom into each of its best valleys."""
        high = np.log(np.minimum(self.most, 1e20))
        t = np.log(1e6) + (high - np.log(1e6)) * np.linspace(0, 1, nodes)
        values = objective(t)
        edge = np.pad(values, ((0, 0), (1, 1)), constant_values=np.inf)
        valley = np.where((values <= edge[:, :-2]) & (values <= edge[:, 2:]), values, np.inf)
        best = values.min(1)
        for column in np.argsort(valley, axis=1)[:, :tries].T:
            rows = np.arange(len(t))
            left, right = t[rows, np.maximum(column - 1, 0)], t[rows, np.minimum(column + 1, nodes - 1)]
            for _ in range(7):
                fine = left[:, None] + (right - left)[:, None] * np.linspace(0, 1, 25)
                found = objective(fine)
                at = found.argmin(1)
                best = np.minimum(best, found[rows, at])
                left, right = fine[rows, np.maximum(at - 1, 0)], fine[rows, np.minimum(at + 1, 24)]
        return best


def sizes_of_runs():
    """A few problems always; many, with up to five tiers, in the whole run."""
    few = [pytest.param(tiers, SMALL, id=f"{tiers} tiers, {SMALL}") for tiers in (0, 2)]
    many = [pytest.param(n, WHOLE, id=f"{n} tiers, {WHOLE}") for n in range(1, 6)]
    return [*few, *many] if WHOLE_RUN else few


@pytest.mark.parametrize(("tiers", "count"), sizes_of_runs())
def test_no_plan_is_better(tiers, count, folder):
    """Never worse than the search by more than 1e-9; the conditions of Karush, Kuhn and Tucker hold to 1e-9."""
    k = problems(tiers, count, seed=11 + tiers)
    found = compiled(folder, tiers).evaluate(k, DECIDED)
    search = Search(tiers, k)
    best = search.least(search.loss)
    worse = (found["L_opt"] - best) / best
    assert np.isfinite(worse).all()
    assert worse.max() <= 1e-9
    again = search.loss(np.log(found["D_opt"])[:, None])[:, 0]
    assert np.abs(found["L_opt"] / again - 1).max() <= 1e-9
    assert kkt_residual(search, found).max() <= 1e-9


def kkt_residual(search, found):
    """How far what is wanted of the tokens lies from the trades of the tight limits; at a kink both are intervals."""
    N, D = found["N_opt"][:, None], found["D_opt"][:, None]
    sizes = search.sizes(D)
    served = 2 * search.k["inference.tokens"]
    trades = {"compute": 6 * D / (6 * D + served), "time": np.ones_like(D), "parameters": np.zeros_like(D)}
    trades["money"] = trades["compute"]
    tight = {name: np.abs(size / N - 1) <= 1e-9 for name, size in sizes.items()}
    least = np.minimum.reduce([np.where(tight[name], trades[name], np.inf) for name in sizes])
    most = np.maximum.reduce([np.where(tight[name], trades[name], -np.inf) for name in sizes])
    gain = ALPHA * A * N**-ALPHA
    wanted = []
    for side in (1 + 1e-11, 1 - 1e-11):
        near = np.minimum(D * side, search.most)
        effective, level = search.fill(near)
        wanted.append(BETA * B * effective**-BETA * level * near / effective / gain)
    lowest, highest = np.minimum(*wanted), np.maximum(*wanted)
    # Where no more tokens can be had, they may be worth more than they take.
    lowest = np.where(search.most * (1 - 1e-11) <= D, -np.inf, lowest)
    return np.maximum(0, np.maximum(least - highest, lowest - most))[:, 0] / (1 + np.abs(most[:, 0]))


def test_many_plans_are_what_each_is_alone(folder):
    """Of thousands at once only a sample has its whole range looked at: the others come out the same to 1e-13."""
    count = 3000
    k = problems(2, count, seed=5)
    plan = compiled(folder, 2)
    together = plan.evaluate(k, DECIDED)
    parts = [
        plan.evaluate({key: value[at : at + 500] for key, value in k.items()}, DECIDED) for at in range(0, count, 500)
    ]
    for name in DECIDED:
        alone = np.concatenate([part[name] for part in parts])
        assert np.abs(together[name] / alone - 1).max() <= (1e-13 if name == "L_opt" else 1e-11), name


@pytest.mark.parametrize(("tiers", "count"), sizes_of_runs())
def test_prices_are_what_more_of_a_limit_changes(tiers, count, folder):
    """Each lies between what the last and the next part in 100,000 changes, and binds where it is not zero."""
    k = problems(tiers, count, seed=31 + tiers)
    plan = compiled(folder, tiers)
    limits = [name for name in LIMITS if tiers or name != "data"]
    outputs = (*DECIDED, *(f"multiplier_{name}" for name in limits))
    found, step = plan.evaluate(k, outputs), 1e-5
    for name in limits:
        keys = [f"data.tiers.t{i}.unique" for i in range(tiers)] if name == "data" else [LIMIT_KEYS[name]]
        more, less = (
            plan.evaluate({**k, **{key: k[key] * (1 + side) for key in keys}}, DECIDED)["L_opt"]
            for side in (step, -step)
        )
        slopes = [(found["L_opt"] - more) / np.log1p(step), (less - found["L_opt"]) / -np.log1p(-step)]
        price = found[f"multiplier_{name}"]
        assert (price >= 0).all()
        assert (price >= np.minimum(*slopes) - 1e-6).all(), name
        assert (price <= np.maximum(*slopes) + 1e-6).all(), name


@pytest.mark.parametrize(("tiers", "count"), sizes_of_runs())
def test_no_cheaper_plan_reaches_the_loss(tiers, count, folder):
    """Under every cap; where there is a plan it reaches the loss within them, and the search finds none elsewhere."""
    k = problems(tiers, count, seed=51 + tiers, target=True)
    found = compiled(folder, tiers, target=True).evaluate(k, ("N_opt", "D_opt", "L_opt", "C_total", "plan_status"))
    search = Search(tiers, k)
    best = search.least(search.compute, nodes=4000)
    planned = found["plan_status"] == 0
    # A place so narrow that no node of a grid is in it is found by the engine alone.
    assert planned[np.isfinite(best)].all()
    worse = (found["C_total"] - best)[planned & np.isfinite(best)] / best[planned & np.isfinite(best)]
    assert worse.max() <= 1e-8
    assert planned.sum() > count / 10
    assert (~planned).sum() > count / 50
    part = {key: value[planned] for key, value in k.items()}
    kept = Search(tiers, part)
    N, D = found["N_opt"][planned][:, None], found["D_opt"][planned][:, None]
    reached = E + A * N**-ALPHA + B * kept.fill(D)[0] ** -BETA
    assert np.abs(reached[:, 0] / part["target.loss"] - 1).max() <= 1e-9
    assert all((size / N >= 1 - 2e-9).all() for size in kept.sizes(D).values())


@pytest.mark.parametrize(
    ("tiers", "count"),
    [(2, 300), (3, 200)] if WHOLE_RUN else [(2, 3)],
)
def test_doubles_agree_with_50_digits(tiers, count, folder):
    """Loss and size of the same cells in mpmath agree to 1e-10; the tokens as far as the loss tells them apart."""
    k = problems(tiers, count, seed=71 + tiers)
    plan = compiled(folder, tiers)
    found = plan.evaluate(k, (*DECIDED, "fresh_part"))
    cells = plan.graph.needed(DECIDED)
    for index in range(count):
        given = {**plan.defaults, **{plan.keys[key]: value[index] for key, value in k.items()}}
        with mpmath.workdps(50):
            env: dict[object, Any] = {}
            for cell in cells:
                env[cell.symbol] = mpmath.mpf(float(given[cell.id])) if cell.expr is None else mp_value(cell.expr, env)
            exact = {cell.id: env[cell.symbol] for cell in cells if cell.id in DECIDED}
        # Whether tokens that are worth a billionth of a fresh one are seen makes no difference to any loss.
        blur = {"D_opt": 3e-14 / found["fresh_part"][index]}
        for name in DECIDED:
            room = max(1e-10, blur.get(name, 0.0))
            assert found[name][index] == pytest.approx(float(exact[name]), rel=room), (index, name)
