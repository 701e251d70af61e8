"""Pure decisions of outreach, one module per subject, and the figures of the field as tables beside them."""
