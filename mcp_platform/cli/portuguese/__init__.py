"""What commands say in Portuguese, by the English that stands where it is said."""
