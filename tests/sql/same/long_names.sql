CREATE TABLE tttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt (cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc int PRIMARY KEY, dddddddddddddddddddddddddddddddddddddddddddddddddd int UNIQUE,
    ääääääääääääääääääääääääääääääääääääääää int, b int, CHECK (b > 0), UNIQUE (ääääääääääääääääääääääääääääääääääääääää, dddddddddddddddddddddddddddddddddddddddddddddddddd), UNIQUE (b));
CREATE TABLE eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee (b int UNIQUE, fffffffffffffffffffffffffffffffffff int REFERENCES ttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt,
    gggggggggggggggggggg int CHECK (gggggggggggggggggggg > 0), UNIQUE (b, fffffffffffffffffffffffffffffffffff, gggggggggggggggggggg));
