"""Markdown reports, LaTeX and SVG charts."""
