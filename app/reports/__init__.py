"""Reports that leave the server: one typed report, and the forms in which it is read."""
