import { expect, test } from 'vitest'
import { compilePayload } from '../../../../../src/backends/postgres/compile/compile-postgres-payload.ts'
import { toPostgresStatement } from '../../../../../src/backends/postgres/compile/postgres-statement.ts'
import { field } from '../../../../support/plan-builders.ts'

test.each([
  ['plain', `'plain'`],
  ["it's", `'it''s'`],
  ["back\\'slash", `E'back\\\\''slash'`],
])('the default of a column named %j is the key %s', (name, key) => {
  const column = { ...field('x'), name, type: 'int4', defaultExpression: '1 + 1' }
  const text = compilePayload({ fields: [column], isArray: false, appliesDefaults: true })
  expect(toPostgresStatement(text).text).toContain(`jsonb_build_object(${key}, 1 + 1)`)
})
