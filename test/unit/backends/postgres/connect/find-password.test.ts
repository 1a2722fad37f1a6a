import { expect, test } from 'vitest'
import {
  findPassword,
  findService,
} from '../../../../../src/backends/postgres/connect/find-password.ts'

const file = [
  '# a comment',
  'db:5432:app:ann:first',
  'db:5432:*:ann:any database',
  'od\\:d:*:*:*:p\\:a\\\\ss',
  '*:*:*:bob:',
  'broken line',
].join('\n')

test.each([
  ['db', 5432, 'app', 'ann', 'first'],
  ['db', 5432, 'other', 'ann', 'any database'],
  ['db', 5433, 'app', 'ann', null],
  ['od:d', 1, 'x', 'y', 'p:a\\ss'],
  ['db', 5432, 'app', 'bob', ''],
  ['db', 5432, 'app', 'eve', null],
])('%s:%i:%s:%s has %j', (host, port, database, user, password) => {
  expect(findPassword(file, { host, port, database, user })).toBe(password)
})

test('a service is a section', () => {
  const services = '[one]\nhost = a\n# host=b\n[two]\nport=1\n'
  expect(findService(services, 'one')).toEqual(new Map([['host', 'a']]))
  expect(findService(services, 'three')).toBeNull()
})
