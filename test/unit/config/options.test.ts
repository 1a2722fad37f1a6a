import { expect, test } from 'vitest'
import {
  databaseNameOf,
  databaseSettingNames,
  environmentNamesOf,
  optionKeys,
  options,
  schemaOptionKeys,
} from '../../../src/config/options.ts'

test('a property of the configuration is the name of its option in camel case', () => {
  for (const key of optionKeys) {
    const camel = options[key].name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
    expect(camel).toBe(key)
  }
})

test('no name is used twice', () => {
  const names = optionKeys.flatMap((key) => [options[key].name, ...options[key].aliases])
  expect(new Set(names).size).toBe(names.length)
})

test('options are in the order of their names', () => {
  const names = optionKeys.map((key) => options[key].name)
  expect(names).toEqual([...names].sort())
})

test('every option that is shown is documented', () => {
  for (const key of optionKeys) expect(options[key].doc === '').toBe(options[key].isHidden)
})

test('options that may be in the database are never of the kind that needs a restart', () => {
  for (const key of optionKeys) {
    if (options[key].inDatabase) expect(options[key].reload).not.toBe('boot')
  }
})

test('these options act through a schema load', () => {
  const found = optionKeys.filter((key) => options[key].reload === 'schema')
  expect([...schemaOptionKeys].sort()).toEqual([...found].sort())
})

test('these settings of the database count', () => {
  expect(databaseSettingNames.map((name) => name.replace(/^pgrst\./, '')).sort()).toEqual([
    'client_error_verbosity',
    'db_aggregates_enabled',
    'db_anon_role',
    'db_exclude_tables',
    'db_extra_search_path',
    'db_hoisted_tx_settings',
    'db_max_rows',
    'db_plan_enabled',
    'db_pre_config',
    'db_pre_request',
    'db_prepared_statements',
    'db_root_spec',
    'db_schemas',
    'db_tables',
    'db_tx_end',
    'jwt_aud',
    'jwt_role_claim_key',
    'jwt_secret',
    'jwt_secret_is_base64',
    'openapi_mode',
    'openapi_security_active',
    'openapi_server_proxy_uri',
    'server_cors_allowed_origins',
    'server_timing_enabled',
    'server_trace_header',
    'url_use_legacy_target_names',
  ])
})

test('names of other places', () => {
  expect(databaseNameOf('db-schemas')).toBe('db_schemas')
  expect(environmentNamesOf('db-schemas')).toEqual(['DBREST_DB_SCHEMAS', 'PGRST_DB_SCHEMAS'])
})
