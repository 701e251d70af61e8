"""What registration does when asked: load, decide, record. One subject per module, one function per command."""
