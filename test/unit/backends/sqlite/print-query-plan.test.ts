import { expect, test } from 'vitest'
import { printQueryPlan } from '../../../../src/backends/sqlite/print-query-plan.ts'
import { type PlanStep, readPlanSteps } from '../../../../src/backends/sqlite/wire/query-plan.ts'

const steps: readonly PlanStep[] = [
  [3, 0, 'CO-ROUTINE (subquery-1)'],
  [7, 3, 'SCAN films'],
  [9, 3, 'USE TEMP B-TREE FOR ORDER BY'],
  [12, 0, 'SCAN (subquery-1)'],
]

test('as text it is a tree of lines', () => {
  expect(printQueryPlan(steps, 'text')).toBe(
    [
      'QUERY PLAN',
      '|--CO-ROUTINE (subquery-1)',
      '|  |--SCAN films',
      '|  `--USE TEMP B-TREE FOR ORDER BY',
      '`--SCAN (subquery-1)',
      '',
    ].join('\n'),
  )
  expect(printQueryPlan([], 'text')).toBe('QUERY PLAN\n')
})

test('as JSON it is nested', () => {
  expect(JSON.parse(printQueryPlan(steps, 'json'))).toEqual([
    {
      Plan: {
        'Node Type': 'Query Plan',
        Plans: [
          {
            Detail: 'CO-ROUTINE (subquery-1)',
            Plans: [{ Detail: 'SCAN films' }, { Detail: 'USE TEMP B-TREE FOR ORDER BY' }],
          },
          { Detail: 'SCAN (subquery-1)' },
        ],
      },
    },
  ])
})

test('many steps are printed in proportion to their number', () => {
  let reads = 0
  const counted = (id: number): PlanStep =>
    new Proxy<PlanStep>([id, 0, 'SCAN t'], {
      get(target, key) {
        reads += 1
        return Reflect.get(target, key)
      },
    })
  const many = Array.from({ length: 1000 }, (_, index) => counted(index + 1))
  expect(printQueryPlan(many, 'text').split('\n')).toHaveLength(1002)
  expect(reads).toBeLessThan(20_000)
})

test.each(['{}', '[1]', '[[1,0]]', '[[1,0,2]]', '[["1",0,"SCAN t"]]'])(
  '%s is not taken for steps',
  (json) => {
    expect(() => readPlanSteps(json)).toThrow('no steps')
  },
)
