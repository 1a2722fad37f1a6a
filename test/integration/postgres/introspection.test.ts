import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { resolveScope } from '../../../src/backends/postgres/catalog/catalog-scope.ts'
import { postgresAbilities } from '../../../src/backends/postgres/catalog/postgres-capabilities.ts'
import { BackendFailure } from '../../../src/errors/backend-failure.ts'
import type { Catalog, CatalogRelation, Column, Routine } from '../../../src/schema/catalog.ts'
import { controlOf, introspect, type TestControl } from '../../support/control-query.ts'
import {
  clusterVersions,
  createTestDatabase,
  type TestDatabase,
} from '../../support/shared-cluster.ts'
import { representation } from '../../support/snapshot.ts'
import { introspectionOptions, introspectionSql } from './introspection-fixture.ts'

describe.each(clusterVersions())('introspection of PostgreSQL %s', (version) => {
  let db: TestDatabase
  let control: TestControl
  let catalog: Catalog

  beforeAll(async () => {
    db = await createTestDatabase(introspectionSql, version)
    control = controlOf(db.uri())
    catalog = await introspect(control, { options: introspectionOptions })
  })

  afterAll(async () => {
    await control.close()
    await db.drop()
  })

  function relation(name: string): CatalogRelation {
    const found = catalog.relations.find((each) => each.name === name)
    if (found === undefined) throw new Error(`no relation ${name}`)
    return found
  }

  function column(relationName: string, name: string): Column {
    const found = relation(relationName).columns.find((each) => each.name === name)
    if (found === undefined) throw new Error(`no column ${name}`)
    return found
  }

  function routines(name: string): readonly Routine[] {
    return catalog.routines.filter((each) => each.name === name)
  }

  test('reads the relations of exposed schemas only, sorted, without partitions', () => {
    const names = catalog.relations.map(({ name }) => name)
    expect(names).toEqual(names.toSorted())
    expect(new Set(catalog.relations.map(({ schema }) => schema))).toEqual(new Set(['api']))
    expect(names).toContain('events')
    expect(names).not.toContain('events_2024')
  })

  test.each([
    ['films', 'table'],
    ['cache', 'table'],
    ['events', 'partitioned-table'],
    ['film_titles', 'view'],
    ['film_counts', 'materialized-view'],
  ])('%s is a %s', (name, kind) => {
    expect(relation(name).kind).toBe(kind)
  })

  test('reads comments of relations and columns', () => {
    expect(relation('directors').description).toBe('Who makes films')
    expect(column('directors', 'name').description).toBe('As in the credits')
    expect(relation('films').description).toBeNull()
    expect(column('films', 'title').description).toBeNull()
  })

  test('keeps the declared order of columns, dropped ones left out', () => {
    expect(relation('films').columns.map(({ name }) => name)).toEqual([
      'id',
      'serial_no',
      'title',
      'director_id',
      'rating',
      'rating_domain',
      'slug',
      'tags',
      'at',
      'many',
      'code',
      'mask',
      'flag',
      'bare',
      'pure',
      'price',
      'stamp',
      'doc',
      'od"d name',
    ])
    expect(relation('empty').columns).toEqual([])
  })

  test.each([
    // relation, column, base type, declared type, longest text
    ['films', 'id', 'bigint', 'bigint', null],
    ['films', 'title', 'character varying', 'character varying(100)', 100],
    ['films', 'rating', 'api.mood', 'api.mood', null],
    ['films', 'rating_domain', 'api.mood_domain', 'api.mood_domain', null],
    ['films', 'tags', 'text[]', 'text[]', null],
    ['films', 'at', 'api.point2', 'api.point2', null],
    ['films', 'many', 'integer[]', 'api.numbers', null],
    ['films', 'code', 'bit', 'bit(4)', 4],
    ['films', 'mask', 'bit varying', 'bit varying(8)', 8],
    ['films', 'flag', 'character', 'character(3)', 3],
    ['films', 'bare', '"char"', '"char"', null],
    ['films', 'pure', 'character', 'bpchar', null],
    ['films', 'price', 'numeric', 'numeric(10,2)', null],
    ['films', 'stamp', 'timestamp with time zone', 'timestamp(3) with time zone', null],
    ['directors', 'mail', 'character varying', 'api.email', 80],
    ['directors', 'work_mail', 'character varying', 'api.work_email', null],
    ['film_titles', 'title', 'character varying', 'character varying(100)', 100],
  ])('%s.%s has base type %s, declared %s', (table, name, baseType, nominalType, maxLength) => {
    expect(column(table, name)).toMatchObject({ baseType, nominalType, maxLength })
  })

  test.each([
    ['films', 'title', `'untitled'::character varying`],
    ['films', 'rating', `'ok'::api.mood`],
    ['films', 'serial_no', `nextval('api.films_serial_no_seq'::regclass)`],
    ['films', 'price', '9.99'],
    ['films', 'stamp', 'now()'],
    ['films', 'id', null],
    ['films', 'slug', null],
    ['films', 'director_id', null],
    ['directors', 'id', `nextval('api.directors_id_seq')`],
    ['directors', 'mail', `'nobody@nowhere'::character varying`],
    ['directors', 'name', null],
    ['film_titles', 'title', null],
  ])('%s.%s has the default %s', (table, name, defaultExpression) => {
    expect(column(table, name).defaultExpression).toBe(defaultExpression)
  })

  test('tells columns that may be null', () => {
    const nullable = (table: string) =>
      relation(table).columns.flatMap(({ name, isNullable }) => (isNullable ? [name] : []))
    expect(nullable('directors')).toEqual(['work_mail'])
    expect(nullable('sessions')).toEqual(['room'])
    expect(nullable('film_titles')).toEqual(['id', 'title'])
  })

  test('reads labels of enums in their order, those of a domain over one as well', () => {
    expect(column('films', 'rating').enumValues).toEqual(['sad', 'glad', 'ok'])
    expect(column('films', 'rating_domain').enumValues).toEqual(['sad', 'glad', 'ok'])
    expect(column('films', 'title').enumValues).toEqual([])
  })

  test('tells generated columns, and types with parts', () => {
    const named = (flag: 'isGenerated' | 'isComposite' | 'isDocument') =>
      relation('films').columns.flatMap((each) => (each[flag] ? [each.name] : []))
    // an identity that is always generated is written by nobody either
    expect(named('isGenerated')).toEqual(['id', 'slug'])
    expect(named('isComposite')).toEqual(['tags', 'at', 'many'])
    expect(named('isDocument')).toEqual(['doc'])
  })

  test('shows constants and expressions as defaults', () => {
    const shown = relation('films').columns.map((each) => [each.name, each.shownDefault] as const)
    expect(shown.filter(([, json]) => json !== null)).toEqual([
      ['title', '"untitled"'],
      ['rating', '"ok"'],
      ['price', '9.99'],
      ['stamp', '"now()"'],
    ])
  })

  test.runIf(Number(version) >= 18)('reads virtual generated columns as generated', async () => {
    await db.query(`create schema v; create table v.t (a int, b int generated always as (a * 2))`)
    const { relations } = await introspect(control, { options: { dbSchemas: ['v'] } })
    expect(relations[0]?.columns[1]).toMatchObject({ isGenerated: true, defaultExpression: null })
  })

  test('sorts columns of a primary key by name', () => {
    expect(relation('sessions').primaryKey).toEqual(['film_id', 'slot'])
    expect(relation('events').primaryKey).toEqual(['day', 'id'])
    expect(relation('loose').primaryKey).toEqual([])
    expect(relation('film_titles').primaryKey).toEqual([])
  })

  test('reads foreign keys with their columns in the order declared', () => {
    const keys = catalog.foreignKeys.map(({ constraint, origin, target, columns, isUnique }) => [
      constraint,
      `${origin.schema}.${origin.name}`,
      `${target.schema}.${target.name}`,
      columns.map((pair) => pair.join('>')).join(),
      isUnique,
    ])
    expect(keys).toEqual([
      ['note_award', 'api.award_notes', 'api.awards', 'x>b,y>a', true],
      ['boss', 'api.employees', 'api.employees', 'manager_id>id', false],
      ['events_film_id_fkey', 'api.events', 'api.films', 'film_id>id', false],
      ['film_details_film_id_fkey', 'api.film_details', 'api.films', 'film_id>id', true],
      ['films_director_id_fkey', 'api.films', 'api.directors', 'director_id>id', false],
      // a unique index alone makes no key
      ['loose_film', 'api.loose', 'api.films', 'film_id>id', false],
      ['sessions_film_id_fkey', 'api.sessions', 'api.films', 'film_id>id', false],
      ['ticket_session', 'api.tickets', 'api.sessions', 'slot>slot,film_id>film_id', false],
      ['secret_film', 'hidden.secrets', 'api.films', 'film_id>id', false],
      // hidden as it is at both ends, it matters for the view over one of them
      ['unrelated_id_fkey', 'hidden.unrelated', 'hidden.secrets', 'id>id', true],
    ])
  })

  function dependenciesOf(view: string): readonly string[] {
    return catalog.viewKeyDependencies
      .filter((each) => each.view.name === view)
      .map(({ table, constraint, kind, columns }) => {
        const pairs = columns.map(([from, to]) => `${from}=${to.join('|')}`).join()
        return `${kind} ${table.name}.${constraint} ${pairs}`
      })
      .toSorted()
  }

  const referencesToFilms = (columns: string) =>
    [
      'events_2024_film_id_fkey',
      'events_film_id_fkey',
      'film_details_film_id_fkey',
      'loose_film',
      'secret_film',
      'sessions_film_id_fkey',
    ].map((constraint) => `foreign-key-reference films.${constraint} id=${columns}`)

  test('finds keys in a view, and those that point to it', () => {
    const found = dependenciesOf('film_titles').filter((each) => !each.includes('events'))
    expect(found).toEqual(
      [
        ...referencesToFilms('id').filter((each) => !each.includes('events')),
        'primary-key films.films_pkey id=id',
      ].toSorted(),
    )
  })

  test.each([
    ['film_aliases', 'primary-key films.films_pkey id=film|again'],
    ['film_aliases', 'primary-key directors.directors_pkey id=director key'],
    ['film_aliases', 'foreign-key-reference directors.films_director_id_fkey id=director key'],
    ['nested', 'primary-key films.films_pkey id=id|first'],
    ['over_extra', 'primary-key films.films_pkey id=id'],
    ['over_extra', 'foreign-key films.films_director_id_fkey director_id=by'],
    ['whole_session', 'primary-key sessions.sessions_pkey slot=slot,film_id=film'],
    ['whole_session', 'foreign-key-reference sessions.ticket_session slot=slot,film_id=film'],
    ['whole_session', 'foreign-key sessions.sessions_film_id_fkey film_id=film'],
    ['ticket_list', 'foreign-key tickets.ticket_session slot=s,film_id=f'],
    ['over_secrets', 'foreign-key secrets.secret_film film_id=film'],
    ['over_secrets', 'foreign-key-reference secrets.unrelated_id_fkey id=secret'],
    ['subquery', 'primary-key films.films_pkey id=id'],
    ['with_cte', 'primary-key films.films_pkey id=id'],
    ['film_ids', 'primary-key films.films_pkey id=film_id'],
    ['film_counts', 'foreign-key films.films_director_id_fkey director_id=director_id'],
    ['odd', 'primary-key films.films_pkey id=c (d)'],
  ])('view %s carries %s', (view, dependency) => {
    expect(dependenciesOf(view)).toContain(dependency)
  })

  test.each(['over_hidden', 'half_session', 'united', 'endless'])(
    'view %s carries no key',
    (view) => {
      expect(dependenciesOf(view)).toEqual([])
    },
  )

  test('lists overloads, with parameters, defaults and return type', () => {
    expect(routines('add').map(({ parameters }) => parameters.length)).toEqual([2, 3])
    expect(routines('add')[0]).toEqual({
      schema: 'api',
      name: 'add',
      description: 'Adds',
      parameters: [
        { name: 'a', type: 'integer', wideType: 'integer', isRequired: true, isVariadic: false },
        { name: 'b', type: 'integer', wideType: 'integer', isRequired: false, isVariadic: false },
      ],
      returns: {
        isSet: false,
        type: { schema: 'pg_catalog', name: 'int4' },
        kind: 'scalar',
        isCompositeAlias: false,
      },
      volatility: 'immutable',
      hasVariadic: false,
      wholeBody: null,
      isolationLevel: null,
      settings: [],
    })
  })

  test.each([
    ['total', 'amounts:numeric[]*'],
    ['body', ':json'],
    ['out_first', 'b:text'],
    ['in_out', 'a:integer'],
    ['as_table', ''],
    ['films_of', 'director:integer'],
  ])('%s takes (%s)', (name, parameters) => {
    const [only, ...others] = routines(name)
    expect(others).toEqual([])
    expect(
      only?.parameters
        .map((each) => `${each.name}:${each.type}${each.isVariadic ? '*' : ''}`)
        .join(),
    ).toBe(parameters)
    expect(only?.hasVariadic).toBe(parameters.endsWith('*'))
  })

  test.each([
    // routine, set, kind, alias, type
    ['films_of', true, 'composite', false, 'films'],
    ['one_film', false, 'composite', true, 'films'],
    ['as_table', true, 'composite', false, 'record'],
    ['out_first', false, 'composite', false, 'record'],
    ['in_out', false, 'composite', false, 'int4'],
    ['void_fn', false, 'void', false, 'void'],
    ['limited', false, 'scalar', true, 'varchar'],
  ])('%s returns (set %s, %s, alias %s) %s', (name, isSet, kind, alias, type) => {
    const [only] = routines(name)
    expect(only?.returns).toMatchObject({ isSet, kind, isCompositeAlias: alias })
    expect(only?.returns.type.name).toBe(type)
  })

  test.each([
    ['body', 'json'],
    ['add', null],
    ['void_fn', null],
  ])('%s takes a whole body of the kind %s', (name, kind) => {
    expect(new Set(routines(name).map((each) => each.wholeBody))).toEqual(new Set([kind]))
  })

  test('widens parameter types that would cut their values', () => {
    expect(routines('limited')[0]?.parameters).toMatchObject([
      { type: 'bit', wideType: 'bit varying' },
      { type: 'character[]', wideType: 'character varying[]' },
    ])
  })

  test('keeps hoisted settings of a function, and its isolation level', () => {
    expect(routines('tuned')[0]).toMatchObject({
      isolationLevel: 'repeatable-read',
      settings: [
        ['statement_timeout', '5s'],
        ['default_transaction_isolation', 'REPEATABLE READ'],
      ],
    })
  })

  test.each(['unnamed', 'unnamed2', 'trigger_fn', 'proc', 'my_sum', 'not_exposed'])(
    '%s is no routine of the API',
    (name) => {
      expect(routines(name)).toEqual([])
    },
  )

  test('finds computed relationships between exposed relations, functions of any schema', () => {
    expect(
      catalog.computedRelationships.map(({ routine, origin, target, isToOne, isSelf }) => [
        `${routine.schema}.${routine.name}`,
        `${origin.name}>${target.name}`,
        isToOne,
        isSelf,
      ]),
    ).toEqual([
      ['api.director', 'films>directors', true, false],
      ['hidden.remakes', 'films>films', false, true],
    ])
  })

  test('finds implicit casts between domains and json or text', () => {
    expect(catalog.representations).toEqual([
      representation('api.color', 'json', 'api.color_json'),
      representation('json', 'api.color', 'api.json_color'),
    ])
  })

  test('finds media handlers: aggregates over one relation or any, and functions', () => {
    const api = (name: string) => ({ schema: 'api', name })
    expect(catalog.mediaHandlers).toEqual([
      { mediaType: '*/*', relation: api('any_step'), routine: api('*/*') },
      { mediaType: '*/*', relation: null, routine: api('any_agg') },
      { mediaType: 'Text/Tab', relation: api('page'), routine: api('Text/Tab') },
      { mediaType: 'Text/Tab', relation: api('tab_step'), routine: api('Text/Tab') },
      { mediaType: 'Text/Tab', relation: api('films'), routine: api('films_tab') },
    ])
  })

  test('grades features as PostgreSQL at its best, GeoJSON for lack of PostGIS apart', () => {
    const { engine, grades } = catalog.capabilities
    expect(engine).toBe('PostgreSQL')
    expect(catalog.capabilities.serverVersion).toMatch(new RegExp(`^${version}\\.`))
    expect(grades).toEqual({ ...postgresAbilities.grades, geojson: 'unsupported' })
    expect(postgresAbilities.grades.geojson).toBe('native')
  })

  test('measures the groups of queries under the names of the log line', () => {
    expect(Object.keys(catalog.timings)).toEqual([
      'tables',
      'keydeps',
      'rels',
      'funcs',
      'comprels',
      'dreps',
      'mhandlers',
    ])
  })

  test.each([
    ['exposed', { dbSchemas: ['api', 'no "such"'] }],
    ['searched', { dbExtraSearchPath: ['extra', 'no "such"'] }],
  ])('fails when a schema that is %s does not exist', async (_, options) => {
    const failure = await introspect(control, {
      options: { ...introspectionOptions, ...options },
    }).catch((cause: unknown) => cause)
    if (!(failure instanceof BackendFailure)) throw failure
    expect(failure.error).toMatchObject({
      kind: 'database',
      failure: { sqlState: '3F000', message: 'schema "no "such"" does not exist' },
    })
  })

  test.each([
    ['at 63 bytes', 'long_'.repeat(14), 'long_'.repeat(13).slice(0, 63)],
    ['before a character that they would cut', 'é'.repeat(40), 'é'.repeat(31)],
  ])('finds a schema by a name that PostgreSQL cuts off %s', async (_, name, cut) => {
    // the server cuts the name here, too
    await db.query(`create schema "${name}"; create table "${name}".kept (i int)`)
    const { relations } = await introspect(control, {
      options: { dbSchemas: [name], dbExtraSearchPath: [name] },
    })
    await db.query(`drop schema "${name}" cascade`)
    expect(relations.map(({ schema, name }) => ({ schema, name }))).toEqual([
      { schema: cut, name: 'kept' },
    ])
  })

  test('fails for now when a schema came after its snapshot, of which it could read nothing', async () => {
    const failure = await control.run(async (query) => {
      await query('begin isolation level repeatable read')
      await query('select 1 from pg_catalog.pg_namespace')
      await db.query('create schema came_late')
      const scope = { dbSchemas: ['came_late'], dbExtraSearchPath: [] }
      return resolveScope(query, scope).catch((cause: unknown) => cause)
    })
    await db.query('drop schema came_late')
    expect(failure).toMatchObject({
      message: 'schema "came_late" came while the catalogs were read',
      mayRetryAtOnce: true,
    })
  })

  /** `control`, with a list of what it is asked. */
  const recording = (asked: string[]): typeof control => ({
    ...control,
    read: (work) =>
      control.read(({ query, batch }) =>
        work({
          query: (text, params) => {
            asked.push(text)
            return query(text, params)
          },
          batch: (statements) => {
            asked.push(...statements.map(({ text }) => text))
            return batch(statements)
          },
        }),
      ),
  })

  test('asks the same number of queries however many relations there are', async () => {
    const count = async (schemas: readonly string[]) => {
      const asked: string[] = []
      await introspect(recording(asked), { options: { dbSchemas: schemas, dbExtraSearchPath: [] } })
      // pages of long answers are fetched one by one
      return asked.filter((text) => !/^(fetch|close)/.test(text)).length
    }
    await db.query(`create schema lone; create table lone.t (i int)`)
    const forOne = await count(['lone'])
    // beside them: names of hidden relations, and views below the exposed ones
    expect((await count(['api'])) - forOne).toBeLessThanOrEqual(2)
  })

  test('leaves the session as it was', async () => {
    const settings = await control.run(async (query) => {
      const rows = await query(
        `select current_setting('search_path') as path, current_setting('lock_timeout') as lock`,
      )
      return rows[0]
    })
    expect(settings).toEqual({ path: '"$user", public', lock: '0' })
  })

  test('sleeps inside the load where a test of the pipeline asks for it', async () => {
    const asked: string[] = []
    await introspect(recording(asked), {
      options: introspectionOptions,
      sleepMs: { beforeQueries: 6, afterQueries: 7 },
    })
    const told = asked.map((text) => (/pg_sleep|^begin|^commit$/i.exec(text) ?? ['query'])[0])
    const parts = told.filter((part, at) => part !== told[at - 1])
    expect(parts.slice(0, parts.indexOf('commit') + 1)).toEqual([
      'begin',
      'query',
      'pg_sleep',
      'query',
      'pg_sleep',
      'commit',
    ])
  })

  test('ends at its own limit, and at no timeout of the login role', async () => {
    const login = `hasty_${db.name}`
    await db.query(`
      create role ${login} login;
      alter role ${login} set statement_timeout = '50ms';
      alter role ${login} set idle_in_transaction_session_timeout = '50ms';
      ${Number(version) >= 17 ? `alter role ${login} set transaction_timeout = '60ms'` : ''}`)
    const own = controlOf(db.uri(login))
    const sleepMs = { beforeQueries: 200, afterQueries: 0 }
    const choices = { options: introspectionOptions, sleepMs }
    const found = await introspect(own, { ...choices, statementTimeoutMs: 60_000 })
    expect(found.relations.length).toBe(catalog.relations.length)
    const failure = await introspect(own, { ...choices, statementTimeoutMs: 100 }).catch(
      (cause: unknown) => cause,
    )
    if (!(failure instanceof BackendFailure)) throw failure
    expect(failure.error).toMatchObject({ failure: { sqlState: '57014' } })
    await own.close()
    await db.query(`drop role ${login}`)
  })

  test('ends at the statement timeout', async () => {
    const failure = await introspect(control, {
      options: introspectionOptions,
      statementTimeoutMs: 50,
      sleepMs: { beforeQueries: 5000, afterQueries: 0 },
    }).catch((cause: unknown) => cause)
    if (!(failure instanceof BackendFailure)) throw failure
    expect(failure.error).toMatchObject({ failure: { sqlState: '57014' } })
  })
})
