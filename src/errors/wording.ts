/** What an error says, and of what: the words that `error-fields.ts` puts together with the code. */
import type { ApiError, RelationshipChoice } from './api-error.ts'

/** What PGRST201 tells of each relationship that would fit. */
export type ChoiceDetails = Pick<RelationshipChoice, 'cardinality' | 'embedding' | 'relationship'>

export interface Wording {
  readonly message: string
  readonly details: string | readonly ChoiceDetails[] | null
  readonly hint: string | null
}

export type ErrorOf<K extends ApiError['kind']> = Extract<ApiError, { readonly kind: K }>

export function say(
  message: string,
  details: Wording['details'] = null,
  hint: string | null = null,
): Wording {
  return { message, details, hint }
}
