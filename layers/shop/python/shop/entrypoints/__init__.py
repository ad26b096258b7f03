"""What turns an AWS event into a service call and its answer back."""
