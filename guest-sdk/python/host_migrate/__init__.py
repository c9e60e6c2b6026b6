"""What programs of a project use beside its migrations, on the machine of whoever writes them."""
