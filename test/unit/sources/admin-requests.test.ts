import { expect, test } from 'vitest'
import { createAdminRequests } from '../../../src/sources/admin-requests.ts'
import { createRecording } from './record-source.ts'

test('a request is a signal to whoever listens', () => {
  const { clock, record, told } = createRecording()
  const requests = createAdminRequests(clock.scheduler)
  requests.request('schema', 'full')
  record(requests.requests$)
  requests.request('config', 'check')
  expect(told()).toEqual(['0 admin config check'])
})
