"""What each command prints, where, and with which exit code."""

import json
import shutil
import zipfile
from pathlib import Path

import jsonschema
import pytest
import yaml

from flopsheet.laws.library import law_names
from flopsheet.plan.topics import TOPICS

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


def test_laws_are_listed_under_what_they_answer(flopsheet):
    """Every law stands once, below the heading of its topic, and headings come in a reader's order."""
    printed = flopsheet("laws").out
    heading = ""
    below: dict[str, list[str]] = {}
    for line in printed.splitlines():
        if line.startswith("  "):
            below.setdefault(line.split()[0], []).append(heading)
        else:
            heading = line.rpartition(" (")[0] or heading
    assert sorted(below) == list(law_names())
    assert all(len(headings) == 1 for headings in below.values())
    assert below["hoffmann_2022"] == ["Loss of model size and data"]
    assert below["kaplan_2020_tokens"] == ["Loss of one resource"]
    assert below["hu_2024"] == ["Exponents only"]
    assert list(dict.fromkeys(heading for (heading,) in below.values())) == list(TOPICS.values())


def test_a_law_says_what_it_counts(flopsheet):
    """Text and JSON tell what sizes count, training data, tokenizer and rounding; absent is absent."""
    printed = flopsheet("laws", "hoffmann_2022").out
    for line in (
        "  decisions: N (parameters), D (tokens)",
        "  sizes count: all parameters, embeddings included",
        "  training data: MassiveText",
        "  tokenizer: SentencePiece, 32k",
    ):
        assert line in printed.splitlines()
    assert "\n  rounded: The exponents are printed with two digits." in printed
    assert "  tokenizer: not stated" in flopsheet("laws", "krajewski_2024").out.splitlines()
    about = json.loads(flopsheet("laws", "tao_2024_approach_3", "--json").out)["about"]
    assert about == {
        "topic": "sparsity_and_precision",
        "parameters": "non_embedding",
        "data": "not stated",
        "tokenizer": "one of V tokens for each run",
        "loss": "nats/token less those of a unigram model",
    }


def test_bibtex_in_json(flopsheet):
    """With --json the BibTeX entry stands in the record, of one law and of all; with --at alone it is refused."""
    record = json.loads(flopsheet("laws", "hoffmann_2022", "--json", "--bibtex", "--at", "N=1B,D=20B").out)
    assert record["bibtex"].startswith("@article{hoffmann_2022,")
    assert record["at"]["cost"]["value"] == 1.2e20
    listed = json.loads(flopsheet("laws", "--json", "--bibtex").out)
    assert [law["name"] for law in listed] == list(law_names())
    assert all(law["bibtex"].startswith(f"@article{{{law['name']},") for law in listed)
    plain = flopsheet("laws", "--bibtex").out
    assert all(law["bibtex"] in plain for law in listed)
    refused = flopsheet("laws", "hoffmann_2022", "--bibtex", "--at", "N=1B,D=20B")
    assert (refused.code, refused.out) == (2, "")
    assert "--at and --bibtex" in refused.err


def test_accelerators(flopsheet):
    """The catalogue as a table and as JSON, one accelerator with its source, and a misspelled one."""
    listed = json.loads(flopsheet("laws", "accelerators", "--json").out)
    assert {entry["name"]: entry["peak"]["bf16"] for entry in listed}["H100-SXM"] == {
        "value": 989e12,
        "unit": "FLOP/second",
    }
    table = flopsheet("laws", "accelerators").out
    assert all(entry["name"] in table and entry["title"] in table for entry in listed)
    one = flopsheet("laws", "MI300X").out
    assert "  peak in fp8: 2614.9 TFLOP/s, dense\n  peak in int8" in one
    assert "  memory: 192 GB\n  power: 750 W\n  source: AMD Instinct MI300X data sheet\n" in one
    assert json.loads(flopsheet("laws", "TPU-v5p", "--json").out) == next(e for e in listed if e["name"] == "TPU-v5p")
    for given, meant in (("H100-SMX", "H100-SXM"), ("mi300x", "MI300X"), ("acelerators", "accelerators")):
        wrong = flopsheet("laws", given)
        assert (wrong.code, wrong.out) == (2, "")
        assert f"Did you mean `{meant}`?" in wrong.err
    assert flopsheet("laws", "accelerators", "--bibtex").code == 2
    assert "unknown law `hofmann_2022`" in flopsheet("laws", "hofmann_2022").err


def test_faults_of_a_law_are_told_at_once(flopsheet, project):
    """Every unknown name in every formula of a law file, with place, caret and what was meant; by plan and by name."""
    (project / "laws").mkdir()
    (project / "laws" / "b.yaml").write_text(
        "law: b_2026\nloss: E + AA / N**alhpa + B / D**beta\ncost: 6 * N * D\n"
        "decisions: {N: parameters, D: tokens}\nconstants: {E: 1, A: 2, B: 3, alpha: 0.3, beta: 0.3}\n"
        "where: {q: N * zz}\nformulas: {r: {formula: D / M + L, unit: token}}\n",
        encoding="utf-8",
    )
    (project / "plan.yaml").write_text("title: x\nlaw: ./laws/b.yaml\nbudget: {compute: 1e22}\n", encoding="utf-8")
    expected = [
        "laws/b.yaml:2:11: loss: unknown symbol `AA`.",
        "laws/b.yaml:2:19: loss: unknown symbol `alhpa`.",
        "laws/b.yaml:6:16: where.q: unknown symbol `zz`.",
        "laws/b.yaml:7:29: formulas.r: unknown symbol `M`.",
    ]
    for command in (("laws", "./laws/b.yaml"), ("derive", "./laws/b.yaml"), ("solve", "plan.yaml")):
        told = flopsheet(*command)
        assert told.code == 2
        assert [line for line in told.err.splitlines() if line.startswith("laws/")] == expected
        assert "Did you mean `alpha`?" in told.err


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


def test_findings_on_the_terminal(flopsheet, project):
    """A finding of one scenario is told with its name, one that all share once."""
    (project / "plan.yaml").write_text(
        "title: x\nlaw: hoffmann_2022\nscenarios: {one: {budget.compute: 1e21}, two: {budget.compute: 1e24}}\n",
        encoding="utf-8",
    )
    told = flopsheet("solve", "plan.yaml").err.splitlines()
    assert [line.split(": ")[:2] for line in told] == [
        ["two", "extrapolation"],
        ["two", "extrapolation"],
        ["all scenarios", "rounded_constants"],
    ]
    alone = flopsheet("solve", "plan.yaml", "--scenario", "one").err.splitlines()
    assert [line.split(": ")[:2] for line in alone] == [["one", "rounded_constants"]]


def test_solve_sets_compared_laws_side_by_side(flopsheet, plan):
    """A row for each scenario and law on stdout, and on stderr how losses are to be read and what to know."""
    plan.write_text(plan.read_text() + "compare: [kaplan_2020]\n", encoding="utf-8")
    run = flopsheet("solve", "plan.yaml")
    rows = [line.split() for line in run.out.splitlines() if line.startswith("base")]
    assert ["base", "hoffmann_2022", "ok"] in [row[:3] for row in rows]
    compared = next(row for row in rows if row[:3] == ["base", "kaplan_2020", "ok"])
    assert compared[-1] == "3.416"
    assert "Losses of laws that were fitted on different data" in run.err
    assert "base, kaplan_2020: extrapolation: N = 6.231e+09" in run.err


def test_a_build_follows_the_file_of_a_compared_law(flopsheet, project, plan):
    """A law file that a plan only compares with is one of its inputs: changing it makes the report stale."""
    law = "law: ours\nloss: 1 + 400 / N**0.3 + 500 / D**0.3\ncost: 6 * N * D\ndecisions: {N: parameters, D: tokens}\n"
    (project / "ours.yaml").write_text(law, encoding="utf-8")
    plan.write_text(plan.read_text() + "compare: [./ours.yaml]\n", encoding="utf-8")
    assert flopsheet("build", "plan.yaml", "--out", "reports").code == 0
    assert "ours.yaml" in (project / "reports/plan/report.md").read_text(encoding="utf-8")
    assert flopsheet("build", "plan.yaml", "--out", "reports", "--check").code == 0
    (project / "reports/plan/.inputs").unlink()  # as in a fresh checkout, where only the report is known
    assert flopsheet("build", "plan.yaml", "--out", "reports", "--check").code == 0
    (project / "ours.yaml").write_text(law.replace("400", "410"), encoding="utf-8")
    assert flopsheet("build", "plan.yaml", "--out", "reports", "--check").code == 1
