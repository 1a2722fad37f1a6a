import { describe, expect, test } from 'vitest'
import { readTextQuery } from '../../../../src/backends/values/text-query.ts'

describe('readTextQuery', () => {
  test.each([
    ['fts', 'cat', '"cat"', false],
    ['fts', 'cat & dog', '("cat" AND "dog")', false],
    ['fts', 'cat | dog & bird', '("cat" OR ("dog" AND "bird"))', false],
    ['fts', '(cat | dog) & bird', '(("cat" OR "dog") AND "bird")', false],
    ['fts', '!cat', '"cat"', true],
    ['fts', '!!cat', '"cat"', false],
    ['fts', 'cat & !dog', '(("cat") NOT ("dog"))', false],
    ['fts', '!cat & !dog', '("cat" OR "dog")', true],
    ['fts', 'cat | !dog', '(("dog") NOT ("cat"))', true],
    ['fts', '!cat | !dog', '("cat" AND "dog")', true],
    ['fts', 'ca:*', '"ca" *', false],
    ['fts', "'fat cat':a", '"fat cat"', false],
    ['fts', 'fat <-> cat', '"fat cat"', false],
    ['fts', 'fat <2> cat', 'NEAR("fat" "cat", 1)', false],
    ['fts', "it''s", '"it s"', false],
    ['fts', '', '""', false],
    ['plfts', 'The fat "cat" & | !', '("The" AND "fat" AND "cat")', false],
    ['plfts', '&', '""', false],
    ['phfts', 'fat, cat', '"fat cat"', false],
    ['wfts', '"fat cat" dog', '("fat cat" AND "dog")', false],
    ['wfts', 'fat or cat', '("fat" OR "cat")', false],
    ['wfts', 'fat -cat', '(("fat") NOT ("cat"))', false],
    ['wfts', '-"fat cat"', '"fat cat"', true],
    ['wfts', 'a"b', '("a" AND "b")', false],
  ] as const)('%s %s', (operator, text, expression, isNegated) => {
    expect(readTextQuery(operator, text)).toEqual({ ok: true, value: { expression, isNegated } })
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
        },
      })
    },
  )
})
