/**
 * Statements of migrations, at random, over few names, so that they meet each other: what one
 * creates another one renames, moves or drops. Many fail, as they should; a history goes on.
 *
 * `api` is exposed, `extra` on the extra search path, `hidden` neither.
 */
import type { Random } from '../../fuzz/random.ts'

export const historySchemas = ['api', 'extra', 'hidden', 'other'] as const

export const historySql = `
create schema api;
create schema extra;
create schema hidden;
create type api.mood as enum ('sad', 'ok');
create domain api.label as text default 'none';
create table api.t1 (a int primary key, b text, c api.mood, d int);
create table api.t2 (a int primary key, b int references api.t1);
create table hidden.t3 (a int primary key, b int references api.t1, c int unique);
create view api.v1 as select a, b from api.t1;
create view hidden.v2 as select a, b from hidden.t3;
create view api.v3 as select a, b from hidden.v2;
create table api.p1 (a int, b int, primary key (a)) partition by range (a);
create table api.q1 partition of api.p1 for values from (0) to (100);
create function api.f1(x int) returns int language sql as 'select x';
create function api.rel1(api.t1) returns setof api.t2 language sql as 'select * from api.t2';
create sequence api.s1;
`

/** One statement; `other` is created and renamed by statements alone. */
export function randomStatement(random: Random): string {
  const schema = () => random.pick(['api', 'api', 'api', 'extra', 'hidden', 'hidden'])
  const table = () => `${schema()}.${random.pick(['t1', 't2', 't3', 't4', 't5'])}`
  const view = () => `${schema()}.${random.pick(['v1', 'v2', 'v3', 'v4'])}`
  const relation = () => (random.chance(0.6) ? table() : view())
  const column = () => random.pick(['a', 'b', 'c', 'd', 'e'])
  const partitioned = () => `${schema()}.p1`
  const part = () => `${schema()}.${random.pick(['q1', 'q2'])}`
  const sequence = () => `${schema()}.${random.pick(['s1', 's2'])}`
  const routine = () => `${schema()}.${random.pick(['f1', 'f2', 'rel1', 'rel2'])}`
  const enumType = () => `${schema()}.${random.pick(['mood', 'tone'])}`
  const domain = () => `${schema()}.${random.pick(['label', 'code', '"text/x"'])}`
  const composite = () => `${schema()}.pair`
  const type = () =>
    random.oneOf([
      [
        4,
        () => random.pick(['int', 'text', 'varchar(10)', 'varchar(20)', 'numeric(4,1)', 'int[]']),
      ],
      [3, enumType],
      [1, () => `${enumType()}[]`],
      [3, domain],
      [1, composite],
      [1, table],
    ])
  const word = () => random.pick(['sad', 'ok', 'glad', 'odd'])
  const constraint = () => random.pick(['k1', 'k2', 'k3', 't1_pkey', 't2_pkey', 't2_b_fkey'])
  const value = () =>
    random.oneOf([
      [2, () => `'${word()}'`],
      [2, () => `nextval('${sequence()}')`],
      [1, () => `'${word()}'::${enumType()}::text`],
      [1, () => `${routine()}(1)`],
      [1, () => `'${table()}'::regclass::text`],
      [1, () => 'now()'],
    ])
  const comment = () => (random.chance(0.3) ? 'null' : `'${word()}'`)
  const columns = () =>
    random.times(1, 4, (at) => `${'abcd'[at]} ${random.chance(0.5) ? 'int' : type()}`).join(', ')
  const source = () =>
    random.pick(['a', 'a, b', 'a, b as c', 'b as a', 'count(*)', 'a, upper(b) as b', '*'])
  const select = () =>
    random.oneOf([
      [6, () => `select ${source()} from ${relation()}`],
      [1, () => `select x.a, y.b from ${relation()} x join ${relation()} y on x.a = y.a`],
    ])
  const argument = () => random.pick(['int', 'text', type(), `${table()}`, `x ${table()}`, 'x int'])
  const result = () =>
    random.pick([
      'int',
      type(),
      table(),
      `setof ${table()}`,
      'table (a int, b text)',
      'void',
      'trigger',
    ])
  const rename = (kind: string, name: () => string, to: readonly string[]) =>
    `alter ${kind} ${name()} rename to ${random.pick(to)}`
  const move = (kind: string, name: () => string) =>
    `alter ${kind} ${name()} set schema ${schema()}`

  return random.oneOf([
    // relations
    [6, () => `create table ${table()} (${columns()})`],
    [1, () => `create table ${table()} (like ${table()} including all)`],
    [2, () => `create table ${table()} () inherits (${table()})`],
    [2, () => `alter table ${table()} inherit ${table()}`],
    [2, () => `alter table ${table()} no inherit ${table()}`],
    [3, () => rename('table', table, ['t1', 't2', 't3', 't4', 't5'])],
    [3, () => move('table', table)],
    [3, () => `drop table ${table()} ${random.pick(['', 'cascade'])}`],
    [5, () => `alter table ${table()} add column ${column()} ${type()}`],
    [3, () => `alter table ${table()} drop column ${column()} ${random.pick(['', 'cascade'])}`],
    [4, () => `alter table ${relation()} rename column ${column()} to ${column()}`],
    [3, () => `alter table ${table()} alter column ${column()} type ${type()} using null`],
    [3, () => `alter table ${table()} alter column ${column()} set default ${value()}`],
    [1, () => `alter table ${table()} alter column ${column()} drop default`],
    [
      2,
      () =>
        `alter table ${table()} alter column ${column()} ${random.pick(['set', 'drop'])} not null`,
    ],
    [
      2,
      () =>
        `alter table ${table()} alter column ${column()} add generated ${random.pick(['always', 'by default'])} as identity`,
    ],
    [1, () => `alter table ${table()} alter column ${column()} drop identity`],
    // keys
    [4, () => `alter table ${table()} add constraint ${constraint()} primary key (${column()})`],
    [3, () => `alter table ${table()} add constraint ${constraint()} unique (${column()})`],
    [
      6,
      () =>
        `alter table ${table()} add constraint ${constraint()} foreign key (${column()}) references ${table()}`,
    ],
    [3, () => `alter table ${table()} rename constraint ${constraint()} to ${constraint()}`],
    [
      3,
      () =>
        `alter table ${table()} drop constraint ${constraint()} ${random.pick(['', 'cascade'])}`,
    ],
    // partitions
    [1, () => `create table ${partitioned()} (${columns()}) partition by range (a)`],
    [
      2,
      () =>
        `create table ${part()} partition of ${partitioned()} for values from (${random.pick([0, 100])}) to (${random.pick([100, 200])})`,
    ],
    [2, () => `alter table ${partitioned()} detach partition ${part()}`],
    [
      2,
      () =>
        `alter table ${partitioned()} attach partition ${part()} for values from (${random.pick([0, 100])}) to (${random.pick([100, 200])})`,
    ],
    [
      1,
      () =>
        `alter table ${partitioned()} add constraint ${constraint()} foreign key (b) references ${table()}`,
    ],
    [1, () => `drop table ${part()}`],
    // views
    [6, () => `create ${random.pick(['', 'or replace'])} view ${view()} as ${select()}`],
    [1, () => `create materialized view ${view()} as ${select()}`],
    [1, () => `refresh materialized view ${view()}`],
    [2, () => rename('view', view, ['v1', 'v2', 'v3', 'v4'])],
    [2, () => move('view', view)],
    [2, () => `drop view ${view()} ${random.pick(['', 'cascade'])}`],
    [
      1,
      () =>
        `create rule r as on ${random.pick(['insert', 'update', 'delete'])} to ${view()} do instead nothing`,
    ],
    [1, () => `drop rule r on ${view()}`],
    [
      1,
      () =>
        `create trigger g instead of ${random.pick(['insert', 'update', 'delete'])} on ${view()} for each row execute function ${routine()}()`,
    ],
    [1, () => `drop trigger g on ${view()}`],
    // types
    [2, () => `create type ${enumType()} as enum ('sad', 'ok')`],
    [
      3,
      () => `alter type ${enumType()} add value ${random.pick(['', 'if not exists'])} '${word()}'`,
    ],
    [2, () => `alter type ${enumType()} rename value '${word()}' to '${word()}'`],
    [2, () => rename('type', enumType, ['mood', 'tone'])],
    [2, () => move('type', enumType)],
    [1, () => `drop type ${enumType()} ${random.pick(['', 'cascade'])}`],
    [2, () => `create domain ${domain()} as ${type()} default ${value()}`],
    [2, () => `alter domain ${domain()} set default ${value()}`],
    [2, () => `alter domain ${domain()} ${random.pick(['set', 'drop'])} not null`],
    [1, () => rename('domain', domain, ['label', 'code', '"text/x"'])],
    [1, () => move('domain', domain)],
    [1, () => `drop domain ${domain()} ${random.pick(['', 'cascade'])}`],
    [1, () => `create type ${composite()} as (a int, b ${type()})`],
    [1, () => rename('type', composite, ['pair', 'couple'])],
    // routines
    [
      5,
      () =>
        `create or replace function ${routine()}(${argument()}) returns ${result()} language sql as 'select null'`,
    ],
    [
      1,
      () =>
        `create or replace function ${routine()}() returns trigger language plpgsql as 'begin return null; end'`,
    ],
    [
      3,
      () =>
        `create or replace function ${routine()}(${table()}) returns ${random.pick(['', 'setof '])}${table()} language sql as 'select null'`,
    ],
    [
      2,
      () =>
        `alter function ${routine()} ${random.pick(['stable', 'immutable', `set statement_timeout = '5s'`, 'rows 1'])}`,
    ],
    [2, () => rename('function', routine, ['f1', 'f2', 'rel1', 'rel2'])],
    [2, () => move('function', routine)],
    [2, () => `drop function ${routine()} ${random.pick(['', 'cascade'])}`],
    [
      1,
      () =>
        `${random.pick(['grant', 'revoke'])} execute on function ${routine()} ${random.pick(['to', 'from'])} public`,
    ],
    [
      1,
      () =>
        `create or replace function ${routine()}(${domain()}) returns json language sql as 'select null::json'`,
    ],
    [
      2,
      () => `create cast (${domain()} as json) with function ${routine()}(${domain()}) as implicit`,
    ],
    [1, () => `drop cast (${domain()} as json)`],
    [
      1,
      () =>
        `create aggregate ${schema()}.agg (${table()}) (sfunc = ${routine()}, stype = ${domain()})`,
    ],
    // the rest
    [2, () => `comment on ${random.pick(['table', 'view'])} ${relation()} is ${comment()}`],
    [2, () => `comment on column ${relation()}.${column()} is ${comment()}`],
    [2, () => `comment on function ${routine()} is ${comment()}`],
    [1, () => `create sequence ${sequence()}`],
    [2, () => rename('sequence', sequence, ['s1', 's2'])],
    [1, () => `alter sequence ${schema()}.t1_a_seq rename to ${random.pick(['s1', 's2', 's3'])}`],
    [1, () => move('sequence', sequence)],
    [1, () => `grant select on ${relation()} to public`],
    [1, () => `truncate ${table()} cascade`],
    [1, () => `create index on ${table()} (${column()})`],
    [1, () => `alter table ${table()} owner to current_user`],
    [1, () => 'create temporary table gone (a int primary key, b text default 1)'],
    [1, () => 'drop table if exists pg_temp.gone'],
    [1, () => `create schema other; create table other.t1 (a int primary key, b int)`],
    [1, () => 'alter schema hidden rename to other'],
    [1, () => 'alter schema other rename to hidden'],
    [1, () => `grant usage on schema ${schema()} to public`],
    [1, () => `insert into ${table()} (a) values (${random.int(1, 9)})`],
    // foreign tables
    [1, () => `create foreign table ${table()} (a int, b text) server remote`],
    [
      1,
      () =>
        `alter foreign table ${table()} options (${random.pick(['add', 'set'])} updatable '${random.pick(['true', 'false'])}')`,
    ],
    [
      1,
      () =>
        `alter server remote options (${random.pick(['add', 'set'])} updatable '${random.pick(['true', 'false'])}')`,
    ],
    // settings
    [
      1,
      () =>
        `alter role ${random.pick(['history_a', 'history_b'])} set statement_timeout = '${random.int(1, 9)}s'`,
    ],
    [1, () => `${random.pick(['grant history_a to', 'revoke history_a from'])} history_login`],
  ])
}

/** What rewrites catalogs without changing what they say. */
export function randomMaintenance(random: Random): string {
  const catalog = () =>
    random.pick([
      'class',
      'attribute',
      'constraint',
      'proc',
      'type',
      'rewrite',
      'description',
      'attrdef',
    ])
  return random.oneOf([
    [2, () => `vacuum full pg_catalog.pg_${catalog()}`],
    [1, () => `vacuum freeze pg_catalog.pg_${catalog()}`],
    [1, () => `reindex table pg_catalog.pg_${catalog()}`],
    [1, () => 'cluster pg_catalog.pg_class using pg_class_oid_index'],
    [1, () => 'analyze'],
  ])
}
