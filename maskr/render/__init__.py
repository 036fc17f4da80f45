"""What was found, as text: for a terminal, a machine, a reviewer. Pure functions, no colours."""
