"""The code of an archive: 17 digits in four segments."""

import pytest

from contracts.archives.archives import archive_code


@pytest.mark.parametrize("committee", ["000", "100", "200", "850", "900", "1", "0a1"])
def test_a_code_takes_only_committees_villages_and_other_bodies(committee: str) -> None:
    with pytest.raises(ValueError, match="committees"):
        archive_code("320507001", committee, 1)


def test_a_code_has_17_digits_in_four_segments() -> None:
    assert archive_code("320507001", "101", 27) == "32050700110100027"
    with pytest.raises(ValueError, match="five digits"):
        archive_code("320507001", "101", 100_000)
