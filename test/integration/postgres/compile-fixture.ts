/** The schema that compiled statements are run on, and what the planner would say of it. */
import { afterAll, beforeAll } from 'vitest'
import { relationship } from '../../support/plan-builders.ts'
import type { PostgresVersion } from '../../support/postgres.ts'
import { createRunner, type Runner } from '../../support/run-compiled.ts'
import { createTestDatabase, type TestDatabase } from '../../support/shared-cluster.ts'

const schemaSql = `
create schema test;
set search_path = test;

create table clients (id int primary key, name text not null);
insert into clients values (1, 'Acme'), (2, 'Bolt'), (3, 'Core');

create table projects (id int primary key, name text not null, client_id int references clients);
insert into projects values (1, 'Alpha', 1), (2, 'Beta', 1), (3, 'Gamma', 2), (4, 'Orphan', null);

create table tasks (id int primary key, name text, project_id int references projects, hours numeric);
insert into tasks values (1, 'Design', 1, 2.5), (2, 'Code', 1, 10), (3, 'Design', 2, 1), (4, 'Code', 3, null);

create table users (id int primary key, name text);
insert into users values (1, 'Ann'), (2, 'Ben'), (3, 'Cid');

create table users_tasks (user_id int references users, task_id int references tasks, primary key (user_id, task_id));
insert into users_tasks values (1, 1), (1, 2), (2, 2), (2, 4);

create table documents (
  id int primary key, body text, search tsvector, data jsonb, plain json,
  tags text[], span int4range, flag bool, made date
);
insert into documents values
  (1, 'the quick brown fox', to_tsvector('english', 'the quick brown fox'),
   '{"a": {"b": [10, 20]}, "n": 1, "s": "x*y"}', '{"z": 1, "a": 2}', '{x,y}', '[1,5)', true, '2024-01-01'),
  (2, 'a lazy dog', to_tsvector('english', 'a lazy dog'),
   '{"a": {"b": [30]}, "n": 2, "s": null}', '{"z": 3}', '{y,z}', '[5,9)', false, '2024-02-01'),
  (3, null, null, null, null, null, null, null, null);

create table "od""d; drop" ("sel ect" int primary key, "a,b" text);
insert into "od""d; drop" values (1, 'it''s "quoted"');

create domain color as int;
create function color_text(color) returns json immutable language sql as $$ select to_json('#' || lpad(to_hex($1), 6, '0')) $$;
create function text_color(text) returns color immutable language sql as $$ select ('x' || lpad(ltrim($1, '#'), 8, '0'))::bit(32)::int::color $$;
create function json_color(json) returns color immutable language sql as $$ select text_color($1 #>> '{}') $$;
create table paints (id int primary key, shade color);
insert into paints values (1, 255), (2, 65280);

create function clients_of(projects) returns setof clients rows 1 stable language sql as $$ select * from clients where id = $1.client_id $$;
create function projects_of(clients) returns setof projects stable language sql as $$ select * from projects where client_id = $1.id $$;
create function shout(projects) returns text stable language sql as $$ select upper($1.name) $$;

create table items (id serial primary key, name text default 'none', size varchar(5), made date default '2020-02-02', code text unique);
insert into items (name, size, code) values ('one', 'S', 'a'), ('two', 'M', 'b');
create table pairs (a int, b int, note text, primary key (a, b));
insert into pairs values (1, 1, 'old');
create view items_view as select id, name, code from items;
create function items_view_insert() returns trigger language plpgsql as $$
begin insert into items (name, code) values (new.name, new.code) returning id into new.id; return new; end $$;
create trigger items_view_insert instead of insert on items_view for each row execute function items_view_insert();
create table parts (id int, name text, primary key (id)) partition by range (id);
create table parts_low partition of parts for values from (0) to (100);

create function add(a int, b int default 10) returns int immutable language sql as $$ select a + b $$;
create function series(n int) returns setof int immutable language sql as $$ select generate_series(1, n) $$;
create function one_project(pid int) returns projects stable language sql as $$ select * from projects where id = pid $$;
create function some_projects(min_id int) returns setof projects stable language sql as $$ select * from projects where id >= min_id $$;
create function pair(x int) returns table (a int, b text) immutable language sql as $$ select x, 'b' || x $$;
create function nothing() returns void language plpgsql as $$ begin perform set_config('response.status', '202', true); perform set_config('response.headers', '[{"x-a": "1"}]', true); end $$;
create function gather(variadic v text[]) returns text immutable language sql as $$ select array_to_string(v, '+') $$;
create function whole_json(json) returns json immutable language sql as $$ select $1 $$;
create function whole_text(text) returns text immutable language sql as $$ select $1 $$;
create function whole_bytes(bytea) returns int immutable language sql as $$ select length($1) $$;
create function total(numbers int[]) returns bigint immutable language sql as $$ select sum(n) from unnest(numbers) n $$;

create function names_state(state text, item projects) returns text immutable language sql as $$ select state || item.name || ';' $$;
create aggregate names_agg(projects) (initcond = '', stype = text, sfunc = names_state);
create function any_state(state text, item anyelement) returns text immutable language sql as $$ select state || '.' $$;
create aggregate dots(anyelement) (initcond = '', stype = text, sfunc = any_state);
create function loud(int) returns text immutable language sql as $$ select 'int ' || $1 $$;
`

export interface CompileFixture {
  readonly database: TestDatabase
  readonly runner: Runner
}

/** Made before the tests of the surrounding `describe`, dropped after them. */
export function useCompileFixture(version: PostgresVersion): () => CompileFixture {
  let fixture: CompileFixture | undefined
  beforeAll(async () => {
    const database = await createTestDatabase(schemaSql, version)
    await database.query(`alter database ${database.name} set search_path = test, public`)
    fixture = { database, runner: await createRunner(database.uri()) }
  })
  afterAll(async () => {
    await fixture?.runner.close()
    await fixture?.database.drop()
  })
  return () => {
    if (fixture === undefined) throw new Error('used before it was made')
    return fixture
  }
}

export const projectClient = relationship('projects', 'clients', {
  kind: 'many-to-one',
  constraint: 'projects_client_id_fkey',
  columns: [['client_id', 'id']],
})

export const clientProjects = relationship('clients', 'projects', {
  kind: 'one-to-many',
  constraint: 'projects_client_id_fkey',
  columns: [['id', 'client_id']],
})

export const projectTasks = relationship('projects', 'tasks', {
  kind: 'one-to-many',
  constraint: 'tasks_project_id_fkey',
  columns: [['id', 'project_id']],
})

export const taskProject = relationship('tasks', 'projects', {
  kind: 'many-to-one',
  constraint: 'tasks_project_id_fkey',
  columns: [['project_id', 'id']],
})

export const userTasks = relationship('users', 'tasks', {
  kind: 'many-to-many',
  junction: {
    relation: { schema: 'test', name: 'users_tasks' },
    originConstraint: 'users_tasks_user_id_fkey',
    targetConstraint: 'users_tasks_task_id_fkey',
    originColumns: [['id', 'user_id']],
    targetColumns: [['id', 'task_id']],
  },
})

export const taskUsers = relationship('tasks', 'users', {
  kind: 'many-to-many',
  junction: {
    relation: { schema: 'test', name: 'users_tasks' },
    originConstraint: 'users_tasks_task_id_fkey',
    targetConstraint: 'users_tasks_user_id_fkey',
    originColumns: [['id', 'task_id']],
    targetColumns: [['id', 'user_id']],
  },
})
