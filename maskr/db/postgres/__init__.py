"""PostgreSQL: the only folder that knows psycopg and the server's own programs."""
