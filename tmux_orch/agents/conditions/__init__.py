"""What a screen says about limits, errors and sign-in."""
