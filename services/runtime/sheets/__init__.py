"""Spreadsheets as offices keep them: files become sheets of text, headings fields, and refused rows a workbook."""
