"""Constants of a law from training runs: the runs, the law in logarithms, least squares, and all of it as cells."""
