"""PHALAR: a convolutional encoder of a constant-Q transform whose frames become phasors, compared by a complex bilinear form."""
