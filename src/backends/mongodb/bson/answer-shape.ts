/**
 * What the documents of a result look like, and what is made of each. Aliases of clients never reach
 * the server: a pipeline names its answers `c0`, `c1` … and the documents of embeds `e0`, `e1` …,
 * whole documents of users stand under `d`, and the shape has the names that clients see.
 */
import type { CastTarget } from '../../values/cast-target.ts'

/** How a value is written. A value that is absent is null. */
export type Rendering =
  /**
   * As its BSON type is written in JSON. `type`: that of the column where it is known, empty or left
   * out where not: CSV writes the lists of `text[]` as array literals, those of `jsonb` as JSON.
   */
  | { readonly kind: 'plain'; readonly type?: string }
  /** The text of a JSON value, as `->>` and casts to text give it: a string is itself. */
  | { readonly kind: 'text' }
  /** `type`: the base type of the column that is cast, for messages. */
  | { readonly kind: 'cast'; readonly target: CastTarget; readonly type: string }
  /**
   * An average of whole or decimal numbers: the value is a document of `s`, the sum, and `n`, how
   * many there were. Divided with PostgreSQL's number of digits.
   */
  | { readonly kind: 'average'; readonly cast: CastTarget | null }

export type ShapeMember =
  | {
      readonly kind: 'value'
      readonly name: string
      /** In the document of the result. */
      readonly key: string
      readonly rendering: Rendering
    }
  /**
   * `*`: the known columns first, null where they are absent, then what else a document has where the
   * relation is open.
   */
  | {
      readonly kind: 'all'
      readonly key: string
      /** Name, stored name, and the type as `plain` has it. */
      readonly columns: readonly {
        readonly name: string
        readonly field: string
        readonly type?: string
      }[]
      readonly isOpen: boolean
    }
  /** The first document of the list under `key`, or null. */
  | {
      readonly kind: 'object'
      readonly name: string
      readonly key: string
      readonly row: RowShape
    }
  | {
      readonly kind: 'array'
      readonly name: string
      readonly key: string
      readonly row: RowShape
    }
  /** The members of the first document of the list under `key`, each null where there is none. */
  | { readonly kind: 'spread-one'; readonly key: string; readonly row: RowShape }
  /** Each member of the documents of the list under `key` is a list of its own. */
  | { readonly kind: 'spread-many'; readonly key: string; readonly row: RowShape }

export interface RowShape {
  readonly members: readonly ShapeMember[]
  /** The member whose value is written in place of an object. Objects where it is absent. */
  readonly onlyValue?: string
}
