"""Spreadsheets: read files into rows with known columns, and write refused rows back as a workbook."""
