import os
import tracemalloc
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from flopsheet.errors import FlopsheetError
from flopsheet.plan import source
from flopsheet.plan.source import MAX_BYTES, Mapping, Node, NoMappingError, Scalar, Sequence, load_source, parse_source


def scalar(node: Node | None) -> Scalar:
    """The node, which must be a scalar."""
    assert isinstance(node, Scalar)
    return node


def refusal(text: str) -> str:
    """The message with which a text is refused."""
    with pytest.raises(FlopsheetError) as caught:
        parse_source(text, "f.yaml")
    return str(caught.value)


def test_values_remember_where_they_stand_in_characters():
    """Columns count characters, also behind Chinese text and emoji."""
    top = parse_source("名: {甲: 😀😀, 乙: '1'}\n", "f.yaml")
    inner = top.get("名")
    assert isinstance(inner, Mapping)
    first, second = scalar(inner.get("甲")), scalar(inner.get("乙"))
    assert (first.place.line, first.place.column, first.place.length) == (1, 8, 2)
    assert (second.place.column, second.place.length, second.content.column) == (15, 3, 16)
    assert first.place.text == "名: {甲: 😀😀, 乙: '1'}"
    assert not first.quoted
    assert second.quoted


def test_content_begins_below_the_bar_of_a_block():
    """The first character of a block text is on the next line that is not empty, behind the indentation."""
    node = scalar(parse_source("a:\n  loss: |\n\n    E + A\n    + B\n", "f").get("a").get("loss"))  # type: ignore[union-attr]
    assert node.text == "\nE + A\n+ B\n"
    assert (node.place.line, node.place.column) == (2, 9)
    assert (node.content.line, node.content.column, node.content.length) == (4, 5, 5)


def test_a_byte_order_mark_moves_nothing(tmp_path: Path):
    """A byte order mark is dropped, and columns count from the first real character."""
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbftitle: x\n")
    top = load_source(path, tmp_path)
    assert [(key.text, key.place.column, key.place.text) for key, _ in top.items] == [("title", 1, "title: x")]


def test_windows_line_ends_keep_lines_and_texts():
    """Lines that end in CR LF are counted and shown like others."""
    value = scalar(parse_source("a: 1\r\nb: 2\r\n", "f").get("b"))
    assert (value.place.line, value.place.column, value.place.text) == (2, 4, "b: 2")


def test_moderate_aliases_stand_for_their_value():
    """An alias gives the node that its anchor names."""
    top = parse_source("a: &x [1, 2]\nb: *x\n", "f")
    assert top.get("a") == top.get("b")
    assert isinstance(top.get("b"), Sequence)


def test_null_is_an_empty_or_unquoted_null():
    """Quoted nulls are text."""
    top = parse_source("a:\nb: ~\nc: null\nd: 'null'\ne: ''\nf: nil\n", "f")
    assert [scalar(node).is_null for _, node in top.items] == [True, True, True, False, False, False]


EXPECTED = {
    "a: 1\nb: 2\na: 3\n": "f.yaml:3:1: the key `a` stands twice; the first is at f.yaml:1:1.",
    "a: [x\n": "f.yaml:2:1: this is not YAML: did not find expected ',' or ']'",
    "a:\n\tb: 1\n": "f.yaml:2:1: a tab stands where YAML allows only spaces.",
    "a: b: c\n": "f.yaml:1:5: this is not YAML: a `:` stands where no key can begin.",
    "a: 1\n---\nb: 2\n": "f.yaml:2:1: a second document begins here.",
    "a: &x {b: 1}\nc:\n  <<: *x\n": "f.yaml:3:3: merge keys (`<<`) are not supported.",
    "a: *x\n": "f.yaml:1:4: the alias `*x` has no anchor before it.",
    "a: &x [*x]\n": "f.yaml:1:8: the alias `*x` stands inside the node that it names.",
    "a: !!python/object/apply:os.system ['id']\n": "f.yaml:1:4: the tag `!!python/object/apply:os.system` is not",
    "a: !!int 3\n": "f.yaml:1:4: the tag `!!int` is not supported.",
    "? [a]\n: 1\n": "f.yaml:1:3: a key must be a single word or text.",
    "a: &x b\n*x : 1\n": "f.yaml:2:1: a key cannot be an alias.",
    "a: \x07\n": "f.yaml:1:4: the character U+0007 is not allowed in YAML.",
    "- a\n": "f.yaml:1:1: the file must hold keys with values (`title: ...`) at its top level.",
    "just text\n": "f.yaml:1:1: the file must hold keys with values (`title: ...`) at its top level.",
    "": "f.yaml:1:1: the file is empty.",
    "# only a comment\n": "f.yaml:1:1: the file is empty.",
    "---\n": "f.yaml:1:1: the file is empty.",
}


@pytest.mark.parametrize("text", EXPECTED)
def test_a_fault_is_told_at_its_place(text: str):
    """Each fault of YAML is refused with file, line, column and the rule."""
    assert refusal(text).startswith(EXPECTED[text])


def test_files_without_keys_are_told_apart_from_broken_ones():
    """An empty file or a list raises NoMappingError, a broken file does not."""
    for text in ("", "- a\n"):
        with pytest.raises(NoMappingError):
            parse_source(text, "f")
    with pytest.raises(FlopsheetError) as caught:
        parse_source("a: [", "f")
    assert not isinstance(caught.value, NoMappingError)


def test_an_alias_bomb_is_refused_without_expanding_it():
    """Ten levels of ten aliases each are refused at their place, within little memory."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    tracemalloc.start()
    message = refusal("\n".join(lines))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert message.startswith("f.yaml:4:")
    assert "more than 10,000 values, aliases expanded" in message
    assert peak < 20_000_000


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_nesting_beyond_the_limit_is_refused(opening: str):
    """A hundred thousand levels are refused like fifty-one, without recursion."""
    assert "the nesting is deeper than 50 levels" in refusal("a:\n  " + opening * 100_000)


def test_nesting_through_aliases_counts():
    """Levels that an alias adds count towards the limit."""
    deep = f"a: &x {'[' * 30}1{']' * 30}\n"
    assert "deeper than 50 levels" in refusal(f"{deep}b: {'[' * 30}*x{']' * 30}\n")
    parse_source(f"{deep}b: {'[' * 15}*x{']' * 15}\n", "f")


def test_a_file_that_is_not_utf8_is_refused_at_the_byte(tmp_path: Path):
    """The place of the wrong byte counts characters, not bytes."""
    path = tmp_path / "latin.yaml"
    path.write_bytes("a: 中\nb: é".encode() + b"\xe9\n")
    with pytest.raises(FlopsheetError) as caught:
        load_source(path, tmp_path)
    assert str(caught.value) == (
        "latin.yaml:2:5: the file is not UTF-8: byte 0xe9 cannot stand here.\n"
        "    2 | b: é\N{REPLACEMENT CHARACTER}\n"
        "      |     ^\n"
        "Save the file as UTF-8."
    )


def test_what_is_no_readable_file_is_refused(tmp_path: Path):
    """A missing file, a folder, a pipe and a file that is too large each get a message of their own."""
    (tmp_path / "large.yaml").write_bytes(b"a: 1\n" + b"#" * MAX_BYTES)
    os.mkfifo(tmp_path / "pipe.yaml")
    expected = {
        "none.yaml": "none.yaml:1:1: there is no such file.",
        ".": f"{tmp_path.name}:1:1: this is a folder",
        "pipe.yaml": "pipe.yaml:1:1: this is no regular file.",
        "large.yaml": "large.yaml:1:1: the file is larger than 1,000,000 bytes.",
        "nul\0.yaml": "nul\0.yaml:1:1: the file cannot be read",
        "x" * 300: f"{'x' * 300}:1:1: the file cannot be read",
    }
    for name, message in expected.items():
        with pytest.raises(FlopsheetError) as caught:
            load_source(tmp_path / name, tmp_path)
        assert str(caught.value).startswith(message)


@pytest.mark.parametrize("name", ["CSafeLoader", "SafeLoader"])
def test_both_parsers_give_the_same_nodes(name: str, monkeypatch: pytest.MonkeyPatch):
    """The fast parser and the pure Python one agree on values and places."""
    text = "# 注\ntitle: 中文😀 x  # c\nlaw: 'a ''b'''\nlist: [1, \"2\\n\", {a: b}]\nblock: >-\n  one\n  two\nempty:\n"
    fast = parse_source(text, "f")
    monkeypatch.setattr(source, "_LOADER", getattr(yaml, name))
    assert parse_source(text, "f") == fast


yaml_like = st.text(alphabet=st.sampled_from("ab:-[]{},&*!|>'\"#?%@`~<\\ \t\n中😀\x07\x85"), max_size=80)


@given(yaml_like)
def test_any_text_gives_nodes_or_a_problem_at_a_place(text: str):
    """No text raises anything but a FlopsheetError whose place lies within the text."""
    try:
        top = parse_source(text, "f")
    except FlopsheetError as error:
        for problem in error.problems:
            assert problem.place is not None
            assert problem.place.line >= 1
            assert 1 <= problem.place.column <= len(problem.place.text) + 1 or not problem.place.text
        return
    places = [key.place for key, _ in top.items]
    assert all((a.line, a.column) < (b.line, b.column) for a, b in pairwise(places))
