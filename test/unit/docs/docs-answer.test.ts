import { describe, expect, test } from 'vitest'
import { answerMatches, answerOccurs } from '../../support/docs-answer.ts'

const isJson = (text: string, answered: string) =>
  answerMatches({ language: 'json', text }, answered)
const isHttp = (text: string, answered: string) =>
  answerMatches({ language: 'http', text }, answered)

describe('an answer', () => {
  test('is JSON whatever the blanks between its parts', () => {
    expect(isJson('[ {"a": "b c"},\n  {"a": 1} ]\n', '[{"a":"b c"},{"a":1}]')).toBe(true)
    expect(isJson('[{"a":"b c"}]', '[{"a":"bc"}]')).toBe(false)
    expect(isJson('[{"a":1}]', '[{"a":1},{"a":2}]')).toBe(false)
  })

  test('leaves out what a dot-dot-dot stands for, and nothing else', () => {
    expect(isJson('{"a": 1, …}', '{"a":1,"b":{"c":2}}')).toBe(true)
    expect(isJson('{"a": 1, …, "d": 3}', '{"a":1,"b":2,"d":4}')).toBe(false)
    expect(answerMatches({ language: 'text', text: 'a.c' }, 'abc')).toBe(false)
  })

  test('is a text as it stands there', () => {
    expect(answerMatches({ language: 'text', text: 'a  b\n' }, 'a  b\r\n')).toBe(true)
    expect(answerMatches({ language: 'text', text: 'a  b\n' }, 'a b')).toBe(false)
  })

  test('of HTTP has the status, the headers that are shown and the body', () => {
    const answered =
      'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nA: 1\r\n\r\n{"code":"x"}'
    expect(isHttp('HTTP/1.1 401 Unauthorized\na: 1\n', answered)).toBe(true)
    expect(isHttp('HTTP/1.1 401 Unauthorized\nA: 2\n', answered)).toBe(false)
    expect(isHttp('HTTP/1.1 200 OK\n', answered)).toBe(false)
    expect(isHttp('HTTP/1.1 401 Unauthorized\n\n{ "code": … }', answered)).toBe(true)
    expect(isHttp('HTTP/1.1 401 Unauthorized\n\n{ "code": "y" }', answered)).toBe(false)
  })

  test('of a server is somewhere in its lines', () => {
    const shown = { language: 'text', text: '… listening on …:3000' }
    expect(answerOccurs(shown, 'a\n12:00 listening on ::1:3000\nb')).toBe(true)
    expect(answerOccurs(shown, 'a\nb')).toBe(false)
  })
})
