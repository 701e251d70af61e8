"""The demo: two districts, 5,000 invented people and what happens to them, taken in as street offices would.

The same people come out on every machine, and loading twice adds nobody. Their ID numbers are valid but begin with 00,
a province that does not exist, so that they are nobody's.
"""

from deploy.demo.loading import load

__all__ = ["load"]
