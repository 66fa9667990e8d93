"""The sheet Index: what it says of the law."""

import pytest

from flopsheet import api
from flopsheet.workbook.planbook import build_plan_book


@pytest.fixture
def index(tmp_path):
    """A function from a law and a language to the rows of the index: first and second column."""

    def build(law, language="en"):
        path = tmp_path / "plan.yaml"
        path.write_text(f"title: x\nlanguage: {language}\nlaw: {law}\nbudget: {{compute: 1e21}}\n", encoding="utf-8")
        book = build_plan_book(api.solve_plan(path), version="0.1.0", inputs_sha256="0" * 64)
        cells = next(sheet for sheet in book.sheets if sheet.name == "Index").cells
        rows = sorted({row for row, _ in cells})
        return [
            tuple(cells[row, column].content if (row, column) in cells else "" for column in (1, 2)) for row in rows
        ]

    return build


def test_the_index_says_what_the_law_counts(index):
    """What sizes count, data, tokenizer, and each sentence on rounding in a row of its own."""
    rows = index("hoffmann_2022")
    first = rows.index(("Sizes count", "all parameters, embeddings included"))
    assert rows[first + 1 : first + 3] == [("Training data", "MassiveText"), ("Tokenizer", "SentencePiece, 32k")]
    assert rows[first + 3] == ("Rounded constants", "The exponents are printed with two digits.")
    assert rows[first + 4][0] == ""
    assert rows[first + 4][1].endswith("22 % at 1e26).")
    assert rows[first + 5] == ("", "For sizes use hoffmann_2022_unrounded or hoffmann_2022_table_a3.")


def test_the_index_speaks_the_language_of_the_plan(index):
    """Labels and the sentences on rounding are in the plan's language."""
    rows = index("kaplan_2020", "zh")
    first = rows.index(("规模计", "不含嵌入的参数"))
    assert rows[first + 3] == ("常数的舍入", "指数只印了两三位数字，论文各表之间因此只在 1% 至 3% 之内一致。")


def test_the_index_is_silent_where_nothing_is_said(index):
    """A law whose constants are whole has no row on rounding, one that says nothing of itself has none at all."""
    assert "Rounded constants" not in dict(index("besiroglu_2024"))
    own = "{loss: 1 + 1e3 / N**0.5 + 1e3 / D**0.5, cost: N * D, decisions: {N: parameters, D: tokens}}"
    assert not {"Sizes count", "Training data", "Tokenizer", "Rounded constants"} & set(dict(index(own)))
