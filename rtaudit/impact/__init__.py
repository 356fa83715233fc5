"""Impact: the rules whose outcome a change of a drift turns."""
