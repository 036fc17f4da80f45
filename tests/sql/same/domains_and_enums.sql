CREATE TYPE mood AS ENUM ('sad', 'it''s', 'ha,ppy');
CREATE DOMAIN mail AS varchar(254) NOT NULL CHECK (VALUE LIKE '%@%');
CREATE DOMAIN work_mail AS mail DEFAULT 'x' CONSTRAINT c CHECK (VALUE <> 'a');
CREATE DOMAIN prices numeric(10, 2)[];
CREATE DOMAIN soft AS mood;
ALTER DOMAIN soft SET NOT NULL;
CREATE TYPE point3 AS (x int, y int, z text);
CREATE TYPE r AS RANGE (subtype = text);
CREATE TYPE stretch AS RANGE (subtype = float8, multirange_type_name = stretches);
CREATE TABLE t (a mood, b mail, c work_mail, d prices, e soft, f mood[], g point3, h r,
    i r_multirange, j stretches, k point3[], l mail[]);
CREATE TABLE rows_of (x t, y t[]);
ALTER TYPE mood ADD VALUE 'new' BEFORE 'it''s';
ALTER TYPE mood ADD VALUE IF NOT EXISTS 'end';
ALTER TYPE mood RENAME VALUE 'sad' TO 'blue';
ALTER TYPE point3 ADD ATTRIBUTE w int;
ALTER TYPE mood RENAME TO feeling;
CREATE SCHEMA other;
ALTER DOMAIN mail SET SCHEMA other;
