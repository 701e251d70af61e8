"""What outreach says: activities."""
