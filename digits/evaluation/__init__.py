"""What predictions are worth: numbers and pictures. Never imports a backend."""
