import { describe, expect, test } from 'vitest'
import {
  type ConnectionSettings,
  parseConnection,
} from '../../../../../src/backends/postgres/connect/parse-connection.ts'

interface Around {
  readonly env?: Readonly<Record<string, string>>
  readonly files?: Readonly<Record<string, string>>
}

function parse(text: string, { env = {}, files = {} }: Around = {}) {
  return parseConnection(text, {
    env,
    systemUser: 'me',
    readFile: (path) => files[path] ?? null,
  })
}

function settingsOf(text: string, around?: Around): ConnectionSettings {
  const parsed = parse(text, around)
  if (!parsed.ok) throw new Error(parsed.error)
  return parsed.value
}

function place(host: string, port = 5432, more = {}) {
  return { host, port, address: null, password: null, ...more }
}

describe('where it leads', () => {
  test.each([
    ['postgresql://h1:1,h2/d', {}, [place('h1', 1), place('h2')]],
    ['host=h1,h2 port=9', {}, [place('h1', 9), place('h2', 9)]],
    [
      'postgresql://',
      { PGHOST: 'replica,primary', PGPORT: '7' },
      [place('replica', 7), place('primary', 7)],
    ],
    ['postgresql://h', { PGHOST: 'other' }, [place('h')]],
    ['postgresql:///d?host=/dir', {}, [place('/dir')]],
    ['host=h hostaddr=10.0.0.1', {}, [place('h', 5432, { address: '10.0.0.1' })]],
    ['hostaddr=10.0.0.1', {}, [place('10.0.0.1', 5432, { address: '10.0.0.1' })]],
    ['', {}, [place('/var/run/postgresql'), place('/tmp'), place('localhost')]],
  ])('%s with %o', (text, env, places) => {
    expect(settingsOf(text, { env }).places).toEqual(places)
  })

  test('the user is the system’s, and the database called like the user, unless told', () => {
    expect(settingsOf('')).toMatchObject({ user: 'me', database: 'me' })
    expect(settingsOf('user=u')).toMatchObject({ user: 'u', database: 'u' })
    const env = { PGUSER: 'e', PGDATABASE: 'd' }
    expect(settingsOf('postgresql://', { env })).toMatchObject({ user: 'e', database: 'd' })
  })
})

describe('what goes with it', () => {
  test('we name ourselves, unless a name is given', () => {
    expect(settingsOf('').applicationName).toBe('dbrest 0.1.0')
    expect(settingsOf('', { env: { PGAPPNAME: 'env' } }).applicationName).toBe('env')
    expect(settingsOf('application_name=own').applicationName).toBe('own')
    expect(settingsOf('fallback_application_name=fb').applicationName).toBe('fb')
  })

  test('session variables travel as options, before the options given', () => {
    const env = { PGTZ: 'a b', PGOPTIONS: '-c x=y', PGDATESTYLE: 'ISO' }
    expect(settingsOf('', { env }).options).toBe('-c TimeZone=a\\ b -c DateStyle=ISO -c x=y')
  })

  test.each([
    ['', { connectTimeoutMs: null, target: 'any', isShuffled: false, keepAliveIdle: 0 }],
    ['connect_timeout=3', { connectTimeoutMs: 3000 }],
    ['connect_timeout=0', { connectTimeoutMs: null }],
    ['target_session_attrs=read-write', { target: 'read-write' }],
    ['load_balance_hosts=random', { isShuffled: true }],
    ['keepalives=0', { keepAliveIdle: null }],
    ['keepalives_idle=30', { keepAliveIdle: 30 }],
  ])('%s', (text, expected) => {
    expect(settingsOf(text)).toMatchObject(expected)
  })

  test.each([
    ['', 'prefer'],
    ['sslmode=verify-full', 'verify-full'],
    ['sslnegotiation=direct', 'require'],
  ])('TLS of %s: %s', (text, mode) => {
    expect(settingsOf(text).tls.mode).toBe(mode)
  })
})

describe('passwords', () => {
  const files = { '/home/me/.pgpass': 'h1:*:*:u:one\nlocalhost:*:*:u:local\n*:9:*:u:nine\n' }
  const env = { HOME: '/home/me' }

  test('come from the text, the environment, then the file, by place', () => {
    expect(settingsOf('postgresql://u:p@h1', { env, files }).places[0]?.password).toBe('p')
    const withEnv = { env: { ...env, PGPASSWORD: 'e' }, files }
    expect(settingsOf('postgresql://u@h1', withEnv).places[0]?.password).toBe('e')
    const places = settingsOf('postgresql://u@h1,h2:9,h3,/tmp', { env, files })
    expect(places.places.map(({ password }) => password)).toEqual(['one', 'nine', null, 'local'])
  })

  test('the file may be elsewhere', () => {
    const around = { env: { PGPASSFILE: '/else' }, files: { '/else': '*:*:*:*:found' } }
    expect(settingsOf('host=h', around).places[0]?.password).toBe('found')
  })
})

test('a service completes the text, before the environment', () => {
  const files = {
    '/home/me/.pg_service.conf': '[a]\nhost=x\n\n[b]\n# here\nhost=svc\nuser=su\n[c]\n',
  }
  const env = { HOME: '/home/me', PGSERVICE: 'b', PGHOST: 'env', PGUSER: 'env', PGPORT: '8' }
  const settings = settingsOf('user=mine', { env, files })
  expect(settings).toMatchObject({ user: 'mine', places: [place('svc', 8)] })
})

test.each([
  ['service=topsecret', 'service, in db-uri or PGSERVICE, has no definition in the service file\n'],
  ['host=a,b port=1,2,3', 'could not match 3 port numbers to 2 hosts\n'],
  ['host=a,b hostaddr=1.1.1.1', 'could not match 2 host names to 1 hostaddr values\n'],
  ['host=a port=0', 'port, in db-uri or PGPORT, is not a whole number from 1 to 65535\n'],
  // a password whose "/" is not escaped, and no host
  [
    'postgresql://u:topsecret/d',
    'port, in db-uri or PGPORT, is not a whole number from 1 to 65535\n',
  ],
  [
    'sslmode=topsecret',
    'sslmode, in db-uri or PGSSLMODE, is none of disable, allow, prefer, require, verify-ca, verify-full\n',
  ],
  [
    'target_session_attrs=topsecret',
    'target_session_attrs, in db-uri or PGTARGETSESSIONATTRS, is none of any, read-write, read-only, primary, standby, prefer-standby\n',
  ],
  [
    'connect_timeout=topsecret',
    'connect_timeout, in db-uri or PGCONNECT_TIMEOUT, is not a whole number\n',
  ],
  ['keepalives_idle=topsecret', 'keepalives_idle, in db-uri, is not a whole number\n'],
  ['channel_binding=require', 'channel_binding=require is not supported\n'],
  ['gssencmode=require', 'GSSAPI encryption is not supported\n'],
])('%s is refused', (text, problem) => {
  expect(parse(text)).toEqual({ ok: false, error: problem })
})

test('what is wrong is told of the option that the text is of', () => {
  const surroundings = { option: 'db-channel-uri', env: {}, systemUser: 'me', readFile: () => null }
  const problems = ['x', 'postgresql://u:p@h@g', 'host=a port=0', 'service=s', 'a b'].map(
    (text) => {
      const parsed = parseConnection(text, surroundings)
      return parsed.ok ? '' : parsed.error
    },
  )
  for (const problem of problems) expect(problem).toMatch(/\bdb-channel-uri\b/)
})
