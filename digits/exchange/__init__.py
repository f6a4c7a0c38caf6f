"""A trained model on its way: to the other framework, to ONNX, and to predictions, with a framework or without."""
