"""What the country publishes and every service goes by: divisions, documents, vaccines, the calendar."""
