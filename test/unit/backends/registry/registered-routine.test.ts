import { expect, test } from 'vitest'
import { registeredRoutine } from '../../../../src/backends/registry/registered-routine.ts'

test.each([
  ['json', 'json'],
  ['JSONB', 'json'],
  ['text', 'text'],
  ['bytea', 'octet-stream'],
  ['integer', null],
  ['constructor', null],
])('a body of type %s as a whole is %s', (type, wholeBody) => {
  const body = { name: 'body', type, isRequired: true, defaultJson: null, isVariadic: false }
  const routine = registeredRoutine(
    {
      name: 'take',
      comment: null,
      volatility: 'volatile',
      parameters: [{ ...body, isRawBody: true }],
      returns: { kind: 'void' },
      body: { kind: 'sql', statements: ['SELECT 1'] },
    },
    null,
    [],
    'main',
  )
  expect(routine.wholeBody).toBe(wholeBody)
})
