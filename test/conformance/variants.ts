/**
 * The configurations that cases are played on: one server process each. Options that do not touch
 * one another share a variant, since a process costs more than a request.
 */
import type { EngineName } from './conformance-case.ts'

interface Variant {
  /** Of `DBREST_…`, in the names of the configuration file. */
  readonly options: Readonly<Record<string, string>>
  readonly engines: readonly EngineName[]
}

export const variants = {
  /** Every option has its default. */
  default: {
    options: {},
    engines: ['postgres', 'sqlite', 'mongodb'],
  },
  /** What is off by default is on, and writes are rolled back unless a request wants otherwise. */
  generous: {
    options: {
      'db-aggregates-enabled': 'true',
      'db-plan-enabled': 'true',
      'db-tx-end': 'rollback-allow-override',
      'server-timing-enabled': 'true',
      'server-trace-header': 'X-Request-Id',
      'db-extra-search-path': 'public, extras',
    },
    engines: ['postgres', 'sqlite', 'mongodb'],
  },
  /** Limits where there are none by default. */
  strict: {
    options: {
      'client-error-verbosity': 'minimal',
      'db-max-rows': '2',
      'openapi-mode': 'disabled',
      'server-cors-allowed-origins': 'http://example.com, http://example2.com',
      'url-use-legacy-target-names': 'false',
    },
    engines: ['postgres', 'sqlite', 'mongodb'],
  },
  /** Several schemas, one of them with a name full of special characters, and a pre-request. */
  schemas: {
    options: {
      'db-schemas': 'public, archive, Über "Archive" #1',
      'db-pre-request': 'check_request',
    },
    engines: ['postgres'],
  },
} as const satisfies Record<string, Variant>

export type VariantName = keyof typeof variants
export const variantNames = Object.keys(variants) as readonly VariantName[]
