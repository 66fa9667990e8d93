import pytest
from hypothesis import given
from hypothesis import strategies as st

from flopsheet.errors import FlopsheetError
from flopsheet.workbook.names import is_legal_name, map_names


@pytest.mark.parametrize(
    "text", ["N_opt", "law_A", "in_budget_compute", "tokens_per_parameter", "_x", "CAPS1_", "RC_", "E"]
)
def test_plain_identifiers_are_legal(text):
    """An identifier that reads as nothing else in a spreadsheet is a name."""
    assert is_legal_name(text)


@pytest.mark.parametrize(
    "text",
    ["H100", "h100", "TPU4", "LR1", "TOK1", "XFD1048576", "A1", "log10", "R", "c", "RC", "R1", "C2", "R1C1", "r12c3",
     "rc", "TRUE", "false", "", "1x", "a b", "a.b", "a-b", "x!", "α", "长度", "_xlnm_Area", "a" * 256],
)  # fmt: skip
def test_what_a_spreadsheet_would_misread_is_illegal(text):
    """Cell addresses in either style, truth values, and anything but ASCII identifiers are no names."""
    assert not is_legal_name(text)


def test_prefixes_tell_the_roles_apart():
    """Each role has its prefix, and one id can stand in several roles."""
    names = map_names(
        [
            ("input", "budget_compute"),
            ("current", "budget_compute"),
            ("constant", "A"),
            ("check", "master"),
            ("result", "N_opt"),
        ]
    )
    assert [names.name(*cell) for cell in names] == [
        "in_budget_compute", "c_budget_compute", "law_A", "chk_master", "N_opt",
    ]  # fmt: skip
    assert ("constant", "A") in names
    assert ("constant", "a") not in names


def test_names_that_differ_only_in_case_get_a_suffix():
    """`A` and `a` are two constants, which Excel must not take for one."""
    names = map_names([("constant", "A"), ("constant", "a"), ("constant", "alpha")])
    assert dict(names.names) == {
        ("constant", "A"): "law_A",
        ("constant", "a"): "law_a_",
        ("constant", "alpha"): "law_alpha",
    }


def test_an_illegal_name_gets_a_suffix_and_leaves_others_alone():
    """A reader's cell called H100 becomes H100_, and a cell that is called H100_ keeps its own name."""
    names = map_names([("result", "H100"), ("result", "H100_"), ("result", "C")])
    assert [names.name(*cell) for cell in names] == ["H100__", "H100_", "C_"]


def test_a_name_across_roles_is_one_name():
    """A result called law_a and a constant a want the same name: the second gives way."""
    names = map_names([("constant", "a"), ("result", "LAW_A")])
    assert [names.name(*cell) for cell in names] == ["law_a", "LAW_A_"]


def test_no_free_name_is_an_error_that_says_so():
    """After a few underscores the user is asked to rename, and every such cell is reported."""
    with pytest.raises(FlopsheetError, match=r"`law_长` cannot be a name in a workbook") as caught:
        map_names([("constant", "长"), ("result", "a-b")])
    assert [problem.subject for problem in caught.value.problems] == ["长", "a-b"]
    with pytest.raises(FlopsheetError):
        map_names([("result", name) for name in ("a", "A", "a_", "a__", "a___")])


def test_a_cell_listed_twice_is_a_programming_error():
    """The map has one name for a cell in a role."""
    with pytest.raises(ValueError, match="mapped twice"):
        map_names([("input", "x"), ("input", "x")])


@given(st.lists(st.from_regex(r"[A-Ca-c][A-Ca-c0-1]{0,3}", fullmatch=True), unique=True, max_size=12))
def test_names_are_always_legal_and_unique(ids):
    """Whatever the ids, no two cells share a name in any case, and every name is legal; or it is an error."""
    try:
        names = map_names([("result", name) for name in ids] + [("constant", name) for name in ids])
    except FlopsheetError:
        return
    values = list(names.names.values())
    assert all(map(is_legal_name, values))
    assert len({value.lower() for value in values}) == len(values) == 2 * len(ids)
