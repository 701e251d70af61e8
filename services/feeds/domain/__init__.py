"""Pure functions: what is kept of a fact, who may be told what, and what is told without singling anybody out."""
