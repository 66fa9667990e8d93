"""Cells, their graph and their units: the one symbolic model everything is rendered from."""
