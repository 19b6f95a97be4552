"""Generators of odd values, and what a refusal must look like."""

import math

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from gan.errors import UserError


def bounded(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )


def short(error: UserError) -> None:
    assert len(" ".join(str(error).split())) < 2000


odd_texts = st.text(max_size=12) | st.sampled_from(
    ["\0", "../..", "a\nb", "\ud800", "9" * 5000, "nan", "1e999", "${HOME}", "%s", "é" * 300]
)
odd_numbers = st.one_of(
    st.integers(),
    st.floats(),
    st.sampled_from([0, -1, 2**31, 2**63, 10**30, 1e308, -0.0, math.nan, math.inf, True]),
)
odd = st.recursive(
    st.none() | odd_numbers | odd_texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(odd_texts, inner, max_size=3),
    max_leaves=6,
)
