"""A stored race as files of an earlier time have it."""

from __future__ import annotations

from moonviz.results import Report


def older(report: Report) -> Report:
    """The same race with no entries, and no weight compared with backprop's."""
    results = []
    for one in report.results:
        each = tuple(p.model_copy(update={"relative_error_to_backprop": None}) for p in one.gradient.per_parameter)
        bare = one.gradient.model_copy(update={"per_parameter": each, "sample": ()})
        results.append(one.model_copy(update={"gradient": bare}))
    return report.model_copy(update={"results": tuple(results), "truth_sample": ()})
