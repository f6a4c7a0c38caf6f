"""What is drawn: digits as people write and print them, non-digits, changed images, and the images of an epoch."""
