import { describe, expect, test } from 'vitest'
import type { ReadNode, SelectColumn } from '../../../src/plan/plan.ts'
import { failureOf, readOf } from '../../support/plan-of.ts'
import { describeSnapshot } from '../../support/snapshot.ts'

const snapshot = describeSnapshot({
  relations: {
    invoices: 'id:integer!, total:integer, project_id:integer',
    projects: 'id:integer!, name:text, client_id:integer',
    clients: 'id:integer!, name:text, address:text',
    tasks: 'id:integer!, name:text, project_id:integer',
  },
  foreignKeys: [
    'invoices(project_id) -> projects(id)',
    'projects(client_id) -> clients(id)',
    'tasks(project_id) -> projects(id)',
  ],
})

function column({ field, aggregate, alias, cast }: SelectColumn): string {
  const plain = `${field.isFullRow ? 'row' : field.name}${cast === null ? '' : `::${cast}`}`
  const whole = aggregate === null ? plain : `${aggregate}(${plain})`
  return alias === null ? whole : `${whole} as ${alias}`
}

/** `name[own columns | what it hands to its parent]{children}` */
function tree(node: ReadNode): string {
  const own = node.select.map(column).join(',')
  const output = node.join?.output
  const spread =
    output?.kind === 'spread-one' || output?.kind === 'spread-many'
      ? ` | ${output.kind === 'spread-one' ? 'one' : 'many'} ${output.columns
          .map(({ name, aggregate, aggregateCast, alias }) => {
            const whole = aggregate === null ? name : `${aggregate}(${name})`
            const casted = aggregateCast === null ? whole : `${whole}::${aggregateCast}`
            return alias === null ? casted : `${casted} as ${alias}`
          })
          .join(',')}`
      : ''
  const inner = node.children.map(tree).join(' ')
  return `${node.name}[${own}${spread}]${inner === '' ? '' : `{${inner}}`}`
}

describe('a spread hands its columns to its parent', () => {
  test.each([
    ['projects?select=id,...clients(name)', 'projects[id]{clients[name | one name]}'],
    ['projects?select=id,...clients(n:name)', 'projects[id]{clients[name as n | one n]}'],
    ['projects?select=...clients(*)', 'projects[]{clients[* | one *]}'],
    ['projects?select=...clients()', 'projects[]{clients[ | one ]}'],
    ['projects?select=id,...tasks(name)', 'projects[id]{tasks[name | many name]}'],
    // a star in a to-many spread is written out, each column becoming an array
    [
      'projects?select=id,...tasks(*)',
      'projects[id]{tasks[id,name,project_id | many id,name,project_id]}',
    ],
    // a star is all that the spread has, and is lent once
    [
      'invoices?select=id,...projects(*,...clients(*),name)',
      'invoices[id]{projects[*,name | one *]{clients[* | one *]}}',
    ],
    // embeds inside a spread, and spreads inside a spread
    [
      'invoices?select=id,...projects(name,clients(name))',
      'invoices[id]{projects[name | one name,clients]{clients[name]}}',
    ],
    [
      'invoices?select=id,...projects(name,clients())',
      'invoices[id]{projects[name | one name]{clients[]}}',
    ],
    [
      'invoices?select=id,...projects(name,...clients(client:name))',
      'invoices[id]{projects[name | one name,client]{clients[name as client | one client]}}',
    ],
    [
      'invoices?select=id,...projects(...tasks(name))',
      'invoices[id]{projects[ | one name]{tasks[name | many name]}}',
    ],
  ])('%s → %s', (line, expected) => {
    expect(tree(readOf(snapshot, `GET /${line}`).root)).toBe(expected)
  })
})

describe('an aggregate in a to-one spread is taken of the parent’s rows', () => {
  test.each([
    [
      'invoices?select=total.sum(),...projects(name)',
      'invoices[sum(total) as sum]{projects[name | one name]}',
    ],
    [
      'invoices?select=...projects(name,id.max())',
      'invoices[]{projects[name,id as max | one name,max(max) as max]}',
    ],
    [
      'invoices?select=...projects(last:id::int8.max()::text)',
      'invoices[]{projects[id::int8 as last | one max(last)::text as last]}',
    ],
    // count() counts rows of the spread, not of the join
    [
      'invoices?select=...projects(name,count())',
      'invoices[]{projects[name,row as count | one name,count(count) as count]}',
    ],
    // from a spread in a spread it goes up to the one that is none
    [
      'invoices?select=...projects(name,...clients(id.max()))',
      'invoices[]{projects[name | one name,max(max) as max]{clients[id as max | one max]}}',
    ],
    // and stays where an object or array is made
    [
      'clients?select=projects(...clients(name,count()))',
      'clients[]{projects[]{clients[name,row as count | one name,count(count) as count]}}',
    ],
    // stars beside it are written out
    [
      'invoices?select=...projects(*,id.max())',
      'invoices[]{projects[id,name,client_id,id as max | one id,name,client_id,max(max) as max]}',
    ],
    [
      'invoices?select=*,...projects(id.max())',
      'invoices[id,total,project_id]{projects[id as max | one max(max) as max]}',
    ],
    [
      'invoices?select=...projects(*,...clients(id.max()))',
      'invoices[]{projects[id,name,client_id | one id,name,client_id,max(max) as max]{clients[id as max | one max]}}',
    ],
    ['invoices?select=count()', 'invoices[count(*) as count]'],
  ])('%s → %s', (line, expected) => {
    expect(tree(readOf(snapshot, `GET /${line}`).root)).toBe(expected)
  })
})

describe('an aggregate in a to-many spread is refused', () => {
  test.each([
    'projects?select=id,...tasks(id.count())',
    'projects?select=id,...tasks(count())',
    'clients?select=...projects(...clients(id.max()))',
    'clients?select=projects(id,...tasks(id.max()))',
  ])('%s', (line) => {
    expect(failureOf(snapshot, `GET /${line}`)).toEqual({
      kind: 'not-implemented',
      feature: 'Aggregates are not implemented for one-to-many or many-to-many spreads.',
      engine: null,
    })
  })

  test('but may stand in an object inside it', () => {
    const line = 'clients?select=...projects(name,tasks(id.count()))'
    expect(tree(readOf(snapshot, `GET /${line}`).root)).toBe(
      'clients[]{projects[name | many name,tasks]{tasks[count(id) as count]}}',
    )
  })
})
