/**
 * The questions of a load, one for each kind of object: a statement, and what takes its rows in. An
 * object that is asked for by its oid and not answered is gone, or is not exposed.
 */
import type { Steps } from '../../../../core/run-in-slices.ts'
import type { ControlRows, ControlStatement } from '../../connect/control-connection.ts'
import { keysStatement, parseKey } from '../catalog-keys.ts'
import { routinesStatement } from '../catalog-routines.ts'
import { type CatalogRow, numberIn, oidsText } from '../catalog-row.ts'
import type { CatalogScope } from '../catalog-scope.ts'
import { commentsStatement, parseComment, parseTable, tablesStatement } from '../catalog-tables.ts'
import { type CatalogType, ownTypesStatement, parseType, typesStatement } from '../catalog-types.ts'
import { parseView, viewsBelowStatement, viewsStatement } from '../catalog-views.ts'
import type { DirtyObjects } from '../changes/dirty-objects.ts'
import { namesStatement, parseName } from '../relation-names.ts'
import { printingStatement } from './printed-names.ts'
import { type FactUpdates, isSameType, type SchemaFacts } from './schema-facts.ts'

/** PostgREST's names for groups of queries. */
export type QueryGroup =
  | 'tables'
  | 'keydeps'
  | 'rels'
  | 'funcs'
  | 'comprels'
  | 'dreps'
  | 'mhandlers'

export interface Question {
  readonly group: QueryGroup
  readonly statement: ControlStatement
  /** Takes rows in: all of them, or a page after the other where there may be many. */
  readonly take: (rows: ControlRows) => Steps<void>
  readonly hasMany: boolean
}

/** Oids in place of null restrict a question to those objects. */
export class FactQuestions {
  /** Relations and domains whose defaults print a name that may be another. */
  readonly printing = { relations: new Set<number>(), types: new Set<number>() }
  readonly #scope: CatalogScope
  readonly #facts: SchemaFacts | null
  readonly #updates: FactUpdates

  constructor(scope: CatalogScope, facts: SchemaFacts | null, updates: FactUpdates) {
    this.#scope = scope
    this.#facts = facts
    this.#updates = updates
  }

  tables(only: ReadonlySet<number> | null): Question {
    const { tables } = this.#updates
    if (only !== null) for (const oid of only) tables.set(oid, null)
    return {
      group: 'tables',
      hasMany: true,
      statement: tablesStatement(this.#scope, textOf(only)),
      *take(rows) {
        for (const row of rows) {
          const table = parseTable(row)
          tables.set(table.oid, table)
          yield
        }
      },
    }
  }

  comments(only: ReadonlySet<number> | null): Question {
    const { comments } = this.#updates
    return {
      group: 'tables',
      hasMany: true,
      statement: commentsStatement(this.#scope, textOf(only)),
      *take(rows) {
        for (const row of rows) {
          comments.set(numberIn(row, 'relation'), parseComment(row))
          yield
        }
      },
    }
  }

  views(only: ReadonlySet<number> | null): Question {
    const { views } = this.#updates
    if (only !== null) for (const oid of only) views.set(oid, null)
    return {
      group: 'keydeps',
      hasMany: true,
      statement: viewsStatement(this.#scope, textOf(only)),
      take: (rows) => this.#takeViews(rows),
    }
  }

  viewsBelow(relations: ReadonlySet<number>): Question {
    return {
      group: 'keydeps',
      hasMany: true,
      statement: viewsBelowStatement(this.#scope, oidsText(relations)),
      take: (rows) => this.#takeViews(rows),
    }
  }

  *#takeViews(rows: ControlRows): Steps<void> {
    for (const row of rows) {
      const view = parseView(row)
      this.#updates.views.set(view.oid, view)
      yield
    }
  }

  keys(only: ReadonlySet<number> | null): Question {
    const { keys } = this.#updates
    if (only !== null) for (const oid of only) keys.set(oid, null)
    return {
      group: 'rels',
      hasMany: true,
      statement: keysStatement(textOf(only)),
      *take(rows) {
        for (const row of rows) {
          const key = parseKey(row)
          keys.set(key.oid, key)
          yield
        }
      },
    }
  }

  routines(only: ReadonlySet<number> | null): Question {
    const { routines } = this.#updates
    if (only !== null) for (const oid of only) routines.set(oid, null)
    return {
      group: 'funcs',
      hasMany: true,
      statement: routinesStatement(this.#scope, textOf(only)),
      *take(rows) {
        for (const row of rows) {
          routines.set(numberIn(row, 'oid'), row)
          yield
        }
      },
    }
  }

  typesOf(
    uses: ReadonlyMap<number, ReadonlySet<number>>,
    relations: ReadonlySet<number>,
    routines: ReadonlySet<number>,
  ): Question {
    const { types } = this.#updates
    for (const oid of uses.keys()) if (!types.has(oid)) types.set(oid, null)
    return {
      group: 'tables',
      hasMany: true,
      statement: typesStatement(uses, relations, routines),
      take: (rows) => this.#takeTypes(rows),
    }
  }

  /** Enums and composite types of the exposed schemas, whoever uses them. */
  ownTypes(): Question {
    return {
      group: 'tables',
      hasMany: true,
      statement: ownTypesStatement(this.#scope),
      take: (rows) => this.#takeTypes(rows),
    }
  }

  *#takeTypes(rows: ControlRows): Steps<void> {
    const { types } = this.#updates
    for (const row of rows) {
      const type = parseType(row)
      const known = types.get(type.oid) ?? this.#facts?.types.get(type.oid)
      types.set(type.oid, known === undefined ? type : withModifiers(type, known))
      yield
    }
  }

  names(relations: ReadonlySet<number>): Question {
    const { hidden } = this.#updates
    for (const oid of relations) hidden.set(oid, null)
    return {
      group: 'rels',
      hasMany: true,
      statement: namesStatement(relations),
      *take(rows) {
        for (const row of rows) {
          const [oid, name] = parseName(row)
          hidden.set(oid, name)
          yield
        }
      },
    }
  }

  printers({ renamed, routines, types }: DirtyObjects): Question {
    const printing = this.printing
    return {
      group: 'tables',
      hasMany: true,
      statement: printingStatement(renamed, routines, types),
      *take(rows: readonly CatalogRow[]) {
        for (const row of rows) {
          const oid = numberIn(row, 'oid')
          if (row['kind'] === 'type') printing.types.add(oid)
          else printing.relations.add(oid)
          yield
        }
      },
    }
  }
}

function withModifiers(type: CatalogType, known: CatalogType): CatalogType {
  return isSameType(type, known)
    ? { ...type, modifiedTexts: new Map([...known.modifiedTexts, ...type.modifiedTexts]) }
    : type
}

function textOf(only: ReadonlySet<number> | null): string | null {
  return only === null ? null : oidsText(only)
}
