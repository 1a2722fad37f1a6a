/**
 * What is measured: the data, and requests whose main statement the floor runs as well.
 */

const rows = 10_000

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
  create table api.labels (id int primary key, name text not null);
  create table api.task_labels (
    task_id int references api.tasks, label_id int references api.labels,
    primary key (task_id, label_id));
  insert into api.labels select i, 'label ' || i from generate_series(1, 50) i;
  insert into api.task_labels
    select t, (t + l * 7) % 50 + 1 from generate_series(1, ${rows}) t, generate_series(1, 3) l;
  create index on api.task_labels (label_id);
  create table api.notes (
    id bigint generated always as identity primary key, task_id int not null, text text not null,
    made timestamptz not null default now());
  create function api.tasks_of(project int) returns setof api.tasks language sql stable as
    'select * from api.tasks where project_id = project';
  grant select on all tables in schema api to bench_anon;
  grant insert on api.notes to bench_anon;
  grant update on api.tasks to bench_anon;
  analyze;
`

export interface Scenario {
  readonly name: string
  readonly target: string
  readonly headers?: Readonly<Record<string, string>>
  /** Values of the main statement's parameters, in order of their placeholders. */
  readonly params: readonly string[]
  /** `GET` where absent. */
  readonly method?: string
  readonly body?: string
  /** In a transaction that may write. */
  readonly writes?: boolean
  /**
   * As many variants of the request, one for each connection: `{lane}` in target, body and params
   * is its number, from 1.
   */
  readonly lanes?: number
  /** Each request brings a token that no other has brought. */
  readonly bringsTokens?: boolean
  /** The floor answers with what dbrest has answered, without a database. */
  readonly isStatic?: boolean
  /** PostgREST 12 resets connections that ask it for this at once. */
  readonly isNotForPeer?: boolean
  /** In place of `--connections`. */
  readonly connections?: number
  /** Run before each measurement, so that no contender works on what the one before it left. */
  readonly reset?: string
}

const readByKey = { target: '/tasks?id=eq.4711', params: ['4711'] } as const
const hundredRows = {
  target: '/tasks?project_id=lte.200&order=name.desc,id&limit=100',
  params: ['200'],
} as const

const readScenarios: readonly Scenario[] = [
  { name: 'read by key', ...readByKey },
  { name: 'read by key, a new token each', ...readByKey, bringsTokens: true },
  { name: 'read by key over 1,000 connections', ...readByKey, connections: 1000 },
  { name: '100 rows, filtered and ordered', ...hundredRows },
  { name: 'HEAD of 100 rows', method: 'HEAD', ...hundredRows, isNotForPeer: true },
  {
    name: 'one-level embed of 20 rows',
    target: '/projects?select=id,name,clients(name)&order=id&limit=20',
    params: [],
  },
  {
    name: 'many-to-many embed',
    target: '/tasks?select=id,name,labels(name)&order=id&limit=20',
    params: [],
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
    params: ['100', '100'],
  },
  { name: '10,000 rows', target: '/tasks', params: [] },
  { name: 'OpenAPI root', target: '/', params: [], isStatic: true },
]

const json = { 'Content-Type': 'application/json' }

function notes(count: number): string {
  const list = Array.from({ length: count }, (_, i) => ({ task_id: i + 1, text: `note ${i + 1}` }))
  return JSON.stringify(count === 1 ? list[0] : list)
}

const reset = 'truncate api.notes'

const writeScenarios: readonly Scenario[] = [
  {
    name: 'insert of one row',
    method: 'POST',
    target: '/notes',
    headers: { ...json, Prefer: 'return=minimal' },
    body: notes(1),
    params: [notes(1)],
    writes: true,
    reset,
  },
  {
    name: 'insert of 1,000 rows',
    method: 'POST',
    target: '/notes',
    headers: { ...json, Prefer: 'return=minimal' },
    body: notes(1000),
    params: [notes(1000)],
    writes: true,
    reset,
  },
  {
    name: 'patch by key',
    method: 'PATCH',
    target: '/tasks?id=eq.{lane}',
    headers: json,
    body: '{"done":true}',
    params: ['{"done":true}', '{lane}'],
    writes: true,
    // rows of their own, so that no connection waits for another's lock
    lanes: 100,
    reset: 'vacuum api.tasks',
  },
  {
    name: 'function by GET',
    target: '/rpc/tasks_of?project=42',
    params: ['42'],
  },
  {
    name: 'function by POST',
    method: 'POST',
    target: '/rpc/tasks_of',
    headers: json,
    body: '{"project":42}',
    params: ['[{"project":42}]'],
  },
]

export const scenarios: readonly Scenario[] = [...readScenarios, ...writeScenarios]
