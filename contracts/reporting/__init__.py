"""What reporting says: targets, yearly figures, supervision visits, reports."""
