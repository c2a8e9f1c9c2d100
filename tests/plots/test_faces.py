"""Which faces are shown: the two best and the two worst, of different photographs where possible."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keypoints.plots.faces import choose_extremes


def chosen(errors, groups):
    found = choose_extremes(np.array(errors, float), list(groups))
    return [i for rank, i in found if rank == "best"], [i for rank, i in found if rank == "worst"]


@pytest.mark.parametrize(
    "errors, groups, best, worst",
    [
        ([9, 3, 1, 4, 8, 2], "abcdef", [2, 5], [4, 0]),
        ([1, 2, 3, 7, 8, 9], "aabbcc", [0, 2], None),  # c alone is left for the worst: too few groups
        ([1, 2, 3, 6, 7, 8, 9], "aabcded", [0, 2], [5, 6]),
        ([1, 2, 3, 4, 8, 9], "aabcdd", [0, 2], [3, 5]),
        ([5, 1], "ab", [1, 0], []),
        ([5], "a", [0], []),
    ],
)
def test_each_of_another_group(errors, groups, best, worst):
    found = chosen(errors, groups)
    if worst is None:
        assert found == ([0, 1], [4, 5])
    else:
        assert found == (best, worst)


def test_too_few_groups_fall_back_to_the_extremes_of_all():
    assert chosen([3, 1, 2, 9, 8], "aaaaa") == ([1, 2], [4, 3])


@given(st.lists(st.tuples(st.floats(0, 99), st.sampled_from("abcdefgh")), min_size=1, max_size=12))
def test_no_face_is_shown_twice_and_the_best_and_worst_are_there(faces):
    errors, groups = zip(*faces, strict=True)
    found = [i for part in chosen(errors, groups) for i in part]
    assert len(set(found)) == len(found) == min(4, len(faces))
    assert errors[found[0]] == min(errors)
    shown = {groups[i] for i in found}
    if len(found) == 4 and len(shown) < 4:  # the fall-back
        assert errors[found[-1]] == max(errors)
