"""Scores as whole numbers: the same on every machine, whatever order floats were added in."""

# Scores are compared in steps of 1e-9, far above the error of a sum of floats and far below any real difference.
STEPS = 10**9
# A step and the place in the fixed order share one number: so many bits are the place's.
TIE_BITS = 24
# Parts are whole numbers of 1e-8 before they are added, so that what is shown adds up exactly.
UNITS = 10**8
