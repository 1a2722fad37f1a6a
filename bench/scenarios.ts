/**
 * What is measured: the data, and requests whose main statement the floor runs as well.
 */

export const rows = 10_000

export const schema = `
  create role bench_anon nologin;
  create role bench_login noinherit login;
  grant bench_anon to bench_login;
  create schema api;
  grant usage on schema api to bench_anon;
  create table api.clients (id int primary key, name text not null);
  create table api.projects (
    id int primary key, name text not null, client_id int not null references api.clients,
    budget numeric not null, started date not null);
  create table api.tasks (
    id int primary key, name text not null, project_id int not null references api.projects,
    done bool not null);
  insert into api.clients select i, 'client ' || i from generate_series(1, 100) i;
  insert into api.projects
    select i, 'project ' || i, i % 100 + 1, i * 10, date '2020-01-01' + i
    from generate_series(1, 1000) i;
  insert into api.tasks
    select i, 'task ' || i, i % 1000 + 1, i % 3 = 0 from generate_series(1, ${rows}) i;
  create index on api.projects (client_id);
  create index on api.tasks (project_id);
  grant select on all tables in schema api to bench_anon;
  analyze;
`

export interface Scenario {
  readonly name: string
  readonly target: string
  readonly headers?: Readonly<Record<string, string>>
  /** Values of the main statement's parameters, in order of their placeholders. */
  readonly params: readonly string[]
}

export const scenarios: readonly Scenario[] = [
  { name: 'read by key', target: '/tasks?id=eq.4711', params: ['4711'] },
  {
    name: '100 rows, filtered and ordered',
    target: '/tasks?project_id=lte.200&order=name.desc,id&limit=100',
    params: ['200', '100'],
  },
  {
    name: 'one-level embed',
    target: '/projects?select=id,name,clients(name)&id=lte.50',
    params: ['50'],
  },
  {
    name: 'three-level embed',
    target: '/clients?select=name,projects(name,tasks(id,name))&id=lte.3',
    params: ['3'],
  },
  {
    name: 'exact count',
    target: '/tasks?project_id=lte.100&limit=10',
    headers: { Prefer: 'count=exact' },
    params: ['100', '10', '100'],
  },
  { name: '10,000 rows', target: '/tasks', params: [] },
]
