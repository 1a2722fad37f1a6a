/**
 * Media types as the contract knows them: those with a meaning of their own, plan documents with
 * their options, and any other by its text.
 */
export type MediaType =
  | { readonly kind: 'json' }
  | { readonly kind: 'geojson' }
  | { readonly kind: 'csv' }
  | { readonly kind: 'text' }
  | { readonly kind: 'xml' }
  | { readonly kind: 'openapi' }
  | { readonly kind: 'form' }
  | { readonly kind: 'octet-stream' }
  | { readonly kind: 'any' }
  | { readonly kind: 'array-stripped' }
  | { readonly kind: 'singular'; readonly stripNulls: boolean }
  | {
      readonly kind: 'plan'
      readonly of: MediaType
      readonly format: 'text' | 'json'
      readonly options: readonly PlanOption[]
    }
  | { readonly kind: 'other'; readonly text: string }

export const planOptions = ['analyze', 'verbose', 'settings', 'buffers', 'wal'] as const
export type PlanOption = (typeof planOptions)[number]
