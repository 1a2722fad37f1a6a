/**
 * Who may see and ask for what on the admin server while `admin-server-token` is set: probes are for
 * everybody, since load balancers and orchestrators hold no secrets, and so is the page in which an
 * operator types the token; all else is for those who bring it.
 */
import { createHash, timingSafeEqual } from 'node:crypto'

/** `/health` keeps from others what names hosts, files and relations. */
const openPaths: ReadonlySet<string> = new Set(['/live', '/ready', '/ok', '/health'])

/** Whether everybody may ask for this. */
export function isOpen(path: string): boolean {
  return openPaths.has(path)
}

/**
 * Whether the header brings the token. Digests are compared, in
 * constant time: how long it takes tells nothing of the token, nor of its length.
 *
 * Shape  `Bearer <token>`, the scheme in any case
 * Rule   RFC 6750
 */
export function bringsToken(authorization: string | undefined, token: string): boolean {
  const given = /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
  return given !== undefined && timingSafeEqual(digest(given), digest(token))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
