import { expect, test } from 'vitest'
import { readSecret } from '../../../../src/config/secrets/read-secret.ts'
import { noSuchFile } from '../../../support/load-test-config.ts'

const passphrase = 'reallyreallyreallyreallyverysafe'
const binary = new Uint8Array(40).map((_, index) => 255 - index)
const base64 = Buffer.from(binary).toString('base64')

const files: Record<string, Uint8Array> = {
  text: Buffer.from(passphrase),
  'text with line end': Buffer.from(`${passphrase}\n`),
  'text with two line ends': Buffer.from(`${passphrase}\n\n`),
  binary,
  'base64 with line end': Buffer.from(`${base64}\n`),
  short: Buffer.from('short'),
}

function read(configured: string, isBase64 = false) {
  const secret = readSecret(configured, isBase64, (path) => {
    const content = files[path]
    if (path.includes('\0')) throw new Error(`a path with a null byte: ${path}`)
    if (content === undefined) throw noSuchFile(path)
    return content
  })
  return secret.ok ? Buffer.from(secret.value) : secret.error
}

test.each<[string, boolean, string | Uint8Array]>([
  [passphrase, false, passphrase],
  ['ünïcödé ünïcödé ünïcödé ünïcödé', false, 'ünïcödé ünïcödé ünïcödé ünïcödé'],
  ['@text', false, passphrase],
  ['@text with line end', false, passphrase],
  ['@text with two line ends', false, `${passphrase}\n`],
  ['@binary', false, binary],
  [base64, true, binary],
  [base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '.'), true, binary],
  [base64.replaceAll('=', ''), true, binary],
  [` ${base64}\n`, true, binary],
  ['@base64 with line end', true, binary],
])('reads %j (base64 %j)', (configured, isBase64, bytes) => {
  expect(read(configured, isBase64)).toEqual(Buffer.from(bytes))
})

test.each([
  ['short_secret', false, 'The JWT secret must be at least 32 characters long.'],
  ['@short', false, 'The JWT secret must be at least 32 characters long.'],
  ['c2hvcnQ=', true, 'The JWT secret must be at least 32 characters long.'],
  ['no base-64!', true, 'it is not valid base64, which jwt-secret-is-base64 asks for'],
  ['QUJ=D', true, 'it is not valid base64, which jwt-secret-is-base64 asks for'],
  ['QUJDR', true, 'it is not valid base64, which jwt-secret-is-base64 asks for'],
  ['QUJDRA=', true, 'it is not valid base64, which jwt-secret-is-base64 asks for'],
  ['@nowhere', false, 'the file behind its @ cannot be read: no such file or directory (ENOENT)'],
  ['@no\0where', false, 'the file behind its @ cannot be read: it is not the name of a file'],
])('refuses %j (base64 %j)', (configured, isBase64, problem) => {
  expect(read(configured, isBase64)).toBe(problem)
})
