/** What MongoDB lacks is told with a reason, and a server that stands alone lacks more. */
import { expect, test } from 'vitest'
import {
  mongodbAbilities,
  mongodbCapabilities,
} from '../../../../../src/backends/mongodb/catalog/mongodb-capabilities.ts'
import { features } from '../../../../../src/schema/capabilities.ts'
import { renderReasons } from '../../../../conformance/render-compatibility.ts'

test('each feature that MongoDB lacks has a reason, and no other has one', () => {
  const { engine: title, grades } = mongodbAbilities
  const lacking = features.filter((feature) => grades[feature] === 'unsupported')
  const lines = renderReasons([{ name: 'mongodb', title, grades }]).split('\n')
  expect(lines).toHaveLength(lacking.length + 2)
})

test('a server that stands alone has no transactions, a set has', () => {
  const graded = (topology: 'standalone' | 'replica-set' | 'sharded') =>
    mongodbCapabilities('8.0.1', topology).grades.transactions
  expect(graded('standalone')).toBe('unsupported')
  expect(graded('replica-set')).toBe('native')
  expect(graded('sharded')).toBe('native')
})

test('the live server can never do more than the engine at its best', () => {
  const { grades, serverVersion } = mongodbCapabilities('8.0.1', 'replica-set')
  expect(serverVersion).toBe('8.0.1')
  expect(grades).toEqual(mongodbAbilities.grades)
})
