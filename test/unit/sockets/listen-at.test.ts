import { expect, test } from 'vitest'
import { reusePortProblem } from '../../../src/sockets/listen-at.ts'

test.each(['22.12.0', '22.13.1', '23.1.0', '24.0.0', '26.3.1'])(
  'a port can be shared on Node %s',
  (version) => {
    expect(reusePortProblem(version)).toBeNull()
  },
)

test.each(['20.20.2', '22.11.0', '23.0.0'])('a port cannot be shared on Node %s', (version) => {
  expect(reusePortProblem(version)).toBe(
    `server-reuseport needs Node.js 22.12 (or 23.1) or later, this is ${version}`,
  )
})
