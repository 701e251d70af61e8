"""The demo: 5,000 invented people in two districts and what happens to them, entered as street offices would.

The people are the same on every machine, and loading them twice adds nobody. Their ID numbers are valid but begin with
00, a province that does not exist, so that they are nobody's.
"""

from deploy.demo.loading import load

__all__ = ["load"]
