CREATE TABLE t (
    a int, b int2, c int8, d varchar, e varchar(30), f char, g char(3), h bpchar, i text,
    j numeric, k decimal(10), l dec(10, 2), m float, n float(10), o float(30), p float4,
    q bool, r date, s time, t timetz(2), u timestamp(3), v timestamptz, w interval,
    x interval(3), y interval day to second (2), z interval year to month, aa uuid, ab json,
    ac jsonb[], ad bytea, ae inet, af cidr, ag macaddr8, ah xml, ai bit, aj bit(3),
    ak varbit(5), al bit varying, am "char", an name, ao oid, ap money, aq point, ar tsvector,
    "as" int4range, at nummultirange, au int[3][3], av text array, aw varchar(5)[4],
    ax national character varying(4), ay nchar(2), az pg_catalog.int4, ba pg_catalog."char",
    bb double precision[], bc time without time zone, bd timestamp (2) with time zone,
    be regclass, bf pg_lsn, bg xid8, bh interval second(3), bi "text", bj numeric(3, 1)[]);
