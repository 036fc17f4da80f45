CREATE TABLE t (a int DEFAULT NULL NOT NULL, b int NOT NULL DEFAULT 1,
    c timestamptz DEFAULT CURRENT_TIMESTAMP, d text DEFAULT 'x'::character varying NOT NULL,
    e text COLLATE "C" DEFAULT 'not null, unique', f int NULL, g int DEFAULT (1 + 2) CHECK (g > 0),
    h int[] DEFAULT ARRAY[1, 2] NOT NULL, i int CONSTRAINT nn NOT NULL);
CREATE DOMAIN d AS int;
CREATE TABLE u (a text DEFAULT NULL, b varchar DEFAULT NULL,
    c varchar(3) DEFAULT NULL, d d DEFAULT NULL, e int DEFAULT 1, f numeric(3, 1)[] DEFAULT NULL,
    g varchar(9) DEFAULT NULL::character varying, h int DEFAULT (NULL), i timestamp DEFAULT null);
ALTER TABLE u ALTER e SET DEFAULT NULL, ALTER a SET DEFAULT 'x';
