/**
 * A write is stored, or it is not: the server that was asked for it did not say.
 */
import type { DatabaseFailure } from '../../../errors/api-error.ts'
import { valueFailure } from '../../values/value-failure.ts'

export class OutcomeUnknown extends Error {
  constructor(cause: unknown) {
    super(outcomeUnknown.message, { cause })
    this.name = 'OutcomeUnknown'
  }
}

export const outcomeUnknown: DatabaseFailure = valueFailure(
  '40003',
  'the write may or may not have been stored: the server did not tell how it ended',
  { hint: 'Look whether it is there before you send it again.' },
)
