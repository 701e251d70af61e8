"""Pure decisions: what may be entered, completed, closed, handed over, and what is due."""
