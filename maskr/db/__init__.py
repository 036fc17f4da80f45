"""The stores that rows come from and go to: one folder a store."""
