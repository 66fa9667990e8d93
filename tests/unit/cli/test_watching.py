"""`flopsheet watch`, as a person uses it: in a process of its own, with files saved beside it."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

LAW = """\
law: ours
loss: E + A / N**alpha + B / D**beta
cost: 6 * N * D
decisions: {N: parameters, D: tokens}
constants: {E: 1.7, A: 400, B: 410, alpha: 0.34, beta: 0.28}
"""
PLAN = "title: {title}\nextends: [_layer.yaml]\nbudget: {{compute: {budget} FLOP}}\n"
PATIENCE = 30
PROGRAM = "import sys; from flopsheet.cli import main; sys.argv[0] = 'flopsheet'; sys.exit(main())"


class Watching:
    """A running `flopsheet watch`, and what it printed so far."""

    def __init__(self, folder, *arguments):
        self.folder = folder
        self.lines = []
        command = [sys.executable, "-c", PROGRAM, "watch", *arguments, "--interval", "0.1"]
        self.process = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        assert self.process.stdout is not None
        with self.process.stdout as printed:
            for line in printed:
                self.lines.append(line.rstrip())

    def wait(self, *starts):
        """Wait until lines with these beginnings came, in any order, since the last wait."""
        end = time.monotonic() + PATIENCE
        missing = list(starts)
        passed = []
        while missing:
            if self.lines:
                passed.append(self.lines.pop(0))
                missing = [start for start in missing if not passed[-1].startswith(start)]
                continue
            assert self.process.poll() is None, passed
            assert time.monotonic() < end, (missing, passed)
            time.sleep(0.02)
        return passed

    def stop(self, wish=signal.SIGINT):
        """Ask it to stop; its exit code."""
        self.process.send_signal(wish)
        code = self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        return code


@pytest.fixture
def watching(tmp_path):
    """A function that starts watching in a project of two plans on a layer with a law of their own."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "shared").mkdir()
    (tmp_path / "plans").mkdir()
    (tmp_path / "shared/ours.yaml").write_text(LAW, encoding="utf-8")
    (tmp_path / "plans/_layer.yaml").write_text("law: ../shared/ours.yaml\n", encoding="utf-8")
    for name, budget in (("one", "1e21"), ("two", "2e21")):
        (tmp_path / f"plans/{name}.yaml").write_text(PLAN.format(title=name, budget=budget), encoding="utf-8")
    running = []

    def start(*arguments):
        running.append(Watching(tmp_path, *arguments))
        return running[-1]

    yield start
    for each in running:
        each.process.kill()
        each.process.wait(PATIENCE)
        each.reader.join(PATIENCE)


def report(folder, name):
    """A plan's report."""
    return (folder / f"reports/{name}/report.md").read_text(encoding="utf-8")


def test_what_is_saved_is_built(watching):
    """Changes, an error and its repair, new and deleted plans, layers, laws outside the folder; Ctrl-C ends with 0."""
    watch = watching("plans", "--out", "reports")
    plans = watch.folder / "plans"
    watch.wait("built         plans/one.yaml", "built         plans/two.yaml", "watching")
    assert report(watch.folder, "one").startswith("# one\n")
    (plans / "one.yaml").write_text(PLAN.format(title="The first", budget="3e21"), encoding="utf-8")
    assert not any("two.yaml" in line for line in watch.wait("built         plans/one.yaml"))
    assert report(watch.folder, "one").startswith("# The first\n")
    # An error stands with its place, keeps the old outputs, and does not keep other plans from being built.
    before = report(watch.folder, "one")
    (plans / "one.yaml").write_text(PLAN.format(title="one", budget="3e21") + "cops: {tokens: 1T}\n", encoding="utf-8")
    told = watch.wait("failed        plans/one.yaml", "plans/one.yaml:4:1: unknown key `cops`.", "Did you mean `caps`?")
    assert "      | ^^^^" in told
    assert report(watch.folder, "one") == before
    (plans / "two.yaml").write_text(PLAN.format(title="two", budget="4e21"), encoding="utf-8")
    assert not any("one.yaml" in line for line in watch.wait("built         plans/two.yaml"))
    (plans / "one.yaml").write_text(PLAN.format(title="one", budget="3e21") + "caps: {tokens: 9T}\n", encoding="utf-8")
    watch.wait("built         plans/one.yaml")
    (plans / "new.yaml").write_text(PLAN.format(title="new", budget="5e21"), encoding="utf-8")
    watch.wait("built         plans/new.yaml")
    (plans / "new.yaml").unlink()
    watch.wait("stale: reports/new (its plan plans/new.yaml is gone; remove the folder)")
    assert (watch.folder / "reports/new/report.md").is_file()
    (watch.folder / "shared/ours.yaml").write_text(LAW.replace("400", "401"), encoding="utf-8")
    watch.wait("built         plans/one.yaml", "built         plans/two.yaml")
    (plans / "_layer.yaml").write_text("law: hoffmann_2022\n", encoding="utf-8")
    watch.wait("built         plans/one.yaml", "built         plans/two.yaml")
    assert watch.stop() == 0
    assert watch.lines == ["stopped."]


def test_a_plan_by_name_that_is_broken_at_first(watching):
    """It waits for the repair, also where that is a file of the law's; another wish to stop is heard too."""
    watch = watching("plans/one.yaml", "--out", "reports")
    watch.wait("built         plans/one.yaml", "watching")
    law = watch.folder / "shared/ours.yaml"
    law.write_text(LAW.replace("alpha +", "alhpa +"), encoding="utf-8")
    watch.wait("failed        plans/one.yaml", "shared/ours.yaml:2:18: loss: unknown symbol `alhpa`.")
    # Saved again as wrong as before: told again. As it was when it was built: nothing to do.
    law.write_text(LAW.replace("alpha +", "alhpa +"), encoding="utf-8")
    watch.wait("failed        plans/one.yaml")
    law.write_text(LAW, encoding="utf-8")
    watch.wait("as before     plans/one.yaml")
    assert watch.stop(signal.SIGTERM) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere",), "`nowhere` does not exist."),
        (("--interval", "nan"), "--interval must be 0.02 to 3600 seconds, not nan."),
        (("--interval", "0"), "--interval must be 0.02 to 3600 seconds, not 0."),
        (("--templates", "nowhere"), "the template folder `nowhere` does not exist."),
    ],
)
def test_what_cannot_be_watched_is_refused(arguments, message, flopsheet, plan):
    """Nothing is built, exit code 2."""
    run = flopsheet("watch", *arguments)
    assert (run.code, run.err.strip()) == (2, message)
    assert not Path(plan.parent, "reports").exists()
