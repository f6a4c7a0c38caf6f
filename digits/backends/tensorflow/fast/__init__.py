"""What makes TensorFlow fast, behind one call, `prepare.prepare(network)`, and its threads. All else can do without."""
