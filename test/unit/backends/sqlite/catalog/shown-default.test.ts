import { describe, expect, test } from 'vitest'
import { jsonOfLiteral } from '../../../../../src/backends/sqlite/catalog/introspect-sqlite.ts'
import { shownDefault } from '../../../../../src/backends/values/shown-default.ts'

describe('the shown default of a SQLite column', () => {
  test.each([
    ['text', `'default'`, '"default"'],
    ['text', `'it''s'`, `"it's"`],
    ['text', `'say "hi"'`, '"say \\"hi\\""'],
    ['timestamp without time zone', 'CURRENT_TIMESTAMP', '"CURRENT_TIMESTAMP"'],
    ['text', `lower('A')`, `"lower('A')"`],
    ['integer', ' 42 ', '42'],
    ['any', '1', '1'],
    ['text', '"quoted"', null],
    ['integer', 'rowid', null],
    ['json', `'{}'`, null],
    ['text', null, null],
  ])('of type %s with %s is %s', (type, expression, json) => {
    expect(shownDefault(expression, type, jsonOfLiteral)).toBe(json)
  })
})
