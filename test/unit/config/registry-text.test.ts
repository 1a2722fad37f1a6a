/** Where the text of a registry comes from, and on which engines there may be one. */
import { expect, test } from 'vitest'
import { sqliteAbilities } from '../../../src/backends/sqlite/catalog/sqlite-capabilities.ts'
import { printOption } from '../../../src/config/dump-config.ts'
import {
  loadTestConfig,
  type TestConfigInput,
  tryLoadTestConfig,
} from '../../support/load-test-config.ts'

const abilities = {
  ...sqliteAbilities,
  grades: { ...sqliteAbilities.grades, roles: 'emulated' },
} as const

function problemsOf(input: TestConfigInput): readonly string[] {
  const loaded = tryLoadTestConfig({ abilities, ...input })
  return loaded.ok ? [] : loaded.error
}

test('the text stands in the option, and is dumped there', () => {
  const config = loadTestConfig({
    abilities,
    file: String.raw`policy-registry = " {\"grants\":[]} "`,
  })
  expect(config.policyRegistry).toEqual({ file: null, text: '{"grants":[]}' })
  expect(printOption(config, 'policyRegistry')).toBe(String.raw`"{\"grants\":[]}"`)
})

test('the text is that of a file, which is dumped by its name', () => {
  const config = loadTestConfig({
    abilities,
    env: { DBREST_POLICY_REGISTRY: '@rules.json' },
    files: { 'rules.json': '\u{feff}{"roles":{}}\n' },
  })
  expect(config.policyRegistry).toEqual({ file: 'rules.json', text: '{"roles":{}}\n' })
  expect(printOption(config, 'policyRegistry')).toBe('"@rules.json"')
})

test('a file that cannot be read is a problem', () => {
  expect(problemsOf({ file: 'policy-registry = "@rules.json"' })).toEqual([
    'policy-registry (test.conf, line 1): the file behind its @ cannot be read: no such file or directory (ENOENT)',
  ])
})

test('what is wrong in the text is told with its place, all of it', () => {
  expect(
    problemsOf({ file: String.raw`policy-registry = "{\"grants\":[1],\"role\":{}}"` }),
  ).toEqual([
    'policy-registry (test.conf, line 1): $.role is not known: known are roles, grants, policies',
    'policy-registry (test.conf, line 1): $.grants[0] is 1, it should be an object',
  ])
})

test('an engine with roles of its own refuses it, and so does one that cannot emulate them', () => {
  const input = { env: { DBREST_POLICY_REGISTRY: '{}' } }
  const problem = (of: TestConfigInput) => {
    const loaded = tryLoadTestConfig({ ...input, ...of })
    return loaded.ok ? null : loaded.error.join()
  }
  expect(problem({})).toBe(
    'policy-registry is set, but PostgreSQL has roles, grants and row policies of its own: unset it',
  )
  const none = { ...abilities, grades: { ...abilities.grades, roles: 'unsupported' } } as const
  expect(problem({ abilities: none })).toMatch(/^policy-registry is set, but SQLite /)
  expect(problem({ abilities })).toBe(null)
})
