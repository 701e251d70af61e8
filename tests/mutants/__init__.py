"""Mutants: small changes of the pure code that its unit tests must notice; `python -m tests.mutants` tries them."""
