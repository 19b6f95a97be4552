"""How good the pictures are: fidelity, classes, neighbours."""
