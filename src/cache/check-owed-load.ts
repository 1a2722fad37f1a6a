/**
 * While a load is owed, clocks and clients go on asking for checks. They neither hasten nor replace
 * the retry, unless the database answers with another schema than the one that failed, or answers
 * at all after it was silent.
 */
import type { Config } from '../config/config.ts'
import type { SchemaVersion } from '../schema/catalog.ts'
import { schemaOptions } from '../schema/schema-options.ts'
import { describeFailure } from './describe-failure.ts'
import type { LoadDeadline } from './load-deadline.ts'
import type { SchemaReader } from './load-schema.ts'
import type { OwedLoad } from './reload-step.ts'

export type OwedLoadCheck =
  /** The load is worth a try now. */
  | { readonly kind: 'news' }
  | {
      readonly kind: 'left'
      readonly found: Pick<OwedLoad, 'failedAt' | 'isSilent'>
      readonly cause: string
      /** Why the database could not be asked; null when it was. */
      readonly failure: unknown
    }

/** Never rejects. */
export async function checkOwedLoad(
  owed: OwedLoad,
  config: Config,
  deadline: LoadDeadline,
  reader: Pick<SchemaReader, 'schemaVersion'>,
): Promise<OwedLoadCheck> {
  let schemaVersion: SchemaVersion
  try {
    schemaVersion = await deadline.guard(
      reader.schemaVersion(schemaOptions(config), deadline.signal, 'quick'),
    )
  } catch (failure) {
    const { cause } = describeFailure(failure)
    return { kind: 'left', found: { failedAt: null, isSilent: true }, cause, failure }
  }
  const isNews = owed.isSilent || (owed.failedAt !== null && owed.failedAt !== schemaVersion)
  if (isNews) return { kind: 'news' }
  const found = { failedAt: schemaVersion, isSilent: false }
  return { kind: 'left', found, cause: owed.cause, failure: null }
}
