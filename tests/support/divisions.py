"""A small table of divisions, so that tests know every row: two districts with their streets, others without."""

from pathlib import Path

TWO_DISTRICTS = Path(__file__).parent / "two_districts"
