import { expect, test } from 'vitest'
import { parseConnection } from '../../../../../src/backends/postgres/connect/parse-connection.ts'
import { tlsAttempts } from '../../../../../src/backends/postgres/connect/tls-attempts.ts'

function attempts(text: string, files: Readonly<Record<string, string>> = {}) {
  const readFile = (path: string) => files[path] ?? null
  const parsed = parseConnection(text, { env: {}, systemUser: 'me', readFile })
  if (!parsed.ok) throw new Error(parsed.error)
  const [place] = parsed.value.places
  if (place === undefined) throw new Error('no place')
  return tlsAttempts(place, parsed.value.tls, { readFile, home: '/home/me' })
}

const unchecked = expect.objectContaining({ rejectUnauthorized: false })
const checked = expect.objectContaining({ rejectUnauthorized: true, ca: 'ROOT' })
const root = { '/home/me/.postgresql/root.crt': 'ROOT' }

test.each([
  ['host=h', {}, [unchecked, false]],
  ['host=h sslmode=prefer', {}, [unchecked, false]],
  ['host=h sslmode=allow', {}, [false, unchecked]],
  ['host=h sslmode=disable', {}, [false]],
  ['host=h sslmode=require', {}, [unchecked]],
  ['host=h sslmode=require', root, [checked]],
  ['host=h sslmode=verify-ca', root, [checked]],
  ['host=h sslmode=verify-full sslrootcert=/r', { '/r': 'ROOT' }, [checked]],
  ['host=/dir sslmode=require', {}, [false]],
])('%s', (text, files, expected) => {
  expect(attempts(text, files)).toEqual(expected)
})

test('the name is checked by verify-full only', () => {
  const [ca] = attempts('host=h sslmode=verify-ca', root)
  const [full] = attempts('host=h sslmode=verify-full', root)
  expect(ca).toHaveProperty('checkServerIdentity')
  expect(full).not.toHaveProperty('checkServerIdentity')
})

test('the system’s own roots check everything', () => {
  const [system] = attempts('host=h sslmode=verify-full sslrootcert=system', root)
  expect(system).toMatchObject({ rejectUnauthorized: true })
  expect(system).not.toHaveProperty('ca')
})

test('a certificate of ours goes along', () => {
  const files = {
    '/home/me/.postgresql/postgresql.crt': 'CERT',
    '/home/me/.postgresql/postgresql.key': 'KEY',
  }
  expect(attempts('host=h sslmode=require sslpassword=p', files)[0]).toMatchObject({
    cert: 'CERT',
    key: 'KEY',
    passphrase: 'p',
  })
})

test.each([
  ['host=h sslmode=verify-full', 'root certificate file does not exist\n'],
  ['host=h sslmode=require sslrootcert=/none', 'could not read the file that sslrootcert names\n'],
  ['host=h sslmode=require sslcert=/none', 'could not read the file that sslcert names\n'],
])('%s fails without its file', (text, message) => {
  expect(() => attempts(text)).toThrow(message)
})
