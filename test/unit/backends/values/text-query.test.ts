import { describe, expect, test } from 'vitest'
import { readTextQuery, type TextQuery } from '../../../../src/backends/values/text-query.ts'

function phrase(words: string, isPrefix = false): TextQuery {
  return { kind: 'phrase', words: words.split(' '), isPrefix }
}

function near(words: string, distance: number): TextQuery {
  return { kind: 'near', words: words.split(' '), distance }
}

function all(...operands: readonly TextQuery[]): TextQuery {
  return { kind: 'and', operands }
}

function any(...operands: readonly TextQuery[]): TextQuery {
  return { kind: 'or', operands }
}

function not(operand: TextQuery): TextQuery {
  return { kind: 'not', operand }
}

const [cat, dog, bird, fat] = [phrase('cat'), phrase('dog'), phrase('bird'), phrase('fat')]

describe('readTextQuery', () => {
  test.each([
    ['fts', 'cat', cat],
    ['fts', 'cat & dog', all(cat, dog)],
    ['fts', 'cat | dog & bird', any(cat, all(dog, bird))],
    ['fts', '(cat | dog) & bird', all(any(cat, dog), bird)],
    ['fts', '!!cat', not(not(cat))],
    ['fts', '!cat & dog', all(not(cat), dog)],
    ['fts', 'ca:*', phrase('ca', true)],
    ['fts', "'fat cat':a", phrase('fat cat')],
    ['fts', 'fat <-> cat', phrase('fat cat')],
    ['fts', 'fat <2> ca:*', near('fat ca', 2)],
    ['fts', 'fat <-> (cat | dog)', all(fat, any(cat, dog))],
    ['fts', "it''s", phrase('it s')],
    ['fts', '', null],
    ['plfts', 'fat "cat" & | !', all(fat, cat)],
    ['plfts', '&', null],
    ['phfts', 'fat, cat', phrase('fat cat')],
    ['phfts', '', null],
    ['wfts', '"fat cat" dog', all(phrase('fat cat'), dog)],
    ['wfts', 'fat or cat', any(fat, cat)],
    ['wfts', 'fat -cat', all(fat, not(cat))],
    ['wfts', '-"fat cat"', not(phrase('fat cat'))],
    ['wfts', '-', null],
  ] as const)('%s %s', (operator, text, query) => {
    expect(readTextQuery(operator, text)).toEqual({ ok: true, value: query })
  })

  test.each(['cat dog', 'cat &', '& cat', '(cat', 'cat)', '!', 'cat <->', '()', 'a <x> b'])(
    '%j is no tsquery',
    (text) => {
      expect(readTextQuery('fts', text)).toEqual({
        ok: false,
        error: {
          sqlState: '42601',
          message: `syntax error in tsquery: "${text}"`,
          details: null,
          hint: null,
        },
      })
    },
  )
})
