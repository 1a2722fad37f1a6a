/**
 * What the log and `/health` call something that the database cannot read.
 */
import type { UnreadableRelation } from './catalog.ts'

/** Shape   `main.films`, or `main.films.shout` where only a column cannot be read */
export function unreadableName({ schema, name, column }: UnreadableRelation): string {
  const relation = `${schema}.${name}`
  return column === undefined ? relation : `${relation}.${column}`
}
