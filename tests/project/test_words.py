"""What the project's text must not hold: unfinished work, private paths, ticket numbers, hosts nobody decided on."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (".ci", "engine", "reports", "scenarios", "templates", "tests")
TEXT = {"", ".cfg", ".csv", ".html", ".j2", ".json", ".md", ".py", ".svg", ".toml", ".txt", ".yaml"}

# Places that a reader of the project may be sent to; a new one is a decision and is added here.
HOSTS = {
    "aclanthology.org",
    "arxiv.org",
    "doi.org",
    "example.com",
    "example.org",
    "www.example.com",
    "www.example.org",
    "github.com",
    "json-schema.org",
    "keepachangelog.com",
    "openreview.net",
    "proceedings.mlr.press",
    "proceedings.neurips.cc",
    "purl.org",
    "raw.githubusercontent.com",
    "schemas.microsoft.com",
    "schemas.openxmlformats.org",
    "semver.org",
    "www.apache.org",
    "www.w3.org",
    "yaml.org",
}
# Hosts with or without a scheme before them.
HOST = re.compile(r"(?:https?://|(?<![\w./@-]))((?:[a-z0-9-]+\.)+(?:cc|com|net|org|press))\b", re.IGNORECASE)

UNWANTED = {
    "unfinished work": re.compile(
        r"\b(?:TODO|FIXME|XXX|TBD)\b|\braise NotImplementedError\b|lorem ipsum", re.IGNORECASE
    ),
    "a private path": re.compile(r"\.\./shared\b|(?<![\w.])/(?:work|root|home|tmp)/"),
    "a ticket number": re.compile(r"(?<![\w&/#])#\d{1,3}\b(?!\w)|\b[Ii]ssues? #?\d+\b"),
}


def _texts() -> dict[str, str]:
    """Every text file of the project by its path, this one and what make puts beside them left out."""
    top = [path for path in ROOT.iterdir() if path.is_file() and path.name != "LICENSE"]
    below = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()]
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(top + below)
        if path.suffix in TEXT and "__pycache__" not in path.parts and path != Path(__file__).resolve()
    }


TEXTS = _texts()


def _found(pattern: re.Pattern[str], text: str) -> list[str]:
    """Each line, with its number, in which the pattern occurs."""
    return [
        f"{number}: {line.strip()[:100]}" for number, line in enumerate(text.splitlines(), 1) if pattern.search(line)
    ]


@pytest.mark.parametrize("kind", UNWANTED)
def test_the_product_speaks_of_the_product(kind):
    """No shipped file mentions unfinished work, a path of somebody's machine, or a ticket."""
    product = {name: text for name, text in TEXTS.items() if not name.startswith("tests/")}
    assert "engine/flopsheet/errors.py" in product
    assert [f"{name}:{place}" for name, text in product.items() for place in _found(UNWANTED[kind], text)] == []


def test_every_host_was_decided_on():
    """Links go to known places only; package indexes are not among them."""
    hosts = {(name, host.lower()) for name, text in TEXTS.items() for host in HOST.findall(text)}
    assert {(name, host) for name, host in hosts if host not in HOSTS} == set()


def test_constraints_hold_names_and_versions_only(project_root):
    """constraints.txt pins each package exactly, says nothing of where it comes from, and is sorted."""
    lines = (project_root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*", pin) for pin in pins)
    names = [pin.partition("==")[0].lower().replace("_", "-") for pin in pins]
    assert names == sorted(set(names))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("unfinished work", "# todo: later"),
        ("a private path", "see ../shared/notes.md"),
        ("a private path", "open('/tmp/x')"),
        ("a ticket number", "as asked in issue 12"),
        ("a ticket number", "fixes #12"),
    ],
)
def test_the_patterns_find_what_they_are_for(kind, text):
    """The measure itself: one example of each kind is found."""
    assert _found(UNWANTED[kind], text) == [f"1: {text}"]


def test_colours_and_entities_are_no_tickets():
    """The measure itself: colours, entities and anchors are left alone."""
    assert _found(UNWANTED["a ticket number"], "fill='#0072b2' &#39; page.md#2 #112233") == []
