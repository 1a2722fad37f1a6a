/**
 * What PostgreSQL alone knows of a schema: how transactions of a role run. Made by a load, read by
 * the executor from the snapshot that a request runs on.
 */
import type { IsolationLevel } from '../../../schema/catalog.ts'
import type { EngineFacts, FactsPart } from '../../../schema/engine-facts.ts'

export interface RoleSettings {
  readonly isolationLevel: IsolationLevel | null
  /** Settings that hold for the transaction, by name. */
  readonly settings: readonly (readonly [string, string])[]
}

export class PostgresFacts implements EngineFacts {
  /** Of the roles that requests may run as; those without settings are left out. */
  readonly roles: ReadonlyMap<string, RoleSettings>

  constructor(roles: ReadonlyMap<string, RoleSettings>) {
    const frozen = [...roles].map(([role, { isolationLevel, settings }]) => {
      const pairs = settings.map(([name, value]) => Object.freeze<[string, string]>([name, value]))
      return [role, Object.freeze({ isolationLevel, settings: Object.freeze(pairs) })] as const
    })
    this.roles = Object.freeze(new Map(frozen))
    Object.freeze(this)
  }

  get plansStandAlone(): boolean {
    return true
  }

  get parts(): readonly FactsPart[] {
    return [{ title: 'role settings', kind: 'whole', facts: this.roles }]
  }
}

/** Throws  for the facts of another engine: the snapshot is not one of ours */
export function postgresFacts(facts: EngineFacts): PostgresFacts {
  if (facts instanceof PostgresFacts) return facts
  throw new Error('the snapshot was not loaded from PostgreSQL')
}

/** Throws  for what no PostgresFacts was sent as */
export function adoptPostgresFacts({ roles }: Readonly<Record<string, unknown>>): PostgresFacts {
  if (!isRoles(roles)) throw new Error('these are no facts of PostgreSQL')
  return new PostgresFacts(roles)
}

/** What is in the map was put there by the same code. */
function isRoles(roles: unknown): roles is ReadonlyMap<string, RoleSettings> {
  return roles instanceof Map
}
