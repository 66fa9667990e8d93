"""A law has one derivation, whatever order a process happens to keep its sets in."""

import pytest

SEEDS = ("0", "1", "2", "3")


@pytest.mark.parametrize("law", ["kaplan_2020", "hoffmann_2022", "gadre_2024_c4"])
def test_steps_and_verdicts_do_not_depend_on_the_hash_seed(law, run_flopsheet, monkeypatch):
    """Four processes with different seeds for hashing write the same record, steps and proofs included."""
    records = set()
    for seed in SEEDS:
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        run = run_flopsheet("derive", law, "--json")
        assert run.returncode == 0, run.stderr
        records.add(run.stdout)
    assert len(records) == 1
