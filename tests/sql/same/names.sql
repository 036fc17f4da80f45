CREATE SCHEMA "Odd.One";
CREATE TABLE "Odd.One"."T""x" ("Id" int PRIMARY KEY, Größe int, "a b" text UNIQUE);
CREATE TYPE "Odd.One"."Mood" AS ENUM ('a');
CREATE TYPE "Odd.One"."user" AS ENUM ('b');
CREATE TABLE UPPER (ID int, M "Odd.One"."Mood", U "Odd.One"."user"[]);
CREATE TABLE "select" ("from" int REFERENCES "Odd.One"."T""x", exclude int, "check" int);
