"""Numbers from the graph: compiled to numpy, evaluated for whole arrays of scenarios."""
