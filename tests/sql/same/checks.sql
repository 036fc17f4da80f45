CREATE TABLE t (a int CHECK (a > 0), b int, date date, year int, c text,
    CHECK (a < b), CHECK (b > 1), CHECK (b > 2), CONSTRAINT named CHECK (true),
    CHECK (c::date < '2020-01-01'::date), CHECK (extract(year FROM date) > 1),
    CHECK (t.year > 0) NO INHERIT, CHECK (c IN ('a', 'b') AND lower(c) = "c"));
ALTER TABLE t ADD CHECK (CASE WHEN a > 1 THEN b > 1 ELSE false END) NOT VALID;
