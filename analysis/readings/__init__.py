"""What models compute of many windows, kept in the store."""
