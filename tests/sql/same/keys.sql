CREATE TABLE t (a int, b int, c int PRIMARY KEY, d int UNIQUE, e int CONSTRAINT mine UNIQUE,
    UNIQUE (a, b), CONSTRAINT also UNIQUE (b) INCLUDE (a), UNIQUE (d, e) DEFERRABLE);
CREATE TABLE u (a int PRIMARY KEY UNIQUE, b int, UNIQUE (b), UNIQUE (b, a));
CREATE TABLE v (a int, b int, UNIQUE (a), PRIMARY KEY (b, a));
