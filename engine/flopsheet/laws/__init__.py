"""The law library: laws as YAML data, and their loader."""
