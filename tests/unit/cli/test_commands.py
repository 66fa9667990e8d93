"""What each command prints, where, and with which exit code."""

import json
import shutil
import zipfile
from pathlib import Path

import jsonschema
import pytest
import yaml

from flopsheet.laws.library import law_names

ROOT = Path(__file__).resolve().parents[3]


def shipped(pattern):
    """Files of the checkout."""
    return sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob(pattern))


PLANS = [
    name for name in shipped("scenarios/**/*.yaml") if not Path(name).name.startswith("_") and "/laws/" not in name
]


@pytest.mark.usefixtures("plan")
def test_solve_prints_tables_or_json(flopsheet):
    """Results on stdout, findings on stderr; JSON is one document."""
    run = flopsheet("solve", "plan.yaml")
    assert run.code == 0
    assert "N_opt" in run.out
    assert "base" in run.out
    run = flopsheet("solve", "plan.yaml", "--json", "--set", "budget.compute=1e22", "--set", "caps.parameters=1B")
    record = json.loads(run.out)
    assert run.code == 0
    assert record["scenarios"][0]["binding"] == ["compute", "parameters"]
    assert record["scenarios"][0]["results"]["N_opt"] == {"value": 1e9, "unit": "parameter"}


@pytest.mark.usefixtures("project")
def test_solve_takes_one_scenario(flopsheet, plan):
    """--scenario shows that one alone, by name or slug."""
    plan.write_text(plan.read_text() + "scenarios: {Small One: {}, large: {budget.compute: 1e23}}\n", encoding="utf-8")
    for name in ("Small One", "small_one"):
        record = json.loads(flopsheet("solve", "plan.yaml", "--scenario", name, "--json").out)
        assert [scenario["name"] for scenario in record["scenarios"]] == ["Small One"]


def test_an_infeasible_scenario_exits_1(flopsheet, plan):
    """A target that a cap excludes: status infeasible, exit code 1 from solve and check."""
    plan.write_text(
        "title: x\nlaw: hoffmann_2022\nobjective: minimize compute\ntarget: {loss: 2}\ncaps: {parameters: 1B}\n",
        encoding="utf-8",
    )
    run = flopsheet("solve", "plan.yaml", "--json")
    assert run.code == 1
    scenario = json.loads(run.out)["scenarios"][0]
    assert scenario["status"] == "infeasible"
    assert scenario["results"] == {}
    assert "caps.parameters" in scenario["findings"][0]["message"]
    assert flopsheet("check", "plan.yaml").code == 1


CHECKS = {
    "nothing": ("", 0),
    "a refuted claim": ("claims: {c: {says: {D_opt: 20 * N_opt}}}\n", 1),
    "a refuted claim that was expected": ("claims: {c: {says: {D_opt: 20 * N_opt}, expected: refuted}}\n", 0),
    "a proven claim": ("claims: {c: {says: {D_opt: C / (6*N_opt)}}}\n", 0),
    "a proven claim that was to be refuted": ("claims: {c: {says: {D_opt: C/(6*N_opt)}, expected: refuted}}\n", 1),
    "an expectation that holds": ("expect: {L_opt: {at_most: 3}}\n", 0),
    "an expectation that breaks": ("expect: {L_opt: {at_most: 1}}\n", 1),
    "an expectation of something unknown": ("expect: {L_best: {at_most: 1}}\n", 2),
    "an extrapolation": ("scenarios: {far: {budget.compute: 1e30}}\n", 0),
}


@pytest.mark.parametrize("case", CHECKS)
def test_check_exit_codes(case, flopsheet, plan):
    """0 where all holds or is only remarkable, 1 where something promised fails, 2 for bad input."""
    more, code = CHECKS[case]
    plan.write_text(plan.read_text() + more, encoding="utf-8")
    run = flopsheet("check", "plan.yaml")
    assert run.code == code, run
    record = flopsheet("check", "plan.yaml", "--json")
    assert record.code == code
    if record.out:
        assert json.loads(record.out)["ok"] == (code == 0)


@pytest.mark.parametrize("name", ["hoffmann_2022", "kaplan_2020"])
def test_derive_a_law(name, flopsheet):
    """Steps and proofs, as text and as JSON."""
    text = flopsheet("derive", name)
    assert text.code == 0
    assert "proven" in text.out
    record = json.loads(flopsheet("derive", name, "--json").out)
    assert record["law"] == name
    assert len(record["steps"]) >= 8
    assert {proof["verdict"] for proof in record["proofs"]} == {"proven"}


def test_derive_a_law_with_one_resource(flopsheet):
    """A law without an allocation is derived too: its slope and its inverse."""
    record = json.loads(flopsheet("derive", "kaplan_2020_tokens", "--json").out)
    assert record["steps"][0]["title"] == "The law"
    assert {proof["verdict"] for proof in record["proofs"]} == {"proven"}


def test_derive_and_solve_a_plan_with_a_fit(flopsheet, project):
    """The steps end with the normal equations and their solution; the JSON of solve has the constants."""
    (project / "runs.csv").write_text("N,loss\n1e9,3\n1e10,2.5\n1e11,2.2\n", encoding="utf-8")
    law = "law: {law: ours, loss: a * N**(-b), decisions: {N: parameters}, constants: {a: 1, b: 0.1}}"
    (project / "fitted.yaml").write_text(
        f"title: t\n{law}\ninputs: {{N: 1e9}}\nfit: {{runs: runs.csv}}\n", encoding="utf-8"
    )
    record = json.loads(flopsheet("derive", "fitted.yaml", "--json").out)
    assert record["steps"][-1]["title"] == "The fit: the coefficients, and the constants of the law"
    fit = json.loads(flopsheet("solve", "fitted.yaml", "--json").out)["fit"]
    assert fit.keys() == {"constants", "r_squared", "runs", "residuals_rms"}
    assert fit["constants"].keys() == {"a", "b"}
    assert all(entry.keys() == {"value", "se"} for entry in fit["constants"].values())


@pytest.mark.usefixtures("plan")
def test_derive_a_plan_and_a_law_file(flopsheet, project):
    """A plan's law, and a law by its path."""
    assert json.loads(flopsheet("derive", "plan.yaml", "--json").out)["law"] == "hoffmann_2022"
    shutil.copy(ROOT / "engine/flopsheet/laws/besiroglu_2024.yaml", project / "ours.yaml")
    assert json.loads(flopsheet("derive", "./ours.yaml", "--json").out)["law"] == "besiroglu_2024"


def test_laws(flopsheet):
    """The list with name, title and answers; one law whole; its formulas at a point; BibTeX."""
    listed = json.loads(flopsheet("laws", "--json").out)
    assert [law["name"] for law in listed] == list(law_names())
    assert all(set(law) >= {"name", "title", "answers"} for law in listed)
    record = json.loads(flopsheet("laws", "hoffmann_2022", "--at", "N=70B,D=1.4T", "--json").out)
    assert record["at"]["loss"]["value"] == pytest.approx(1.69 + 406.4 / 7e10**0.34 + 410.7 / 1.4e12**0.28, rel=1e-14)
    assert record["at"]["loss"]["unit"] == "nats/token"
    assert record["at"]["cost"] == {"value": 6 * 7e10 * 1.4e12, "unit": "FLOP"}
    assert "loss: E + A / N**alpha" in flopsheet("laws", "hoffmann_2022").out
    assert flopsheet("laws", "hoffmann_2022", "--bibtex").out.startswith("@")


@pytest.fixture
def book(flopsheet, plan):
    """A built workbook."""
    assert flopsheet("build", plan.name, "--out", "reports").code == 0
    return Path("reports/plan/plan.xlsx")


def test_verify_a_fresh_workbook(flopsheet, book):
    """Two engines recalculate every cell and agree."""
    run = flopsheet("verify", book, "--json")
    assert run.code == 0, run
    record = json.loads(run.out)
    assert record["agrees"] is True
    assert record["cells"] > 50
    assert {"formualizer", "ironcalc"} <= {e["name"] for e in record["engines"] if e["status"] == "recalculated"}


def test_verify_a_tampered_workbook_exits_1(flopsheet, book, project):
    """One stored value changed by hand is found, and named with its cell."""
    tampered = project / "tampered.xlsx"
    with zipfile.ZipFile(book) as source, zipfile.ZipFile(tampered, "w") as target:
        changed = 0
        for item in source.infolist():
            data = source.read(item)
            if item.filename.startswith("xl/worksheets/") and not changed:
                text = data.decode()
                start = text.find("</f><v>2.") if "</f><v>2." in text else -1
                if start >= 0:
                    text = text[: start + 7] + "3" + text[start + 8 :]
                    changed += 1
                data = text.encode()
            target.writestr(item, data)
    assert changed == 1
    run = flopsheet("verify", tampered, "--json")
    assert run.code == 1
    record = json.loads(run.out)
    assert record["agrees"] is False
    assert record["disagreements"]


def test_schema_of_the_checkout_is_current(flopsheet):
    """scenarios/plan.schema.json is what the command writes."""
    run = flopsheet("schema")
    assert run.code == 0
    assert json.loads((ROOT / "scenarios/plan.schema.json").read_text(encoding="utf-8")) == json.loads(run.out)


def test_schema_is_written_whole(flopsheet, project):
    """--out writes the same text, and the law schema is another one."""
    assert flopsheet("schema", "--out", "plan.schema.json").code == 0
    written = (project / "plan.schema.json").read_text(encoding="utf-8")
    assert json.loads(written) == json.loads(flopsheet("schema").out)
    assert json.loads(flopsheet("schema", "--law").out) != json.loads(written)


@pytest.mark.parametrize("name", PLANS)
def test_shipped_plans_fit_the_schema(name, flopsheet):
    """Every plan of the checkout is valid against the schema that editors are given."""
    schema = json.loads(flopsheet("schema").out)
    jsonschema.Draft202012Validator.check_schema(schema)
    plan = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
    errors = [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(plan)]
    assert errors == []


def test_shipped_laws_fit_the_schema(flopsheet):
    """Every law of the library is valid against the law schema."""
    validator = jsonschema.Draft202012Validator(json.loads(flopsheet("schema", "--law").out))
    errors = {}
    for name in shipped("engine/flopsheet/laws/*.yaml"):
        found = [
            error.message for error in validator.iter_errors(yaml.safe_load((ROOT / name).read_text(encoding="utf-8")))
        ]
        if found:
            errors[name] = found
    assert errors == {}


def test_a_misspelled_plan_does_not_fit_the_schema(flopsheet):
    """The schema is no rubber stamp."""
    validator = jsonschema.Draft202012Validator(json.loads(flopsheet("schema").out))
    good = {"title": "x", "law": "hoffmann_2022", "budget": {"compute": "1e22 FLOP"}}
    assert not list(validator.iter_errors(good))
    assert list(validator.iter_errors({**good, "bugdet": {}}))
    assert list(validator.iter_errors({**good, "budget": {"compte": 1}}))


@pytest.mark.parametrize("command", ["build", "solve", "check", "derive", "verify", "laws", "schema"])
def test_every_command_has_help(command, flopsheet):
    """--help exits 0 and says what the command does."""
    run = flopsheet(command, "--help")
    assert run.code == 0
    assert "Usage:" in run.out
