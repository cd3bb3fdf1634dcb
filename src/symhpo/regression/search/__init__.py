"""Search for short expressions over few features: trees, their constants, their growth."""
