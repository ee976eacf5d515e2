"""Best-fit packing of examples into rows, on both dimensions, from their lengths alone.

An example takes (inputs, targets) tokens of a row that holds two capacities. Among the open rows
where it fits on both, it goes where least of the scarcer dimension stays free, and then least of
the other. Open rows are found through bit sets over the free capacities, not one by one, so the
cost of an example hardly grows with the number of open rows.
"""

from collections.abc import Iterable

import numpy as np

# The share of a block's capacity that is left for examples in the order of the stream.
_TAIL = 0.01

# Into how many steps the free room on the second dimension is told apart at a glance.
_LEVELS = 32


class OpenRows:
    """Rows being filled; `place` puts examples into them one after the other."""

    def __init__(self, capacity: tuple[int, int], *, smallest: tuple[int, int]):
        """`capacity`: tokens a row holds on the (scarcer, other) dimension; `smallest`: the
        shortest lengths to come, below which a row is full."""
        self._capacity = capacity
        self._smallest = (max(smallest[0], 1), max(smallest[1], 1))
        self.rows = 0
        # Bit b of _other[a] is set where an open row has a tokens free on the first dimension and
        # b on the second; _stacks holds those rows. Bit a of _reach[l] is set where some of them
        # have at least l * _step free on the second: it leads past the a that cannot take an
        # example, of which there are many when one dimension runs out before the other.
        self._other = [0] * (capacity[0] + 1)
        self._stacks: dict[int, list[int]] = {}
        self._step = capacity[1] // _LEVELS + 1
        self._reach = [0] * (capacity[1] // self._step + 1)

    def place(
        self, order: Iterable[int], first: list[int], second: list[int], *, max_rows: int
    ) -> list[int]:
        """Rows for the examples `order` names, up to the first that needs row `max_rows`.

        `first` and `second` are the lengths on the two dimensions, each at most the capacity.
        The loop is the hot spot of the loader, hence one function with everything local.
        """
        (width, height), (low_first, low_second) = self._capacity, self._smallest
        other, stacks, reach = self._other, self._stacks, self._reach
        rows, step, stride = self.rows, self._step, self._capacity[1] + 1
        placed = []
        for example in order:
            a, b = first[example], second[example]
            candidates = reach[b // step] >> a
            while candidates:
                room = a + (candidates & -candidates).bit_length() - 1
                rooms = other[room]
                if rooms >> b:
                    fitting = rooms >> b
                    room_other = b + (fitting & -fitting).bit_length() - 1
                    stack = stacks[room * stride + room_other]
                    row = stack.pop()
                    if not stack:
                        other[room] = left = rooms ^ (1 << room_other)
                        highest = (rooms.bit_length() - 1) // step
                        for level in range((left.bit_length() - 1) // step + 1, highest + 1):
                            reach[level] ^= 1 << room
                    break
                candidates &= candidates - 1
            else:
                if rows == max_rows:
                    break
                row, room, room_other = rows, width, height
                rows += 1
            placed.append(row)
            room -= a
            room_other -= b
            if room >= low_first and room_other >= low_second:
                stacks.setdefault(room * stride + room_other, []).append(row)
                highest = (other[room].bit_length() - 1) // step
                other[room] |= 1 << room_other
                for level in range(highest + 1, room_other // step + 1):
                    reach[level] |= 1 << room
        self.rows = rows
        return placed


def pack(
    inputs: np.ndarray, targets: np.ndarray, capacity: tuple[int, int], *, max_rows: int
) -> np.ndarray:
    """Packs a prefix of the examples into at most `max_rows` rows.

    Args:
        inputs, targets: int [n] lengths, each at most the capacity of its dimension.
        capacity: tokens per row, (inputs, targets).
        max_rows: how many rows there are.

    Returns:
        int64 [m], m <= n: the row of each of the first m examples. Example m is the first that
        found no place, so what is left over is a suffix and can open the next block. Most are
        placed largest first; the last few per cent in their own order, to end at the limit.
    """
    lengths, capacity = _scarcer_first(inputs, targets, capacity)
    smallest = (int(lengths[0].min(initial=0)), int(lengths[1].min(initial=0)))
    load = np.maximum(*(np.cumsum(x) / c for x, c in zip(lengths, capacity, strict=True)))
    # Nothing from here on can have a place, were every row filled to the last token.
    end = int(np.searchsorted(load, max_rows, side="right"))
    first, second = lengths[0][:end].tolist(), lengths[1][:end].tolist()
    largest_first = lengths[0][:end] / capacity[0] + lengths[1][:end] / capacity[1]
    filling = 1.0 - _TAIL
    while True:
        head = int(np.searchsorted(load, max_rows * filling, side="right"))
        order = np.argsort(-largest_first[:head], kind="stable")
        open_rows = OpenRows(capacity, smallest=smallest)
        placed = open_rows.place(order.tolist(), first, second, max_rows=head)
        if open_rows.rows <= max_rows:
            break
        # Awkward lengths leave gaps in every row (say, all just over half of one).
        filling *= (1.0 - _TAIL) * max_rows / open_rows.rows
    placed += open_rows.place(range(head, len(first)), first, second, max_rows=max_rows)
    rows = np.array(placed, np.int64)
    rows[order] = rows[:head].copy()
    return rows


def _scarcer_first(
    inputs: np.ndarray, targets: np.ndarray, capacity: tuple[int, int]
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[int, int]]:
    """Puts the dimension first that needs more rows."""
    if inputs.sum() / capacity[0] >= targets.sum() / capacity[1]:
        return (inputs, targets), capacity
    return (targets, inputs), (capacity[1], capacity[0])
