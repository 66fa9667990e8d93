"""Names to slugs: what stands in file names, Excel names and identifiers."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def slugs_of(names: Sequence[str], letter: str = "s") -> tuple[str, ...]:
    """A slug for each name: lower case, each run of characters outside a-z0-9 one `_`, ends stripped.

    Where nothing is left or two meet, the position takes its place: `s1`, `s2`, ...
    """
    slugs = [re.sub("[^a-z0-9]+", "_", name.lower()).strip("_") for name in names]
    positions = [f"{letter}{number}" for number in range(1, len(names) + 1)]
    while True:
        counts = Counter(slugs)
        clashing = [
            index for index, slug in enumerate(slugs) if (not slug or counts[slug] > 1) and slug != positions[index]
        ]
        if not clashing:
            return tuple(slugs)
        for index in clashing:
            slugs[index] = positions[index]
