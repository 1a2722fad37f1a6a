import { describe, expect, test } from 'vitest'
import type { Operation, SlotValue } from '../../../src/api/api-request.ts'
import type { Condition, PlanField } from '../../../src/plan/plan.ts'
import {
  equals,
  field,
  name,
  orderBy,
  readPlan,
  request,
  root,
  selected,
  where,
} from '../../support/plan-builders.ts'
import { clusterVersions } from '../../support/shared-cluster.ts'
import { useCompileFixture } from './compile-fixture.ts'

type Quantified = Extract<Operation, { kind: 'comparison' }>

function compare(operator: Quantified['operator'], quantifier?: 'any' | 'all'): Operation {
  return { kind: 'comparison', operator, value: 0, ...(quantifier && { quantifier }) }
}

function simple(operator: Extract<Operation, { kind: 'simple' }>['operator']): Operation {
  return { kind: 'simple', operator, value: 0 }
}

function fts(
  operator: Extract<Operation, { kind: 'fts' }>['operator'],
  language?: string,
): Operation {
  return { kind: 'fts', operator, value: 0, ...(language && { language }) }
}

const inList: Operation = { kind: 'in', value: 0 }
const vector = field('search', { baseType: 'tsvector', type: 'tsvector' })
const body = field('body', { baseType: 'text', type: 'text' })

const filters: readonly (readonly [
  title: string,
  field: string | PlanField,
  operation: Operation,
  value: SlotValue,
  ids: readonly number[],
])[] = [
  ['eq', 'id', compare('eq'), '2', [2]],
  ['gt', 'id', compare('gt'), '1', [2, 3]],
  ['gte', 'id', compare('gte'), '2', [2, 3]],
  ['lt', 'id', compare('lt'), '2', [1]],
  ['lte', 'made', compare('lte'), '2024-01-15', [1]],
  ['neq', 'id', simple('neq'), '2', [1, 3]],
  ['like with stars', 'body', compare('like'), '*quick*', [1]],
  ['like is exact in case', 'body', compare('like'), '*QUICK*', []],
  ['ilike with stars', 'body', compare('ilike'), '*QUICK*', [1]],
  ['match', 'body', compare('match'), '^a ', [2]],
  ['imatch', 'body', compare('imatch'), '^A ', [2]],
  ['eq(any)', 'id', compare('eq', 'any'), '{1,3}', [1, 3]],
  ['gt(all)', 'id', compare('gt', 'all'), '{1,2}', [3]],
  ['like(any)', 'body', compare('like', 'any'), '{*fox,*dog}', [1, 2]],
  ['like(all)', 'body', compare('like', 'all'), '{a*,*dog}', [2]],
  ['in', 'id', inList, ['1', '2'], [1, 2]],
  ['in with commas and quotes in members', 'body', inList, ['a "b", c\\', 'a lazy dog'], [2]],
  ['in of nothing', 'id', inList, [''], []],
  ['in, null as a text', 'body', inList, ['NULL', 'null'], []],
  ['is null', 'body', { kind: 'is', value: 'null' }, '', [3]],
  ['is not_null', 'body', { kind: 'is', value: 'not_null' }, '', [1, 2]],
  ['is true', 'flag', { kind: 'is', value: 'true' }, '', [1]],
  ['is false', 'flag', { kind: 'is', value: 'false' }, '', [2]],
  ['is unknown', 'flag', { kind: 'is', value: 'unknown' }, '', [3]],
  ['isdistinct', 'flag', { kind: 'isdistinct', value: 0 }, 'true', [2, 3]],
  ['fts on a tsvector', vector, fts('fts'), 'quick & fox', [1]],
  ['fts with a language', vector, fts('fts', 'english'), 'dogs', [2]],
  ['fts on a text', body, fts('fts', 'english'), 'foxes', [1]],
  ['fts on a text without a language', body, fts('plfts'), 'lazy dog', [2]],
  ['phfts', body, fts('phfts', 'simple'), 'quick brown', [1]],
  ['wfts', body, fts('wfts', 'english'), 'dog or fox', [1, 2]],
  ['cs on an array', 'tags', simple('cs'), '{y}', [1, 2]],
  ['cs on a document', 'data', simple('cs'), '{"n": 1}', [1]],
  ['cd', 'tags', simple('cd'), '{x,y,w}', [1]],
  ['ov', 'tags', simple('ov'), '{x,q}', [1]],
  ['sl', 'span', simple('sl'), '[5,6)', [1]],
  ['sr', 'span', simple('sr'), '[1,3)', [2]],
  ['nxr', 'span', simple('nxr'), '[1,6)', [1]],
  ['nxl', 'span', simple('nxl'), '[4,6)', [2]],
  ['adj', 'span', simple('adj'), '[9,12)', [2]],
  ['a JSON key as text', 'data->>n', compare('eq'), '2', [2]],
  ['a JSON key as JSON', 'data->n', compare('gt'), '1', [2]],
  ['a JSON path with an index', 'data->a->b->>-1', compare('eq'), '20', [1]],
  ['a JSON key that holds a quote', "data->>it's", { kind: 'is', value: 'null' }, '', [1, 2, 3]],
  ['an array by index', field('tags->>0', { toDocument: true }), compare('eq'), 'y', [2]],
  ['a value with a quote', 'body', compare('eq'), "'; drop table documents; --", []],
]

describe.each(clusterVersions())('filters on PostgreSQL %s', (version) => {
  const fixture = useCompileFixture(version)

  async function ids(conditions: readonly Condition[], values: readonly SlotValue[]) {
    const node = root('documents', {
      select: [selected('id')],
      where: conditions,
      order: [orderBy('id')],
    })
    const answer = await fixture().runner.run(readPlan(node), request({ values }))
    return (answer.json as { id: number }[]).map((row) => row.id)
  }

  test.each(filters)('%s', async (_, target, operation, value, expected) => {
    expect(await ids([where(target, operation)], [value])).toEqual(expected)
  })

  test('negation takes the whole filter', async () => {
    expect(await ids([where('id', compare('eq'), true)], ['2'])).toEqual([1, 3])
    expect(await ids([where('body', { kind: 'is', value: 'null' }, true)], [])).toEqual([1, 2])
    expect(await ids([where('id', compare('eq', 'any'), true)], ['{1,2}'])).toEqual([3])
  })

  test('logic trees nest and negate', async () => {
    const either: Condition = {
      kind: 'logic',
      operator: 'or',
      negated: false,
      operands: [equals('id', 0), equals('id', 1)],
    }
    const tree: Condition = {
      kind: 'logic',
      operator: 'and',
      negated: true,
      operands: [either, where('flag', { kind: 'is', value: 'true' })],
    }
    expect(await ids([either], ['1', '3'])).toEqual([1, 3])
    expect(await ids([tree, equals('id', 1)], ['1', '3'])).toEqual([3])
  })

  test('several conditions all hold', async () => {
    const some = [where('id', compare('gt')), where('flag', { kind: 'is', value: 'false' })]
    expect(await ids(some, ['1'])).toEqual([2])
  })

  test.each([
    ['eq', compare('eq'), '#00ff00', [2]],
    ['in', inList, ['#0000ff', '#00ff00'], [1, 2]],
    ['in of nothing', inList, [''], []],
  ] as const)('a domain reads its own text: %s', async (_, operation, value, expected) => {
    const shade = field('shade', {
      type: 'text',
      baseType: 'integer',
      transform: name('text_color'),
    })
    const node = root('paints', { select: [selected('id')], where: [where(shade, operation)] })
    const answer = await fixture().runner.run(readPlan(node), request({ values: [value] }))
    expect((answer.json as { id: number }[]).map((row) => row.id)).toEqual(expected)
  })

  test('names are quoted wherever they come from', async () => {
    const relation = 'od"d; drop'
    const node = root(relation, {
      select: [selected('a,b', { alias: 'x" y' })],
      where: [equals('sel ect', 0)],
    })
    const answer = await fixture().runner.run(readPlan(node), request({ values: ['1'] }))
    expect(answer.json).toEqual([{ 'x" y': 'it\'s "quoted"' }])
  })

  test('no value reaches the text of a statement', async () => {
    const node = root('documents', {
      where: [where('data->>secret key', compare('eq')), where(body, fts('fts', 'english'))],
    })
    const { compiled } = await fixture().runner.run(readPlan(node), request({ values: ['hidden'] }))
    expect(compiled.main.text).not.toMatch(/hidden|secret|english/)
    expect(compiled.main.params).toHaveLength(4)
  })
})
