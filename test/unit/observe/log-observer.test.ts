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
    ['the cause of a failed listener', { kind: 'listener-failed', channel: 'a', cause: attack }],
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

describe('both formats', () => {
  test.each(['text', 'json'] as const)('of %s add the timings at debug only', (format) => {
    expect(stderrOf(format, 'info', queried)).not.toContain('tables: 3.0 ms')
    expect(stderrOf(format, 'debug', queried)).toContain('tables: 3.0 ms')
  })
})

describe('the JSON log grades', () => {
  test.each<[Observation, number]>([
    [{ kind: 'fatal', message: 'gone', error: null }, 50],
    [{ kind: 'config-invalid', problems: ['no'] }, 50],
    [{ kind: 'listener-failed', channel: 'pgrst', cause: 'no' }, 50],
    [{ kind: 'crashed', stack: 'Error' }, 50],
    [{ kind: 'config-needs-restart', options: ['server-port'] }, 40],
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
