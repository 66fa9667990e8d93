"""Tiers of data: declared in lists, changed by name, in every layer."""

import pytest

from flopsheet.errors import FlopsheetError
from flopsheet.plan.layers import load_plan
from flopsheet.plan.plan import DEFAULT, Plan, Scenario

HEAD = "title: t\nlaw: hoffmann_2022\nbudget.compute: 1e22\n"
TIERS = """\
data:
  tiers:
    - {name: curated, unique: 150B, quality: high, epochs: 8, decay: 10}
    - {name: web crawl, unique: 1.2T, quality: 0.4}
"""


@pytest.fixture
def load(write):
    """A function that loads the plan with a text below the head."""

    def run(text: str, *sets: str) -> Plan:
        return load_plan(write("plan.yaml", HEAD + text), sets=sets)

    return run


def tier(scenario: Scenario, name: str) -> dict[str, float | None]:
    """What a scenario holds of a tier."""
    prefix = f"data.tiers.{name}."
    return {key.removeprefix(prefix): s.value for key, s in scenario.inputs.items() if key.startswith(prefix)}


def test_a_list_declares_tiers_in_order(load):
    """With slugs for identifiers, words for qualities, and a decay where none is given; no cap is no cap."""
    plan = load(TIERS)
    assert [(t.name, t.slug) for t in plan.tiers] == [("curated", "curated"), ("web crawl", "web_crawl")]
    scenario = plan.scenarios[0]
    assert scenario.tiers == ("curated", "web crawl")
    assert tier(scenario, "curated") == {"unique": 150e9, "quality": 1, "epochs": 8, "decay": 10}
    assert tier(scenario, "web crawl") == {"unique": 1.2e12, "quality": 0.4, "decay": 15.39}
    assert scenario.inputs["data.tiers.web crawl.decay"].layer == DEFAULT


@pytest.mark.parametrize(("word", "value"), [("high", 1), ("mixed", 0.7), ("low", 0.4), ("65 %", 0.65), ("0.25", 0.25)])
def test_a_quality_is_a_word_or_a_number(load, word: str, value: float):
    """By the convention of the table; better than the data of the law is above 1."""
    plan = load(f"data.tiers: [{{name: a, unique: 1, quality: {word}}}]\n")
    assert tier(plan.scenarios[0], "a")["quality"] == value


def test_slugs_that_meet_give_way_to_positions(load):
    """As for scenarios, with a t."""
    plan = load("data.tiers: [{name: A, unique: 1}, {name: a, unique: 1}, {name: 书, unique: 1}]\n")
    assert [t.slug for t in plan.tiers] == ["t1", "t2", "t3"]


def test_a_scenario_changes_a_tier_by_name(load):
    """Dotted or nested; the other keys and tiers stay, and only the change stands among its overrides."""
    for text in ("data.tiers.web crawl.unique: 2T", "data: {tiers: {web crawl: {unique: 2T}}}"):
        base, richer = load(f"{TIERS}scenarios:\n  base: {{}}\n  richer: {{{text}}}\n").scenarios
        assert not base.overrides
        assert {key: s.value for key, s in richer.overrides.items()} == {"data.tiers.web crawl.unique": 2e12}
        assert tier(richer, "web crawl") == {"unique": 2e12, "quality": 0.4, "decay": 15.39}


def test_a_null_removes_a_key_a_tier_or_all(load):
    """A cap is then none, a quality or decay the default, a tier has nothing; without tiers all is open."""
    plan = load(
        f"{TIERS}scenarios:\n  a: {{data.tiers.curated: {{epochs: null, decay: null}}}}\n"
        "  b: {data.tiers.curated: null}\n  c: {data.tiers: null}\n  d: {data: null}\n"
    )
    a, b, c, d = plan.scenarios
    assert tier(a, "curated") == {"unique": 150e9, "quality": 1, "epochs": None, "decay": 15.39}
    assert b.tiers == ("web crawl",)
    assert tier(b, "curated")["unique"] == 0
    for scenario in (c, d):
        assert (scenario.tiers, scenario.repetition) == ((), None)
        assert not any(source.value for key, source in scenario.inputs.items() if key.startswith("data."))


def test_a_list_in_a_scenario_replaces(load):
    """What it does not name has nothing, and of what it names again no key is kept."""
    listed = "[{name: curated, unique: 5}, {name: new, unique: 7}]"
    plan = load(f"{TIERS}scenarios:\n  base: {{}}\n  a: {{data.tiers: {listed}}}\n")
    base, a = plan.scenarios
    assert [t.name for t in plan.tiers] == ["curated", "web crawl", "new"]
    assert (base.tiers, a.tiers) == (("curated", "web crawl"), ("curated", "new"))
    assert tier(a, "curated") == {"unique": 5, "quality": 1, "epochs": None, "decay": 15.39}
    assert tier(a, "new") == {"unique": 7, "quality": 1, "decay": 15.39}
    assert tier(a, "web crawl")["unique"] == tier(base, "new")["unique"] == 0
    assert a.overrides["data.tiers.web crawl.unique"].value == 0


def test_files_merge_tiers_as_scenarios_do(write):
    """A list of a later file replaces, a mapping by name changes, a null removes."""
    write("_company.yaml", TIERS)
    changed = "data.tiers: {curated: {unique: 1}, web crawl: null}\n"
    for text, expected in (
        ("data.tiers: [{name: x, unique: 3}]\n", {"x": 3}),
        (changed, {"curated": 1}),
        ("data.tiers.curated.unique: 2\n", {"curated": 2, "web crawl": 1.2e12}),
    ):
        plan = load_plan(write("plan.yaml", HEAD + "extends: _company.yaml\n" + text))
        (scenario,) = plan.scenarios
        assert {name: tier(scenario, name)["unique"] for name in scenario.tiers} == expected


def test_set_addresses_a_tier_in_every_scenario(load):
    """Also in one whose list lacks it."""
    text = f"{TIERS}scenarios:\n  a: {{}}\n  b: {{data.tiers: [{{name: new, unique: 7}}]}}\n"
    for scenario in load(text, "data.tiers.curated.unique=9").scenarios:
        assert "curated" in scenario.tiers
        assert tier(scenario, "curated")["unique"] == 9


GOLDEN = {
    "unknown name in a scenario": (
        TIERS + "scenarios: {a: {data.tiers.curatd.unique: 3}}\n",
        "plan.yaml:8:28: scenarios.a.data.tiers: there is no tier `curatd` here.",
        "Did you mean `curated`? Known here: curated, web crawl.",
    ),
    "no list": (
        "data.tiers: {web: {unique: 3}}\n",
        "plan.yaml:4:14: data.tiers: there is no tier `web` here.",
        "Declare tiers in a list",
    ),
    "no name": (
        "data.tiers: [{unique: 3}]\n",
        "plan.yaml:4:14: a tier needs a `name`.",
        "Write for example `{name: web, unique: ...}`.",
    ),
    "a name twice": (
        "data.tiers: [{name: a, unique: 3}, {name: a, unique: 4}]\n",
        "plan.yaml:4:43: the name `a` stands twice; the first is at plan.yaml:4:21.",
        "Give each tier a name of its own.",
    ),
    "a dot in a name": (
        "data.tiers: [{name: a.b, unique: 3}]\n",
        "plan.yaml:4:21: data.tiers: `a.b` cannot be the name of a tier.",
        "leave them out",
    ),
    "no unique tokens": (
        "data.tiers: [{name: a, quality: low}]\n",
        "plan.yaml:4:21: data.tiers.a: a tier needs `unique`.",
        "To leave the tier out, set `data.tiers.a` to null.",
    ),
    "a null in a list": (
        "data.tiers: [{name: a, unique: 3, epochs: null}]\n",
        "plan.yaml:4:43: is null, but a list replaces what is below it: there is nothing to remove.",
        "Remove the line, or give it a value.",
    ),
    "an unknown key": (
        "data.tiers: [{name: a, unique: 3, qualty: low}]\n",
        "plan.yaml:4:35: data.tiers.a: unknown key `qualty`.",
        "Did you mean `quality`? Known here: decay, epochs, quality, unique.",
    ),
    "an unknown word": (
        "data.tiers: [{name: a, unique: 3, quality: hihg}]\n",
        "plan.yaml:4:44: data.tiers.a.quality: must be a number or one of `high`, `mixed`, `low`, but is `hihg`.",
        "Did you mean `high`?",
    ),
    "a percentage without its sign": (
        "data.tiers: [{name: a, unique: 3, quality: 40}]\n",
        "plan.yaml:4:44: data.tiers.a.quality: must be at most 1, but is `40`.",
        "Write a share such as 0.4 or 40 %.",
    ),
    "part of an epoch": (
        "data.tiers: [{name: a, unique: 3, epochs: 0.5}]\n",
        "plan.yaml:4:43: data.tiers.a.epochs: must be at least 1, but is `0.5`.",
        "give fewer unique tokens",
    ),
    "no list of mappings": (
        "data.tiers: web\n",
        "plan.yaml:4:13: data.tiers: must be a list, each item a mapping of name, unique, quality, epochs, decay,",
        "",
    ),
    "beside one amount": (
        TIERS + "scenarios: {a: {data.unique: 3}}\n",
        "plan.yaml:8:30: data.unique: stands beside `data.tiers`: the unique tokens are either one amount or in tiers.",
        "Set one of the two to null in this layer.",
    ),
    "a cap for all": (
        TIERS + "  epochs: 4\n",
        "plan.yaml:8:11: data.epochs: stands beside `data.tiers`, whose tiers have their own.",
        "Give each tier its own.",
    ),
    "a null that removes nothing": (
        TIERS + "scenarios: {a: {data.tiers.web crawl.epochs: null}}\n",
        "plan.yaml:8:46: scenarios.a.data.tiers.web crawl.epochs: is null, but no layer set it before.",
        "Remove the line",
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_mistakes_are_told_at_their_place(load, name: str):
    """Place, rule and remedy, once."""
    text, message, remedy = GOLDEN[name]
    with pytest.raises(FlopsheetError) as caught:
        load(text)
    assert message in str(caught.value)
    assert remedy in str(caught.value)
    assert len(caught.value.problems) == 1, str(caught.value)


def test_set_names_only_tiers_that_there_are(load):
    """With the spelling that was meant."""
    with pytest.raises(FlopsheetError, match=r"--set:1:12: data.tiers: there is no tier `wbe crawl`"):
        load(TIERS, "data.tiers.wbe crawl.unique=3")
    with pytest.raises(FlopsheetError, match="The plan has no tiers"):
        load("", "data.tiers.web.unique=3")
    with pytest.raises(FlopsheetError, match="a whole section cannot be removed here"):
        load(TIERS, "data.tiers=null")
