"""A part of a split that stands for the whole: files are often sorted, by label or by length."""


def spread_examples(total: int, limit: int | None = None) -> list[int]:
    """At most `limit` of the indices 0 … total - 1, evenly spread and ascending; None: all."""
    if limit is None or limit >= total:
        return list(range(total))
    return [number * total // limit for number in range(limit)]
