import { expect, test } from 'vitest'
import { reloadConfig } from '../../../src/config/reload-config.ts'
import { loadTestConfig } from '../../support/load-test-config.ts'

const secret = 'x'.repeat(32)

test('live and schema options take effect', () => {
  const old = loadTestConfig({ env: { PGRST_JWT_SECRET: secret } })
  const next = loadTestConfig({
    env: {
      PGRST_JWT_SECRET: 'y'.repeat(32),
      PGRST_DB_SCHEMAS: 'a,b',
      PGRST_LOG_LEVEL: 'info',
      PGRST_DB_CHANNEL_ENABLED: 'false',
      PGRST_DB_TX_END: 'rollback',
      PGRST_APP_SETTINGS_x: 'y',
    },
  })
  expect(reloadConfig(old, next)).toEqual({ config: next, needsRestart: [] })
})

test('boot options keep the old value and are listed', () => {
  const old = loadTestConfig({})
  const next = loadTestConfig({
    env: {
      PGRST_DB_POOL: '3',
      PGRST_SERVER_PORT: '4000',
      PGRST_ADMIN_SERVER_PORT: '4001',
      PGRST_DB_MAX_ROWS: '5',
    },
    previous: old,
  })
  const { config, needsRestart } = reloadConfig(old, next)
  expect(needsRestart).toEqual(['admin-server-port', 'db-pool', 'server-port'])
  expect(config).toEqual({ ...old, dbMaxRows: 5, given: next.given })
  expect(Object.isFrozen(config)).toBe(true)
})

test('equal values are no change', () => {
  const env = { PGRST_JWT_SECRET: secret, PGRST_SERVER_HOST: 'localhost' }
  const next = loadTestConfig({ env })
  expect(reloadConfig(loadTestConfig({ env }), next)).toEqual({ config: next, needsRestart: [] })
})

test('the first in-database settings take effect on what was read at the start', () => {
  const old = loadTestConfig({})
  const database = {
    db_schemas: 'a',
    db_tx_end: 'rollback',
    server_cors_allowed_origins: 'http://a',
    openapi_server_proxy_uri: 'http://a',
    db_hoisted_tx_settings: 'work_mem',
  }
  const next = loadTestConfig({ database, previous: old })
  expect(reloadConfig(old, next)).toEqual({ config: next, needsRestart: [] })
})
