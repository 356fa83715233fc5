"""Plans: what infrastructure code will deploy, as a snapshot that the same policies check."""
