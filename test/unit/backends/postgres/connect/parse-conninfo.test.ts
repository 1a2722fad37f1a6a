import { expect, test } from 'vitest'
import { parseConninfo } from '../../../../../src/backends/postgres/connect/parse-conninfo.ts'

test.each([
  ['', {}],
  ['postgresql://', {}],
  ['postgres://?', {}],
  ['postgresql://localhost', { host: 'localhost' }],
  ['postgresql://localhost:5433', { host: 'localhost', port: '5433' }],
  ['postgresql://localhost/mydb', { host: 'localhost', dbname: 'mydb' }],
  ['postgresql://user@localhost', { host: 'localhost', user: 'user' }],
  ['postgresql://user:secret@localhost', { host: 'localhost', user: 'user', password: 'secret' }],
  ['postgresql://user:wh?t@h/d', { host: 'h', user: 'user', password: 'wh?t', dbname: 'd' }],
  ['postgresql://u%40x:p%3A%2F@h', { host: 'h', user: 'u@x', password: 'p:/' }],
  ['postgresql://[::1]:5433/d', { host: '::1', port: '5433', dbname: 'd' }],
  ['postgresql://[2001:db8::1234]', { host: '2001:db8::1234' }],
  ['postgresql://h1:123,h2:456/d', { host: 'h1,h2', port: '123,456', dbname: 'd' }],
  ['postgresql://h1,h2:456', { host: 'h1,h2', port: ',456' }],
  ['postgresql:///d?host=/var/run&user=u', { dbname: 'd', host: '/var/run', user: 'u' }],
  ['postgresql://%2Fvar%2Frun/d', { host: '/var/run', dbname: 'd' }],
  [
    'postgresql://h?sslmode=require&connect_timeout=10',
    { host: 'h', sslmode: 'require', connect_timeout: '10' },
  ],
  ['postgresql://h/d?ssl=true', { host: 'h', dbname: 'd', sslmode: 'require' }],
  ['postgresql://h?options=-c%20a%3Db', { host: 'h', options: '-c a=b' }],
  ['host=localhost port=5433', { host: 'localhost', port: '5433' }],
  ["  host = 'a b'  user=u ", { host: 'a b', user: 'u' }],
  ["password='it\\'s \\\\ here' user=x\\ y", { password: "it's \\ here", user: 'x y' }],
  ["password='' user=u", { password: '', user: 'u' }],
  ['host= user=u', { host: 'user=u' }],
])('%s', (text, expected) => {
  const parsed = parseConninfo(text)
  expect(parsed.ok ? Object.fromEntries(parsed.value) : parsed.error).toEqual(expected)
})

test.each([
  ['postgresql://h?colour=red', 'invalid URI query parameter: "colour"\n'],
  ['postgresql://h?sslmode', 'missing key/value separator "=" in URI query parameter: "sslmode"\n'],
  ['postgresql://u%zz@h', 'invalid percent-encoded token: "u%zz"\n'],
  ['postgresql://[::1/d', 'invalid host in connection URI: "[::1"\n'],
  ['nonsense', 'missing "=" after "nonsense" in connection info string\n'],
  ['colour=red', 'invalid connection option "colour"\n'],
  ["host='open", 'unterminated quoted string in connection info string\n'],
])('%s is refused', (text, problem) => {
  expect(parseConninfo(text)).toEqual({ ok: false, error: problem })
})
