/**
 * What `--dump-config` prints for the configurations of PostgREST's own tests (v16.2 io suite:
 * test_cli), and that a dump read back dumps the same.
 */
import { describe, expect, test } from 'vitest'
import { engineAbilities } from '../../../src/backends/engine-abilities.ts'
import type { Config } from '../../../src/config/config.ts'
import { dumpConfig } from '../../../src/config/dump-config.ts'
import type { OptionKey } from '../../../src/config/option.ts'
import { unhonouredOptions } from '../../../src/schema/unhonoured-options.ts'
import { loadTestConfig, type TestConfigInput } from '../../support/load-test-config.ts'

/** As printed. The last ones are ours. */
const defaults: Readonly<Record<string, string>> = {
  'admin-server-host': '"!4"',
  'admin-server-port': '""',
  'admin-server-unix-socket': '""',
  'admin-server-unix-socket-mode': '"660"',
  'client-error-verbosity': '"verbose"',
  'db-aggregates-enabled': 'false',
  'db-anon-role': '""',
  'db-channel': '"pgrst"',
  'db-channel-enabled': 'true',
  'db-channel-uri': '""',
  'db-config': 'true',
  'db-extra-search-path': '"public"',
  'db-hoisted-tx-settings':
    '"statement_timeout,plan_filter.statement_cost_limit,default_transaction_isolation"',
  'db-max-rows': '""',
  'db-plan-enabled': 'false',
  'db-pool': '10',
  'db-pool-acquisition-timeout': '10',
  'db-pool-automatic-recovery': 'true',
  'db-pool-max-idletime': '30',
  'db-pool-max-lifetime': '1800',
  'db-pre-config': '""',
  'db-pre-request': '""',
  'db-prepared-statements': 'true',
  'db-root-spec': '""',
  'db-schemas': '"public"',
  'db-tx-end': '"commit"',
  'db-uri': '"postgresql://"',
  'jwt-aud': '""',
  'jwt-cache-max-entries': '1000',
  'jwt-role-claim-key': '"$$.role"',
  'jwt-secret': '""',
  'jwt-secret-is-base64': 'false',
  'log-level': '"error"',
  'log-query': 'false',
  'openapi-mode': '"follow-privileges"',
  'openapi-security-active': 'false',
  'openapi-server-proxy-uri': '""',
  'openapi-version': '"2.0"',
  'server-cors-allowed-origins': '""',
  'server-host': '"!4"',
  'server-port': '3000',
  'server-reuseport': 'false',
  'server-timing-enabled': 'false',
  'server-trace-header': '""',
  'server-unix-socket': '""',
  'server-unix-socket-mode': '"660"',
  'url-use-legacy-target-names': 'true',
  'admin-dashboard': 'true',
  'admin-server-token': '""',
  'db-backend': '"postgres"',
  'db-foreign-keys': 'true',
  'db-read-only': 'false',
  'db-tables': '""',
  'db-exclude-tables': '""',
  'db-schema-load-timeout': '60000',
  'db-schema-poll-interval': '""',
  'db-schema-strict': 'false',
  'db-statement-timeout': '0',
  'log-format': '"text"',
  'max-request-body': '67108864',
  'server-base-path': '""',
  'server-workers': '1',
  'etag-enabled': 'false',
  'rate-limit-enabled': 'false',
  'rate-limit-rps': '10',
  'rate-limit-burst': '20',
  'rate-limit-claim': '"sub"',
  'server-trusted-proxies': '""',
  'shutdown-delay': '0',
  'policy-registry': '""',
  'function-registry': '""',
  'declared-schema': '""',
  'declared-relationships': '""',
}

/** Every option at another value than its default: as set, and as printed. */
const others: Readonly<Record<string, readonly [string, string]>> = {
  'admin-dashboard': ['false', 'false'],
  'admin-server-host': ['127.0.0.1', '"127.0.0.1"'],
  'admin-server-port': ['3001', '3001'],
  'admin-server-token': ['secret-token=', '"secret-token="'],
  'admin-server-unix-socket': ['/tmp/admin_io_test.sock', '"/tmp/admin_io_test.sock"'],
  'admin-server-unix-socket-mode': ['666', '"666"'],
  'client-error-verbosity': ['minimal', '"minimal"'],
  'db-aggregates-enabled': ['true', 'true'],
  'db-anon-role': ['root', '"root"'],
  'db-channel': ['postgrest', '"postgrest"'],
  'db-channel-enabled': ['false', 'false'],
  'db-channel-uri': ['tmp_db', '"tmp_db"'],
  'db-config': ['false', 'false'],
  'db-extra-search-path': ['public, test', '"public,test"'],
  'db-hoisted-tx-settings': ['work_mem', '"work_mem"'],
  'db-foreign-keys': ['false', 'false'],
  'db-max-rows': ['1000', '1000'],
  'db-plan-enabled': ['true', 'true'],
  'db-pool': ['1', '1'],
  'db-pool-acquisition-timeout': ['30', '30'],
  'db-pool-automatic-recovery': ['false', 'false'],
  'db-pool-max-idletime': ['60', '60'],
  'db-pool-max-lifetime': ['3600', '3600'],
  'db-pre-config': ['postgrest.pre_config', '"postgrest.pre_config"'],
  'db-pre-request': ['please_run_fast', '"please_run_fast"'],
  'db-prepared-statements': ['false', 'false'],
  'db-read-only': ['true', 'true'],
  'db-tables': ['films, film_*', '"films,film_*"'],
  'db-exclude-tables': ['*_audit', '"*_audit"'],
  'db-root-spec': ['openapi_v3', '"openapi_v3"'],
  'db-schemas': ['multi,   tenant,setup', '"multi,tenant,setup"'],
  'db-tx-end': ['rollback-allow-override', '"rollback-allow-override"'],
  'db-uri': ['tmp_db', '"tmp_db"'],
  'jwt-aud': ['https://postgrest.org', '"https://postgrest.org"'],
  'jwt-cache-max-entries': ['86400', '86400'],
  'jwt-role-claim-key': ['$.user[0].real_role', '"$$.user[0].real_role"'],
  'jwt-secret': [
    'c2VjdXJpdHl0aHJvdWdob2JzY3VyaXR5aW5iYXNlNjQ=',
    '"c2VjdXJpdHl0aHJvdWdob2JzY3VyaXR5aW5iYXNlNjQ="',
  ],
  'jwt-secret-is-base64': ['true', 'true'],
  'log-level': ['info', '"info"'],
  'log-query': ['true', 'true'],
  'openapi-mode': ['ignore-privileges', '"ignore-privileges"'],
  'openapi-security-active': ['true', 'true'],
  'openapi-server-proxy-uri': ['https://postgrest.org', '"https://postgrest.org"'],
  'openapi-version': ['3.1', '"3.1"'],
  'server-cors-allowed-origins': ['http://example.com', '"http://example.com"'],
  'server-host': ['0.0.0.0', '"0.0.0.0"'],
  'server-port': ['80', '80'],
  'server-reuseport': ['true', 'true'],
  'server-timing-enabled': ['true', 'true'],
  'server-trace-header': ['X-Request-Id', '"X-Request-Id"'],
  'server-unix-socket': ['/tmp/pgrst_io_test.sock', '"/tmp/pgrst_io_test.sock"'],
  'server-unix-socket-mode': ['777', '"777"'],
  'url-use-legacy-target-names': ['false', 'false'],
  'db-backend': ['postgres', '"postgres"'],
  'db-schema-load-timeout': ['5000', '5000'],
  'server-base-path': ['/rest/v1', '"/rest/v1"'],
  'shutdown-delay': ['10', '10'],
  'db-schema-poll-interval': ['250', '250'],
  'db-schema-strict': ['true', 'true'],
  'db-statement-timeout': ['0', '0'],
  'log-format': ['json', '"json"'],
  'max-request-body': ['1024', '1024'],
  'server-workers': ['auto', '"auto"'],
  'etag-enabled': ['true', 'true'],
  'rate-limit-enabled': ['true', 'true'],
  'rate-limit-rps': ['100', '100'],
  'rate-limit-burst': ['50', '50'],
  'rate-limit-claim': ['$.user.id', '"$$.user.id"'],
  'server-trusted-proxies': ['10.0.0.0/8, unix:', '"10.0.0.0/8,unix:"'],
  // refused where an engine has roles of its own: see registry-text.test.ts
  'policy-registry': ['', '""'],
  'function-registry': ['', '""'],
  'declared-schema': ['', '""'],
  'declared-relationships': ['', '""'],
}

const printedOthers = Object.fromEntries(
  Object.entries(others).map(([name, [, printed]]) => [name, printed]),
)
const isBare = (printed: string) => !printed.startsWith('"')
const othersAsFile = Object.entries(others)
  .map(([name, [set, printed]]) => {
    const value = isBare(printed) ? set : `"${set.replaceAll('$', '$$$$')}"`
    return `${name} = ${value}`
  })
  .join('\n')
const othersAsEnvironment = Object.fromEntries(
  Object.entries(others).map(([name, [set]]) => [
    `PGRST_${name.toUpperCase().replaceAll('-', '_')}`,
    set,
  ]),
)

/** What the settings of a role make of `others`. */
const databaseSettings = {
  db_aggregates_enabled: 'false',
  client_error_verbosity: 'minimal',
  db_anon_role: 'anonymous',
  db_extra_search_path: 'public, extensions, private',
  db_hoisted_tx_settings: 'autovacuum_work_mem',
  db_max_rows: '500',
  db_plan_enabled: 'false',
  db_pre_config: 'postgrest.preconf',
  db_pre_request: 'test.custom_headers',
  db_prepared_statements: 'false',
  db_root_spec: 'root',
  db_schemas: 'test, tenant1, tenant2',
  db_tx_end: 'commit-allow-override',
  jwt_aud: 'https://example.org',
  jwt_role_claim_key: '$.a.role',
  jwt_secret: 'OVERRIDE=REALLY=REALLY=REALLY=REALLY=VERY=SAFE',
  jwt_secret_is_base64: 'false',
  openapi_server_proxy_uri: 'https://example.org/api',
  server_cors_allowed_origins: 'http://origin.com',
  server_timing_enabled: 'false',
  server_trace_header: 'CF-Ray',
  url_use_legacy_target_names: 'true',
}
const ignoredSettings = {
  admin_server_host: 'ignored',
  admin_server_port: 'ignored',
  admin_server_unix_socket: 'ignored',
  admin_server_unix_socket_mode: 'ignored',
  db_backend: 'sqlite',
  db_channel: 'ignored',
  db_channel_enabled: 'ignored',
  db_config: 'false',
  db_pool: 'ignored',
  db_pool_acquisition_timeout: 'ignored',
  db_pool_timeout: 'ignored',
  db_pool_max_idletime: 'ignored',
  db_pool_max_lifetime: 'ignored',
  db_uri: 'postgresql://ignored',
  jwt_cache_max_entries: '1',
  log_level: 'ignored',
  log_query: 'ignored',
  not_existing: 'ignored',
  server_host: 'ignored',
  server_port: 'ignored',
  server_unix_socket: 'ignored',
  server_unix_socket_mode: 'ignored',
}
const printedWithSettings = {
  ...printedOthers,
  'app.settings.test': '"test"',
  'db-config': 'true',
  'db-uri': '"postgresql://"',
  'client-error-verbosity': '"minimal"',
  'db-aggregates-enabled': 'false',
  'db-anon-role': '"anonymous"',
  'db-extra-search-path': '"public,extensions,private"',
  'db-hoisted-tx-settings': '"autovacuum_work_mem"',
  'db-max-rows': '500',
  'db-plan-enabled': 'false',
  'db-pre-config': '"postgrest.preconf"',
  'db-pre-request': '"test.custom_headers"',
  'db-root-spec': '"root"',
  'db-schemas': '"test,tenant1,tenant2"',
  'db-tx-end': '"commit-allow-override"',
  'jwt-aud': '"https://example.org"',
  'jwt-role-claim-key': '"$$.a.role"',
  'jwt-secret': '"OVERRIDE=REALLY=REALLY=REALLY=REALLY=VERY=SAFE"',
  'jwt-secret-is-base64': 'false',
  'openapi-server-proxy-uri': '"https://example.org/api"',
  'server-cors-allowed-origins': '"http://origin.com"',
  'server-timing-enabled': 'false',
  'server-trace-header': '"CF-Ray"',
  'url-use-legacy-target-names': 'true',
}

/** Of another role, some of them set by its pre-config function. */
const otherSettings = {
  client_error_verbosity: 'minimal',
  db_aggregates_enabled: 'false',
  db_anon_role: 'pre_config_role',
  db_extra_search_path: 'public, extensions, other',
  db_hoisted_tx_settings: 'maintenance_work_mem',
  db_max_rows: '100',
  db_plan_enabled: 'true',
  db_pre_config: 'postgrest.other_preconf',
  db_pre_request: 'test.other_custom_headers',
  db_prepared_statements: 'false',
  db_root_spec: 'other_root',
  db_schemas: 'test, other_tenant1, other_tenant2',
  db_tx_end: 'rollback-allow-override',
  jwt_aud: 'https://otherexample.org',
  jwt_cache_max_entries: '1',
  jwt_role_claim_key: '$.other.pre_config_role',
  jwt_secret: 'ODERREALLYREALLYREALLYREALLYVERYSAFE',
  jwt_secret_is_base64: 'false',
  openapi_mode: 'disabled',
  openapi_security_active: 'false',
  openapi_server_proxy_uri: 'https://otherexample.org/api',
  server_cors_allowed_origins: 'http://otherorigin.com',
  server_timing_enabled: 'true',
  server_trace_header: 'traceparent',
  url_use_legacy_target_names: 'true',
}
const printedWithOtherSettings = {
  ...printedWithSettings,
  'db-anon-role': '"pre_config_role"',
  'db-extra-search-path': '"public,extensions,other"',
  'db-hoisted-tx-settings': '"maintenance_work_mem"',
  'db-max-rows': '100',
  'db-plan-enabled': 'true',
  'db-pre-config': '"postgrest.other_preconf"',
  'db-pre-request': '"test.other_custom_headers"',
  'db-root-spec': '"other_root"',
  'db-schemas': '"test,other_tenant1,other_tenant2"',
  'db-tx-end': '"rollback-allow-override"',
  'jwt-aud': '"https://otherexample.org"',
  'jwt-role-claim-key': '"$$.other.pre_config_role"',
  'jwt-secret': '"ODERREALLYREALLYREALLYREALLYVERYSAFE"',
  'openapi-mode': '"disabled"',
  'openapi-security-active': 'false',
  'openapi-server-proxy-uri': '"https://otherexample.org/api"',
  'server-cors-allowed-origins': '"http://otherorigin.com"',
  'server-timing-enabled': 'true',
  'server-trace-header': '"traceparent"',
}

const oldClaimKey = (operator: string) => `.roles[?(@ ${operator} "role1")]`
const quoted = (text: string) => `"${text.replaceAll('"', '\\"')}"`

const cases: readonly (readonly [string, TestConfigInput, Readonly<Record<string, string>>])[] = [
  ['nothing', {}, defaults],
  [
    'unknown options',
    {
      file: 'db-config = false\nnot-existing = "x"',
      env: { PGRST_NOT_EXISTING: 'x', PGRST_DB_USE_LEGACY_GUCS: 'false' },
    },
    { ...defaults, 'db-config': 'false' },
  ],
  ['every option in a file', { file: othersAsFile }, printedOthers],
  ['every option in the environment', { env: othersAsEnvironment }, printedOthers],
  [
    'app settings of file and environment',
    {
      file: 'app.settings.test = "file"\napp.settings.file = "$$x \\"y\\""\napp.settings.a.b = "deeper"',
      env: { PGRST_APP_SETTINGS_test: 'test', PGRST_APP_SETTINGS_Test2: 'test' },
    },
    {
      ...defaults,
      'app.settings.test': '"test"',
      'app.settings.Test2': '"test"',
      'app.settings.file': '"$x \\"y\\""',
    },
  ],
  [
    'in-database settings over environment and file',
    {
      file: `${othersAsFile}\napp.settings.test = "test"`,
      env: { PGRST_DB_URI: 'postgresql://', PGRST_DB_CONFIG: 'true', PGRST_JWT_AUD: 'weaker' },
      database: { ...databaseSettings, ...ignoredSettings },
    },
    printedWithSettings,
  ],
  [
    'in-database settings of another role',
    {
      file: `${othersAsFile}\napp.settings.test = "test"`,
      env: { PGRST_DB_URI: 'postgresql://', PGRST_DB_CONFIG: 'true' },
      database: otherSettings,
    },
    printedWithOtherSettings,
  ],
  [
    'aliases',
    {
      file: [
        'db-schema = "provided_through_alias"',
        'db-pool-timeout = 5',
        'max-rows = 1000',
        'pre-request = "check_alias"',
        'role-claim-key = "$$.aliased"',
        'root-spec = "open_alias"',
        'secret-is-base64 = true',
      ].join('\n'),
    },
    {
      ...defaults,
      'db-schemas': '"provided_through_alias"',
      'db-pool-max-idletime': '5',
      'db-max-rows': '1000',
      'db-pre-request': '"check_alias"',
      'jwt-role-claim-key': '"$$.aliased"',
      'db-root-spec': '"open_alias"',
      'jwt-secret-is-base64': 'true',
    },
  ],
  [
    'booleans as numbers in text',
    {
      file: 'db-channel-enabled = "1"\ndb-prepared-statements = "0"\njwt-secret-is-base64 = "2"',
    },
    { ...defaults, 'db-prepared-statements': 'false', 'jwt-secret-is-base64': 'true' },
  ],
  [
    'booleans as text',
    {
      file: String.raw`db-channel-enabled = "true"
        db-prepared-statements = "FALSE"
        jwt-secret-is-base64 = "\"true\""`,
    },
    { ...defaults, 'db-prepared-statements': 'false', 'jwt-secret-is-base64': 'true' },
  ],
  [
    'values of the wrong type',
    { file: 'app.settings.test = false\ndb-channel-enabled = 13\ndb-max-rows = true' },
    { ...defaults, 'app.settings.test': '"Bool False"' },
  ],
  [
    'text outside of ASCII',
    { file: '# Commènt utf-8 chàrs\nlog-level = "crit"' },
    { ...defaults, 'log-level': '"crit"' },
  ],
  ...(['==', '!=', '^==', '==^', '*=='] as const).map(
    (operator) =>
      [
        `the claim path before JSONPath, with ${operator}`,
        { file: `jwt-role-claim-key = ${quoted(oldClaimKey(operator))}` },
        {
          ...defaults,
          'jwt-role-claim-key': quoted(`."roles"[?(@ ${operator} "role1")]`),
        },
      ] as const,
  ),
  [
    'a SQLite file',
    { positionalDatabase: 'films.db' },
    {
      ...defaults,
      'admin-server-host': '"127.0.0.1"',
      'server-host': '"127.0.0.1"',
      'db-aggregates-enabled': 'true',
      'db-uri': '"films.db"',
      'db-backend': '"sqlite"',
      'db-schemas': '"main"',
      'db-schema-poll-interval': '500',
      'db-statement-timeout': '30000',
    },
  ],
  [
    'a limit of time for a SQLite file',
    { env: { PGRST_DB_URI: 'films.db', DBREST_DB_STATEMENT_TIMEOUT: '250' } },
    {
      ...defaults,
      'db-uri': '"films.db"',
      'db-backend': '"sqlite"',
      'db-schemas': '"main"',
      'db-schema-poll-interval': '500',
      'db-statement-timeout': '250',
    },
  ],
]

function printed(values: Readonly<Record<string, string>>): string {
  const lines = Object.entries(values).map(([name, value]) => `${name} = ${value}`)
  return `${lines.sort().join('\n')}\n`
}

function unhonouredKeys(config: Config): readonly OptionKey[] {
  return unhonouredOptions(engineAbilities(config.dbBackend), config).map(({ key }) => key)
}

describe('dumpConfig', () => {
  test.each(cases)('prints %s', (_, input, expected) => {
    expect(dumpConfig(loadTestConfig({ ...input, abilities: null }))).toBe(printed(expected))
  })

  test.each(cases)('read back, the dump of %s gives the same dump', (_, input) => {
    const config = loadTestConfig({ ...input, abilities: null })
    const omitted = unhonouredKeys(config)
    const first = dumpConfig(config, { omitted })
    expect(dumpConfig(loadTestConfig({ file: first }), { omitted })).toBe(first)
  })

  test('leaves out what has no effect on the engine', () => {
    const config = loadTestConfig({ env: { PGRST_DB_URI: 'films.db' } })
    const lines = dumpConfig(config, { omitted: unhonouredKeys(config) }).split('\n')
    expect(lines.filter((line) => /^db-(config|channel|pre-request)/.test(line))).toEqual([
      'db-channel-uri = ""',
      'db-pre-request = ""',
    ])
  })

  test('sorts the lines, not the names', () => {
    const lines = dumpConfig(loadTestConfig({})).split('\n')
    expect(lines.filter((line) => line.startsWith('db-pool'))[0]).toBe('db-pool = 10')
  })

  test('leaves hidden options out', () => {
    const env = { PGRST_INTERNAL_SCHEMA_CACHE_QUERY_SLEEP: '500' }
    expect(dumpConfig(loadTestConfig({ env }))).toBe(printed(defaults))
  })
})

describe('redacted', () => {
  const password = 'dump-password'
  const secret = 'a-secret-that-is-long-enough-to-be-one'
  const env = {
    PGRST_JWT_SECRET: secret,
    DBREST_ADMIN_SERVER_TOKEN: secret,
    PGRST_DB_URI: `postgresql://login:${password}@db.internal/app?sslpassword=${password}`,
    PGRST_APP_SETTINGS_key: secret,
    PGRST_SERVER_PORT: '4000',
  }

  test('a dump has no secrets, and says where they are', () => {
    const dump = dumpConfig(loadTestConfig({ env }), { isRedacted: true })
    for (const text of [password, secret, 'login', 'db.internal']) expect(dump).not.toContain(text)
    const lines = dump.split('\n')
    expect(lines).toContain('jwt-secret = "***"')
    expect(lines).toContain('db-uri = "***"')
    expect(lines).toContain('app.settings.key = "***"')
    expect(lines).toContain('server-port = 4000')
  })

  test('differs from the other one in nothing else', () => {
    const config = loadTestConfig({ env })
    const whole = dumpConfig(config).split('\n')
    const redacted = dumpConfig(config, { isRedacted: true }).split('\n')
    const different = redacted.filter((line, at) => line !== whole[at])
    expect(different.map((line) => line.split(' ')[0])).toEqual([
      'admin-server-token',
      'app.settings.key',
      'db-uri',
      'jwt-secret',
    ])
  })

  test('shows that a secret is not set', () => {
    expect(dumpConfig(loadTestConfig({}), { isRedacted: true })).toContain('jwt-secret = ""\n')
  })
})

describe('awkward values survive a dump', () => {
  const long = 'x'.repeat(32)
  test.each<[string, TestConfigInput]>([
    ['dollars in a secret', { env: { PGRST_JWT_SECRET: `$a$$b$(c)$$(d)${long}$` } }],
    ['dollars in an old claim path', { env: { PGRST_JWT_ROLE_CLAIM_KEY: '.a$b."$(c)"' } }],
    ['dollars and quotes in a claim path', { env: { PGRST_JWT_ROLE_CLAIM_KEY: '$["a$b"].c' } }],
    ['backslashes and line ends', { env: { PGRST_APP_SETTINGS_x: 'a\\b\nc\r\nd\te"f' } }],
    ['a JSON Web Key', { env: { PGRST_JWT_SECRET: '{"kty":"oct",\n "k":"c2VjcmV0"}' } }],
    [
      'a binary secret',
      { env: { PGRST_JWT_SECRET: '@bin' }, files: { bin: new Uint8Array(40).fill(0xfe) } },
    ],
    ['a secret like a file name', { env: { PGRST_JWT_SECRET: '@s' }, files: { s: `@${long}` } }],
    ['a secret with a line end', { env: { PGRST_JWT_SECRET: '@s' }, files: { s: `${long}\n\n` } }],
    ['a setting whose name begins with a digit', { env: { PGRST_APP_SETTINGS_1st: 'x' } }],
    ['an empty search path', { env: { PGRST_DB_EXTRA_SEARCH_PATH: '' } }],
  ])('%s', (_, input) => {
    const config = loadTestConfig(input)
    const again = loadTestConfig({ file: dumpConfig(config) })
    expect(dumpConfig(again)).toBe(dumpConfig(config))
    expect(again.jwtSecret && Buffer.from(again.jwtSecret)).toEqual(
      config.jwtSecret && Buffer.from(config.jwtSecret),
    )
    expect(again.appSettings).toEqual(config.appSettings)
  })

  test('a secret given in base64 is dumped in base64', () => {
    const secret = Buffer.from(new Uint8Array(40).fill(0xfb)).toString('base64')
    const env = {
      PGRST_JWT_SECRET: secret.replaceAll('+', '-').replaceAll('/', '_'),
      PGRST_JWT_SECRET_IS_BASE64: 'true',
    }
    expect(dumpConfig(loadTestConfig({ env }))).toContain(`jwt-secret = "${secret}"\n`)
  })
})
