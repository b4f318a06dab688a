"""Admission of label values."""

from hypothesis import given
from hypothesis import strategies as st

from langchain_phase5.callbacks.labels import LabelAdmission

values = st.lists(
    st.tuples(st.sampled_from(["tool", "model"]), st.text(max_size=3), st.integers(1, 9))
)


@given(values, st.integers(1, 5), st.integers(1, 50))
def test_limits_hold_and_admission_is_for_good(asked, max_values, max_series):
    dropped = []
    labels = LabelAdmission(max_values=max_values, max_series=max_series, on_drop=dropped.append)
    admitted = {}
    for label, value, weight in asked:
        if labels.admit(label, value, weight=weight):
            admitted.setdefault((label, value), weight)
        else:
            assert (label, value) not in admitted
    assert sum(admitted.values()) <= max_series
    for label in ("tool", "model"):
        assert sum(1 for known, _ in admitted if known == label) <= max_values
    assert all(labels.admit(label, value, weight=99) for label, value in admitted)
    assert all(labels.has(label, value) for label, value in admitted)


def test_the_catch_all_values_cost_nothing():
    labels = LabelAdmission(max_values=1, max_series=1)
    assert labels.admit("tool", "other", weight=50)
    assert labels.admit("tool", "unknown", weight=50)
    assert labels.admit("tool", "a", weight=1)
    assert not labels.admit("tool", "b", weight=1)
