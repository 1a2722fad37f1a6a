/**
 * What a conformance case is: a request, the answer that PostgREST v16.2 gives to it, and where
 * that is known from. Cases are data; `conformance.test.ts` plays them on every engine.
 */
import type { Feature } from '../../src/schema/capabilities.ts'
import type { VariantName } from './variants.ts'

export type EngineName = 'postgres' | 'sqlite' | 'mongodb'

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json }

export interface CaseRequest {
  readonly method: 'GET' | 'HEAD' | 'OPTIONS' | 'POST' | 'PATCH' | 'PUT' | 'DELETE' | 'TRACE'
  /** Path and query as they go over the wire. */
  readonly target: string
  /** A list is sent as several header lines. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  /** Text is sent as it is, anything else as JSON. */
  readonly body?: Json
  /** Sends a token with these claims, signed with the server's secret. */
  readonly claims?: { readonly role: string; readonly [claim: string]: Json }
}

/**
 * Of `body`, `code` and `text` at most one. `{schema}` stands for the exposed schema's name, which
 * every engine has its own of.
 */
export interface ExpectedAnswer {
  readonly status: number
  /** Null: the header is absent. A list: as many header lines. */
  readonly headers?: Readonly<Record<string, string | RegExp | readonly string[] | null>>
  /** Parsed; the order of rows counts, that of keys inside a row does not. */
  readonly body?: Json
  /** Of an error, when its words are the engine's own. */
  readonly code?: string
  /** The bytes, as UTF-8. */
  readonly text?: string | RegExp
}

/** What an engine answers instead, and why it cannot do otherwise. */
export interface Difference extends ExpectedAnswer {
  readonly reason: string
}

export interface ConformanceCase {
  /** `area/what-is-shown` */
  readonly name: string
  readonly rule: string
  /** Where the expectation is from, when the rule's page does not say it all. */
  readonly source?: string
  readonly variant?: VariantName
  readonly request: CaseRequest
  readonly expect: ExpectedAnswer
  /** Sent right after, to see what the first request left. */
  readonly afterwards?: { readonly request: CaseRequest; readonly expect: ExpectedAnswer }
  /**
   * An engine that grades one of these `unsupported` refuses the request with PGRST127, naming
   * the first it lacks.
   */
  readonly needs?: Feature | readonly Feature[]
  /** A listed difference that no longer occurs fails too. */
  readonly differs?: { readonly [engine in EngineName]?: Difference }
  /**
   * What tests can be run on of an engine is sometimes another implementation of it. Where that is
   * known not to do this, and why: the case is played on the engine's own server only.
   */
  readonly unshown?: { readonly [engine in EngineName]?: string }
  /** The hint that dbrest gives on every engine to an error that PostgREST gives none to. */
  readonly ownHint?: string
  /** The case is about something that other engines have no notion of. */
  readonly only?: { readonly engine: EngineName; readonly reason: string }
}

/** The body of an error, its keys in the order of the wire. */
export function errorBody(
  code: string,
  message: string,
  rest: { readonly details?: Json; readonly hint?: string } = {},
): Json {
  return { code, details: rest.details ?? null, hint: rest.hint ?? null, message }
}

type Headers = CaseRequest['headers']

export function get(target: string, headers: Headers = {}): CaseRequest {
  return { method: 'GET', target, headers }
}

export function post(target: string, body: Json, headers: Headers = {}): CaseRequest {
  return { method: 'POST', target, body, headers }
}

/** Asks to see what was written. */
export const showing = { Prefer: 'return=representation' } as const
