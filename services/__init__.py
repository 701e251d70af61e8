"""The services of Houniao; they share a runtime and the contracts, and no database.

What a service owns, says and hears stands at the head of each: of every district, or of the districts served, which is
what is said there or addressed there.
"""

import gc

# Loading makes much that stays, and batches make no cycles: looking among it at Python's pace takes a fifth of a start.
gc.set_threshold(50_000, 20, 50)
