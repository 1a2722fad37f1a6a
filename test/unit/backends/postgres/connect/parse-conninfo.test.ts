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

const behindLogin = 'db-uri has an "@" behind user and password'
const noEscape = 'has a "%" that begins no escape of two hexadecimal digits: a "%" is written %25'
const quotes = 'a value with blanks stands in single quotes'
const noForm =
  'db-uri is neither a URI such as postgresql://user@host/database nor text such as host=localhost dbname=app'

// every text holds what must not be in the message
test.each([
  ['postgresql://h?topsecret=red', 'query parameter 1 of db-uri is none that libpq knows'],
  ['postgresql://h?sslmode=require&topsecret', 'query parameter 2 of db-uri has no "="'],
  ['postgresql://h?password=a&topsecret=b', 'query parameter 2 of db-uri is none that libpq knows'],
  ['postgresql://topsecret%zz@h', `the user in db-uri ${noEscape}`],
  ['postgresql://u:topsecret%zz@h/db', `the password in db-uri ${noEscape}`],
  ['postgresql://h?password=topsecret%', `the password in db-uri ${noEscape}`],
  ['postgresql://[topsecret/d', 'db-uri has a host that is not well formed'],
  ['postgresql://u:p@topsecret@h/db', behindLogin],
  ['postgresql://u:p/topsecret@h/db', behindLogin],
  ['postgresql://u:1/topsecret@h/db', behindLogin],
  ['postgresql://u:p?x@topsecret@h/db', behindLogin],
  ['topsecret', noForm],
  ['topsecret@h/db', noForm],
  ['host=h password=my topsecret user=u', `db-uri has no "=" behind keyword 3: ${quotes}`],
  ['host=h password=my topsecret=x', `keyword 3 of db-uri is none that libpq knows: ${quotes}`],
  ["password='topsecret", 'db-uri has a quoted value without end'],
])('%s is refused', (text, problem) => {
  const parsed = parseConninfo(text)
  expect(parsed).toEqual({ ok: false, error: expect.stringContaining(problem) })
  expect(parsed).toEqual({ ok: false, error: expect.not.stringContaining('topsecret') })
})

test('the scheme may be in any case', () => {
  const parsed = parseConninfo('PostgreSQL://h/d')
  expect(parsed.ok && Object.fromEntries(parsed.value)).toEqual({ host: 'h', dbname: 'd' })
})
