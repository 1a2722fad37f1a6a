import { describe, expect, test } from 'vitest'
import { readOptionsInCode } from '../../../src/config/options-in-code.ts'

function flags(given: Readonly<Record<string, unknown>>) {
  const read = readOptionsInCode(given)
  if (!read.ok) throw new Error(read.error.join('\n'))
  return Object.fromEntries([...read.value.flags].map(([name, { value }]) => [name, value]))
}

test('properties are options, with texts as a configuration file has them', () => {
  expect(
    flags({
      dbUri: 'films.db',
      dbSchemas: ['api', 'shop'],
      dbPool: 3,
      dbPlanEnabled: false,
      functionRegistry: [{ name: 'f' }],
      policyRegistry: '@policies.json',
      jwtAud: undefined,
      dbMaxRows: null,
    }),
  ).toEqual({
    'db-uri': 'films.db',
    'db-schemas': 'api,shop',
    'db-pool': '3',
    'db-plan-enabled': 'false',
    'function-registry': '[{"name":"f"}]',
    'policy-registry': '@policies.json',
  })
})

test('settings of one’s own are lines of a configuration file', () => {
  const read = readOptionsInCode({ appSettings: { tier: 'a "$(b)" c' } })
  expect(read).toMatchObject({
    ok: true,
    value: { fileText: 'app.settings.tier = "a \\"$$(b)\\" c"\n' },
  })
})

describe('refused is', () => {
  test.each([
    [
      'a name that is nearly one',
      { dbSchema: 'api' },
      'dbSchema: is no option: is dbSchemas meant?',
    ],
    ['a name that is like none', { quux: 1 }, 'quux: is no option'],
    [
      'an option of servers',
      { serverPort: 3000 },
      'serverPort: is for a server of its own, which there is none of here',
    ],
    ['a hidden option', { internalSchemaCacheQuerySleep: 1 }, /is no option/],
    ['a function', { dbUri: () => 'x' }, 'dbUri: a function is no value of it'],
    ['an object', { dbSchemas: {} }, 'dbSchemas: an object is no value of it'],
    ['a list of numbers', { dbSchemas: [1] }, 'dbSchemas: a list has texts as its members'],
    ['a comma', { dbSchemas: ['a,b'] }, 'dbSchemas: a member of a list cannot have a comma'],
    ['settings that are no texts', { appSettings: { a: 1 } }, /an object of texts/],
    ['settings by paths', { appSettings: { 'a.b': 'x' } }, /"a\.b" is no name/],
  ])('%s', (_, given, problem) => {
    const read = readOptionsInCode(given)
    const expected: unknown = typeof problem === 'string' ? problem : expect.stringMatching(problem)
    expect(read).toEqual({ ok: false, error: [expected] })
  })

  test('everything at once', () => {
    const read = readOptionsInCode({ a: 1, dbUri: Symbol('x') })
    expect(read.ok ? [] : read.error).toHaveLength(2)
  })
})
