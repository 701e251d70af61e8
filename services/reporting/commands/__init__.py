"""The work of reporting after events arrive."""
