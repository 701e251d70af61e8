"""What reporting says: targets, yearly figures, supervision visits, reports, and what is published of them."""
