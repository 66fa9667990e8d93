"""A fit in a plan: constants as an independent least squares gives them, and every mistake told with its place."""

import math

import mpmath
import numpy as np
import pytest

from flopsheet import api
from flopsheet.api.solve import record_solved
from flopsheet.errors import FlopsheetError

NOISY = [(1e7, 4.02), (3e7, 3.71), (1e8, 3.39), (1e9, 2.91), (2e10, 2.33), (1e11, 2.12)]
LINE = "a * N**(-b)"


@pytest.fixture
def project(tmp_path):
    """An empty project."""
    (tmp_path / ".git").mkdir()
    return tmp_path


@pytest.fixture
def write(project):
    """A function that writes a plan with a law, its constants and runs, and gives its path."""

    def write_plan(
        loss=LINE, constants="{a: 1, b: 0.1}", runs=NOISY, *, more="", fit="runs: runs.csv", decisions="{N: parameters}"
    ):
        table = runs if isinstance(runs, str) else "N,loss\n" + "".join(f"{x:.17g},{y:.17g}\n" for x, y in runs)
        (project / "runs.csv").write_text(table, encoding="utf-8")
        plan = project / "plan.yaml"
        law = f"law:\n  law: ours\n  loss: {loss}\n  decisions: {decisions}\n  constants: {constants}\n"
        plan.write_text(f"title: t\n{law}fit: {{{fit}}}\ninputs: {{N: 1e9}}\n{more}", encoding="utf-8")
        return plan

    return write_plan


def fitted(plan):
    """The fitted constants of a plan and how well they are known, as `solve --json` prints them."""
    return record_solved(api.solve_plan(plan))["fit"]


def message(plan):
    """What a user reads of a plan that is refused."""
    with pytest.raises(FlopsheetError) as refused:
        api.solve_plan(plan)
    return str(refused.value)


def reference(runs):
    """Height and slope of the line in logarithms with their standard errors, with 40 digits."""
    with mpmath.workdps(40):
        x, y = ([mpmath.log(run[part]) for run in runs] for part in (0, 1))
        n = len(runs)
        design = mpmath.matrix([[1, value] for value in x])
        inverse = (design.T * design) ** -1
        solution = inverse * design.T * mpmath.matrix(y)
        left = sum((value - solution[0] - solution[1] * at) ** 2 for at, value in zip(x, y, strict=True))
        mean = sum(y) / n
        errors = [mpmath.sqrt(inverse[index, index] * left / (n - 2)) for index in (0, 1)]
        r_squared = 1 - left / sum((value - mean) ** 2 for value in y)
        return [float(v) for v in (*solution, *errors, r_squared, mpmath.sqrt(left / n))]


@pytest.mark.parametrize(
    ("loss", "constants", "of_line"),
    [
        (LINE, "{a: 1, b: 0.1}", lambda c, m: {"a": math.exp(c), "b": -m}),
        ("a * N**b", "{a: 1, b: -0.1}", lambda c, m: {"a": math.exp(c), "b": m}),
        ("(N / N_0)**(-b)", "{N_0: 1e6, b: 0.1}", lambda c, m: {"N_0": math.exp(-c / m), "b": -m}),
        ("(N_0 / N)**b", "{N_0: 1e6, b: 0.1}", lambda c, m: {"N_0": math.exp(-c / m), "b": -m}),
        ("2.5 * a * (N / 1000000)**(-b / 2)", "{a: 1, b: 0.1}",
         lambda c, m: {"a": math.exp(c) * 1e6**m / 2.5, "b": -2 * m}),
    ],
)  # fmt: skip
def test_every_way_to_write_a_power_law_is_fitted(write, loss, constants, of_line):
    """The constants are whatever makes the law the least-squares line in the logarithms."""
    height, slope, *_ = reference(NOISY)
    found = fitted(write(loss, constants))["constants"]
    assert {name: entry["value"] for name, entry in found.items()} == pytest.approx(of_line(height, slope), rel=1e-11)


def test_errors_and_residuals_are_those_of_least_squares(write):
    """Standard errors, R squared and the mean residual agree with the matrix solution at 40 digits."""
    height, slope, height_error, slope_error, r_squared, rms = reference(NOISY)
    found = fitted(write())
    assert found["runs"] == len(NOISY)
    assert found["r_squared"] == pytest.approx(r_squared, rel=1e-12)
    assert found["residuals_rms"] == pytest.approx(rms, rel=1e-9)
    assert found["constants"]["b"] == pytest.approx({"value": -slope, "se": slope_error}, rel=1e-9)
    assert found["constants"]["a"]["value"] == pytest.approx(math.exp(height), rel=1e-11)
    assert found["constants"]["a"]["se"] == pytest.approx(math.exp(height) * height_error, rel=1e-9)


def test_errors_of_constants_that_read_both_coefficients(write):
    """The standard error of a constant that mixes height and slope takes their covariance into account."""
    x, y = np.log(np.array(NOISY)).T
    design = np.column_stack([np.ones_like(x), x])
    (height, slope), left, *_ = np.linalg.lstsq(design, y, rcond=None)
    covariance = np.linalg.inv(design.T @ design) * left[0] / (len(x) - 2)
    size = math.exp(-height / slope)
    gradient = size * np.array([-1 / slope, height / slope**2])
    found = fitted(write("(N / N_0)**(-b)", "{N_0: 1e6, b: 0.1}"))["constants"]
    assert found["N_0"]["se"] == pytest.approx(math.sqrt(gradient @ covariance @ gradient), rel=1e-6)


@pytest.mark.parametrize(
    ("free", "line"),
    [
        ("b", lambda x, y: (math.log(5),
                            np.sum((x - math.log(1e6)) * (y - math.log(5))) / np.sum((x - math.log(1e6)) ** 2))),
        ("a", lambda x, y: (np.mean(y + 0.07 * (x - math.log(1e6))), -0.07)),
    ],
)  # fmt: skip
def test_residuals_of_a_fit_with_one_free_constant(write, free, line):
    """They are what the line through the given constant leaves over, and its error follows from them."""
    x, y = np.log(np.array(NOISY)).T
    height, slope = line(x, y)
    left = np.sum((y - height - slope * (x - math.log(1e6))) ** 2)
    plan = write("a * (N / N_1)**(-b)", "{a: 5, b: 0.07, N_1: 1e6}", fit=f"runs: runs.csv, free: {free}")
    found = fitted(plan)
    assert found["residuals_rms"] == pytest.approx(math.sqrt(left / len(x)), rel=1e-9)
    assert found["r_squared"] == pytest.approx(1 - left / np.sum((y - y.mean()) ** 2), rel=1e-9)
    variance = left / (len(x) - 1)
    error = math.sqrt(variance / np.sum((x - math.log(1e6)) ** 2))
    if free == "a":
        error = math.exp(height) * math.sqrt(variance / len(x))
    assert found["constants"][free]["se"] == pytest.approx(error, rel=1e-9)


@pytest.mark.parametrize(
    ("free", "expected"),
    [
        ("b", lambda x, y: {"b": -np.sum((x - math.log(1e6)) * (y - math.log(5))) / np.sum((x - math.log(1e6)) ** 2)}),
        ("a", lambda x, y: {"a": math.exp(np.mean(y + 0.07 * (x - math.log(1e6))))}),
    ],
)
def test_a_constant_that_is_given_stays(write, free, expected):
    """One free constant is fitted with the other two as they are."""
    plan = write("a * (N / N_1)**(-b)", "{a: 5, b: 0.07, N_1: 1e6}", fit=f"runs: runs.csv, free: {free}")
    logs = np.log(np.array(NOISY))
    found = fitted(plan)["constants"]
    assert {name: entry["value"] for name, entry in found.items()} == pytest.approx(
        expected(logs[:, 0], logs[:, 1]), rel=1e-11
    )


def test_constants_that_the_plan_sets_are_given(write):
    """Without `free`, what the plan sets itself stays, and the rest is fitted."""
    height, slope, *_ = reference(NOISY)
    plan = write("a * (N / N_1)**(-b)", "{a: 5, b: 0.07, N_1: 1}", more="constants: {N_1: 1e6}\n")
    found = fitted(plan)["constants"]
    assert found.keys() == {"a", "b"}
    assert found["a"]["value"] == pytest.approx(math.exp(height) * 1e6**slope, rel=1e-11)


def test_results_follow_the_fit(write):
    """Every scenario and its inverse are those of the fitted law."""
    height, slope, *_ = reference(NOISY)
    plan = write(more="scenarios:\n  one: {}\n  two: {inputs.N: 1e12, target.loss: 2.0}\n")
    one, two = api.solve_plan(plan).answers
    assert one.results["L_opt"].value == pytest.approx(math.exp(height) * 1e9**slope, rel=1e-11)
    assert two.results["L_opt"].value == pytest.approx(math.exp(height) * 1e12**slope, rel=1e-11)
    assert two.results["N_required"].value == pytest.approx((2 / math.exp(height)) ** (1 / slope), rel=1e-9)


def test_normal_equations_are_derived_and_proven(write):
    """The ledger holds the slopes of the sum of squares, the minimum, the cells and the constants, all proven."""
    solution = api.solve_plan(write())
    verdicts = {proof.statement.partition(":")[0]: proof.verdict for proof in solution.proofs}
    names = ("normal equations", "least squares", "fitted cells", "fitted constants")
    assert [verdicts[name] for name in names] == ["proven"] * 4
    titles = [step.title.key for step in solution.derivation.steps]
    assert titles[-4:] == ["step.fit_line", "step.fit_squares", "step.fit_slopes", "step.fit_solution"]


def test_as_many_constants_as_runs_leave_no_error(write):
    """Two runs determine two constants exactly: no standard error is stated."""
    found = fitted(write(runs=NOISY[:2]))
    assert all("se" not in entry for entry in found["constants"].values())
    assert found["residuals_rms"] == pytest.approx(0, abs=1e-14)


def test_columns_may_have_other_names(write):
    """`columns` names them; further columns, comments and blank lines are passed over."""
    table = "# runs of May\nname,size,final\n\n" + "".join(f"r{x:g},{x:g} parameters,{y}\n" for x, y in NOISY)
    plan = write(runs=table, fit="runs: runs.csv, columns: {N: size, loss: final}")
    slope = reference(NOISY)[1]
    assert fitted(plan)["constants"]["b"]["value"] == pytest.approx(-slope, rel=1e-11)


def test_runs_are_an_input_of_the_build(write):
    """The table counts among the files that a plan was read from, so that a change makes a report stale."""
    assert api.solve_plan(write()).files == ("plan.yaml", "runs.csv")


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("N,loss\n1e9,3\n1e10,abc\n", "runs.csv:3:6: must be a number, but is `abc`."),
        ("N,loss\n1e9,3\n1e10,0\n", "runs.csv:3:6: must be greater than 0, but is `0`."),
        ("N,loss\n-1e9,3\n1e10,2\n", "runs.csv:2:1: must be greater than 0, but is `-1e9`."),
        ("N,loss\n1e9,3\n1e10\n", "runs.csv:3:1: the row has no loss.\nComplete the row, or take it out."),
        ("N,loss\n,3\n1e10,2\n", "runs.csv:2:1: the row does not say what was spent.\nComplete"),
        ("N,loss\n1e9,3\n1e9,3\n", "runs.csv:3:1: is the same run as in line 2.\nTake one out."),
        ("N,loss\n1e9,3\n1e9,2\n",
         "runs.csv:1:1: a fit needs runs at two different values of `N` or more, but there is 1."),
        ("N,loss\n1e9,3\n1e10,3\n", "runs.csv:1:1: all losses are the same: there is nothing to fit."),
        ("", "runs.csv:1:1: the table of runs is empty.\nThe first row names the columns: N,loss."),
        ("n,loss\n1e9,3\n", "runs.csv:1:1: there is no column `N`.\n"),
        ("N,N,loss\n1e9,3,3\n", "runs.csv:1:3: the column `N` stands there twice."),
        ('N,loss\n"1e9,3\n', "runs.csv:2:1: the row cannot be read.\nA field in quotes ends in the line"),
    ],
)  # fmt: skip
def test_mistakes_in_the_table_have_their_line(write, table, expected):
    """Each row that cannot be used is named with file and line."""
    assert expected in message(write(runs=table))


def test_all_mistakes_of_a_table_are_told_at_once(write):
    """Two bad rows give two problems."""
    told = message(write(runs="N,loss\n1e9,x\n1e10,y\n"))
    assert "runs.csv:2:5" in told
    assert "runs.csv:3:6" in told


def test_too_many_runs_are_refused(write):
    """The table is bounded, so that no fit takes the memory."""
    rows = "".join(f"{index}e9,3.{index}\n" for index in range(1, 503))
    assert "runs.csv:502:1: the table has 502 runs; at most 500 are taken." in message(write(runs="N,loss\n" + rows))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"loss": "E + a * N**(-b)", "constants": "{E: 1, a: 1, b: 0.1}"},
         "this version: the logarithm of its loss is no straight line in ln N that determines `E`, `a`, `b`."),
        ({"loss": "k * a * N**(-b)", "constants": "{k: 1, a: 1, b: 0.1}"},
         "a line determines two constants, not 3 (`k`, `a`, `b`); name two under `free`."),
        ({"loss": "k * a / N", "constants": "{k: 1, a: 1}"}, "no straight line in ln N that determines `k`, `a`."),
        ({"more": "constants: {b: 0.2}\n", "fit": "runs: runs.csv, free: [a, b]"},
         "plan.yaml:9:16: constants.b: is fitted from `runs.csv`, so that it cannot be set too."),
        ({"more": "scenarios: {x: {constants.b: 0.2}}\n"}, "plan.yaml:9:30: constants.b: is fitted from `runs.csv`"),
        ({"fit": "runs: runs.csv, free: [a, c]"}, "fit.free: law `ours` has no constant `c`.\n"),
        ({"fit": "runs: runs.csv, columns: {M: size}"}, "fit.columns: `M` has no column.\n"),
        ({"fit": "runs: none.csv"}, "plan.yaml:7:13: there is no file `none.csv`."),
        ({"fit": "runs: ../runs.csv"}, "leads outside the project."),
        ({"fit": "runs: plan.yaml"}, "fit.runs: `plan.yaml` is no CSV file."),
        ({"fit": "law: ours"}, "plan.yaml:7:6: fit: needs `runs`."),
        ({"fit": "runs: runs.csv, law: hoffmann_2022"},
         "fit.law: the runs are for the plan's own law, which is `ours`, but here stands `hoffmann_2022`."),
        ({"fit": "runs: runs.csv, method: bayes"}, "fit.method"),
        ({"runs": [(1e7, 2.0), (1e9, 3.0)]},
         "fit: the runs give `b` = -0.0880456, but it is above zero in the law (0.1)."),
        ({"loss": "a * (N / N_1)**(-b)", "constants": "{a: 1, b: 0.1, N_1: 1e6}",
          "fit": "runs: runs.csv, free: [a, b]", "more": "scenarios: {x: {constants.N_1: 1e7}}\n"},
         "scenarios.x.constants.N_1: the fit reads it, so that it is the same in every scenario."),
    ],
)  # fmt: skip
def test_what_cannot_be_fitted_is_refused(write, given, expected):
    """Laws, constants and files that this fit cannot take are refused with the reason."""
    assert expected in message(write(**given))


def test_a_law_that_allocates_is_refused(project):
    """Hoffmann's law has two decisions: its fit is not offered by this version."""
    (project / "runs.csv").write_text("N,loss\n1e9,3\n1e10,2\n", encoding="utf-8")
    plan = project / "plan.yaml"
    plan.write_text("title: t\nlaw: hoffmann_2022\nbudget: {compute: 1e21}\nfit: {runs: runs.csv}\n", encoding="utf-8")
    assert "plan.yaml:4:13: fit: a fit of law `hoffmann_2022` is not offered by this version: it has 2 decisions." in (
        message(plan)
    )


def test_a_library_law_is_fitted(project):
    """The law of Kaplan et al. over compute is a power law, and takes its constants from the runs."""
    (project / "runs.csv").write_text("C,loss\n1e18,3.2\n1e19,2.9\n1e20,2.6\n1e21,2.35\n", encoding="utf-8")
    plan = project / "plan.yaml"
    fit = "fit: {runs: runs.csv, law: kaplan_2020_compute, free: [C_c, alpha_C]}\n"
    plan.write_text(f"title: t\nlaw: kaplan_2020_compute\nbudget: {{compute: 1e22}}\n{fit}", encoding="utf-8")
    runs = [(1e18, 3.2), (1e19, 2.9), (1e20, 2.6), (1e21, 2.35)]
    height, slope, *_ = reference(runs)
    solution = api.solve_plan(plan)
    assert solution.answers[0].results["L_opt"].value == pytest.approx(math.exp(height) * 1e22**slope, rel=1e-11)
