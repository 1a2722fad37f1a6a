import { describe, expect, test } from 'vitest'
import { toFts5Query } from '../../../../../src/backends/sqlite/compile/fts5-query.ts'
import { readTextQuery } from '../../../../../src/backends/values/text-query.ts'

describe('toFts5Query', () => {
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
    const query = readTextQuery(operator, text)
    expect(query.ok && toFts5Query(query.value)).toEqual({ expression, isNegated })
  })
})
