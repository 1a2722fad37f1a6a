import { describe, expect, test } from 'vitest'
import { jsonOfConstant } from '../../../../../src/backends/postgres/catalog/describe-columns.ts'
import { shownDefault } from '../../../../../src/backends/values/shown-default.ts'

describe('the shown default of a PostgreSQL column', () => {
  test.each([
    ['text', `'default'::text`, '"default"'],
    ['date', `'1900-01-01'::date`, '"1900-01-01"'],
    ['time without time zone', `'13:00:00'::time without time zone`, '"13:00:00"'],
    ['timestamp with time zone', 'now()', '"now()"'],
    ['text', `'it''s'::text`, `"it''s"`],
    ['text', 'NULL::text', '"NULL"'],
    ['character', `'x'::bpchar`, `"'x'::bpchar"`],
    ['app.mood', `'good'::app.mood`, '"good"'],
    ['boolean', 'false', 'false'],
    ['integer', '42', '42'],
    ['numeric', '12345678901234567890.123456789', '12345678901234567890.123456789'],
  ])('of type %s with %s is %s', (type, expression, json) => {
    expect(shownDefault(expression, type, jsonOfConstant)).toBe(json)
  })

  test.each([
    ['integer', `nextval('films_id_seq'::regclass)`],
    ['integer', '(1 + 1)'],
    ['integer', `'-1'::integer`],
    ['jsonb', `'{}'::jsonb`],
    ['text[]', `'{}'::text[]`],
    ['text', `'say "hi"'::text`],
    ['text', `'two\nlines'::text`],
    ['text', null],
  ])('of type %s with %s is none', (type, expression) => {
    expect(shownDefault(expression, type, jsonOfConstant)).toBeNull()
  })
})
