/**
 * Tells of the policies that mean nothing on the schema in use: their relations are denied to
 * everybody until registry or schema fit again.
 */
import type { Config } from '../config/config.ts'
import type { Observe } from '../observe/observation.ts'
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'
import type { FindRules } from './access-control.ts'
import type { UnboundPolicy } from './access-rules.ts'

/** What requests are planned on. */
interface Served {
  readonly config: Pick<Config, 'policyRegistry'>
  readonly snapshot: SchemaSnapshot | null
}

export function unboundPolicies(
  findRules: FindRules,
  { config, snapshot }: Served,
): readonly UnboundPolicy[] {
  return snapshot === null ? [] : (findRules(config.policyRegistry, snapshot)?.unbound ?? [])
}

/** With each configuration and schema that is published. */
export function tellUnbound(findRules: FindRules, served: Served, observe: Observe): void {
  const policies = unboundPolicies(findRules, served)
  if (policies.length > 0) observe({ kind: 'policies-unbound', policies })
}
