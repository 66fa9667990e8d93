"""Plan files: YAML with positions, quantities with units, layers, and the typed plan."""
