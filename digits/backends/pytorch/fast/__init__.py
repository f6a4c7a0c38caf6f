"""What makes PyTorch fast, behind one call, `prepare.prepare(model)`. Without it all else computes the same, slower."""
