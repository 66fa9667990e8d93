"""The headings under which the library lists laws: by what they answer."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# By the word that a law file writes under `about.topic`, in the order of the list.
TOPICS: Mapping[str, str] = MappingProxyType(
    {
        "size_and_data": "Loss of model size and data",
        "one_resource": "Loss of one resource",
        "best_size": "Best size and tokens for a budget",
        "repetition": "Repeated data",
        "inference": "Training and inference together",
        "learning_rate_and_batch": "Learning rate, batch and steps",
        "compute": "Counting parameters and compute",
        "mixtures": "Mixtures of data, continued training",
        "downstream": "Downstream error, filtering, progress over the years",
        "experts": "Mixtures of experts",
        "sparsity_and_precision": "Sparsity, precision and vocabulary",
        "exponents": "Exponents only",
    }
)


def topic_of(declared: str | None, *, has_loss: bool, decisions: int) -> str:
    """The word of a law's heading: what its file says, else what its formulas show."""
    if declared is not None:
        return declared
    if not has_loss:
        return "best_size"
    return "one_resource" if decisions == 1 else "size_and_data"
