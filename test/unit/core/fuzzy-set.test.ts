import { describe, expect, test } from 'vitest'
import { createFuzzySet, defaultMinScore } from '../../../src/core/fuzzy-set.ts'

describe('createFuzzySet', () => {
  // PostgREST's own examples of hints and of names too far away for one
  test.each([
    [['projects', 'clients', 'tasks'], 'projectx', 0.75, 'projects'],
    [['projects', 'clients', 'tasks'], 'projecxx', 0.75, 'projects'],
    [['projects', 'clients', 'tasks'], 'projexxx', 0.75, null],
    [['sayhello', 'add_them'], 'sayhell', 0.75, 'sayhello'],
    [['sayhello', 'add_them'], 'fake', 0.75, null],
    [['(name)'], '(nam)', defaultMinScore, '(name)'],
    [['(a, b)'], '(a, b, smthelse)', defaultMinScore, '(a, b)'],
    [['()', '(a, b)', '(a, b, c)'], '(a, b, wrong_arg)', defaultMinScore, '(a, b, c)'],
    [['()', '(a, b)', '(a, b, c)'], '(wrong_arg)', defaultMinScore, null],
    [['(id, attr)', '(name, param, val)'], '(nam, pqaram, vall)', 0.33, '(name, param, val)'],
    [['films', 'directors'], 'film', defaultMinScore, 'films'],
    [['roles', 'actors'], 'role', defaultMinScore, 'roles'],
    [['films'], 'noclosealternative', defaultMinScore, null],
    [['car_model_sales'], 'car_model_sales_202101', 0.33, 'car_model_sales'],
    [['unnamed_text_param', 'overloaded'], 'unnamed_texts_param', 0.75, 'unnamed_text_param'],
  ])('of %j takes for %s at %d: %s', (names, query, minScore, expected) => {
    expect(createFuzzySet(names).best(query, minScore)).toBe(expected)
  })

  test('an equal name, case ignored, scores 1 and stands alone', () => {
    expect(createFuzzySet(['Films', 'films2']).matches('fILMS', 0.1)).toEqual([
      { score: 1, name: 'Films' },
    ])
  })

  test('scores are one minus edit distance by the longer length', () => {
    expect(createFuzzySet(['projects']).matches('projecxx', 0.5)).toEqual([
      { score: 0.75, name: 'projects' },
    ])
  })

  test('falls back to pieces of two letters where three find nothing', () => {
    expect(createFuzzySet(['ab']).best('ax', 0.4)).toBe('ab')
  })

  test('counts letters, not UTF-16 units', () => {
    expect(createFuzzySet(['𝒜𝒷𝒸𝒹']).matches('𝒜𝒷𝒸𝓍', 0.5)).toEqual([{ score: 0.75, name: '𝒜𝒷𝒸𝒹' }])
  })

  test('an empty set and an empty query match nothing', () => {
    expect(createFuzzySet([]).best('films', 0)).toBeNull()
    expect(createFuzzySet(['films']).best('', 0.33)).toBeNull()
  })

  test('of the names of 499 tables, all alike, fifty are scored: scores are what a search costs', () => {
    const names = Array.from({ length: 499 }, (_, at) => `unknown_table_${at}`)
    const set = createFuzzySet(names)
    expect(set.best('unknown-table', 0.75)).toMatch(/^unknown_table_\d+$/)
    expect(set.matches('unknown-table', 0)).toHaveLength(50)
  })
})
