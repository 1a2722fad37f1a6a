/**
 * `server-trusted-proxies`: the networks whose word counts for where a request came from.
 */
import { isIP } from 'node:net'
import { err } from '../core/result.ts'
import { list, type OptionKind } from './option-kinds.ts'

/** Whoever asks on a Unix socket. */
export const unixSocketWord = 'unix:'

export interface Network {
  readonly address: string
  readonly family: 'ipv4' | 'ipv6'
  /** Leading bits that count. */
  readonly bits: number
}

/** Shape  `10.0.0.0/8`, `192.0.2.1`, `2001:db8::/32`; null: none */
export function readNetwork(text: string): Network | null {
  const [address = '', bitsText, ...rest] = text.split('/')
  const version = isIP(address)
  if (version === 0 || address.includes('%') || rest.length > 0) return null
  const width = version === 4 ? 32 : 128
  if (bitsText !== undefined && !/^\d{1,3}$/.test(bitsText)) return null
  const bits = bitsText === undefined ? width : Number(bitsText)
  return bits > width ? null : { address, family: version === 4 ? 'ipv4' : 'ipv6', bits }
}

export const trustedProxies: OptionKind<readonly string[]> = {
  ...list,
  parse(value, name) {
    const parsed = list.parse(value, name)
    if (!parsed.ok) return parsed
    const wrong = parsed.value?.find(
      (member) => member !== unixSocketWord && readNetwork(member) === null,
    )
    return wrong === undefined
      ? parsed
      : err('it should be addresses and networks (10.0.0.0/8, 2001:db8::/32), or unix:')
  },
}
