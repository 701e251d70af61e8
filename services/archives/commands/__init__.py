"""What archives does when asked or when it hears: load, decide, record. One module per subject."""
