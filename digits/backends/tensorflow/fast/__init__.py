"""What makes TensorFlow fast, all of it in `prepare`: passes in training, and threads. All else can do without."""
