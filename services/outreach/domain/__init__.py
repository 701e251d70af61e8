"""Pure decisions and segments: activities and audiences."""
