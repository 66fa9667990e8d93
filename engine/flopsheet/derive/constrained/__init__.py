"""The plan under everything at once: tiers of data, inference, and limits on compute, money, time and memory."""
