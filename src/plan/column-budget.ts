/**
 * Counts the columns of a read tree while it is built: those selected, those that a star stands
 * for, and those that a spread hands to each node above it. A few stars or levels of spreads ask
 * for many more columns than they have letters, so the count ends the building and the request is
 * refused.
 */
import { maxRequestNodes } from '../api/request-limits.ts'
import type { ApiError } from '../errors/api-error.ts'

export interface ColumnBudget {
  /** False once the columns are too many; nothing more needs to be built then. */
  readonly take: (columns: number) => boolean
  readonly isExceeded: () => boolean
}

export function createColumnBudget(): ColumnBudget {
  let taken = 0
  return {
    take(columns) {
      taken += columns
      return taken <= maxRequestNodes
    },
    isExceeded: () => taken > maxRequestNodes,
  }
}

export const tooManyColumns: ApiError = {
  kind: 'too-complex',
  details: `The request selects more than ${maxRequestNodes} columns, counting what its stars and spreads stand for.`,
}
