import { describe, expect, test } from 'vitest'
import {
  jsonBoolean,
  jsonList,
  jsonMap,
  jsonObject,
  jsonOneOf,
  jsonOneOrMore,
  jsonText,
  orElse,
  readStrictJson,
} from '../../../../src/core/json/strict-json.ts'

interface Sample {
  readonly names: readonly string[]
  readonly kind: 'a' | 'b'
  readonly isOn: boolean
  readonly inner: ReadonlyMap<string, readonly string[]>
}

const sample = jsonObject<Sample>({
  names: jsonOneOrMore(jsonText),
  kind: jsonOneOf(['a', 'b']),
  isOn: orElse(jsonBoolean, false),
  inner: orElse(jsonMap(jsonList(jsonText)), new Map<string, readonly string[]>()),
})

const problemsOf = (text: string): readonly string[] => {
  const read = readStrictJson(text, sample)
  return read.ok ? [] : read.error
}

test('what is left out has its fallback, and one text is a list of one', () => {
  expect(readStrictJson('{"names":"x","kind":"b"}', sample)).toEqual({
    ok: true,
    value: { names: ['x'], kind: 'b', isOn: false, inner: new Map() },
  })
})

test('reads everything', () => {
  const text = '{"names":["x","y"],"kind":"a","isOn":true,"inner":{"one two":["z"]}}'
  expect(readStrictJson(text, sample)).toEqual({
    ok: true,
    value: { names: ['x', 'y'], kind: 'a', isOn: true, inner: new Map([['one two', ['z']]]) },
  })
})

describe('says what is wrong, and where', () => {
  test.each([
    ['[]', '$ is an empty list, it should be an object'],
    ['null', '$ is null, it should be an object'],
    ['{"kind":"a"}', '$ has no names'],
    ['{"names":[],"kind":"a"}', '$.names is an empty list, it should be a list of at least one'],
    ['{"names":["x",1],"kind":"a"}', '$.names[1] is 1, it should be a text'],
    ['{"names":"","kind":"a"}', '$.names is "", it should be a text'],
    ['{"names":"x","kind":"c"}', '$.kind is "c", it should be one of a, b'],
    ['{"names":"x","kind":"a","isOn":"true"}', '$.isOn is "true", it should be true or false'],
    ['{"names":"x","kind":"a","isOn":null}', '$.isOn is null, it should be true or false'],
    [
      '{"names":"x","kind":"a","inner":{"one two":["z",{}]}}',
      '$.inner["one two"][1] is an object, it should be a text',
    ],
    [
      '{"names":"x","kind":"a","knid":1}',
      '$.knid is not known: known are names, kind, isOn, inner',
    ],
    ['{"names":"x","kind":"a","__proto__":1}', /^\$\.__proto__ is not known/],
    ['{"names":"x","kind":"a","kind":"b"}', '$.kind is there twice'],
    [
      '{"names":["\\"}]"],"kind":"a","inner":{"a":[],"b":["x"],"\\u0061":[]}}',
      '$.inner.a is there twice',
    ],
  ])('%s', (text, problem) => {
    const problems = problemsOf(text)
    if (typeof problem === 'string') expect(problems).toEqual([problem])
    else expect(problems).toEqual([expect.stringMatching(problem)])
  })

  test('everything at once', () => {
    expect(problemsOf('{"names":1,"kind":2,"x":3}')).toHaveLength(3)
  })

  test('none of a text that is very long', () => {
    expect(problemsOf(`{"names":"${'x'.repeat(20_000_000)}\\n","kind":"a"}`)).toEqual([])
  })

  test('a text that is no JSON', () => {
    const from = (place: string) => [`it is not valid JSON from ${place} on`]
    expect(problemsOf('{')).toEqual(from('line 1, column 2'))
    expect(problemsOf('{"kind":\n  "a",, }')).toEqual(from('line 2, column 7'))
    expect(problemsOf('')).toEqual(from('line 1, column 1'))
  })

  test.each(['hunter2-secret-token', '"hunter2"', '4711471147114711', '{"a":1}hunter2'])(
    'nothing of %s, which may be the secret of another option',
    (text) => {
      const [problem = ''] = problemsOf(text)
      expect(problem).not.toBe('')
      expect(problem).not.toMatch(/hunter|4711/)
    },
  )
})
