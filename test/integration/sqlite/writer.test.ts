/**
 * The writer's transactions, in this process: what shares one, what is undone with whom, what is told
 * before it may be stored, and what is left when the disk is full.
 */
import { renameSync } from 'node:fs'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { stateOf } from '../../../src/backends/sqlite/child/database-file.ts'
import {
  createSqliteWriter,
  type SqliteWriter,
} from '../../../src/backends/sqlite/child/sqlite-writer.ts'
import { WritableDatabase } from '../../../src/backends/sqlite/child/writable-database.ts'
import type { ChildReply } from '../../../src/backends/sqlite/wire/reply-frames.ts'
import { stampOf } from '../../../src/backends/sqlite/wire/schema-stamp.ts'
import type { WriteProgram } from '../../../src/backends/sqlite/wire/write-program.ts'
import { createSqliteFile, type SqliteFile } from '../../support/sqlite-database.ts'

const schema = `
  create table parents (id integer primary key);
  create table items (id integer primary key, parent integer references parents (id)
    deferrable initially deferred, filler text default (hex(zeroblob(500))));
  create trigger rolls_back before insert on items when new.id = 66
    begin select raise(rollback, 'all of it'); end;
  create trigger aborts before insert on items when new.id = 77
    begin select raise(abort, 'this one'); end;`

/** Inserts the payload's rows into items. */
const program: WriteProgram = {
  kind: 'insert',
  columns: ['id', 'parent'].map((name) => ({
    name,
    kind: 'integer',
    baseType: 'integer',
    nominalType: 'integer',
    form: 'none',
    takesDefault: false,
  })),
  isArray: true,
  hasRowid: true,
  existing: null,
  targets: null,
  write: {
    sql: 'INSERT INTO items (id, parent) SELECT value ->> 0, value ->> 1 FROM json_each(@payload) WHERE true',
    operandsAt: 0,
    operands: 0,
  },
  takesRowids: false,
  writesOnce: false,
  shown: null,
  shownAgain: null,
  location: null,
  left: null,
  rules: null,
  diagnosis: null,
}

let file: SqliteFile
let opened: WritableDatabase | null
let mostPages: number | null
let sent: (readonly [number, ChildReply])[]
let writer: SqliteWriter

beforeEach(() => {
  file = createSqliteFile(schema)
  opened = null
  mostPages = null
  sent = []
  writer = createSqliteWriter({
    path: file.path,
    open(path, state) {
      opened = new WritableDatabase(path, state, true)
      if (mostPages !== null) opened.db.pragma(`max_page_count = ${mostPages}`)
      return opened
    },
    send: (id, reply) => {
      sent.push([id, reply])
    },
  })
  writer.register(0, JSON.stringify({ before: null, compared: null, main: program }))
})
afterEach(() => {
  opened?.db.close()
  file.drop()
})

interface Row {
  readonly id: number
  readonly parent?: number
}

function add(
  id: number,
  rows: readonly Row[],
  more: { readonly commits?: boolean; readonly most?: number } = {},
): void {
  const counter = read((database) => Number(database.pragma('schema_version', { simple: true })))
  writer.add(id, {
    op: 'write',
    slot: 0,
    epoch: 1,
    stamp: stampOf(stateOf(file.path), counter),
    commits: more.commits ?? true,
    bounds: { fewest: 0, most: more.most ?? Number.POSITIVE_INFINITY },
    payload: Buffer.from(JSON.stringify(rows)),
    params: [],
  })
}

function read<T>(look: (database: Database.Database) => T): T {
  const database = new Database(file.path)
  try {
    return look(database)
  } finally {
    database.close()
  }
}

function ids(): unknown {
  return read((database) => database.prepare('select id from items order by id').pluck().all())
}

/** What was told, in short: `committing 1,2`, `1 written`, `2 failed P…`. */
function told(): readonly string[] {
  return sent.map(([id, reply]) => {
    if (reply.kind === 'committing') return `committing ${reply.ids.join()}`
    if (reply.kind !== 'failed') return `${id} ${reply.kind}`
    return `${id} ${reply.failure.kind === 'sqlite' ? reply.failure.code : reply.failure.message}`
  })
}

describe('writes that come together', () => {
  test('are committed together, and answered after that', () => {
    add(1, [{ id: 1 }])
    add(2, [{ id: 2 }, { id: 3 }])
    expect(ids()).toEqual([])
    writer.commit()
    expect(told()).toEqual(['committing 1,2', '1 written', '2 written'])
    expect(ids()).toEqual([1, 2, 3])
  })

  test('lose nothing by one that fails, is refused or is not to stay', () => {
    add(1, [{ id: 1 }])
    add(2, [{ id: 2 }, { id: 1 }])
    add(3, [{ id: 3 }, { id: 77 }])
    add(4, [{ id: 4 }, { id: 5 }], { most: 1 })
    add(5, [{ id: 6 }], { commits: false })
    add(6, [{ id: 7 }])
    writer.commit()
    expect(told()).toEqual([
      'committing 1,2,3,4,5,6',
      '1 written',
      '2 SQLITE_CONSTRAINT_PRIMARYKEY',
      '3 SQLITE_CONSTRAINT_TRIGGER',
      '4 written',
      '5 written',
      '6 written',
    ])
    expect(ids()).toEqual([1, 7])
  })

  test('are done in halves where one ends the transaction of all', () => {
    add(1, [{ id: 1 }])
    add(2, [{ id: 66 }])
    add(3, [{ id: 3 }])
    writer.commit()
    expect(told()).toEqual([
      'committing 1',
      '1 written',
      '2 SQLITE_CONSTRAINT_TRIGGER',
      'committing 3',
      '3 written',
    ])
    expect(ids()).toEqual([1, 3])
  })

  test('are done in halves where what one breaks is found at the end', () => {
    add(1, [{ id: 1 }])
    add(2, [{ id: 2, parent: 9 }])
    add(3, [{ id: 3 }])
    writer.commit()
    expect(told()).toEqual([
      'committing 1,2,3',
      'committing 1',
      '1 written',
      'committing 2,3',
      'committing 2',
      '2 SQLITE_CONSTRAINT_FOREIGNKEY',
      'committing 3',
      '3 written',
    ])
    expect(ids()).toEqual([1, 3])
  })

  test('that are not to stay are judged as if they were', () => {
    add(1, [{ id: 2, parent: 9 }], { commits: false })
    add(2, [{ id: 3 }], { commits: false })
    writer.commit()
    expect(told()).toEqual(['committing 1,2', '1 SQLITE_CONSTRAINT_FOREIGNKEY', '2 written'])
    expect(ids()).toEqual([])
  })
})

test('a schema that has moved runs nothing', () => {
  add(1, [{ id: 1 }])
  file.exec('create table more (id)')
  writer.commit()
  expect(told()).toContain('1 moved')
  expect(ids()).toEqual([])
})

test('a full disk fails what has no place, and nothing else', () => {
  mostPages = read((database) => Number(database.pragma('page_count', { simple: true }))) + 4
  add(
    1,
    Array.from({ length: 100 }, (_, index) => ({ id: 100 + index })),
  )
  add(2, [{ id: 1 }])
  writer.commit()
  expect(told()).toContain('1 SQLITE_FULL')
  expect(told()).toContain('2 written')
  expect(ids()).toEqual([1])
  add(3, [{ id: 2 }])
  writer.commit()
  expect(told().at(-1)).toBe('3 written')
})

test('a file that is another one by now is the one that is written to', () => {
  add(1, [{ id: 1 }])
  writer.commit()
  const other = createSqliteFile(`${schema}; insert into items (id) values (50)`)
  renameSync(other.path, file.path)
  other.drop()
  add(2, [{ id: 2 }])
  writer.commit()
  expect(ids()).toEqual([2, 50])
})
