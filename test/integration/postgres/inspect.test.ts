import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAccessControl } from '../../../src/access/access-control.ts'
import { createPlanCache } from '../../../src/access/plan-cache.ts'
import type { Inspection, RequestContext } from '../../../src/backends/backend.ts'
import { postgresAbilities } from '../../../src/backends/postgres/catalog/postgres-capabilities.ts'
import {
  createPostgresPool,
  type PostgresPool,
} from '../../../src/backends/postgres/connect/postgres-pool.ts'
import {
  createInspector,
  type Inspector,
} from '../../../src/backends/postgres/execute/inspect-postgres.ts'
import { createPreparation } from '../../../src/backends/postgres/execute/preparation.ts'
import { createGenerationStore } from '../../../src/cache/generation-store.ts'
import { readNoBody, toBuffer } from '../../../src/core/http-exchange.ts'
import { ok } from '../../../src/core/result.ts'
import { createRequestHandler } from '../../../src/http/handle-request.ts'
import { createRootHandler, type Inspected } from '../../../src/http/handle-root.ts'
import type { Observation } from '../../../src/observe/observation.ts'
import type { InspectPlan } from '../../../src/plan/plan.ts'
import { buildSnapshot } from '../../../src/schema/build-snapshot.ts'
import type { Routine } from '../../../src/schema/catalog.ts'
import type { SchemaSnapshot } from '../../../src/schema/schema-snapshot.ts'
import { controlOf, introspect, schemaOptions } from '../../support/control-query.ts'
import { loadTestConfig } from '../../support/load-test-config.ts'
import { requestOf } from '../../support/plan-of.ts'
import { connectorTo, connectTo, noSignal, step } from '../../support/postgres-connector.ts'
import {
  clusterVersions,
  createTestDatabase,
  type TestDatabase,
} from '../../support/shared-cluster.ts'
import { observeTraced } from '../../support/trace-in-process.ts'

const schemaSql = `
do $$ begin
  if not exists (select from pg_roles where rolname = 'inspect_login') then
    create role inspect_login login noinherit;
    create role inspect_group;
    create role inspect_user in role inspect_group;
    create role inspect_nobody;
    create role inspect_kept;
    create role inspect_seer;
    grant inspect_user, inspect_nobody, inspect_kept to inspect_login;
  end if;
end $$;

create schema api;
comment on schema api is $$Films

All about them$$;
create schema "Odd ""one""";
grant usage on schema api, "Odd ""one""" to inspect_user, inspect_nobody;

create table api.films (id int primary key, title text);
create table api.hidden (id int primary key);
create table api.by_column (id int primary key, secret text);
create table api.by_group (id int);
create table api.owned (id int);
create table api.triggered (id int);
create view api.film_titles as select title from api.films;
create materialized view api.film_count as select count(*) from api.films;
create table api.parted (id int) partition by list (id);
create table api.parted_one partition of api.parted for values in (1);
create sequence api.numbers;
create type api.point2 as (x int, y int);
create table "Odd ""one"""."Things" (id int);
grant select on api.films to inspect_user;
grant insert on api.film_titles to inspect_user;
grant delete on api.film_count to inspect_user;
grant references (id) on api.by_column to inspect_user;
grant select on api.by_group to inspect_group;
grant trigger on api.triggered to inspect_user;
grant all on api.parted, api.parted_one, api.numbers to inspect_user;
grant all on "Odd ""one"""."Things" to inspect_user;
alter table api.owned owner to inspect_group;

create type api.mood as enum ('ok');
create domain api.point_domain as api.point2;
create domain api.point_twice as api.point_domain;
create function api.add(a int, b int default 2) returns int language sql immutable as 'select a';
create function api.add(a int) returns int language sql as 'select a';
create function api.arguments(
  m api.mood, ms api.mood[], inout c char(5), n numeric(5, 2), out o text, variadic v text[]
) language sql stable as 'select c, c::text';
comment on function api.arguments is 'All kinds';
create function api.points() returns setof api.point_twice language plpgsql as 'begin return; end';
create function api.unnamed(json) returns json language sql as 'select $1';
create function api.uncallable(int, int) returns int language sql as 'select 1';
create function api.hidden_function() returns int language sql as 'select 1';
create function api.fires() returns trigger language plpgsql as 'begin return new; end';
create procedure api.proceeds() language sql as 'select 1';
create aggregate api.total(int) (sfunc = int4pl, stype = int);
revoke execute on function api.hidden_function from public;
grant usage on schema api to inspect_kept;
grant select on api.hidden to inspect_seer;

create function api.refuses() returns void language plpgsql as $$ begin
  if current_setting('request.path') = '/' then
    raise insufficient_privilege using message = 'not today';
  end if;
end $$;
create function api.writes() returns void language sql as 'insert into api.films values (1)';
`

interface Choices {
  readonly role?: string
  readonly schema?: string
  readonly env?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

describe.each(clusterVersions())('an inspection on PostgreSQL %s', (version) => {
  let db: TestDatabase
  let snapshot: SchemaSnapshot
  let pool: PostgresPool

  beforeAll(async () => {
    db = await createTestDatabase(schemaSql, version)
    snapshot = await load()
    const connector = connectorTo(db.uri('inspect_login'))
    pool = createPostgresPool({
      connect: (id, signal) => connector.connect({ id, signal }),
      limits: { max: 1, acquisitionTimeoutMs: 60_000, maxIdleMs: 60_000, maxLifetimeMs: 60_000 },
      observe: observeTraced,
    })
  })

  afterAll(async () => {
    await pool.close()
    await db.drop()
  })

  async function load(): Promise<SchemaSnapshot> {
    const options = schemaOptions({ dbSchemas: ['api', 'Odd "one"'] })
    const control = controlOf(db.uri())
    const catalog = await introspect(control, { options })
    await control.close()
    return buildSnapshot(catalog, options, 1, new Date(0))
  }

  function journey(choices: Choices): { plan: InspectPlan; context: RequestContext } {
    const { role = 'inspect_user', schema = 'api', env = {}, signal = noSignal } = choices
    const known = snapshot.schemas.includes(schema)
    const headers = known ? { 'accept-profile': schema } : {}
    const request = requestOf(snapshot, 'GET /', { headers })
    return {
      plan: { kind: 'inspect', schema, headersOnly: false, shown: snapshot },
      context: {
        snapshot,
        config: loadTestConfig({ env }),
        request,
        role,
        isAuthenticated: true,
        claims: JSON.stringify({ role }),
        signal,
      },
    }
  }

  function inspector(): Inspector {
    const observe = () => undefined
    const preparation = createPreparation(observe)
    const guards = { guardOf: () => null }
    return createInspector({ onUnreachable: () => undefined, pool, preparation, observe, guards })
  }

  function inspect(choices: Choices = {}): Promise<Inspection> {
    const { plan, context } = journey(choices)
    return inspector()(plan, context)
  }

  async function inspected(choices?: Choices): Promise<Inspected> {
    const inspection = await inspect(choices)
    if (inspection.kind !== 'done') throw new Error(JSON.stringify(inspection))
    return inspection
  }

  async function relationNames(choices?: Choices): Promise<readonly string[]> {
    const { relations } = await inspected(choices)
    return [...(relations ?? [])].map((key) => key.replace('\0', '.'))
  }

  async function routineNamed(name: string): Promise<Routine> {
    const found = (await inspected()).routines?.find((routine) => routine.name === name)
    if (found === undefined) throw new Error(`no routine ${name}`)
    return found
  }

  test('finds the relations that the role has any privilege on', async () => {
    expect(await relationNames()).toEqual([
      'api.by_column',
      'api.by_group',
      'api.film_count',
      'api.film_titles',
      'api.films',
      'api.owned',
      'api.parted',
      'api.triggered',
    ])
    expect(await relationNames({ role: 'inspect_nobody' })).toEqual([])
  })

  test('finds them in a schema whose name needs quoting', async () => {
    expect(await relationNames({ schema: 'Odd "one"' })).toEqual(['Odd "one".Things'])
  })

  test('sees a grant, and what is new, at once', async () => {
    await db.query(`
      grant select on api.hidden to inspect_user;
      grant execute on function api.hidden_function to inspect_user;
      create table api.fresh (id int); grant select on api.fresh to inspect_user;
      create function api.fresh_function() returns int language sql as 'select 1'`)
    const names = await relationNames()
    const { routines } = await inspected()
    await db.query(`
      revoke all on api.hidden from inspect_user;
      revoke all on function api.hidden_function from inspect_user;
      drop table api.fresh; drop function api.fresh_function`)
    expect(names).toEqual(expect.arrayContaining(['api.hidden', 'api.fresh']))
    expect(routines?.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['hidden_function', 'fresh_function']),
    )
    expect(await relationNames()).not.toContain('api.hidden')
  })

  describe('that is kept', () => {
    const changes: readonly (readonly [what: string, change: string, back: string])[] = [
      ['a grant', 'grant select on api.hidden to R', 'revoke all on api.hidden from R'],
      [
        'a grant on a column',
        'grant select (id) on api.hidden to R',
        'revoke all on api.hidden from R',
      ],
      ['a membership', 'grant inspect_seer to R', 'revoke inspect_seer from R'],
      ['a role that may do all', 'alter role R superuser', 'alter role R nosuperuser'],
      [
        'an owner',
        'alter table api.hidden owner to R',
        'alter table api.hidden owner to current_user',
      ],
    ]

    test.each(changes)('shows %s and its end at once', async (_, change, back) => {
      const inspect = inspector()
      const names = async () => {
        const { plan, context } = journey({ role: 'inspect_kept' })
        const inspection = await inspect(plan, context)
        if (inspection.kind !== 'done') throw new Error(JSON.stringify(inspection))
        return inspection.relations?.has('api\0hidden')
      }
      const asRole = (sql: string) => db.query(sql.replace('R', 'inspect_kept'))
      expect(await names()).toBe(false)
      await asRole(change)
      expect(await names()).toBe(true)
      await asRole(back)
      expect(await names()).toBe(false)
    })

    test('is the same object while nothing is written, and another one for another role', async () => {
      const inspect = inspector()
      const config = loadTestConfig({})
      const ask = (choices: Choices) => {
        const { plan, context } = journey(choices)
        return inspect(plan, { ...context, config })
      }
      // what else works on the cluster may write between two questions
      let own = await ask({})
      const isSame = async () => {
        const before = own
        own = await ask({})
        return own === before
      }
      await expect.poll(isSame).toBe(true)
      expect(await ask({ role: 'inspect_nobody' })).not.toEqual(own)
      expect(await ask({ schema: 'Odd "one"' })).not.toEqual(own)
      expect(await ask({ role: 'inspect_gone' })).toMatchObject({ kind: 'failed' })
    })

    test('shows a comment, a function and what became of them', async () => {
      const inspect = inspector()
      const ask = async () => {
        const { plan, context } = journey({})
        const inspection = await inspect(plan, context)
        if (inspection.kind !== 'done') throw new Error(JSON.stringify(inspection))
        return [
          inspection.schemaDescription,
          inspection.routines?.some(({ name }) => name === 'kept_one'),
        ]
      }
      expect(await ask()).toEqual(['Films\n\nAll about them', false])
      await db.query("comment on schema api is 'Kept'")
      expect(await ask()).toEqual(['Kept', false])
      await db.query(`create function api.kept_one() returns int language sql as 'select 1'`)
      expect(await ask()).toEqual(['Kept', true])
      await db.query('drop function api.kept_one')
      await db.query("comment on schema api is e'Films\\n\\nAll about them'")
      expect(await ask()).toEqual(['Films\n\nAll about them', false])
    })

    test('asks a pre-request function each time', async () => {
      const inspect = inspector()
      const ask = (env: Readonly<Record<string, string>>) => {
        const { plan, context } = journey({ env })
        return inspect(plan, context)
      }
      expect(await ask({})).toMatchObject({ kind: 'done' })
      expect(await ask({ PGRST_DB_PRE_REQUEST: 'api.refuses' })).toMatchObject({ kind: 'failed' })
    })
  })

  test('finds the functions that the role may call, and can', async () => {
    const { routines } = await inspected()
    expect(routines?.map(({ name }) => name).sort()).toEqual([
      'add',
      'add',
      'arguments',
      'points',
      'refuses',
      'unnamed',
      'writes',
    ])
  })

  test('describes functions as the snapshot does', async () => {
    const ours = (await inspected()).routines?.filter(({ name }) => name !== 'arguments') ?? []
    const known = [...snapshot.routines.values()].flat()
    expect(ours).toHaveLength(6)
    for (const routine of ours) expect(known).toContainEqual(routine)
    expect(await routineNamed('points')).toMatchObject({
      returns: { isSet: true, type: { schema: 'api', name: 'point2' }, kind: 'composite' },
    })
  })

  test('spells types as the search path of the request has them', async () => {
    expect(await routineNamed('arguments')).toMatchObject({
      description: 'All kinds',
      volatility: 'stable',
      hasVariadic: true,
      parameters: [
        { name: 'm', type: 'mood', isRequired: true, isVariadic: false },
        { name: 'ms', type: 'mood[]' },
        { name: 'c', type: 'character', wideType: 'character varying' },
        { name: 'n', type: 'numeric' },
        { name: 'v', type: 'text[]', isVariadic: true },
      ],
    })
    const known = [...snapshot.routines.values()].flat().find(({ name }) => name === 'arguments')
    expect(known?.parameters[0]?.type).toBe('api.mood')
  })

  test('reads the comment on the schema', async () => {
    expect((await inspected()).schemaDescription).toBe('Films\n\nAll about them')
    expect((await inspected({ schema: 'Odd "one"' })).schemaDescription).toBeNull()
  })

  test('does not wait for a migration that holds a relation', async () => {
    const migration = await connectTo(db.uri())
    await migration.run([step('begin'), step('lock table api.films in access exclusive mode')])
    expect(await relationNames()).toContain('api.films')
    await migration.end()
  })

  test('asks for nothing but the comment where privileges are ignored', async () => {
    const env = { PGRST_OPENAPI_MODE: 'ignore-privileges' }
    const inspection = await inspected({ role: 'inspect_nobody', env })
    expect(inspection).toMatchObject({
      relations: null,
      routines: null,
      schemaDescription: 'Films\n\nAll about them',
    })
    expect(inspection.statements).toHaveLength(2)
  })

  test('tells its statements in the words that logs are searched for', async () => {
    const { statements } = await inspected()
    expect(statements.map((text) => text.replaceAll('\n', ' '))).toEqual([
      expect.stringMatching(/^select set_config\('search_path', \$1, true\), set_config\(/),
      expect.stringMatching(
        /^SELECT {3}n\.nspname AS table_schema, .+ FROM pg_class c .+ ORDER BY table_schema, table_name$/,
      ),
      expect.stringMatching(
        /^WITH.+base_types AS.+pn\.nspname AS proc_schema.+FROM pg_proc p.+p\.pronamespace = \$1::regnamespace/,
      ),
      "SELECT pg_catalog.obj_description($1::regnamespace, 'pg_namespace')",
    ])
  })

  test('asks the pre-request function, which may refuse it', async () => {
    const inspection = await inspect({ env: { PGRST_DB_PRE_REQUEST: 'api.refuses' } })
    expect(inspection).toMatchObject({
      kind: 'failed',
      contradictsSchema: false,
      error: { kind: 'database', failure: { sqlState: '42501', message: 'not today' } },
      statements: [
        expect.anything(),
        'select "api"."refuses"()',
        expect.anything(),
        expect.anything(),
        expect.anything(),
      ],
    })
  })

  test('writes nothing, whatever the pre-request function wants', async () => {
    const inspection = await inspect({ env: { PGRST_DB_PRE_REQUEST: 'api.writes' } })
    expect(inspection).toMatchObject({
      kind: 'failed',
      error: { kind: 'database', failure: { sqlState: '25006' } },
    })
  })

  test('fails for a role and for a schema that do not exist', async () => {
    expect(await inspect({ role: 'inspect_gone' })).toMatchObject({
      kind: 'failed',
      error: { failure: { sqlState: '22023', message: 'role "inspect_gone" does not exist' } },
    })
    expect(await inspect({ schema: 'gone' })).toMatchObject({
      kind: 'failed',
      error: { failure: { sqlState: '3F000', message: 'schema "gone" does not exist' } },
    })
  })

  test('is not run for a client that has left', async () => {
    const inspection = await inspect({ signal: AbortSignal.abort() })
    expect(inspection).toMatchObject({ kind: 'failed', error: { failure: { sqlState: '57014' } } })
    expect(await relationNames()).toContain('api.films')
  })

  test('makes a document of what the role may see', async () => {
    const handle = createRootHandler()
    const document = async (choices: Choices) => {
      const { plan, context } = journey(choices)
      const root = { plan, request: context.request, snapshot, config: context.config, host: 'x' }
      const { body } = await handle(root, await inspected(choices))
      return JSON.parse(toBuffer(body ?? '').toString('utf8'))
    }
    const own = await document({})
    expect(own.info).toMatchObject({ title: 'Films', description: 'All about them' })
    expect(Object.keys(own.definitions)).toEqual([
      'by_column',
      'by_group',
      'film_count',
      'film_titles',
      'films',
      'owned',
      'parted',
      'triggered',
    ])
    expect(own.paths['/rpc/arguments'].get.parameters[0]).toEqual({
      format: 'mood',
      in: 'query',
      name: 'm',
      required: true,
      type: 'string',
    })
    expect(Object.keys(own.paths['/rpc/arguments'])).toEqual(['get', 'post'])
    expect(Object.keys(own.paths['/film_titles'])).toEqual(['get', 'post', 'delete', 'patch'])
    expect(Object.keys(own.paths['/film_count'])).toEqual(['get'])

    const all = await document({
      role: 'inspect_nobody',
      env: { PGRST_OPENAPI_MODE: 'ignore-privileges' },
    })
    expect(Object.keys(all.paths)).toEqual(
      expect.arrayContaining(['/hidden', '/rpc/hidden_function']),
    )
    expect(await document({ role: 'inspect_nobody' })).not.toHaveProperty('definitions')
  })

  test('brings about the load of a schema that it is ahead of', async () => {
    const config = loadTestConfig({ env: { PGRST_DB_SCHEMAS: 'api', PGRST_LOG_QUERY: 'true' } })
    const seen: Observation[] = []
    const checks: string[] = []
    const store = createGenerationStore({ config, snapshot })
    const handle = createRequestHandler({
      currentGeneration: store.current,
      backend: {
        abilities: postgresAbilities,
        inspect: inspector(),
        execute: () => Promise.reject(new Error('nothing is to be executed')),
      },
      authenticator: {
        authenticate: () => ok({ role: 'inspect_user', claims: '{}', isAuthenticated: true }),
      },
      planCache: createPlanCache(10, createAccessControl()),
      async checkSchema(origin) {
        checks.push(origin)
        store.publish({ config, snapshot: await load() })
        return 'moved'
      },
      observe(observation) {
        seen.push(observation)
        observeTraced(observation)
      },
      now: () => performance.now(),
    })
    await db.query('create table api.later (id int); grant select on api.later to inspect_user')
    const head = { method: 'GET', path: '/', query: '', headers: [] }
    const { answer } = await handle(head, readNoBody, store.current(), noSignal)
    await db.query('drop table api.later')
    expect(answer.status).toBe(200)
    expect(toBuffer(answer.body ?? '').toString('utf8')).toContain('"/later":')
    expect(checks).toEqual(['stale-hit'])
    // the statements of the answer, not those of the try before it
    expect(seen).toEqual([{ kind: 'queries', statements: expect.anything(), status: 200 }])
  })
})
