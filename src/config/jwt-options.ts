/**
 * PostgREST's options about tokens.
 */

import { claimPath, secret, secretIsBase64 } from './jwt-option-kinds.ts'
import { type OptionKey, type OptionTable, option } from './option.ts'
import { checkedText, integer } from './option-kinds.ts'
import { isUri } from './uri-syntax.ts'

export const jwtOptions: OptionTable<Extract<OptionKey, `jwt${string}`>> = {
  jwtAud: option(
    'jwt-aud',
    checkedText(
      (audience) => !audience.includes(':') || isUri(audience),
      'jwt-aud should be a string or a valid URI',
    ),
    null,
    {
      inDatabase: true,
      doc: 'The audience that tokens must be for, where they have an `aud` claim: a text, or a URI where it contains `:`.',
    },
  ),
  jwtCacheMaxEntries: option('jwt-cache-max-entries', integer({}), 1000, {
    doc: 'How many verified tokens are remembered, so that their signatures are not checked again; 0 or less for none. Times and audience are checked at every request.',
  }),
  jwtRoleClaimKey: option('jwt-role-claim-key', claimPath, '$.role', {
    aliases: ['role-claim-key'],
    inDatabase: true,
    doc: 'Where in the claims the role is, as JSONPath (RFC 9535): `$.realm.roles[0]`, `$["https://example.com/role"]`, `$.roles[?search(@, "^api_")]`. The first result counts. In a file `$` is written `$$`. The syntax before it (`.realm.roles[0]`) is deprecated and logs a warning.',
  }),
  jwtSecret: option('jwt-secret', secret, null, {
    isSecret: true,
    inDatabase: true,
    doc: 'What tokens are verified with: a passphrase of at least 32 bytes (HS256), a JSON Web Key or a set of them (HS, RS, PS, ES, EdDSA), or `@path` of a file with one, which is read again at each reload. Other JSON, PEM and HTML are refused, and so is an empty set: no text that others can read becomes a passphrase. Without it a token is answered with `500 PGRST300`; on engines without roles and without a `policy-registry` it is not looked at, and the request is served as one without a token is.',
  }),
  jwtSecretIsBase64: option('jwt-secret-is-base64', secretIsBase64, false, {
    aliases: ['secret-is-base64'],
    inDatabase: true,
    doc: 'The secret is given in base64; the alphabet of URLs is understood as well.',
  }),
}
