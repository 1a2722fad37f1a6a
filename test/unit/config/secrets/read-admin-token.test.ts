import { expect, test } from 'vitest'
import { readAdminToken } from '../../../../src/config/secrets/read-admin-token.ts'
import { loadTestConfig, tryLoadTestConfig } from '../../../support/load-test-config.ts'

const files: Readonly<Record<string, string>> = {
  good: 'from-a-file==\n',
  empty: '\n',
  'two lines': 'first\nsecond\n',
}

function read(configured: string) {
  const token = readAdminToken(configured, (path) => {
    const content = files[path]
    if (content === undefined) throw Object.assign(new Error(`open '${path}'`), { errno: -13 })
    return Buffer.from(content)
  })
  return token.ok ? token.value : { problem: token.error }
}

test.each([
  ['a.b_c~d+e/f-1', 'a.b_c~d+e/f-1'],
  [' padded= ', 'padded='],
  ['@good', 'from-a-file=='],
])('%j is a token', (configured, token) => {
  expect(read(configured)).toBe(token)
})

test.each(['two words', 'qüote', '=first', '@empty', '@two lines'])(
  '%j is refused without being repeated',
  (configured) => {
    const { problem } = Object(read(configured))
    expect(problem).toMatch(/^it should be one word of letters/)
    for (const word of ['two words', 'qüote', 'second']) expect(problem).not.toContain(word)
  },
)

test('a file that cannot be read is told with the reason, and without its name', () => {
  expect(read('@else')).toEqual({
    problem: 'the file behind its @ cannot be read: permission denied (EACCES)',
  })
})

test('it is an option like others: none by default, live, and never from the database', () => {
  expect(loadTestConfig({}).adminServerToken).toBeNull()
  expect(loadTestConfig({ env: { DBREST_ADMIN_SERVER_TOKEN: 'abc' } }).adminServerToken).toBe('abc')
  const database = { admin_server_token: 'mine' }
  expect(loadTestConfig({ database }).adminServerToken).toBeNull()
  const files = { '/run/token': 'of-a-file\n' }
  const file = 'admin-server-token = "@/run/token"'
  expect(loadTestConfig({ file, files }).adminServerToken).toBe('of-a-file')
  expect(tryLoadTestConfig({ env: { DBREST_ADMIN_SERVER_TOKEN: '"' } })).toMatchObject({
    ok: false,
    error: [expect.stringMatching(/^admin-server-token \(DBREST_ADMIN_SERVER_TOKEN\): it should/)],
  })
})
