"""What is measured is the masker: of every masker, and with values that it can read."""

import pytest

from maskr.maskers import Masker
from tests.bench.maskers import bound, measured, pattern_of, values

# A file knows its own values only.
FEW = {"dictionary"}


@pytest.mark.parametrize("masker", measured(), ids=lambda masker: masker.name)
def test_a_masker_is_measured_with_distinct_values_that_it_can_read(masker: Masker) -> None:
    some = values(pattern_of(masker), 0, 1000, 1000)
    assert masker.name in FEW or some.n_unique() == 1000
    masking = bound(masker)
    masking.kernel(masking.chunk(some))
    assert masking.kernel.invalid.total() == 0
