CREATE TABLE t (a serial, b bigserial PRIMARY KEY, c smallserial, d serial4 UNIQUE);
