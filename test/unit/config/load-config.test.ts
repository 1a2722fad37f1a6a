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
    ['db-max-rows', 'many', 'dbMaxRows', null],
    ['db-pool', '1.5', 'dbPool', 10],
    ['db-channel-enabled', 'perhaps', 'dbChannelEnabled', true],
    ['admin-server-port', '', 'adminServerPort', null],
    ['admin-server-port', '-1', 'adminServerPort', -1],
    ['server-unix-socket-mode', '600', 'serverUnixSocketMode', 0o600],
    ['admin-server-unix-socket-mode', '777', 'adminServerUnixSocketMode', 0o777],
    ['jwt-aud', 'plain', 'jwtAud', 'plain'],
    ['jwt-aud', 'urn:a', 'jwtAud', 'urn:a'],
    ['max-request-body', '0', 'maxRequestBody', 0],
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
      ['main'],
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

describe('on a reload', () => {
  const previous = loadTestConfig({ env: env({ 'db-uri': 'films' }), sqliteFiles: ['films'] })

  test('db-uri is kept and its file not read again', () => {
    const config = loadTestConfig({ env: env({ 'db-uri': '@gone' }), previous })
    expect(config).toMatchObject({ dbUri: 'films', dbBackend: 'sqlite', dbSchemas: ['main'] })
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
      "jwt-secret: ENOENT: no such file or directory, open 's'",
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

describe('problems', () => {
  const mode = 'needs to be between 600 and 777'
  test.each<[string, string, string]>([
    ['server-unix-socket-mode', '800', 'Invalid server-unix-socket-mode: not an octal'],
    ['server-unix-socket-mode', 'x', 'Invalid server-unix-socket-mode: not an octal'],
    ['server-unix-socket-mode', '778', `Invalid server-unix-socket-mode: ${mode}`],
    ['server-unix-socket-mode', '599', `Invalid server-unix-socket-mode: ${mode}`],
    ['server-unix-socket-mode', '577', `Invalid server-unix-socket-mode: ${mode}`],
    ['admin-server-unix-socket-mode', '1000', `Invalid admin-server-unix-socket-mode: ${mode}`],
    ['jwt-aud', 'foo://%%$$^^.com', 'jwt-aud should be a string or a valid URI'],
    ['jwt-aud', 'http://%%localhorst.invalid', 'jwt-aud should be a string or a valid URI'],
    ['log-level', 'never', 'Invalid logging level. Check your configuration.'],
    ['db-tx-end', 'random', 'Invalid transaction termination. Check your configuration.'],
    ['openapi-mode', 'follow-', 'Invalid openapi-mode. Check your configuration.'],
    ['openapi-mode', 'ignore-', 'Invalid openapi-mode. Check your configuration.'],
    ['openapi-mode', '.#$$%&$%/', 'Invalid openapi-mode. Check your configuration.'],
    [
      'openapi-server-proxy-uri',
      'htp:/@@localhorst.invalid',
      'Malformed proxy uri, a correct example: https://example.com:8443/basePath',
    ],
    [
      'client-error-verbosity',
      'invalid',
      'Invalid client-error-verbosity. Check your configuration.',
    ],
    ['jwt-secret', 'short_secret', 'The JWT secret must be at least 32 characters long.'],
    ['db-schemas', 'pg_catalog', "db-schemas does not allow schema: 'pg_catalog'"],
    ['db-schemas', 'public, pg_catalog', "db-schemas does not allow schema: 'pg_catalog'"],
    ['db-schemas', 'information_schema', "db-schemas does not allow schema: 'information_schema'"],
    [
      'db-schema',
      'public,information_schema',
      "db-schemas does not allow schema: 'information_schema'",
    ],
    ['admin-server-port', '3000', 'admin-server-port cannot be the same as server-port'],
    ...[
      'role.other',
      '.role##',
      '.my_role;;domain',
      '$.my_role;;domain',
      '@@.role.other',
      '1234',
      '.role[?(@ =)]',
      '.#$$%&$%/',
    ].map((path): [string, string, string] => [
      'jwt-role-claim-key',
      path,
      `failed to parse role-claim-key value (${path})`,
    ]),
    ['db-backend', 'oracle', 'db-backend should be postgres, sqlite or mongodb'],
    ['log-format', 'xml', 'log-format should be text or json'],
    [
      'db-schema-poll-interval',
      '-1',
      'db-schema-poll-interval should be a whole number of milliseconds, 0 or more',
    ],
    [
      'db-schema-poll-interval',
      '500ms',
      'db-schema-poll-interval should be a whole number of milliseconds, 0 or more',
    ],
    [
      'db-statement-timeout',
      '1.5',
      'db-statement-timeout should be a whole number of milliseconds, 0 or more',
    ],
    [
      'db-schema-load-timeout',
      '0',
      'db-schema-load-timeout should be a whole number of milliseconds, 1 or more',
    ],
    [
      'db-statement-timeout',
      '9999999999',
      'db-statement-timeout should be 2147483647 milliseconds or less',
    ],
    ['max-request-body', '64M', 'max-request-body should be a whole number of bytes, 0 or more'],
    ['db-uri', '@nowhere', "db-uri: ENOENT: no such file or directory, open 'nowhere'"],
  ])('%s = %s', (name, value, problem) => {
    expect(problemsOf({ env: env({ [name]: value }) })).toEqual([problem])
  })

  test('are told all at once', () => {
    const problems = problemsOf({
      file: 'log-level = "never"\ndb-tx-end = "random"',
      env: env({ 'jwt-secret': 'short', 'admin-server-port': '3000', 'db-backend': 'oracle' }),
    })
    expect([...problems].sort()).toEqual([
      'Invalid logging level. Check your configuration.',
      'Invalid transaction termination. Check your configuration.',
      'The JWT secret must be at least 32 characters long.',
      'admin-server-port cannot be the same as server-port',
      'db-backend should be postgres, sqlite or mongodb',
    ])
  })

  test('a secret that is no base64', () => {
    const secret = env({ 'jwt-secret': 'no base-64!', 'jwt-secret-is-base64': 'true' })
    expect(problemsOf({ env: secret })).toEqual([
      'jwt-secret is not valid base64, which jwt-secret-is-base64 asks for',
    ])
  })

  test('a file that is not in the syntax', () => {
    expect(problemsOf({ file: 'yaml:\n  is: no' })).toEqual(['line 1, column 5: expected "="'])
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
