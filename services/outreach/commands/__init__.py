"""What outreach does when asked: load, decide, record."""
