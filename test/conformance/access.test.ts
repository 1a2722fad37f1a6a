/**
 * Plays the cases of access rules on every engine that has its roles from a registry, against the
 * built server: one process, whose writes are rolled back where a case wants it.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createMongodbDatabase, isMongodbHere } from '../support/mongodb.ts'
import { type RunningServer, startServer } from '../support/server.ts'
import { testSecret } from '../support/sign-jwt.ts'
import { accessReadCases } from './access-read-cases.ts'
import { accessWriteCases } from './access-write-cases.ts'
import { findBrokenRules, findDeviations } from './check-answer.ts'
import type { ExpectedAnswer } from './conformance-case.ts'
import { fillMongodb } from './mongodb-fixture.ts'
import { type Client, createClient, type ReceivedAnswer } from './send-request.ts'

const fixtures = join(import.meta.dirname, 'fixtures')
const cases = [...accessReadCases, ...accessWriteCases]

interface PreparedDatabase {
  readonly schema: string
  /** The variables that a server needs to serve it. */
  readonly env: Readonly<Record<string, string>>
  drop(): Promise<void>
}

interface EmulatedEngine {
  readonly name: 'sqlite' | 'mongodb'
  readonly title: string
  readonly isAvailable: boolean
  /** A database with the fixtures. */
  prepare(): Promise<PreparedDatabase>
}

const engines: readonly EmulatedEngine[] = [
  {
    name: 'sqlite',
    title: 'SQLite',
    isAvailable: true,
    async prepare() {
      const folder = mkdtempSync(join(tmpdir(), 'dbrest-access-'))
      const path = join(folder, 'access.db')
      const database = new Database(path)
      database.exec(readFileSync(join(fixtures, 'access.sql'), 'utf8'))
      database.close()
      return {
        schema: 'main',
        env: {
          DBREST_DB_URI: path,
          DBREST_FUNCTION_REGISTRY: `@${join(fixtures, 'access-functions.json')}`,
        },
        drop: async () => rmSync(folder, { recursive: true }),
      }
    },
  },
  {
    name: 'mongodb',
    title: 'MongoDB',
    isAvailable: isMongodbHere,
    async prepare() {
      const database = await createMongodbDatabase()
      await fillMongodb(database.db, {
        sql: readFileSync(join(fixtures, 'access.sql'), 'utf8'),
        schema: readFileSync(join(fixtures, 'access-mongodb-schema.json'), 'utf8'),
        views: [],
        textIndexes: {},
        checks: {},
      })
      return {
        schema: database.name,
        env: {
          DBREST_DB_URI: database.uri,
          DBREST_DECLARED_SCHEMA: `@${join(fixtures, 'access-mongodb-schema.json')}`,
          DBREST_DECLARED_RELATIONSHIPS: `@${join(fixtures, 'access-mongodb-relationships.json')}`,
          DBREST_FUNCTION_REGISTRY: `@${join(fixtures, 'access-mongodb-functions.json')}`,
        },
        drop: () => database.drop(),
      }
    },
  },
]

for (const engine of engines)
  describe.skipIf(!engine.isAvailable)(engine.title, () => {
    let prepared: PreparedDatabase
    let server: RunningServer
    let client: Client

    beforeAll(async () => {
      prepared = await engine.prepare()
      server = await startServer({
        env: {
          ...prepared.env,
          DBREST_POLICY_REGISTRY: `@${join(fixtures, 'access-registry.json')}`,
          DBREST_JWT_SECRET: testSecret,
          DBREST_DB_ANON_ROLE: 'reader',
          DBREST_DB_AGGREGATES_ENABLED: 'true',
          DBREST_DB_TX_END: 'commit-allow-override',
        },
      })
      client = createClient(server.url)
    })
    afterAll(async () => {
      client?.close()
      await server?.stop()
      await prepared?.drop()
    })

    test.each(cases)('$name', async ({ request, expect: usual, differs, afterwards }) => {
      const difference = differs?.[engine.name]
      const expected = difference ?? usual
      const answer = await client.send(request)
      if (difference !== undefined && findDeviations(answer, usual, prepared.schema).length === 0) {
        failOn([`the listed difference no longer occurs: ${difference.reason}`])
      }
      failOn([
        ...findDeviations(answer, expected, prepared.schema),
        ...findBrokenRules(request, answer, 'verbose'),
      ])
      if (afterwards === undefined) return
      check(await client.send(afterwards.request), afterwards.expect)
    })

    test('the root document shows what is granted', async () => {
      const shown = async (role: string) => {
        const answer = await client.send({ method: 'GET', target: '/', claims: { role } })
        expect(answer.text).not.toContain('secrets')
        expect(answer.text).not.toMatch(/salar/)
        const { definitions, paths } = JSON.parse(answer.text)
        const methods = Object.entries<object>(paths).map(([path, item]) => {
          return `${path} ${Object.keys(item).filter((key) => key !== 'parameters')}`
        })
        return { definitions: Object.keys(definitions), methods }
      }
      expect(await shown('lister')).toEqual({
        definitions: ['letters', 'products'],
        methods: ['/ get', '/letters get', '/products get'],
      })
      const { definitions, methods } = await shown('clerk')
      expect(definitions).toEqual([
        'customers',
        'order_tags',
        'orders',
        'products',
        'projects',
        'tags',
      ])
      expect(methods).toContain('/projects get')
      expect(methods).toContain('/rpc/orders_of get,post')
    })

    function check(answer: ReceivedAnswer, expected: ExpectedAnswer): void {
      failOn(findDeviations(answer, expected, prepared.schema))
    }
  })

test('names of cases are unique', () => {
  const names = cases.map((each) => each.name)
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
})

function failOn(deviations: readonly string[]): void {
  if (deviations.length > 0) expect.fail(deviations.join('\n'))
}
