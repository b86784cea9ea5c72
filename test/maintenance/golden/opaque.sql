-- Shapes that the analysis does not understand: each must be a rebuild with a reason, or refused.

-- shape: recursive common table expression
with recursive reached(k) as (select k from raw.dims where grp = 1 union select d.k from raw.dims d join reached r on d.grp = r.k)
select * from reached

-- shape: positional join
select f.id, d.k from raw.facts f positional join raw.dims d

-- shape: sample
select * from raw.facts using sample 50%

-- shape: tablesample
select * from raw.facts tablesample reservoir(2 rows)

-- shape: pivot with values found in the data
pivot raw.facts on t using sum(b) group by a

-- shape: pivot inside of a SELECT
select * from (pivot raw.facts on t using sum(b) group by a)

-- shape: table function that reads the catalog
select table_name from duckdb_tables()

-- shape: table function that reads the catalog, joined
select f.id, t.table_name from raw.facts f join duckdb_tables() t on t.estimated_size = f.a

-- shape: common table expressions that double twelve times
with a as (select id from raw.facts), b as (select * from a union all from a), c as (select * from b union all from b),
  d as (select * from c union all from c), e as (select * from d union all from d), f as (select * from e union all from e),
  g as (select * from f union all from f), h as (select * from g union all from g), i as (select * from h union all from h),
  j as (select * from i union all from i), k as (select * from j union all from j), l as (select * from k union all from k),
  m as (select * from l union all from l)
select id from m

-- shape: table function by the rows of a table
select f.id, g.n from raw.facts f, lateral (select unnest(generate_series(1, f.a)) as n) g where f.id is not null order by random()

-- shape: read_csv
select * from read_csv('somewhere.csv')

-- shape: rowid
select rowid as r, id from raw.facts

-- shape: random
select id, random() as r from raw.facts

-- shape: now
select id, now() as at from raw.facts

-- shape: current_date in a condition
select id from raw.facts where d < current_date

-- shape: uuid
select id, uuid() as u from raw.facts

-- shape: volatile function within a lambda
select id, list_transform([a, b], v -> v + random()) as r from raw.facts

-- shape: cube without a column in all sets
select a, b, count(*) as n from raw.facts group by cube (a, b)

-- shape: grouping sets without a column in all
select a, b, count(*) as n from raw.facts group by grouping sets ((a), (b))

-- shape: grouping()
select a, grouping(a) as total, count(*) as n from raw.facts group by rollup (a)

-- shape: limit with an offset
select id from raw.facts order by id limit 2 offset 1

-- shape: limit in percent
select id from raw.facts order by id limit 50%

-- shape: limit below a join
select f.id, l.k from (select * from raw.facts order by id limit 3) f, (select * from raw.dims order by k limit 2) l

-- shape: distinct on
select distinct on (a) a, id from raw.facts order by a, id

-- shape: window over all rows alone
select sum(x) over (order by id) as running from raw.facts

-- shape: not a SELECT
create table t as select 1

-- shape: two statements
select 1 as a; select 2 as b
