import { describe, expect, test } from 'vitest'
import type { Health } from '../../../dashboard/server-api.js'
import { statementOf } from '../../../dashboard/statement.js'
import type { SourceState, SourceStatus } from '../../../src/observe/source-status.ts'

const now = Date.parse('2026-01-01T12:00:00.000Z')
const provenAt = '2026-01-01T11:59:56.000Z'

function source(name: string, state: SourceState, cause: string | null = null): SourceStatus {
  return { name, state, since: provenAt, provenAt, cause }
}

const well: Health = {
  status: 'ok',
  server: { name: 'dbrest', version: '1', listening: true },
  database: { reachable: true, engine: 'PostgreSQL', version: '18' },
  schemaCache: {
    state: 'ready',
    version: 3,
    loadedAt: provenAt,
    relations: 2,
    unreadable: [],
    failure: null,
  },
}
const schemaCache = (part: Partial<Health['schemaCache']>) => ({ ...well.schemaCache, ...part })
const notify = source('notify', 'up')
const poll = source('poll', 'up')

describe('the statement', () => {
  test.each<[string, Health | null, readonly SourceStatus[], string, RegExp]>([
    ['nothing is known', null, [], 'idle', /^Asking/],
    ['the listener hears', well, [notify, poll], 'good', /fresh.*NOTIFY.*4 s ago.*looked for/],
    [
      'nothing but the listener is there',
      well,
      [notify, source('poll', 'off')],
      'good',
      /4 s ago\.$/,
    ],
    ['the schema is polled', well, [poll], 'good', /fresh.*keeps looking.*4 s ago/],
    [
      'the listener is down and the poll stands in',
      { ...well, status: 'degraded' },
      [source('notify', 'down', 'cut'), poll],
      'warn',
      /Fresh, by looking.*listener is down: cut/,
    ],
    [
      'neither works',
      { ...well, status: 'degraded' },
      [source('notify', 'down', 'cut'), source('poll', 'down', 'no answer')],
      'bad',
      /may be behind.*no answer/,
    ],
    [
      'nothing tells of changes',
      well,
      [source('notify', 'off'), source('poll', 'off')],
      'warn',
      /Nothing tells/,
    ],
    [
      'the last load failed',
      {
        ...well,
        status: 'degraded',
        schemaCache: schemaCache({ state: 'retrying', failure: 'no schema x' }),
      },
      [notify],
      'warn',
      /could not be loaded.*no schema x\. The one of .* is served on/,
    ],
    [
      'the database is gone',
      { ...well, status: 'unavailable', database: { ...well.database, reachable: false } },
      [notify],
      'bad',
      /database does not answer.*is kept/,
    ],
    [
      'the first load failed',
      {
        ...well,
        status: 'unavailable',
        schemaCache: schemaCache({
          state: 'retrying',
          version: null,
          loadedAt: null,
          failure: 'refused',
        }),
      },
      [],
      'bad',
      /no schema yet.*refused/,
    ],
    [
      'the first load is under way',
      {
        ...well,
        status: 'unavailable',
        schemaCache: schemaCache({ state: 'starting', version: null, loadedAt: null }),
      },
      [],
      'idle',
      /first load is under way/,
    ],
    [
      'the API does not listen',
      { ...well, status: 'unavailable', server: { ...well.server, listening: false } },
      [notify],
      'bad',
      /does not listen/,
    ],
    [
      'a policy does not fit',
      {
        ...well,
        status: 'degraded',
        schemaCache: schemaCache({
          unboundPolicies: [{ policy: 'own', relation: 'orders', problem: 'it has no column x' }],
        }),
      },
      [notify],
      'warn',
      /orders is denied to everybody, since it has no column x\./,
    ],
  ])('while %s', (_, health, sources, tone, text) => {
    const statement = statementOf(health, 'live', sources, now)
    expect(statement.tone).toBe(tone)
    expect(`${statement.title} ${statement.why}`).toMatch(text)
  })

  test('says before anything else that the server does not answer', () => {
    expect(statementOf(well, 'lost', [notify], now)).toMatchObject({
      tone: 'bad',
      title: 'The server does not answer',
    })
  })
})
