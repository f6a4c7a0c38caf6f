"""Handwritten digits with small CNNs: the same networks in PyTorch and in TensorFlow."""
