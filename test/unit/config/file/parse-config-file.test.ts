import { describe, expect, test } from 'vitest'
import { configString } from '../../../../src/config/file/config-string.ts'
import type { FileValue } from '../../../../src/config/file/file-value.ts'
import { parseConfigFile } from '../../../../src/config/file/parse-config-file.ts'

function valuesOf(text: string, env: Record<string, string> = {}): Record<string, FileValue> {
  const parsed = parseConfigFile(text, env)
  if (!parsed.ok) throw new Error(parsed.error)
  return Object.fromEntries([...parsed.value].map(([name, { value }]) => [name, value]))
}

test.each<[string, string, Record<string, FileValue>]>([
  ['nothing', '', {}],
  ['comments and blank lines', '# one\n\n  # two\n\t\n', {}],
  ['a text', 'a = "b"', { a: 'b' }],
  ['a comment behind a value', 'a = "b" # c', { a: 'b' }],
  ['a comment sign in a text', 'a = "b # c"', { a: 'b # c' }],
  ['text outside of ASCII', '# Commènt\na = "ü☺𝄞"', { a: 'ü☺𝄞' }],
  ['numbers', 'a = 13\nb = 1.5\nc = 2e3\nd = -4', { a: 13, b: 1.5, c: 2000, d: -4 }],
  ['booleans', 'a = true\nb = false\nc = on\nd = off', { a: true, b: false, c: true, d: false }],
  ['blanks left out', 'a="b"\nc=1', { a: 'b', c: 1 }],
  ['a value on the next line', 'a =\n  "b"', { a: 'b' }],
  ['line ends of Windows', 'a = "b"\r\nc = 1\r\n', { a: 'b', c: 1 }],
  ['a byte order mark', '\uFEFFa = 1', { a: 1 }],
  ['escapes', String.raw`a = "\"\\\n\r\t\u263a\ud834\udd1e"`, { a: '"\\\n\r\t☺𝄞' }],
  ['a line end inside of a text', 'a = "b\nc"', { a: 'b\nc' }],
  ['a name given twice: the last counts', 'a = 1\na = 2', { a: 2 }],
  ['dotted names', 'app.settings.x-y_1 = "z"', { 'app.settings.x-y_1': 'z' }],
  ['groups', 'app {\n  settings { a = "b" }\n  c = 1\n}', { 'app.settings.a': 'b', 'app.c': 1 }],
  ['lists', 'a = [1, "b", [true]]\nc = []', { a: [1, 'b', [true]], c: [] }],
  ['a directive commented out', '#; a = "b"\nc = 1', { c: 1 }],
  ['a group commented out', '#;\ta { b = "$(NO)" }\nc = 1', { c: 1 }],
  ['two dollars for one', 'a = "$$.role"', { a: '$.role' }],
  ['four dollars for two', 'a = "$$$$"', { a: '$$' }],
  ['a lone dollar', 'a = "pa$word$"', { a: 'pa$word$' }],
  [
    'an earlier value',
    'host = "h"\nport = 1\nuri = "//$(host):$(port)"',
    { host: 'h', port: 1, uri: '//h:1' },
  ],
  [
    'the value of the nearest group',
    'a = "x"\ng { a = "y"\nb = "$(a)" }',
    { a: 'x', 'g.a': 'y', 'g.b': 'y' },
  ],
])('reads %s', (_, text, values) => {
  expect(valuesOf(text)).toEqual(values)
})

test('takes a variable of the environment', () => {
  expect(valuesOf('a = "<$(NAME)>"', { NAME: 'v' })).toEqual({ a: '<v>' })
})

test('prefers an earlier value to the environment', () => {
  expect(valuesOf('NAME = "file"\na = "$(NAME)"', { NAME: 'v' })['a']).toBe('file')
})

test.each([
  [
    'no value',
    'a =',
    'line 1, column 4: expected a value: a quoted string, a number, true or false',
  ],
  [
    'a bare word',
    'a = word',
    'line 1, column 5: expected a value: a quoted string, a number, true or false',
  ],
  ['YAML', 'yaml:\n  is:\n    not:\n', 'line 1, column 5: expected "="'],
  ['no name', '= 1', 'line 1, column 1: expected a name, a comment or the end'],
  [
    'two values on a line',
    'a = 1 b = 2',
    'line 1, column 7: expected a name, a comment or the end',
  ],
  ['a text without end', 'x = 1\na = "b', 'line 2, column 5: this string has no end'],
  [
    'an unknown escape',
    String.raw`a = "\x"`,
    'line 1, column 7: unknown escape, expected one of ntru"\\',
  ],
  ['half a UTF-16 pair', String.raw`a = "\ud834"`, 'half of a UTF-16 pair'],
  ['a group without end', 'a { b = 1', 'expected "}"'],
  ['a list without end', 'a = [1', 'expected "," or "]"'],
  ['an import', 'import "other.conf"', 'line 1, column 1: import is not supported'],
  ['an unknown variable', 'a = "$(NO)"', "line 1, column 5: no such variable: 'NO'"],
  ['an interpolation without end', 'a = "$(NO"', '"$(" begins an interpolation'],
  ['a variable that is no text', 'x = true\na = "$(x)"', "variable 'x' is not a string or number"],
])('refuses %s', (_, text, problem) => {
  const parsed = parseConfigFile(text)
  expect(parsed.ok ? 'read' : parsed.error).toContain(problem)
})

describe('configString', () => {
  test.each([
    '',
    'a',
    'a"b',
    '\\',
    '\\n',
    'a\nb\r\n',
    '$',
    '$$',
    '$$$',
    '$(x)',
    '$$(x)',
    'a$b',
    '$.role',
    'ü☺𝄞',
    '#',
    "'",
  ])('spells %j so that it is read again', (text) => {
    expect(valuesOf(`a = ${configString(text)}`)).toEqual({ a: text })
    expect(valuesOf(`a = ${configString(text, true)}`)).toEqual({ a: text })
  })

  test('leaves a lone dollar alone, as PostgREST does', () => {
    expect(configString('pa$word')).toBe('"pa$word"')
  })
})
