"""Source scanner: what a client's source says of how it opens realtime sessions."""
