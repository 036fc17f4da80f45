CREATE TABLE a (x int);
CREATE TABLE b (y int) INHERITS (a);
CREATE TABLE c (late text) INHERITS (b);
ALTER TABLE a ADD COLUMN late text DEFAULT 'x';
