import { describe, expect, test } from 'vitest'
import type { LogLevel } from '../../../src/core/log-level.ts'
import { createLogObserver } from '../../../src/observe/log-observer.ts'
import type { Observation } from '../../../src/observe/observation.ts'

const at = new Date('2026-08-21T20:47:00Z')

/** What stderr holds after these observations. */
function stderrOf(
  format: 'text' | 'json',
  level: LogLevel,
  ...observations: readonly Observation[]
): string {
  let written = ''
  const observe = createLogObserver({
    level: () => level,
    format,
    writeOut: () => undefined,
    writeError: (text) => {
      written += text
    },
    now: () => at,
    later: () => undefined,
  })
  for (const observation of observations) observe(observation)
  return written
}

const queried: Observation = { kind: 'reload-queried', durationMs: 4, timings: { tables: 3 } }
const attack = 'x\r\n21/Aug/2026:20:47:00 +0000: Config reloaded'

describe('a line break that a client or a database sends begins no line', () => {
  test.each<[string, Observation]>([
    [
      'an alias',
      {
        kind: 'legacy-target-name',
        names: [['directors', attack]],
        method: 'GET',
        target: '/films',
      },
    ],
    ['a statement', { kind: 'queries', statements: [`SELECT "${attack}"`], status: 200 }],
    [
      'the cause of a failed listener',
      { kind: 'listener-failed', feed: 'notify', channel: 'a', cause: attack },
    ],
  ])('in %s', (_, observation) => {
    const text = stderrOf('text', 'info', observation)
    expect(text).toContain('x 21/Aug/2026')
    expect(text).not.toMatch(/\r|^21\/Aug\/2026:20:47:00 \+0000: Config/m)
  })
})

// a cost by the square of the length would be minutes, beyond any test's limit
test('a long run of blanks in a statement costs no more than its length', () => {
  const statement = `SELECT '${' '.repeat(400_000)}'`
  const text = stderrOf('text', 'info', { kind: 'queries', statements: [statement], status: 200 })
  expect(text).toContain(statement)
})

describe('the listener', () => {
  const lines = (feed: 'notify' | 'change-stream', channel: string): readonly string[] =>
    stderrOf(
      'text',
      'info',
      { kind: 'listener-connected', feed, serverVersion: 'X 1', address: 'h:1', channel },
      { kind: 'notification', feed, channel, scope: 'schema', times: 1 },
      { kind: 'notification', feed, channel, scope: 'config', times: 1 },
      { kind: 'notification', feed, channel, scope: 'schema', times: 412 },
      { kind: 'listener-failed', feed, channel, cause: 'no' },
      { kind: 'listener-retry', feed, retryInMs: 2000 },
    )
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/^\S+ \S+: /, ''))

  test('has the words of notifications', () => {
    expect(lines('notify', 'pgrst')).toEqual([
      'Listener connected to X 1 on "h:1" and listening for database notifications on the "pgrst" channel',
      'Received a schema cache reload message on the "pgrst" channel',
      'Received a config reload message on the "pgrst" channel',
      'Received 412 schema cache reload messages on the "pgrst" channel',
      'Failed listening for database notifications on the "pgrst" channel. no',
      'Retrying listening for database notifications in 2 seconds...',
    ])
  })

  test('has words that fit a change stream', () => {
    expect(lines('change-stream', 'shop, stock')).toEqual([
      'Listener connected to X 1 on "h:1" and listening for schema changes in the change stream of "shop, stock"',
      'Received a schema change in the change stream of "shop, stock"',
      'Received a schema change in the change stream of "shop, stock"',
      'Received 412 schema changes in the change stream of "shop, stock"',
      'Failed listening for schema changes in the change stream of "shop, stock". no',
      'Retrying listening for schema changes in 2 seconds...',
    ])
  })
})

describe('both formats', () => {
  test.each(['text', 'json'] as const)('of %s add the timings at debug only', (format) => {
    expect(stderrOf(format, 'info', queried)).not.toContain('tables: 3.0 ms')
    expect(stderrOf(format, 'debug', queried)).toContain('tables: 3.0 ms')
  })
})

const changed: Observation = {
  kind: 'schema-changed',
  reload: 3,
  origin: 'notify',
  snapshotVersion: 7,
  changes: { added: ['api.birds'], removed: ['api.fish'], changed: ['api.films(columns)'] },
  durationMs: 41.23,
  queuedMs: 5,
}
const many = Array.from({ length: 27 }, (_, at) => `api.t${at}`)
const unreadable: Observation = {
  kind: 'relations-unreadable',
  relations: [
    { name: 'main.v', cause: 'no such table: gone' },
    { name: 'main.w', cause: 'no such module: x' },
  ],
}
const unbound: Observation = {
  kind: 'policies-unbound',
  policies: [{ policy: 'own', relation: 'orders', problem: 'it has no column\n"x"' }],
}
const unknownPayload: Observation = {
  kind: 'notification-unknown',
  channel: 'pgrst',
  payload: 'relaod\nschema',
  times: 1,
}
const trigger = (origin: string, times = 1): Observation => ({
  kind: 'trigger',
  origin,
  scope: 'schema',
  depth: 'full',
  times,
})

test('relationships that cannot be followed are told of, with what is wrong', () => {
  const relationships = [{ name: 'made_by', cause: 'a.films and b.people are in\ntwo databases' }]
  expect(stderrOf('text', 'error', { kind: 'relationships-unusable', relationships })).toContain(
    'Not followed, relationship of declared-relationships: made_by: a.films and b.people are in two databases',
  )
})

describe('of reloads the text log tells', () => {
  test.each<[string, LogLevel, Observation, readonly string[]]>([
    [
      'what one changed',
      'error',
      changed,
      ['Reload by notify: +api.birds, -api.fish, ~api.films(columns), in 41.2 milliseconds'],
    ],
    [
      'twenty changes, and how many more there are',
      'error',
      { ...changed, changes: { added: many, removed: [], changed: [] } },
      [
        `Reload by notify: ${many
          .slice(0, 20)
          .map((name) => `+${name}`)
          .join(', ')} and 7 more, in 41.2 milliseconds`,
      ],
    ],
    [
      'what cannot be read, and why',
      'error',
      unreadable,
      [
        'Not served, since it cannot be read: main.v: no such table: gone',
        'Not served, since it cannot be read: main.w: no such module: x',
      ],
    ],
    [
      'a policy that does not fit',
      'error',
      unbound,
      ['Denied to everybody: orders, since the policy "own" does not fit: it has no column "x"'],
    ],
    [
      'a message that asks for nothing',
      'error',
      unknownPayload,
      [
        'Received a message on the "pgrst" channel that asks for nothing: "relaod\\nschema" is neither "reload schema" nor "reload config"',
      ],
    ],
    [
      'many on the channel that nobody understands as one',
      'warn',
      { ...unknownPayload, times: 30 },
      [
        'Received 30 messages on the "pgrst" channel that ask for nothing: the last one, "relaod\\nschema" is neither "reload schema" nor "reload config"',
      ],
    ],
    [
      'how often one was asked for',
      'info',
      trigger('signal', 3),
      ['Reload asked for 3 times by signal: schema, full'],
    ],
    ['nothing of these at crit', 'crit', changed, []],
    ['nothing of the channel at crit', 'crit', unknownPayload, []],
    ['what asked for one', 'info', trigger('signal'), ['Reload asked for by signal: schema, full']],
    ['that not at warn', 'warn', trigger('signal'), []],
    ['triggers that have lines of their own not again', 'info', trigger('notify'), []],
    ['the start not twice', 'info', trigger('start'), []],
  ])('%s', (_, level, observation, texts) => {
    const lines = stderrOf('text', level, observation).split('\n').slice(0, -1)
    expect(lines.map((line) => line.replace(/^\S+ \S+: /, ''))).toEqual(texts)
  })
})

describe('the JSON log', () => {
  test('has the facts of a reload as fields', () => {
    expect(JSON.parse(stderrOf('json', 'error', changed))).toEqual({
      level: 30,
      time: at.toISOString(),
      event: 'schema-changed',
      origin: 'notify',
      reload: 3,
      version: 7,
      changes: { added: ['api.birds'], removed: ['api.fish'], changed: ['api.films(columns)'] },
      durationMs: 41.23,
      queuedMs: 5,
      msg: 'Reload by notify: +api.birds, -api.fish, ~api.films(columns), in 41.2 milliseconds',
    })
  })

  test('has one object for what the text log has several lines for', () => {
    const { relations, msg } = JSON.parse(stderrOf('json', 'error', unreadable))
    expect(relations).toEqual([
      { name: 'main.v', cause: 'no such table: gone' },
      { name: 'main.w', cause: 'no such module: x' },
    ])
    expect(msg.split('\n')).toHaveLength(2)
  })

  test('has errors with their four fields', () => {
    const failure = { sqlState: '3F000', message: 'no schema', details: null, hint: null }
    const line = stderrOf('json', 'error', {
      kind: 'reload-failed',
      reload: 3,
      origin: 'poll',
      error: { kind: 'database', failure, authenticated: true },
      schemas: ['api'],
      extraSearchPath: [],
      attempt: 2,
      durationMs: 3,
      queuedMs: 0,
    })
    expect(JSON.parse(line)).toMatchObject({
      event: 'reload-failed',
      origin: 'poll',
      attempt: 2,
      error: { code: '3F000', details: null, hint: null, message: 'no schema' },
    })
  })

  test('has the duration of a request', () => {
    let written = ''
    createLogObserver({
      level: () => 'info',
      format: 'json',
      writeOut: (text) => {
        written += text
      },
      writeError: () => undefined,
      now: () => at,
      later: () => undefined,
    })({
      kind: 'request-finished',
      peer: '-',
      role: null,
      method: 'GET',
      target: '/',
      httpVersion: '1.1',
      status: 200,
      bodyBytes: 2,
      referer: '',
      userAgent: '',
      durationMs: 1.5,
    })
    expect(JSON.parse(written)).toMatchObject({ event: 'request-finished', durationMs: 1.5 })
  })
})

describe('the JSON log grades', () => {
  test.each<[Observation, number]>([
    [{ kind: 'fatal', message: 'gone', error: null }, 50],
    [{ kind: 'config-invalid', problems: ['no'] }, 50],
    [{ kind: 'listener-failed', feed: 'notify', channel: 'pgrst', cause: 'no' }, 50],
    [{ kind: 'crashed', stack: 'Error' }, 50],
    [{ kind: 'config-needs-restart', options: ['server-port'] }, 40],
    [unknownPayload, 40],
    [unreadable, 40],
    [unbound, 40],
    [{ kind: 'config-loaded' }, 30],
    [{ kind: 'source-up', source: 'poll' }, 20],
  ])('%o as %i', (observation, level) => {
    expect(JSON.parse(stderrOf('json', 'debug', observation))).toMatchObject({
      level,
      time: at.toISOString(),
      event: observation.kind,
    })
  })
})
