"""What a study is: its record, request, measurement and parts, and the registry that finds every study by name."""
