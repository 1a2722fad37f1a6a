import { expect, test } from 'vitest'
import { checkClaims } from '../../../src/auth/check-claims.ts'

const now = 1_700_000_000

function check(claims: Record<string, unknown>, audience: string | null = null): string | null {
  const failure = checkClaims(claims, audience, now * 1000 + 999)
  return failure?.kind === 'claims' ? failure.message : null
}

test.each<[Record<string, unknown>, string | null]>([
  [{}, null],
  [{ exp: null, nbf: null, iat: null, aud: null }, null],
  [{ exp: now + 1 }, null],
  [{ exp: now - 30 }, null],
  [{ exp: now - 31 }, 'JWT expired'],
  [{ exp: now - 30.5 }, 'JWT expired'],
  [{ exp: 0 }, 'JWT expired'],
  [{ nbf: now }, null],
  [{ nbf: now + 30 }, null],
  [{ nbf: now + 31 }, 'JWT not yet valid'],
  [{ iat: now + 30 }, null],
  [{ iat: now + 31 }, 'JWT issued at future'],
  [{ exp: 'invalid' }, "The JWT 'exp' claim must be a number"],
  [{ nbf: 'invalid' }, "The JWT 'nbf' claim must be a number"],
  [{ iat: 'invalid' }, "The JWT 'iat' claim must be a number"],
  [{ exp: `${now + 60}` }, "The JWT 'exp' claim must be a number"],
  [{ aud: { invalid: 'value' } }, "The JWT 'aud' claim must be a string or an array of strings"],
  [{ aud: 1 }, "The JWT 'aud' claim must be a string or an array of strings"],
  [{ aud: [{ a: 'b' }, 'test'] }, "The JWT 'aud' claim must be a string or an array of strings"],
  [{ exp: now - 60, nbf: now + 60, aud: 1 }, 'JWT expired'],
  [{ nbf: now + 60, iat: now + 60, aud: 1 }, 'JWT not yet valid'],
  [{ iat: now + 60, aud: 1 }, 'JWT issued at future'],
])('%j: %j', (claims, message) => {
  expect(check(claims)).toBe(message)
})

test.each<[unknown, string | null]>([
  ['youraudience', null],
  ['notyouraudience', 'JWT not in audience'],
  ['', 'JWT not in audience'],
  [['youraudience'], null],
  [['notyouraudience', 'youraudience', 'another'], null],
  [['notyouraudience'], 'JWT not in audience'],
  [['a', 'b'], 'JWT not in audience'],
  [[], null],
  [null, null],
  [undefined, null],
])('with jwt-aud = youraudience, aud %j: %j', (aud, message) => {
  expect(check({ aud }, 'youraudience')).toBe(message)
})

test.each(['a', '', ['a'], ['a', 'b'], [], null])('without jwt-aud, any aud will do: %j', (aud) => {
  expect(check({ aud })).toBeNull()
})
