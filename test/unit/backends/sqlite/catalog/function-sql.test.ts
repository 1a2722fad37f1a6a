import { describe, expect, test } from 'vitest'
import {
  preparableText,
  readFunctionSql,
} from '../../../../../src/backends/sqlite/catalog/function-sql.ts'

function read(sql: string) {
  const read = readFunctionSql(sql)
  if (!read.ok) return read.error.message
  const names = read.value.pieces.flatMap((piece) =>
    piece.kind === 'placeholder' ? [piece.name] : [],
  )
  return [preparableText(read.value).trim(), ...names]
}

describe('readFunctionSql', () => {
  test.each<[string, readonly string[]]>([
    ['select :a + :b_2', ['select ? + ?', 'a', 'b_2']],
    ['select :"Some ""Arg"', ['select ?', 'Some "Arg']],
    [
      `select ':a', ":b", [:c], \`:d\`, 'it''s :e'`,
      [`select ':a', ":b", [:c], \`:d\`, 'it''s :e'`],
    ],
    ['select 1 -- :a\n, 2 /* :b ; */', ['select 1   , 2']],
    ['select 1 -- to the end', ['select 1']],
    ['select 1;  -- done\n ', ['select 1']],
    ['select x::int', ['select x::int']],
    ['select :ä', ['select ?', 'ä']],
    ['with x as (select :a) select * from x', ['with x as (select ?) select * from x', 'a']],
  ])('%s', (sql, expected) => {
    expect(read(sql)).toEqual(expected)
  })

  test.each([
    ['select ?', 'placeholders are written :name, not ?'],
    ['select ?1', 'placeholders are written :name, not ?1'],
    ['select @a', 'placeholders are written :name, not @a'],
    ['select $a', 'placeholders are written :name, not $a'],
    ['select 1; select 2', 'several statements are given as a list of texts'],
    [
      '-- nothing',
      'a function begins with SELECT, WITH, VALUES, INSERT, UPDATE, DELETE, not nothing',
    ],
    [
      'pragma foreign_keys',
      'a function begins with SELECT, WITH, VALUES, INSERT, UPDATE, DELETE, not PRAGMA',
    ],
    [
      'attach :a as b',
      'a function begins with SELECT, WITH, VALUES, INSERT, UPDATE, DELETE, not ATTACH',
    ],
  ])('refuses %s', (sql, message) => {
    expect(read(sql)).toBe(message)
  })

  test.each([
    ['select 1', 'SELECT', false],
    ['select a from b order by c', 'SELECT', true],
    [`select raise_error('P0001', 'no')`, 'SELECT', true],
    [`select 'order by', "raise_error"`, 'SELECT', false],
    ['with x as (select 1) insert into y select * from x', 'INSERT', false],
    ['delete from y', 'DELETE', false],
  ])('knows of %s what it is', (sql, command, isOpaque) => {
    expect(readFunctionSql(sql)).toMatchObject({ ok: true, value: { command, isOpaque } })
  })
})
