"""What archives does on a request or on what it hears: load, decide, record. One module per subject."""
