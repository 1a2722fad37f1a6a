import { describe, expect, test } from 'vitest'
import type { Config } from '../../../src/config/config.ts'
import {
  loadTestConfig,
  type TestConfigInput,
  tryLoadTestConfig,
} from '../../support/load-test-config.ts'

function problemsOf(input: TestConfigInput): readonly string[] {
  const loaded = tryLoadTestConfig(input)
  return loaded.ok ? [] : loaded.error
}

/** `db-anon-role` → `PGRST_DB_ANON_ROLE` */
function env(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      `PGRST_${name.toUpperCase().replaceAll('-', '_')}`,
      value,
    ]),
  )
}

describe('the strongest source decides', () => {
  const file = 'db-anon-role = "file"'
  test.each<[string, TestConfigInput, string | null]>([
    ['nothing: the default', {}, null],
    ['the file', { file }, 'file'],
    ['PGRST_ over the file', { file, env: { PGRST_DB_ANON_ROLE: 'env' } }, 'env'],
    [
      'DBREST_ over PGRST_',
      { file, env: { PGRST_DB_ANON_ROLE: 'env', DBREST_DB_ANON_ROLE: 'own' } },
      'own',
    ],
    [
      'the database over all',
      { file, env: { DBREST_DB_ANON_ROLE: 'own' }, database: { db_anon_role: 'db' } },
      'db',
    ],
    [
      'not the database with db-config off',
      { file: 'db-config = false', database: { db_anon_role: 'db' } },
      null,
    ],
    [
      'not the database with db-config off in the environment',
      { env: { PGRST_DB_CONFIG: 'FALSE' }, database: { db_anon_role: 'db' } },
      null,
    ],
    ['an empty variable over the file', { file, env: { PGRST_DB_ANON_ROLE: '' } }, null],
    [
      'an empty DBREST_ variable over PGRST_',
      { env: { PGRST_DB_ANON_ROLE: 'env', DBREST_DB_ANON_ROLE: '' } },
      null,
    ],
  ])('%s', (_, input, role) => {
    expect(loadTestConfig(input).dbAnonRole).toBe(role)
  })

  test('settings that may not be in the database do not count there', () => {
    const config = loadTestConfig({
      database: {
        db_pool: '3',
        log_level: 'info',
        db_backend: 'sqlite',
        db_uri: 'x',
        db_config: '0',
      },
    })
    expect(config).toMatchObject({
      dbPool: 10,
      logLevel: 'error',
      dbBackend: 'postgres',
      dbUri: 'postgresql://',
      dbConfig: true,
    })
  })
})

describe('aliases', () => {
  test.each<[string, string, keyof Config, unknown]>([
    ['db-schema', 'a,b', 'dbSchemas', ['a', 'b']],
    ['max-rows', '5', 'dbMaxRows', 5],
    ['pre-request', 'f', 'dbPreRequest', 'f'],
    ['root-spec', 'f', 'dbRootSpec', 'f'],
    ['role-claim-key', '$.x', 'jwtRoleClaimKey', '$.x'],
    ['secret-is-base64', 'true', 'jwtSecretIsBase64', true],
    ['db-pool-timeout', '5', 'dbPoolMaxIdletime', 5],
  ])('%s works in file and environment', (alias, value, key, expected) => {
    expect(loadTestConfig({ file: `${alias} = "${value.replaceAll('$', '$$$$')}"` })[key]).toEqual(
      expected,
    )
    expect(loadTestConfig({ env: env({ [alias]: value }) })[key]).toEqual(expected)
    const own = `DBREST_${alias.toUpperCase().replaceAll('-', '_')}`
    expect(loadTestConfig({ env: { [own]: value } })[key]).toEqual(expected)
  })

  test('the name proper beats its alias, even in a weaker source', () => {
    const config = loadTestConfig({ file: 'db-max-rows = 1', env: env({ 'max-rows': '2' }) })
    expect(config.dbMaxRows).toBe(1)
  })

  test('an empty name proper leaves it to the alias', () => {
    expect(loadTestConfig({ file: 'db-max-rows = ""\nmax-rows = 2' }).dbMaxRows).toBe(2)
  })

  test('db-pool-timeout beats db-pool-max-idletime', () => {
    const file = 'db-pool-timeout = 5\ndb-pool-max-idletime = 6'
    expect(loadTestConfig({ file }).dbPoolMaxIdletime).toBe(5)
  })

  test('the admin host falls back to server-host', () => {
    expect(loadTestConfig({ env: env({ 'server-host': '::1' }) }).adminServerHost).toBe('::1')
    const both = env({ 'server-host': '::1', 'admin-server-host': 'localhost' })
    expect(loadTestConfig({ env: both }).adminServerHost).toBe('localhost')
  })
})

describe('values', () => {
  test.each<[string, string, keyof Config, unknown]>([
    ['db-extra-search-path', '', 'dbExtraSearchPath', []],
    ['db-extra-search-path', 'a, b', 'dbExtraSearchPath', ['a', 'b']],
    ['db-schemas', '', 'dbSchemas', ['public']],
    ['server-cors-allowed-origins', '', 'serverCorsAllowedOrigins', null],
    [
      'server-cors-allowed-origins',
      'http://a , http://b',
      'serverCorsAllowedOrigins',
      ['http://a', 'http://b'],
    ],
    ['log-level', '', 'logLevel', 'error'],
    ['log-level', 'crit', 'logLevel', 'crit'],
    ['log-level', 'error', 'logLevel', 'error'],
    ['log-level', 'warn', 'logLevel', 'warn'],
    ['log-level', 'info', 'logLevel', 'info'],
    ['log-level', 'debug', 'logLevel', 'debug'],
    ['db-tx-end', '', 'dbTxEnd', 'commit'],
    ['db-tx-end', 'commit', 'dbTxEnd', 'commit'],
    ['db-tx-end', 'commit-allow-override', 'dbTxEnd', 'commit-allow-override'],
    ['db-tx-end', 'rollback', 'dbTxEnd', 'rollback'],
    ['db-tx-end', 'rollback-allow-override', 'dbTxEnd', 'rollback-allow-override'],
    ['openapi-mode', 'disabled', 'openapiMode', 'disabled'],
    ['db-max-rows', '0', 'dbMaxRows', 0],
    ['db-pool', '1', 'dbPool', 1],
    ['db-pool-acquisition-timeout', '0', 'dbPoolAcquisitionTimeout', 0],
    ['db-channel-enabled', '', 'dbChannelEnabled', true],
    ['admin-server-port', '', 'adminServerPort', null],
    ['server-port', '0', 'serverPort', 0],
    ['server-port', ' 65535 ', 'serverPort', 65535],
    ['db-backend', 'postgresql', 'dbBackend', 'postgres'],
    ['db-backend', 'pg', 'dbBackend', 'postgres'],
    ['server-unix-socket-mode', '600', 'serverUnixSocketMode', 0o600],
    ['admin-server-unix-socket-mode', '777', 'adminServerUnixSocketMode', 0o777],
    ['jwt-aud', 'plain', 'jwtAud', 'plain'],
    ['jwt-aud', 'urn:a', 'jwtAud', 'urn:a'],
    ['max-request-body', '0', 'maxRequestBody', 0],
    ['server-workers', '4', 'serverWorkers', 4],
    ['server-workers', 'auto', 'serverWorkers', 'auto'],
    ['log-format', 'json', 'logFormat', 'json'],
    ['internal-schema-cache-query-sleep', '500', 'internalSchemaCacheQuerySleep', 500],
    [
      'internal-schema-cache-query-sleep-before-queries',
      '700',
      'internalSchemaCacheQuerySleepBeforeQueries',
      700,
    ],
  ])('%s = %j', (name, value, key, expected) => {
    expect(loadTestConfig({ env: env({ [name]: value }) })[key]).toEqual(expected)
  })
})

describe('db-uri and the engine', () => {
  test.each<[string, TestConfigInput, string, string, readonly string[], number | null]>([
    ['nothing', {}, 'postgresql://', 'postgres', ['public'], null],
    [
      'blanks around it',
      { env: env({ 'db-uri': ' postgres://h \n' }) },
      'postgres://h',
      'postgres',
      ['public'],
      null,
    ],
    [
      'blanks alone',
      { env: env({ 'db-uri': '  ' }) },
      'postgresql://',
      'postgres',
      ['public'],
      null,
    ],
    [
      '@file',
      { env: env({ 'db-uri': '@./uri' }), files: { './uri': ' mongodb://h/d\n' } },
      'mongodb://h/d',
      'mongodb',
      ['d'],
      null,
    ],
    [
      'schemas that are databases before the one that the URI names',
      { env: env({ 'db-uri': 'mongodb://h/d', 'db-schemas': 'a,b' }) },
      'mongodb://h/d',
      'mongodb',
      ['a', 'b'],
      null,
    ],
    ['a SQLite name', { file: 'db-uri = "films.db"' }, 'films.db', 'sqlite', ['main'], 500],
    [
      'a SQLite file',
      { file: 'db-uri = "films"', sqliteFiles: ['films'] },
      'films',
      'sqlite',
      ['main'],
      500,
    ],
    [
      'db-backend',
      { env: env({ 'db-uri': 'films', 'db-backend': 'sqlite' }) },
      'films',
      'sqlite',
      ['main'],
      500,
    ],
    [
      'the command line before all',
      {
        positionalDatabase: 'films.db',
        env: env({ 'db-uri': 'postgres://h' }),
        file: 'db-uri = "x"',
      },
      'films.db',
      'sqlite',
      ['main'],
      500,
    ],
    [
      'explicit values before the defaults of the engine',
      {
        positionalDatabase: 'films.db',
        env: env({ 'db-schemas': 'a', 'db-schema-poll-interval': '0' }),
      },
      'films.db',
      'sqlite',
      ['a'],
      0,
    ],
  ])('%s', (_, input, dbUri, dbBackend, dbSchemas, dbSchemaPollInterval) => {
    expect(loadTestConfig(input)).toMatchObject({
      dbUri,
      dbBackend,
      dbSchemas,
      dbSchemaPollInterval,
    })
  })
})

describe('where it is served', () => {
  const hosts = (input: TestConfigInput) => {
    const { serverHost, adminServerHost } = loadTestConfig(input)
    return [serverHost, adminServerHost]
  }

  test('a database of the command line is served to this machine alone', () => {
    expect(hosts({ positionalDatabase: 'films.db' })).toEqual(['127.0.0.1', '127.0.0.1'])
    expect(hosts({ positionalDatabase: 'postgresql://h' })).toEqual(['127.0.0.1', '127.0.0.1'])
  })

  test.each<[string, TestConfigInput]>([
    ['in a file', { file: 'server-host = "!4"' }],
    ['in the environment', { env: env({ 'server-host': '!4' }) }],
  ])('unless a host is given %s', (_, given) => {
    expect(hosts({ ...given, positionalDatabase: 'films.db' })).toEqual(['!4', '!4'])
  })

  test('HOST moves a database of the command line, and not its admin server', () => {
    const platform = { positionalDatabase: 'films.db', env: { HOST: '0.0.0.0' } }
    expect(hosts(platform)).toEqual(['0.0.0.0', '127.0.0.1'])
    expect(hosts({ ...platform, file: 'admin-server-host = "!4"' })).toEqual(['0.0.0.0', '!4'])
    const given = { ...platform, env: { ...platform.env, ...env({ 'server-host': '!6' }) } }
    expect(hosts(given)).toEqual(['!6', '!6'])
    // as in the container image, where both are open anyway
    expect(hosts({ ...platform, defaults: 'server-host = "!4"' })).toEqual(['0.0.0.0', '0.0.0.0'])
  })

  test.each<[string, TestConfigInput, number, string]>([
    ['of a platform', { env: { PORT: '8080', HOST: '0.0.0.0' } }, 8080, '0.0.0.0'],
    [
      'before those of a defaults file',
      { env: { PORT: '80' }, defaults: 'server-port = 1' },
      80,
      '!4',
    ],
    ['after those of a file', { env: { PORT: '80' }, file: 'server-port = 1' }, 1, '!4'],
    ['after our own', { env: { PORT: '80', PGRST_SERVER_PORT: '1' } }, 1, '!4'],
    ['unless empty', { env: { PORT: '', HOST: '' } }, 3000, '!4'],
    ['with an address of IPv6', { env: { HOST: '::' } }, 3000, '::'],
    // as shells set it by themselves
    ["but not the machine's name", { env: { HOST: 'box.example' } }, 3000, '!4'],
  ])('PORT and HOST count %s', (_, input, port, host) => {
    const { serverPort, serverHost } = loadTestConfig(input)
    expect([serverPort, serverHost]).toEqual([port, host])
  })

  test('a PORT that is none is told by its name', () => {
    const loaded = tryLoadTestConfig({ env: { PORT: 'tcp://10.0.0.1:80' } })
    expect(loaded).toMatchObject({
      error: [expect.stringContaining('server-port (PORT): it should be')],
    })
  })

  test.each([
    ['/rest/v1', '/rest/v1'],
    ['/a.b~c_d-1', '/a.b~c_d-1'],
    ['', null],
  ])('the base path %j is taken', (given, taken) => {
    expect(loadTestConfig({ env: env({ 'server-base-path': given }) }).serverBasePath).toBe(taken)
  })

  test.each(['rest', '/', '/rest/', '/a//b', '/a/../b', '/.', '/a b', '/a%20b', '/a?b', '/é'])(
    'the base path %j is none',
    (given) => {
      const loaded = tryLoadTestConfig({ env: env({ 'server-base-path': given }) })
      expect(loaded).toMatchObject({ error: [expect.stringContaining('it should be a path')] })
    },
  )

  test('aggregates of a SQLite file are allowed, unless something says otherwise', () => {
    const allows = (input: TestConfigInput) => loadTestConfig(input).dbAggregatesEnabled
    expect(allows({ positionalDatabase: 'films.db' })).toBe(true)
    expect(allows({ positionalDatabase: 'postgresql://h' })).toBe(false)
    expect(allows({ positionalDatabase: 'mongodb://h/films' })).toBe(false)
    const off = { file: 'db-aggregates-enabled = false', positionalDatabase: 'films.db' }
    expect(allows(off)).toBe(false)
    expect(allows({ file: 'db-uri = "films.db"' })).toBe(false)
  })

  test('a host for one of the two servers is for that one', () => {
    const given = { env: env({ 'admin-server-host': '!6' }), positionalDatabase: 'films.db' }
    expect(hosts(given)).toEqual(['127.0.0.1', '!6'])
  })

  test('a database of file or environment is served as PostgREST does', () => {
    expect(hosts({ file: 'db-uri = "films.db"' })).toEqual(['!4', '!4'])
    expect(hosts({ env: env({ 'db-uri': 'films.db' }) })).toEqual(['!4', '!4'])
    expect(hosts({})).toEqual(['!4', '!4'])
  })
})

describe('warnings', () => {
  const warningsOf = (input: TestConfigInput) => {
    const loaded = tryLoadTestConfig(input)
    return loaded.ok ? loaded.value.warnings : loaded.error
  }
  const told = (name: string, meant: string) =>
    `${name} is no option and is ignored: is ${meant} meant?`

  test.each([
    ['server-prot = 1', 'server-prot (test.conf, line 1)', 'server-port'],
    ['\n\njwt-secrt = "x"', 'jwt-secrt (test.conf, line 3)', 'jwt-secret'],
    ['server_port = 1', 'server_port (test.conf, line 1)', 'server-port'],
    ['db-url = "x"', 'db-url (test.conf, line 1)', 'db-uri'],
    ['app.setings.x = "y"', 'app.setings.x (test.conf, line 1)', 'app.settings'],
    ['app { setting { x = "y" } }', 'app.setting.x (test.conf, line 1)', 'app.settings'],
  ])('%j', (file, name, meant) => {
    expect(warningsOf({ file })).toEqual([told(name, meant)])
  })

  test.each([
    ['DBREST_SERVER_PROT', 'DBREST_SERVER_PORT'],
    ['PGRST_DB_SHEMA', 'PGRST_DB_SCHEMA'],
    ['PGRST_LOG_LEVL', 'PGRST_LOG_LEVEL'],
  ])('%s', (variable, meant) => {
    expect(warningsOf({ env: { [variable]: '1' } })).toEqual([told(variable, meant)])
  })

  test.each([
    ['db_max_rwos', 'is no option and is ignored: is pgrst.db_max_rows meant?'],
    ['jwt_secrt', 'is no option and is ignored: is pgrst.jwt_secret meant?'],
    ['max_rows', 'is no option and is ignored: is pgrst.db_max_rows meant?'],
    ['db_pool', 'is ignored: db-pool is not read from there'],
  ])('pgrst.%s of a database, whose value does not count', (setting, problem) => {
    const input = { database: { [setting]: '7' } }
    expect(warningsOf(input)).toEqual([`pgrst.${setting} in the database ${problem}`])
    const { dbMaxRows, dbPool, jwtSecret } = loadTestConfig(input)
    expect({ dbMaxRows, dbPool, jwtSecret }).toEqual({
      dbMaxRows: null,
      dbPool: 10,
      jwtSecret: null,
    })
    expect(warningsOf({ ...input, file: 'db-config = false' })).toEqual([])
  })

  test('names that resemble none, and those of others, are ignored in silence', () => {
    const values = { PGRST_NOT_EXISTING: '1', SERVER_PROT: '1', PGRST_APP_SETTINGS_prot: '1' }
    const file = 'not-existing = 1\napp.settings.sever-port = 1\ninternal-thing = 2'
    expect(warningsOf({ env: values, file })).toEqual([])
  })

  test('options are no misspelt ones, hidden or by their alias', () => {
    const values = env({ 'max-rows': '1', 'internal-schema-cache-query-sleep': '1' })
    expect(warningsOf({ env: values })).toEqual([])
  })

  test('an admin-server-token that is empty is told: nobody would notice otherwise', () => {
    expect(warningsOf({ env: { DBREST_ADMIN_SERVER_TOKEN: '' } })).toEqual([
      'admin-server-token (DBREST_ADMIN_SERVER_TOKEN) is empty: nobody is asked for a token',
    ])
    expect(warningsOf({})).toEqual([])
  })

  test.each([
    ['db-tables', 'all tables and views are served'],
    ['db-exclude-tables', 'no table or view is left out'],
  ])('a %s that is empty in the environment is told, and in a file is not', (name, opened) => {
    const file = `${name} = "hidden"`
    const variable = `PGRST_${name.toUpperCase().replaceAll('-', '_')}`
    expect(warningsOf({ file, env: { [variable]: '' } })).toEqual([
      `${name} (${variable}) is empty: ${opened}`,
    ])
    expect(warningsOf({ file: `${name} = ""` })).toEqual([])
  })

  test('a boolean is no port, and no cache has a negative size, as in PostgREST', () => {
    const loaded = tryLoadTestConfig({
      file: 'admin-server-port = false\njwt-cache-max-entries = -1',
    })
    expect(loaded).toMatchObject({
      ok: true,
      value: { config: { adminServerPort: null, jwtCacheMaxEntries: -1 } },
    })
  })

  test('a value of another type counts as not given, as in PostgREST, and is told', () => {
    const file = 'db-max-rows = true\ndb-channel-enabled = 13'
    const config = loadTestConfig({ file })
    expect(config).toMatchObject({ dbMaxRows: null, dbChannelEnabled: true })
    expect(warningsOf({ file })).toEqual([
      'db-channel-enabled is 13 (test.conf, line 2), which is ignored: no boolean',
      'db-max-rows is true (test.conf, line 1), which is ignored: no integer',
    ])
  })
})

describe('on a reload', () => {
  const previous = loadTestConfig({ env: env({ 'db-uri': 'films' }), sqliteFiles: ['films'] })

  test('db-uri is kept and its file not read again', () => {
    const config = loadTestConfig({ env: env({ 'db-uri': '@gone' }), previous })
    expect(config).toMatchObject({ dbUri: 'films', dbBackend: 'sqlite', dbSchemas: ['main'] })
  })

  test('so are db-channel-uri and its file', () => {
    const channel = { env: env({ 'db-channel-uri': '@./uri' }) }
    const first = loadTestConfig({ ...channel, files: { './uri': ' host=h1 \n' } })
    expect(first.dbChannelUri).toBe('host=h1')
    expect(loadTestConfig({ ...channel, files: {}, previous: first }).dbChannelUri).toBe('host=h1')
    expect(loadTestConfig({ previous: first }).dbChannelUri).toBe('host=h1')
  })

  test('defaults are those of the engine that runs', () => {
    const config = loadTestConfig({ env: env({ 'db-backend': 'postgres' }), previous })
    expect(config).toMatchObject({ dbBackend: 'postgres', dbSchemas: ['main'] })
  })

  test('the file of the secret is read again', () => {
    const input = { env: env({ 'jwt-secret': '@s' }), previous }
    const secret = 'z'.repeat(32)
    const config = loadTestConfig({ ...input, files: { s: secret } })
    expect(Buffer.from(config.jwtSecret ?? []).toString()).toBe(secret)
    expect(problemsOf({ ...input, files: {} })).toEqual([
      `jwt-secret (PGRST_JWT_SECRET): ${unreadable}`,
    ])
  })
})

describe('app.settings', () => {
  test('keeps the case of its suffix, sorts, and lets the stronger win', () => {
    const config = loadTestConfig({
      file: 'app.settings.b = "file"\napp.settings.c = 7\napp { settings { d = "group" } }',
      env: {
        PGRST_APP_SETTINGS_B: 'upper',
        PGRST_APP_SETTINGS_b: 'env',
        PGRST_APP_SETTINGS_a_b: 'x',
        DBREST_APP_SETTINGS_b: 'own',
        PGRST_APP_SETTINGS_: 'no name',
      },
    })
    expect(config.appSettings).toEqual([
      ['app.settings.B', 'upper'],
      ['app.settings.a_b', 'x'],
      ['app.settings.b', 'own'],
      ['app.settings.c', 'Number 7.0'],
      ['app.settings.d', 'group'],
    ])
  })

  test('interpolates variables of the environment', () => {
    const config = loadTestConfig({
      file: 'app.settings.secret = "$(MYAPP_SECRET)"',
      env: { MYAPP_SECRET: 'value' },
    })
    expect(config.appSettings).toEqual([['app.settings.secret', 'value']])
  })
})

/** The file of no `@path` is there. */
const unreadable = 'the file behind its @ cannot be read: no such file or directory (ENOENT)'

describe('problems', () => {
  const octal = 'not an octal from 600 to 777'
  const mode = 'needs to be between 600 and 777'
  const forbidden = (schema: string) => `db-schemas does not allow schema: '${schema}'`
  const levels = 'Invalid logging level. Check your configuration.'
  const ends = 'Invalid transaction termination. Check your configuration.'
  const modes = 'Invalid openapi-mode. Check your configuration.'
  const openapiModes = `${modes} Allowed: follow-privileges, ignore-privileges, disabled`
  const noPort = 'it should be a whole number from 0 to 65535'
  const noTimer = (least: number) =>
    `it should be a whole number of milliseconds from ${least} to 2147483647`
  const uriForms =
    'it should be postgresql://…, host=… dbname=…, mongodb://…, the name of a SQLite file, file:… or sqlite:…'

  test.each<[string, string, string]>([
    [
      'server-unix-socket-mode',
      '800',
      `is "800" (PGRST_SERVER_UNIX_SOCKET_MODE): Invalid server-unix-socket-mode: ${octal}`,
    ],
    [
      'server-unix-socket-mode',
      'x',
      `is "x" (PGRST_SERVER_UNIX_SOCKET_MODE): Invalid server-unix-socket-mode: ${octal}`,
    ],
    ...['778', '599', '577'].map((given): [string, string, string] => [
      'server-unix-socket-mode',
      given,
      `is "${given}" (PGRST_SERVER_UNIX_SOCKET_MODE): Invalid server-unix-socket-mode: ${mode}`,
    ]),
    [
      'admin-server-unix-socket-mode',
      '1000',
      `is "1000" (PGRST_ADMIN_SERVER_UNIX_SOCKET_MODE): Invalid admin-server-unix-socket-mode: ${mode}`,
    ],
    ['jwt-aud', 'foo:%%', 'is "foo:%%" (PGRST_JWT_AUD): jwt-aud should be a string or a valid URI'],
    // an address could hold a password
    ['jwt-aud', 'http://%%x', '(PGRST_JWT_AUD): jwt-aud should be a string or a valid URI'],
    [
      'openapi-server-proxy-uri',
      'https://user:proxy-pass@host',
      '(PGRST_OPENAPI_SERVER_PROXY_URI): Malformed proxy uri, a correct example: https://example.com:8443/basePath',
    ],
    [
      'log-level',
      'never',
      `is "never" (PGRST_LOG_LEVEL): ${levels} Allowed: crit, error, warn, info, debug`,
    ],
    [
      'db-tx-end',
      'random',
      `is "random" (PGRST_DB_TX_END): ${ends} Allowed: commit, commit-allow-override, rollback, rollback-allow-override`,
    ],
    ['openapi-mode', 'follow-', `is "follow-" (PGRST_OPENAPI_MODE): ${openapiModes}`],
    [
      'client-error-verbosity',
      'invalid',
      'is "invalid" (PGRST_CLIENT_ERROR_VERBOSITY): Invalid client-error-verbosity. Check your configuration. Allowed: verbose, minimal',
    ],
    [
      'db-backend',
      'oracle',
      'is "oracle" (PGRST_DB_BACKEND): Allowed: postgres, sqlite, mongodb, postgresql, pg',
    ],
    ['log-format', 'xml', 'is "xml" (PGRST_LOG_FORMAT): Allowed: text, json'],
    [
      'jwt-secret',
      'short_secret',
      '(PGRST_JWT_SECRET): The JWT secret must be at least 32 characters long.',
    ],
    // a passphrase that happens to begin like the name of a file
    ['jwt-secret', '@a-passphrase', `(PGRST_JWT_SECRET): ${unreadable}`],
    ['db-uri', '@pass', `(PGRST_DB_URI): ${unreadable}`],
    ['db-channel-uri', '@pass', `(PGRST_DB_CHANNEL_URI): ${unreadable}`],
    ['db-schemas', 'pg_catalog', `is "pg_catalog" (PGRST_DB_SCHEMAS): ${forbidden('pg_catalog')}`],
    [
      'db-schemas',
      'public, pg_catalog',
      `is "public, pg_catalog" (PGRST_DB_SCHEMAS): ${forbidden('pg_catalog')}`,
    ],
    [
      'db-schema',
      'public,information_schema',
      `is "public,information_schema" (PGRST_DB_SCHEMA): ${forbidden('information_schema')}`,
    ],
    ...['abc', '3000x', '1.5', '-'].map((given): [string, string, string] => [
      'server-port',
      given,
      `is "${given}" (PGRST_SERVER_PORT): ${noPort}`,
    ]),
    ['server-port', '70000', `is 70000 (PGRST_SERVER_PORT): ${noPort}`],
    ['admin-server-port', '-1', `is -1 (PGRST_ADMIN_SERVER_PORT): ${noPort}`],
    ['admin-server-port', 'none', `is "none" (PGRST_ADMIN_SERVER_PORT): ${noPort}`],
    ['db-pool', '0', 'is "0" (PGRST_DB_POOL): it should be a whole number, 1 or more'],
    ['db-pool', '1.5', 'is "1.5" (PGRST_DB_POOL): it should be a whole number, 1 or more'],
    [
      'db-pool-timeout',
      '-1',
      'is "-1" (PGRST_DB_POOL_TIMEOUT): it should be a whole number of seconds, 0 or more',
    ],
    [
      'db-max-rows',
      'many',
      'is "many" (PGRST_DB_MAX_ROWS): it should be a whole number, 0 or more',
    ],
    ['max-rows', '-5', 'is "-5" (PGRST_MAX_ROWS): it should be a whole number, 0 or more'],
    [
      'jwt-cache-max-entries',
      '1k',
      'is "1k" (PGRST_JWT_CACHE_MAX_ENTRIES): it should be a whole number',
    ],
    [
      'db-schema-poll-interval',
      '500ms',
      `is "500ms" (PGRST_DB_SCHEMA_POLL_INTERVAL): ${noTimer(0)}`,
    ],
    ['db-schema-load-timeout', '0', `is "0" (PGRST_DB_SCHEMA_LOAD_TIMEOUT): ${noTimer(1)}`],
    ['db-statement-timeout', '1.5', `is "1.5" (PGRST_DB_STATEMENT_TIMEOUT): ${noTimer(0)}`],
    [
      'db-statement-timeout',
      '9999999999',
      `is "9999999999" (PGRST_DB_STATEMENT_TIMEOUT): ${noTimer(0)}`,
    ],
    [
      'max-request-body',
      '64M',
      'is "64M" (PGRST_MAX_REQUEST_BODY): it should be a whole number of bytes, 0 or more',
    ],
    ['log-query', 'yes', 'is "yes" (PGRST_LOG_QUERY): it should be true or false'],
    [
      'db-channel-enabled',
      'perhaps',
      'is "perhaps" (PGRST_DB_CHANNEL_ENABLED): it should be true or false',
    ],
    [
      'db-uri',
      'mysql://u:topsecret@h/x',
      `(PGRST_DB_URI): mysql: is no scheme that is served; ${uriForms}`,
    ],
    [
      'db-uri',
      'jdbc:postgresql://h/x?password=p',
      `(PGRST_DB_URI): jdbc: is no scheme that is served; ${uriForms}`,
    ],
    ['db-uri', 'topsecret://h/x', `(PGRST_DB_URI): its scheme is none that is served; ${uriForms}`],
    [
      'db-uri',
      'u:topsecret@h/films.db',
      `(PGRST_DB_URI): it has no scheme before user and password; ${uriForms}`,
    ],
  ])('%s = %s', (name, value, problem) => {
    expect(problemsOf({ env: env({ [name]: value }) })).toEqual([`${name} ${problem}`])
  })

  test.each([
    'role.other',
    '.role##',
    '.my_role;;domain',
    '$.my_role;;domain',
    '@@.role.other',
    '1234',
    '.role[?(@ =)]',
    '.#$$%&$%/',
  ])('jwt-role-claim-key = %s', (path) => {
    expect(problemsOf({ env: env({ 'jwt-role-claim-key': path }) })).toEqual([
      expect.stringContaining(`failed to parse role-claim-key value (${path})`),
    ])
  })

  test('the two ports are different ones', () => {
    expect(problemsOf({ env: env({ 'admin-server-port': '3000' }) })).toEqual([
      'admin-server-port cannot be the same as server-port',
    ])
  })

  test.each([
    ['sqlite', 'postgresql://u:p@h/d', 'postgres'],
    ['sqlite', 'host=h password=p', 'postgres'],
    ['postgres', 'file:films.db', 'sqlite'],
    ['pg', 'films.db', 'sqlite'],
    ['postgres', 'mongodb://u:p@h/d', 'mongodb'],
  ])('db-backend %s contradicts %s', (backend, uri, told) => {
    const name = backend === 'pg' ? 'postgres' : backend
    expect(problemsOf({ env: env({ 'db-backend': backend, 'db-uri': uri }) })).toEqual([
      `db-backend (PGRST_DB_BACKEND) is ${name}, but db-uri names a database of ${told}: change or unset one of them`,
    ])
  })

  test('are told all at once, each with its place', () => {
    const problems = problemsOf({
      file: '# app\nlog-level = "never"\n\ndb {\n}\ndb-tx-end =\n  "random"\n',
      env: env({ 'jwt-secret': 'short', 'admin-server-port': '3000', 'db-backend': 'oracle' }),
      database: { openapi_mode: 'some' },
    })
    expect([...problems].sort()).toEqual([
      'admin-server-port cannot be the same as server-port',
      'db-backend is "oracle" (PGRST_DB_BACKEND): Allowed: postgres, sqlite, mongodb, postgresql, pg',
      `db-tx-end is "random" (test.conf, line 6): ${ends} Allowed: commit, commit-allow-override, rollback, rollback-allow-override`,
      'jwt-secret (PGRST_JWT_SECRET): The JWT secret must be at least 32 characters long.',
      `log-level is "never" (test.conf, line 2): ${levels} Allowed: crit, error, warn, info, debug`,
      `openapi-mode is "some" (pgrst.openapi_mode in the database): ${openapiModes}`,
    ])
  })

  test('a secret that is no base64', () => {
    const secret = env({ 'jwt-secret': 'no base-64!', 'jwt-secret-is-base64': 'true' })
    expect(problemsOf({ env: secret })).toEqual([
      'jwt-secret (PGRST_JWT_SECRET): it is not valid base64, which jwt-secret-is-base64 asks for',
    ])
  })

  test('a file that is not in the syntax', () => {
    expect(problemsOf({ file: 'yaml:\n  is: no' })).toEqual([
      'test.conf, line 1, column 5: expected "="',
    ])
  })

  test('an interpolation does not show the text around it', () => {
    const [problem] = problemsOf({ file: 'db-uri = "postgresql://u:pa$(ss)word@h/d"' })
    expect(problem).toBe('test.conf, line 1, column 10: no such variable: of $(…) in this text')
  })

  test('a port that is none is left to whoever asks the server, as in PostgREST', () => {
    const input = { env: env({ 'admin-server-port': '-1' }), isForProbe: true }
    expect(loadTestConfig(input).adminServerPort).toBe(-1)
  })

  test('two free ports are not the same port', () => {
    expect(problemsOf({ env: env({ 'server-port': '0', 'admin-server-port': '0' }) })).toEqual([])
  })

  test('none holds the secret', () => {
    const secret = JSON.stringify({ kty: 'RSA', n: 'abcdefgh', e: 'AQAB', d: 'private' })
    for (const value of ['short_secret', secret]) {
      const problems = problemsOf({ env: env({ 'jwt-secret': value }) }).join()
      expect(problems).not.toBe('')
      for (const part of ['short', 'abcdefgh', 'private']) expect(problems).not.toContain(part)
    }
  })
})

test('the configuration tells which options a source has a value for', () => {
  expect(loadTestConfig({}).given).toEqual(new Set())
  const given = loadTestConfig({
    file: 'max-rows = 5\nopenapi-mode = ""\nnot-an-option = 1',
    env: { PGRST_DB_AGGREGATES_ENABLED: 'false' },
    database: { db_anon_role: 'web' },
  }).given
  expect([...given].sort()).toEqual(['dbAggregatesEnabled', 'dbAnonRole', 'dbMaxRows'])
})

test('the configuration is frozen', () => {
  expect(Object.isFrozen(loadTestConfig({}))).toBe(true)
})
