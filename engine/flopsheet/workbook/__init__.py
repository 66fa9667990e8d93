"""Live Excel workbooks: names, formulas, layout, writing and independent recalculation."""
