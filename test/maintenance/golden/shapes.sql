-- Shapes of SQL, each a model over the raw tables of generated/raw-rows.ts: facts (id), dims (k), links (m), pairs (a, k),
-- events (no key), notes (k). How each is kept is in plans.txt; that it is kept right, the property `shapes` checks.
-- `NAME / KIND` is a model of another kind than a table. `-- then KIND` begins a model (m1, m2, ...) that reads those before it as m0, m1, ...

-- shape: projection and filter
select k, lower(label) as label, k + 1 as more from raw.dims where grp > 2

-- shape: projection without the key
select a, t from raw.facts where x >= 1.5

-- shape: case, casts, dates
select id, case when b > 2 then 'big' when b is null then 'none' else 'small' end as size,
  cast(s as date) as day, date_trunc('month', d) as month, try_cast(t as integer) as n from raw.facts

-- shape: append-only table
select a, t, s from raw.events where t <> 'y'

-- shape: inner join by key
select f.id, f.x, d.label from raw.facts f join raw.dims d on d.k = f.a

-- shape: left join by key
select f.id, f.x, d.label from raw.facts f left join raw.dims d on d.k = f.a

-- shape: right join by key
select f.id, f.x, d.label from raw.dims d right join raw.facts f on d.k = f.a

-- shape: join of a projection
select f.id, d.grp from raw.facts f join (select grp, k from raw.dims) d on d.k = f.a

-- shape: comma join
select f.id, d.grp from raw.facts f, raw.dims d where d.k = f.b and f.x > 1

-- shape: join with a residual condition
select f.id, d.grp from raw.facts f left join raw.dims d on d.k = f.a and d.label <> 'x'

-- shape: left join with an inequality between the sides
select f.id, d.label from raw.facts f left join raw.dims d on d.k = f.a and d.grp > f.b

-- shape: join with an inequality between the sides
select p.a, p.k, p.q from raw.pairs p join raw.dims d on d.k = p.a and d.grp > p.k

-- shape: semi join with an inequality between the sides
select f.id from raw.facts f semi join raw.dims d on d.k = f.a and d.grp > f.b

-- shape: join by a part of a composite key
select f.id, p.k, p.q from raw.facts f join raw.pairs p on p.a = f.a

-- shape: left join to several rows
select f.id, f.a, l.m from raw.facts f left join raw.links l on l.a = f.a

-- shape: left join, several rows, without their key
select l.m, l.k, p.t from raw.links l left join raw.pairs p on p.a = l.a

-- shape: join by a composite key
select l.m, p.q from raw.links l left join raw.pairs p on p.a = l.a and p.k = l.k

-- shape: join by expressions
select f.id, d.label from raw.facts f join raw.dims d on coalesce(d.k, 0) = coalesce(f.a, 0)

-- shape: join across integer types
select f.id, d.label from raw.facts f join (select cast(k as bigint) as k, label from raw.dims) d on d.k = f.a

-- shape: self join
select f.id, g.id as other from raw.facts f join raw.facts g on g.b = f.a

-- shape: null-safe join
select f.id, e.q from raw.facts f join raw.pairs e on e.t is not distinct from f.t

-- shape: join without an equality
select f.id, d.k from raw.facts f join raw.dims d on d.k < f.a

-- shape: cross join
select f.id, d.k, d.label from raw.facts f cross join raw.dims d

-- shape: cross join with one row
select f.id, n.total from raw.facts f cross join (select count(*) as total from raw.dims) n

-- shape: full join by the coalesced key
select coalesce(l.k, d.k) as k, l.m, d.label from raw.links l full join raw.dims d on d.k = l.k

-- shape: full join without the coalesced key
select l.m, d.k, d.label from raw.links l full join raw.dims d on d.k = l.k

-- shape: chain of joins
select f.id, p.q, d.label from raw.facts f
left join raw.links l on l.m = f.b left join raw.pairs p on p.a = l.a and p.k = l.k left join raw.dims d on d.k = p.k

-- shape: chain of joins by one column each
select f.id, d.label from raw.facts f join raw.links l on l.m = f.b left join raw.dims d on d.k = l.k

-- shape: chain of joins by the far end
select d.label, f.id, p.q from raw.facts f
join raw.links l on l.m = f.b join raw.pairs p on p.k = l.k join raw.dims d on d.grp = p.a

-- shape: key from both sides of a left join
select distinct f.b, d.label from raw.facts f left join raw.dims d on d.k = f.a

-- shape: semi join
select f.id, f.a from raw.facts f semi join raw.dims d on d.k = f.a

-- shape: anti join
select f.id, f.a from raw.facts f anti join raw.dims d on d.k = f.a and d.grp > 2

-- shape: in
select id, a from raw.facts where a in (select k from raw.dims where grp > 1)

-- shape: in, or something else
select id, a from raw.facts where a in (select k from raw.dims) or b = 1

-- shape: not in
select id, a from raw.facts where a not in (select grp from raw.dims)

-- shape: in as a column
select id, a in (select grp from raw.dims) as known from raw.facts

-- shape: exists
select f.id from raw.facts f where exists (select 1 from raw.links l where l.a = f.a and l.k > 1)

-- shape: not exists
select f.id from raw.facts f where not exists (select 1 from raw.links l where l.a = f.a and l.d is not null)

-- shape: correlated scalar subquery
select d.k, (select max(f.x) from raw.facts f where f.a = d.k) as most from raw.dims d

-- shape: correlated count
select d.k, (select count(*) from raw.facts f where f.a = d.k and f.b > 1) as n from raw.dims d

-- shape: uncorrelated scalar subquery
select k, label, (select max(x) from raw.facts) as most from raw.dims

-- shape: lateral join
select d.k, s.n from raw.dims d, lateral (select count(*) as n from raw.facts f where f.a = d.k) s

-- shape: aggregate
select a, count(*) as n, sum(b) as total, min(x) as least, max(t) as last from raw.facts group by a

-- shape: aggregate with filters and distinct
select a, count(distinct b) as bs, count(*) filter (where t = 'x') as xs, sum(distinct b) as once,
  sum(x) filter (where b > 1) as part from raw.facts group by a

-- shape: aggregate of doubles
select a, sum(w) as total, avg(w) as middle, median(w) as median from raw.facts group by a

-- shape: averages and booleans
select a, avg(b) as b, avg(x) as x, bool_and(b > 1) as all_big, bool_or(t = 'x') as any_x from raw.facts group by a

-- shape: ordered aggregates
select a, string_agg(t, ',' order by t) as ts, list(b order by b desc nulls last) as bs from raw.facts group by a

-- shape: group by an expression
select date_trunc('month', d) as month, coalesce(a, -1) as a, count(*) as n from raw.facts group by all

-- shape: group by a key that is not shown
select count(*) as n, sum(b) as total from raw.facts group by a

-- shape: group by a key that is shown in part
select a, string_agg(t, ',' order by t) as ts from raw.facts group by a, b

-- shape: having
select a, count(*) as n from raw.facts group by a having count(*) > 1

-- shape: aggregate of nothing
select count(*) as n, max(x) as most from raw.facts

-- shape: aggregate of an append-only table
select a, count(*) as n, sum(q) as total, min(s) as first from raw.events group by a

-- shape: aggregate after a join
select d.grp, count(*) as n, sum(f.x) as total from raw.facts f join raw.dims d on d.k = f.a group by d.grp

-- shape: aggregate after a left join, by the left side
select f.b, count(d.k) as known, max(d.label) as label from raw.facts f left join raw.dims d on d.k = f.a group by f.b

-- shape: aggregate after a left join, by the right side
select d.grp, count(*) as n from raw.facts f left join raw.dims d on d.k = f.a group by d.grp

-- shape: aggregate after a left join, by the right side's key
select d.k, count(*) as n from raw.facts f left join raw.dims d on d.k = f.a group by d.k

-- shape: texts after a left join, by the right side
select d.grp, string_agg(f.t, ',' order by f.t) as ts from raw.facts f left join raw.dims d on d.k = f.a group by d.grp

-- shape: texts after a left join, by the right side of the equality
select d.k, string_agg(f.t, ',' order by f.t) as ts from raw.facts f left join raw.dims d on d.k = f.a group by d.k

-- shape: join of an aggregate
select d.k, d.label, f.n, coalesce(f.total, 0) as total from raw.dims d
left join (select a, count(*) as n, sum(x) as total from raw.facts group by a) f on f.a = d.k

-- shape: dimension with totals, read by some of its columns
select d.k, d.label, d.grp, coalesce(f.n, 0) as n, f.total from raw.dims d
left join (select a, count(*) as n, sum(x) as total from raw.facts group by a) f on f.a = d.k
-- then table
select f.id, f.a, t.label from raw.facts f left join m0 t on t.k = f.a
-- then table
select l.*, t.n, t.label from raw.links l left join m0 t on t.k = l.k
-- then table
select grp, count(*) as members from m0 group by grp
-- then table
select n, count(*) as members from m0 group by n

-- shape: aggregate of an aggregate
select n, count(*) as groups, max(total) as most
from (select a, count(*) as n, sum(x) as total from raw.facts group by a) group by n

-- shape: aggregate of an aggregate by the same column
select a, max(n) as most from (select a, b, count(*) as n from raw.facts group by a, b) group by a

-- shape: rollup
select a, b, count(*) as n from raw.facts group by rollup (a, b)

-- shape: grouping sets with a column in all
select a, b, t, count(*) as n from raw.facts group by grouping sets ((a, b), (a, t), (a))

-- shape: cube
select a, b, sum(x) as total from raw.facts group by cube (a, b)

-- shape: distinct
select distinct a, t from raw.facts

-- shape: distinct below an aggregate
select a, count(*) as n from (select distinct a, d from raw.links) group by a

-- shape: distinct on
select distinct on (a) a, id, x from raw.facts order by a, x desc, id

-- shape: union
select a, t from raw.facts union select k, label from raw.dims

-- shape: union all
select a, t from raw.facts union all select k, label from raw.dims

-- shape: union all of one table twice
select a as v from raw.facts union all select b from raw.facts

-- shape: union all, aggregated
select v, count(*) as n from (select a as v from raw.facts union all select k from raw.links) group by v

-- shape: union all, joined
select u.v, d.label from (select a as v, id from raw.facts union all select a, m from raw.links) u
join raw.dims d on d.k = u.v

-- shape: lookup over a union all
select u.id, d.label from (select a as v, id from raw.facts union all select k, m from raw.links) u
left join raw.dims d on d.k = u.v

-- shape: except
select a from raw.facts except select k from raw.dims where grp > 1

-- shape: except all
select a from raw.facts except all select k from raw.links

-- shape: except, then fewer columns
select a from (select a, t from raw.facts except select k, label from raw.dims)

-- shape: intersect all, then fewer columns
select a from (select a, k from raw.links intersect all select a, k from raw.pairs)

-- shape: intersect
select a, d from raw.facts intersect select k, d from raw.links

-- shape: intersect all
select a from raw.facts intersect all select k from raw.links

-- shape: latest of each
select * from raw.facts qualify row_number() over (partition by a order by s desc nulls last, id) = 1

-- shape: two of each
select m, a, d from raw.links qualify row_number() over (partition by a order by k, m) <= 2

-- shape: latest in a common table expression
with numbered as (select *, row_number() over (partition by k order by d desc, m) as rn from raw.links)
select k, m, d from numbered where rn = 1

-- shape: window by the key's partition
select m, a, rank() over (partition by a order by k, m) as place from raw.links

-- shape: windows over two partitionings
select m, count(*) over (partition by a) as of_a, sum(k) over (partition by d order by m) as of_d from raw.links

-- shape: window over a join
select f.id, d.grp, row_number() over (partition by d.grp order by f.x, f.id) as place
from raw.facts f left join raw.dims d on d.k = f.a

-- shape: window over an aggregate
select a, b, n, sum(n) over (partition by a order by b) as running
from (select a, b, count(*) as n from raw.facts group by a, b)

-- shape: window with a filter
select id, count(*) filter (where t = 'x') over (partition by b) as xs from raw.facts

-- shape: lag and frames
select id, lag(x) over (partition by a order by s, id) as before,
  sum(b) over (partition by a order by s, id rows between 1 preceding and 1 following) as around from raw.facts

-- shape: window over all rows
select id, row_number() over (order by x, id) as place from raw.facts

-- shape: share of all rows
select id, x, sum(x) over () as total from raw.facts

-- shape: aggregate over a window
select t, count(*) as n from (select t, row_number() over (partition by a order by id) as rn from raw.facts) where rn = 1 group by t

-- shape: limit
select id, x from raw.facts order by x desc, id limit 3

-- shape: join with a limited table
select f.id, l.k from raw.facts f join (select k from raw.dims order by grp, k limit 2) l on l.k = f.a

-- shape: unnest
select id, unnest(string_split(t, ',')) as part from raw.facts

-- shape: aggregate of what is unnested
select part, count(*) as n from (select unnest([a, b]) as part from raw.facts) group by part

-- shape: values
select f.id, v.name from raw.facts f join (values (1, 'one'), (2, 'two')) v(n, name) on v.n = f.a

-- shape: constant column
select 'all' as what, count(*) as n from raw.facts group by 1

-- shape: common table expression read twice
with totals as (select a, sum(x) as total from raw.facts group by a)
select t.a, t.total, u.total as next from totals t left join totals u on u.a = t.a + 1

-- shape: lateral alias
select id, coalesce(b, 0) as b0, b0 * 2 as twice from raw.facts where twice > 2

-- shape: struct and list values
select id, {'a': a, 'b': b} as fields, [a, b] as pair from raw.facts

-- shape: lambda
select id, list_transform([a, b], v -> v + 1) as more from raw.facts

-- shape: patched table
select k, label, score from raw.notes where score is not null

-- shape: aggregate of a patched table
select label, count(*) as n, max(score) as most from raw.notes group by label

-- shape: view on a view / view
select id, a, b, x from raw.facts where b is not null
-- then view
select a, x, id from m0 where x > 1
-- then table
select v.id, d.label from m1 v join raw.dims d on d.k = v.a

-- shape: ephemeral chain / ephemeral
select id, a, upper(t) as t from raw.facts
-- then ephemeral
select a, t, count(*) as n from m0 group by a, t
-- then table
select d.k, e.t, e.n from raw.dims d left join m1 e on e.a = d.k

-- shape: table on an aggregate
select a, count(*) as n, sum(x) as total from raw.facts group by a
-- then table
select n, sum(total) as total, count(*) as groups from m0 group by n

-- shape: table on a union all
select a as v from raw.facts union all select k from raw.links
-- then table
select v, count(*) as n from m0 group by v

-- shape: kept by compaction / compaction
select a, count(*) as n, max(x) as most from raw.facts group by a
-- then table
select n, count(*) as groups from m0 group by n
-- then table
select d.k, g.groups from raw.dims d left join m1 g on g.n = d.k

-- shape: table on a rebuilt one
select id, x, sum(x) over () as total from raw.facts
-- then table
select total, count(*) as n from m0 group by total

-- shape: full join by a key that is never null on one side
select coalesce(coalesce(l.k, 0), d.k) as k, l.m, d.label from raw.links l full join raw.dims d on coalesce(l.k, 0) = d.k

-- shape: full join of three by their coalesced keys
with linked as (select k, count(*) as n from raw.links group by k),
  facts as (select a, count(*) as n, max(x) as x from raw.facts group by a)
select coalesce(l.k, f.a, d.k) as k, l.n, f.n as facts, f.x, d.label
from linked l full join facts f on l.k = f.a full join raw.dims d on coalesce(l.k, f.a) = d.k

-- shape: two columns of one name
select l.*, d.* from raw.links l join raw.dims d on d.k = l.k
-- then table
select k, k_1, label, m from m0 where grp > 1
