"""The commands of `digits`: a file each, with its flags, its action, and all that it prints."""
