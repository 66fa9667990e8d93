import re
import zipfile

import pytest
from openpyxl.styles import Font, PatternFill, Protection
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

from flopsheet.workbook.lint import check_workbook
from flopsheet.workbook.save import write_workbook

PLAN_ROW = 7  # the first row of the table on Plan; its value stands in column D


def set_formula(text, value=1.0, cell=f"D{PLAN_ROW}"):
    """A fault: another formula on Plan, with a stored value."""

    def fault(book, values):
        book["Plan"][cell] = f"={text}"
        values["Plan", cell] = value

    return fault


def on(sheet, change):
    """A fault on one sheet."""
    return lambda book, _: change(book[sheet])


def remove_rule(sheet):
    """Let the inputs take anything."""
    sheet.data_validations.dataValidation = []


def unlock(sheet):
    """Let a reader type over a formula."""
    sheet[f"D{PLAN_ROW}"].protection = Protection(locked=False)


def unlink(sheet):
    """Take the way back to Index away."""
    sheet["A4"].hyperlink = None


def name_to_nowhere(book, _):
    """Name a cell that holds nothing."""
    book.defined_names["lost"] = DefinedName("lost", attr_text="'Plan'!$Z$99")


def names_in_two_cases(book, _):
    """Define a name that differs from another only in case."""
    book.defined_names["n_OPT"] = DefinedName("n_OPT", attr_text="'Plan'!$D$9")


def cell_like_name(book, _):
    """Define a name that reads as a cell."""
    book.defined_names["H100"] = DefinedName("H100", attr_text="'Plan'!$D$9")


def constant_name(book, _):
    """Define a name that stands for a number."""
    book.defined_names["six"] = DefinedName("six", attr_text="6")


def typed_list(sheet):
    """Offer a list that is typed into the rule."""
    remove_rule(sheet)
    rule = DataValidation(type="list", formula1='"a,b"', showErrorMessage=True, error="a or b")
    rule.add("D7:D8")
    sheet.add_data_validation(rule)


def silent_rule(sheet):
    """Let the inputs refuse without saying why."""
    for rule in sheet.data_validations.dataValidation:
        rule.error = None


def outside_limits(sheet):
    """Start from a budget below its least."""
    sheet["D7"] = 1e3


def circle(book, values):
    """Let two formulas need each other."""
    set_formula("D8 + 1")(book, values)
    set_formula(f"D{PLAN_ROW} * 2", cell="D8")(book, values)


def odd_one_out(book, values):
    """Let one formula in a column read the row above."""
    book["Iso-FLOP"]["D15"] = "=law_E + law_A / B15 ^ law_alpha + law_B / C14 ^ law_beta"
    assert ("Iso-FLOP", "D15") in values


def set_attribute(path, value):
    """A change of a sheet's attribute, by dotted path."""

    def change(sheet):
        *way, last = path.split(".")
        for step in way:
            sheet = getattr(sheet, step)
        setattr(sheet, last, value)

    return change


def set_password(sheet):
    """Protect a sheet with a password."""
    sheet.protection.password = "secret"  # noqa: S105 - that there is one is the fault


def drop_index_link(sheet):
    """Take a sheet off the index."""
    sheet["A9"].hyperlink = None


FAULTS = {
    "hidden sheet": ("hidden", on("Plan", set_attribute("sheet_state", "hidden"))),
    "hidden column": ("hidden", lambda book, _: setattr(book["Plan"].column_dimensions["C"], "hidden", True)),
    "merged cells": ("merged", on("Plan", lambda sheet: sheet.merge_cells("A20:B20"))),
    "sheets in the wrong order": ("sheets", lambda book, _: book.move_sheet("Index", 1)),
    "property missing": ("properties", lambda book, _: book.custom_doc_props.props.clear()),
    "no way back": ("links", on("Plan", unlink)),
    "not on the index": ("links", on("Index", drop_index_link)),
    "header without the master check": ("header", set_formula("1 + 1", cell="A3")),
    "name to nowhere": ("name", name_to_nowhere),
    "two names in one": ("name", names_in_two_cases),
    "name like a cell": ("name", cell_like_name),
    "name of a constant": ("name", constant_name),
    "unlocked formula": ("input-formula", on("Plan", unlock)),
    "input without a name": ("input-name", on("Plan", unlock)),
    "black input": ("input-style", on("Inputs", lambda sheet: setattr(sheet["D7"], "font", Font(color="FF000000")))),
    "white input": ("input-style", on("Inputs", lambda sheet: setattr(sheet["D7"], "fill", PatternFill()))),
    "blue formula": ("formula-style", on("Plan", lambda sheet: setattr(sheet["D7"], "font", Font(color="FF0000FF")))),
    "no validation": ("validation", on("Inputs", remove_rule)),
    "no error text": ("validation", on("Inputs", silent_rule)),
    "typed list": ("validation", on("Inputs", typed_list)),
    "outside its limits": ("limits", on("Inputs", outside_limits)),
    "typed constant": ("typed-constant", set_formula("N_opt * 6")),
    "typed fraction": ("typed-constant", set_formula("N_opt ^ 0.5")),
    "later function": ("function", set_formula("IFS(N_opt > 1, 2)")),
    "volatile function": ("function", set_formula("N_opt + TODAY()")),
    "blind function": ("function", set_formula('INDIRECT("Plan!D9")')),
    "nested IF": ("nested-if", set_formula("IF(N_opt > 1, IF(D_opt > 1, 1, 2), 0)")),
    "empty text": ("empty-text", set_formula('IF(N_opt > 1, "", "x")', "x")),
    "outside link": ("outside-link", set_formula("[1]Data!A1 + 1")),
    "minus before power": ("minus-power", set_formula("-N_opt ^ 2")),
    "minus before a power of a sum": ("minus-power", set_formula("1 * -(N_opt + 1) ^ 2")),
    "semicolon": ("separator", set_formula("MAX({1;2})")),
    "unbalanced": ("formula-syntax", set_formula("(N_opt + 1")),
    "too long": ("formula-length", set_formula(" + ".join(["N_opt"] * 40))),
    "undefined name": ("name-undefined", set_formula("N_opt + missing")),
    "circle": ("circle", circle),
    "odd one out": ("inconsistent", odd_one_out),
    "General": ("number-format", on("Plan", lambda sheet: setattr(sheet["D7"], "number_format", "General"))),
    "no unit": ("unit", on("Plan", lambda sheet: sheet.__setitem__("E7", None))),
    "not protected": ("protection", on("Plan", set_attribute("protection.sheet", value=False))),
    "password": ("password", on("Plan", set_password)),
    "portrait": ("landscape", on("Plan", set_attribute("page_setup.orientation", "portrait"))),
    "not fit to width": ("fit-width", on("Plan", set_attribute("page_setup.fitToWidth", 2))),
    "no print area": ("print-area", on("Plan", set_attribute("print_area", None))),
    "no print titles": ("print-titles", on("Plan", set_attribute("_print_rows", None))),
    "footer without page": ("footer", on("Plan", set_attribute("oddFooter.right.text", None))),
    "long and not frozen": ("freeze", on("Iso-FLOP", set_attribute("freeze_panes", None))),
}


def test_the_small_workbook_has_no_findings(demo_path):
    """What the builder makes keeps every rule."""
    assert check_workbook(demo_path) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_every_seeded_fault_is_caught(build_demo, tmp_path, fault):
    """One fault put into the good workbook gives a finding under its rule."""
    rule, change = FAULTS[fault]
    demo = build_demo()
    book, values = demo.to_openpyxl(), demo.cached_values()
    change(book, values)
    path = tmp_path / "bad.xlsx"
    write_workbook(book, path, values)
    assert rule in {finding.rule for finding in check_workbook(path)}


XML_FAULTS = {
    "value missing": ("value-missing", "sheet3", r"(</f>)<v>[^<]*</v>", r"\1"),
    "error value": ("value-error", "sheet3", r'(<c r="D9" s="\d+")(><f>[^<]*</f><v>)[^<]*', r'\1 t="e"\2#DIV/0!'),
    "deleted axis": ("chart", "chart1", r'<delete val="0" />', r'<delete val="1" />'),
    "no scatter style": ("chart", "chart1", r'<scatterStyle val="lineMarker" />', ""),
    "smoothed line": ("chart", "chart1", r'<smooth val="0" />', r'<smooth val="1" />'),
    "no stored points": ("chart", "chart1", r"<numCache>.*?</numCache>", ""),
    "no axis title": ("chart", "chart1", r"(<valAx>(?:(?!</valAx>).)*?)<title>.*?</title>", r"\1"),
    "no title": ("chart", "chart1", r"<title>.*?</title>(<plotArea>|<autoTitleDeleted)", r"\1"),
}


@pytest.mark.parametrize("fault", XML_FAULTS)
def test_every_fault_in_the_parts_is_caught(demo_path, tmp_path, fault):
    """Faults that openpyxl cannot make, put into the file itself."""
    rule, part, pattern, replacement = XML_FAULTS[fault]
    path = tmp_path / "bad.xlsx"
    with zipfile.ZipFile(demo_path) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            text = source.read(name)
            if name.endswith(f"{part}.xml"):
                changed = re.sub(pattern, replacement, text.decode(), count=1, flags=re.DOTALL)
                assert changed.encode() != text
                text = changed.encode()
            target.writestr(name, text)
    assert rule in {finding.rule for finding in check_workbook(path)}
