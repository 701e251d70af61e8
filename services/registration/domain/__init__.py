"""Pure decisions: what people say becomes facts or refusals, and what follows from it all is settled."""
