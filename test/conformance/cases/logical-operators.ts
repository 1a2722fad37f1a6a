/**
 * Conditions combined and modified.
 */
import { type ConformanceCase, errorBody, get, type Json } from '../conformance-case.ts'

function ids(...list: readonly number[]): Json {
  return list.map((id) => ({ id }))
}
const operators = 'PostgREST docs: tables_views (Operators)'
const logic = 'PostgREST docs: tables_views (Logical operators)'
const modifiers = 'PostgREST docs: tables_views (Operator Modifiers)'

export const logicalOperatorCases: readonly ConformanceCase[] = [
  {
    name: 'filter/not-in-with-an-empty-list-finds-everything',
    rule: operators,
    source: 'v16.2 spec: QuerySpec (IN and NOT IN empty set)',
    request: get('/competitions?select=id&id=not.in.()&order=id'),
    expect: { status: 200, body: ids(1, 2, 3) },
  },
  {
    name: 'filter/not-before-any-operator',
    rule: logic,
    request: get('/films?select=id&id=not.eq.2&title=not.like.*D*&order=id'),
    expect: { status: 200, body: ids(1, 3, 5, 6, 7) },
  },
  {
    name: 'filter/not-is-null',
    rule: logic,
    request: get('/actors?select=id&last_name=not.is.null&order=id'),
    expect: { status: 200, body: ids(1, 2, 3, 4, 6) },
  },
  {
    name: 'logic/or',
    rule: logic,
    request: get('/films?select=id&or=(year.lt.1950,year.gt.2023)&order=id'),
    expect: { status: 200, body: ids(6, 7) },
  },
  {
    name: 'logic/not-and',
    rule: logic,
    request: get('/films?select=id&not.and=(year.gte.2017,year.lte.2021)&order=id'),
    expect: { status: 200, body: ids(3, 6, 7) },
  },
  {
    name: 'logic/nested-and-negated',
    rule: logic,
    request: get(
      '/films?select=id&rating=gte.7&is_color=is.true&or=(year.eq.2016,not.and(year.gte.2017,year.lte.2020))&order=id',
    ),
    expect: { status: 200, body: ids(3, 4, 5) },
  },
  {
    name: 'logic/values-with-reserved-characters-are-quoted',
    rule: logic,
    request: get(
      '/billings?select=id&or=(printed.eq."Welles,%20Orson",printed.eq."Agent%20(007)")&order=id',
    ),
    expect: { status: 200, body: ids(1, 3) },
  },
  {
    name: 'logic/quoted-ranges',
    rule: logic,
    needs: 'rangeOperators',
    request: get(
      '/festivals?select=id&or=(days.adj."[2024-05-26,2024-06-01)",days.sl."[2024-03-01,2024-03-02)")&order=id',
    ),
    expect: { status: 200, body: ids(1, 2) },
  },
  {
    name: 'logic/blanks-between-conditions',
    rule: logic,
    source: 'v16.2 spec: AndOrParamsSpec (handles spaces)',
    request: get('/films?select=id&or=(id.eq.1,%20id.eq.2)&order=id'),
    expect: { status: 200, body: ids(1, 2) },
  },
  {
    name: 'logic/in-keeps-its-parentheses',
    rule: logic,
    source: 'v16.2 spec: AndOrParamsSpec (operators inside and/or)',
    request: get('/films?select=id&or=(id.in.(1,2),title.eq.Dune)&order=id'),
    expect: { status: 200, body: ids(1, 2, 4) },
  },
  {
    name: 'logic/an-empty-tree-is-no-tree',
    rule: logic,
    source: 'v16.2 spec: AndOrParamsSpec (used with POST, fails)',
    request: get('/films?or=()'),
    expect: {
      status: 400,
      body: errorBody('PGRST100', '"failed to parse logic tree (())" (line 1, column 4)', {
        details:
          'unexpected ")" expecting field name (* or [a..z0..9_$]), negation operator (not) or logic operator (and, or)',
      }),
    },
  },
  {
    name: 'modifier/any-of-a-comparison',
    rule: modifiers,
    needs: 'quantifiers',
    request: get('/films?select=id&id=eq(any).{3,4,9}&order=id'),
    expect: { status: 200, body: ids(3, 4) },
  },
  {
    name: 'modifier/all-of-a-comparison',
    rule: modifiers,
    needs: 'quantifiers',
    request: get('/films?select=id&year=gt(all).{2017,2019}&order=id'),
    expect: { status: 200, body: ids(4, 5, 7) },
  },
  {
    name: 'modifier/any-of-a-pattern',
    rule: modifiers,
    needs: 'quantifiers',
    request: get('/actors?select=id&last_name=like(any).{C*,R*}&order=id'),
    expect: { status: 200, body: ids(1, 2, 4) },
  },
  {
    name: 'modifier/all-of-a-pattern',
    rule: modifiers,
    needs: 'quantifiers',
    request: get('/actors?select=id&last_name=ilike(all).{r*,*N}'),
    expect: { status: 200, body: ids(1) },
  },
  {
    name: 'modifier/any-of-a-regular-expression',
    rule: modifiers,
    needs: 'quantifiers',
    request: get('/actors?select=id&last_name=match(any).{^R,lin$}&order=id'),
    expect: { status: 200, body: ids(1, 4) },
  },
  {
    name: 'modifier/negated',
    rule: modifiers,
    needs: 'quantifiers',
    request: get('/films?select=id&id=not.eq(any).{1,2,3,4}&order=id'),
    expect: { status: 200, body: ids(5, 6, 7) },
  },
  {
    name: 'modifier/not-every-operator-takes-one',
    rule: modifiers,
    source: 'v16.2 source: QueryParams (operators without quantifiers)',
    request: get('/films?id=neq(any).{1}'),
    expect: { status: 400, code: 'PGRST100' },
  },
]
