"""What models are trained for, one module for each family, found by the name of the family."""
