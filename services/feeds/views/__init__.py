"""The pages of each district's feed."""
