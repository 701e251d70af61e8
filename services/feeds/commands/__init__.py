"""Load, decide, record: subscriptions; and what each audience is told, release by release."""
