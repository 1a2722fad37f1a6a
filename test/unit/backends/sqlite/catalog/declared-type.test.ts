import { describe, expect, test } from 'vitest'
import { readDeclaredType } from '../../../../../src/backends/sqlite/catalog/declared-type.ts'
import { kindOfType } from '../../../../../src/backends/values/value-kind.ts'

describe('readDeclaredType', () => {
  test.each([
    ['INTEGER', 'integer', 'integer', null, 'integer'],
    ['BIGINT', 'bigint', 'bigint', null, 'integer'],
    ['UNSIGNED BIG INT', 'bigint', 'bigint', null, 'integer'],
    ['int(11)', 'integer', 'integer', null, 'integer'],
    ['VARCHAR(20)', 'character varying', 'character varying(20)', 20, 'text'],
    ['NATIVE CHARACTER(70)', 'character', 'character(70)', 70, 'text'],
    ['DECIMAL(10, 2)', 'numeric', 'numeric(10,2)', null, 'numeric'],
    ['double precision', 'double precision', 'double precision', null, 'real'],
    ['BOOLEAN', 'boolean', 'boolean', null, 'boolean'],
    ['DATETIME', 'timestamp without time zone', 'timestamp without time zone', null, 'timestamp'],
    ['DATE', 'date', 'date', null, 'date'],
    ['TIME', 'time without time zone', 'time without time zone', null, 'time'],
    ['JSONB', 'jsonb', 'jsonb', null, 'json'],
    ['UUID', 'uuid', 'uuid', null, 'uuid'],
    ['BLOB', 'bytea', 'bytea', null, 'blob'],
    ['', 'any', 'any', null, 'any'],
    ['NUM', 'any', 'any', null, 'any'],
    ['POINT', 'integer', 'integer', null, 'integer'],
    ['LONGTEXT', 'text', 'text', null, 'text'],
    ['GEOMETRY', 'any', 'any', null, 'any'],
    ['constructor', 'any', 'any', null, 'any'],
  ])('%s', (declared, baseType, nominalType, maxLength, kind) => {
    expect(readDeclaredType(declared)).toEqual({ baseType, nominalType, maxLength })
    expect(kindOfType(baseType)).toBe(kind)
  })
})
