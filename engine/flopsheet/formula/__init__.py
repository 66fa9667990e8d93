"""Formula text to sympy through a whitelist, and the table of every function the language has."""
