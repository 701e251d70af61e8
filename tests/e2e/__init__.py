"""Stories that are told from outside, through the public interfaces."""
