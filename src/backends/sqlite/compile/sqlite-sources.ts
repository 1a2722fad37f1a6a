/**
 * What a statement reads a relation from: its name, or, for a view that SQLite does not read as it is
 * written, what the view selects, as a common table expression in front of the statement. The file's
 * own views do not see those, so that whatever reads from such a view is one as well.
 */
import type { QualifiedName } from '../../../core/qualified-name.ts'
import { ident, join, noSql, qualified, raw, type SqlText, sql } from '../../sql/sql-text.ts'
import type { SqliteFacts } from '../catalog/sqlite-facts.ts'

/** Of one statement. */
export interface SqliteSources {
  /** What stands behind FROM. */
  of(relation: QualifiedName): SqlText
  /** A common table expression of the statement's own: `name(columns) AS (…)`. */
  define(definition: SqlText): void
  /** What stands before the SELECT, once all of it is compiled: `WITH … `, or nothing. */
  definitions(): SqlText
}

export function createSources({
  repairedViews,
}: Pick<SqliteFacts, 'repairedViews'>): SqliteSources {
  const used = new Set<string>()
  const own: SqlText[] = []

  function use(name: string): void {
    if (used.has(name)) return
    for (const below of repairedViews.get(name)?.over ?? []) use(below)
    used.add(name)
  }

  return {
    of(relation) {
      if (!repairedViews.has(relation.name)) return qualified(relation)
      use(relation.name)
      return ident(relation.name)
    },
    define(definition) {
      own.push(definition)
    },
    definitions() {
      const views = [...used].flatMap((name) => {
        const view = repairedViews.get(name)
        if (view === undefined) return []
        const columns = join(view.columns.map(ident), ', ')
        // what it selects may end with a comment
        return [sql`${ident(name)}(${columns}) AS (${raw(view.select)}\n)`]
      })
      const all = [...views, ...own]
      return all.length === 0 ? noSql : sql`WITH ${join(all, ', ')} `
    },
  }
}

/**
 * For conditions that stand in several statements: each use of such a view is a sub-select with all
 * that it reads.
 */
export function inlineSources(facts: Pick<SqliteFacts, 'repairedViews'>): SqliteSources {
  return {
    of(relation) {
      const own = createSources(facts)
      const source = own.of(relation)
      return facts.repairedViews.has(relation.name)
        ? sql`(${own.definitions()}SELECT * FROM ${source})`
        : source
    },
    define() {
      throw new Error('a condition has no table of its own')
    },
    definitions: () => noSql,
  }
}
