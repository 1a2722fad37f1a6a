import { describe, expect, test } from 'vitest'
import { failureOf, planOf } from '../../support/plan-of.ts'
import { describeSnapshot } from '../../support/snapshot.ts'

const snapshot = describeSnapshot({
  relations: {
    items: 'id:integer!',
    keyless: 'id:integer',
    reading: { columns: 'id:integer!', canInsert: false, canUpdate: false, canDelete: false },
    inserting: { columns: 'id:integer!', canUpdate: false, canDelete: false },
    updating: { columns: 'id:integer!', canInsert: false, canDelete: false },
    deleting: { columns: 'id:integer!', canInsert: false, canUpdate: false },
  },
  routines: [
    { name: 'reset', parameters: 'a:text?' },
    { name: 'peek', volatility: 'stable' },
    { name: 'same', volatility: 'immutable' },
    { name: 'wants', parameters: 'a:text' },
  ],
})

describe('OPTIONS allows', () => {
  test.each([
    ['items', 'OPTIONS,GET,HEAD,POST,PUT,PATCH,DELETE'],
    ['keyless', 'OPTIONS,GET,HEAD,POST,PATCH,DELETE'],
    ['reading', 'OPTIONS,GET,HEAD'],
    ['inserting', 'OPTIONS,GET,HEAD,POST'],
    ['updating', 'OPTIONS,GET,HEAD,PATCH'],
    ['deleting', 'OPTIONS,GET,HEAD,DELETE'],
    ['rpc/reset', 'OPTIONS,POST'],
    ['rpc/peek', 'OPTIONS,GET,HEAD,POST'],
    ['rpc/same', 'OPTIONS,GET,HEAD,POST'],
    ['', 'OPTIONS,GET,HEAD'],
  ])('on /%s: %s', (path, allow) => {
    expect(planOf(snapshot, `OPTIONS /${path}`)).toEqual({
      ok: true,
      value: { kind: 'info', allow },
    })
  })

  test.each([
    ['item', 'relation-not-found'],
    ['rpc/nothing', 'function-not-found'],
    // the arguments are not there, as with any other call
    ['rpc/wants', 'function-not-found'],
  ])('nothing on /%s: %s', (path, kind) => {
    expect(failureOf(snapshot, `OPTIONS /${path}`).kind).toBe(kind)
  })
})

test('OPTIONS leaves out what the engine does not do', () => {
  const readOnly = describeSnapshot({
    relations: { items: 'id:integer!' },
    unsupported: ['insert', 'update', 'delete', 'upsert'],
  })
  const withoutUpsert = describeSnapshot({
    relations: { items: 'id:integer!' },
    unsupported: ['upsert'],
  })
  expect(planOf(readOnly, 'OPTIONS /items')).toMatchObject({ value: { allow: 'OPTIONS,GET,HEAD' } })
  expect(planOf(withoutUpsert, 'OPTIONS /items')).toMatchObject({
    value: { allow: 'OPTIONS,GET,HEAD,POST,PATCH,DELETE' },
  })
})
