import { describe, expect, test } from 'vitest'
import { readViewRule } from '../../../../../src/backends/postgres/catalog/view-rule.ts'

interface TreeChoices {
  readonly fields?: string
  readonly from?: string
  readonly table?: string
  readonly targets?: string
}

const relationEntry = (relid: number, kind = 'r') =>
  `{RANGETBLENTRY :alias <> :eref {ALIAS :aliasname t :colnames ("id" "a\\ b")} :rtekind 0 :relid ${relid} :inh true :relkind ${kind} :tablesample <> :lateral false}`

const variable = (varno: number, attribute: number, levelsUp = 0) =>
  `{VAR :varno ${varno} :varattno ${attribute} :vartype 23 :varnullingrels (b 3) :varlevelsup ${levelsUp} :location -1}`

const constant = '{CONST :consttype 23 :constlen 4 :constvalue 4 [ 1 0 0 0 125 58 ] :location -1}'

const target = (expr: string, position: number, origin = 0, column = 0, isJunk = false) =>
  `{TARGETENTRY :expr ${expr} :resno ${position} :resname x :ressortgroupref 0 :resorigtbl ${origin} :resorigcol ${column} :resjunk ${isJunk}}`

function tree({ fields = '', from, table, targets }: TreeChoices = {}): string {
  return `({QUERY :commandType 1 :hasAggs false ${fields} :rtable (${table ?? relationEntry(42)}) :jointree {FROMEXPR :fromlist ${from ?? '({RANGETBLREF :rtindex 1})'} :quals <>} :targetList (${targets ?? target(variable(1, 3), 1, 42, 3)}) :returningList <> :stmt_location 0})`
}

describe('the rule of a view', () => {
  test('tells where columns come from, and the relation below', () => {
    expect(readViewRule(tree())).toEqual({
      columns: [{ position: 1, originRelation: 42, originColumn: 3, baseColumn: 3 }],
      base: { relation: 42, kind: 'r' },
    })
  })

  test('leaves out helper columns of ORDER BY', () => {
    const targets = `${target(variable(1, 3), 1, 42, 3)} ${target(variable(1, 4), 2, 42, 4, true)}`
    expect(readViewRule(tree({ targets }))?.columns.map(({ position }) => position)).toEqual([1])
  })

  test.each([
    ['a constant', constant],
    ['a column of an outer query', variable(1, 3, 1)],
    ['a column of another relation', variable(2, 3)],
    ['a system column', variable(1, -1)],
    ['the whole row', variable(1, 0)],
    ['an expression', `{FUNCEXPR :funcid 1 :args (${variable(1, 3)})}`],
  ])('has no base column for %s', (_, expr) => {
    expect(readViewRule(tree({ targets: target(expr, 1) }))).toMatchObject({
      columns: [{ originRelation: 0, baseColumn: null }],
      base: { relation: 42 },
    })
  })

  test.each([
    ['aggregates', { fields: ':hasAggs true' }],
    ['window functions', { fields: ':hasWindowFuncs true' }],
    ['functions that return sets', { fields: ':hasTargetSRFs true' }],
    ['DISTINCT', { fields: ':distinctClause ({SORTGROUPCLAUSE :tleSortGroupRef 1})' }],
    ['GROUP BY', { fields: ':groupClause ({SORTGROUPCLAUSE :tleSortGroupRef 1})' }],
    ['HAVING', { fields: `:havingQual ${constant}` }],
    ['LIMIT', { fields: `:limitCount ${constant}` }],
    ['a common table expression', { fields: ':cteList ({COMMONTABLEEXPR :ctename x})' }],
    ['UNION', { fields: ':setOperations {SETOPERATIONSTMT :op 1}' }],
    ['no relation', { from: '<>' }],
    ['two relations', { from: '({RANGETBLREF :rtindex 1} {RANGETBLREF :rtindex 2})' }],
    ['a join', { from: '({JOINEXPR :larg {RANGETBLREF :rtindex 1} :rarg <>})' }],
    ['a subquery', { table: '{RANGETBLENTRY :rtekind 1 :subquery {QUERY :hasAggs false}}' }],
    ['a sample', { table: relationEntry(42).replace('<> :lateral', '{TABLESAMPLE} :lateral') }],
    ['a materialized view', { table: relationEntry(42, 'm') }],
  ])('has no base with %s', (_, choices) => {
    expect(readViewRule(tree(choices))?.base).toBeNull()
  })

  test.each(['v', 'f', 'p'])('has a base of kind %s', (kind) => {
    expect(readViewRule(tree({ table: relationEntry(7, kind) }))?.base).toEqual({
      relation: 7,
      kind,
    })
  })

  test('takes the relation that the query names, not the first of its table', () => {
    const found = readViewRule(
      tree({
        table: `${relationEntry(1, 'v')} ${relationEntry(2)}`,
        from: '({RANGETBLREF :rtindex 2})',
        targets: target(variable(2, 5), 1, 2, 5),
      }),
    )
    expect(found?.base?.relation).toBe(2)
    expect(found?.columns[0]?.baseColumn).toBe(5)
  })

  test.each([
    ['braces', 'a\\}\\{b'],
    ['parentheses', 'a\\(\\)'],
    ['the name of a field', ':resorigtbl'],
    ['a backslash and a blank', '\\\\\\ x'],
    ['a line break', 'a\\\nb'],
    ['nothing', '""'],
    ['what stands for nothing', '\\<>'],
  ])('is not misled by a name with %s', (_, name) => {
    const targets = target(variable(1, 3), 1, 42, 3).replace(':resname x', `:resname ${name}`)
    expect(readViewRule(tree({ targets }))?.columns).toEqual([
      { position: 1, originRelation: 42, originColumn: 3, baseColumn: 3 },
    ])
  })

  test('has no columns without a target list', () => {
    expect(readViewRule('({QUERY :commandType 1 :targetList <>})')).toEqual({
      columns: [],
      base: null,
    })
  })

  test.each(['', '<>', '(', '({', '({NOTIFYSTMT :conditionname x})', 'garbage } { : (', '({QUERY'])(
    'is none in %j',
    (text) => {
      expect(readViewRule(text)).toBeNull()
    },
  )

  test('ends on a tree that is cut short at any place', () => {
    const whole = tree()
    for (let length = 0; length < whole.length; length += 1) {
      expect(() => readViewRule(whole.slice(0, length))).not.toThrow()
    }
  })
})
