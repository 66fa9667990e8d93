"""The sheets of a plan's workbook, one function each."""
