"""Symbolic derivation of the optimal allocation, and its proofs."""
