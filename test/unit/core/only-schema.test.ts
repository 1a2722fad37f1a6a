import { expect, test } from 'vitest'
import { meansOnlySchema } from '../../../src/core/only-schema.ts'

test.each([
  [['main'], true],
  [['public'], true],
  [['main', 'main'], true],
  [['main', 'public'], false],
  [['public', 'public'], false],
  [['Main'], false],
  [['api'], false],
])('%j means the only schema: %s', (schemas, expected) => {
  expect(meansOnlySchema(schemas)).toBe(expected)
})
