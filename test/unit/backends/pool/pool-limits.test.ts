import { expect, test } from 'vitest'
import { poolLimits } from '../../../../src/backends/pool/pool-limits.ts'

test('the options are in seconds, the limits in milliseconds', () => {
  const limits = poolLimits({
    dbPool: 10,
    dbPoolAcquisitionTimeout: 5,
    dbPoolMaxIdletime: 0.5,
    dbPoolMaxLifetime: 1800,
  })
  expect(limits).toEqual({
    max: 10,
    acquisitionTimeoutMs: 5000,
    maxIdleMs: 500,
    maxLifetimeMs: 1_800_000,
  })
})
