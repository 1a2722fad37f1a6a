/**
 * The address that a request came from: the one at the other end of the connection, or, behind proxies
 * that are trusted, the one that those name in `X-Forwarded-For`. What any client can write there itself
 * is never believed.
 */
import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net'
import { readNetwork, unixSocketWord } from '../config/trusted-proxies.ts'

export interface ClientAddresses {
  /**
   * @param peer the other end of the connection; no address on a Unix socket
   * @param forwarded the values of `X-Forwarded-For`, in order
   * @param proxies as configured
   */
  addressOf(peer: string, forwarded: readonly string[], proxies: readonly string[]): string
}

export function createClientAddresses(): ClientAddresses {
  let known: { readonly proxies: readonly string[]; readonly networks: BlockList } | null = null

  function networksOf(proxies: readonly string[]): BlockList {
    if (known?.proxies !== proxies) known = { proxies, networks: blockListOf(proxies) }
    return known.networks
  }

  return {
    addressOf(peer, forwarded, proxies) {
      const nearest = plainAddress(peer)
      if (proxies.length === 0 || forwarded.length === 0) return nearest
      const networks = networksOf(proxies)
      const isTrusted = (address: string) =>
        isIP(address) === 0
          ? proxies.includes(unixSocketWord)
          : networks.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')
      // each proxy adds at the end whom it was asked by: back to the first that is none of ours
      const hops = forwarded.join(',').split(',')
      let client = nearest
      while (hops.length > 0 && isTrusted(client)) {
        const hop = hopAddress(hops.pop() ?? '')
        if (hop === null) break
        client = hop
      }
      return client
    },
  }
}

/**
 * What requests from an address are counted under. Of IPv6 the network of 64 bits counts, since a single
 * machine has all the addresses in one.
 *
 * Shape  `203.0.113.7` → itself; `2001:db8::1` → `2001:db8:0:0`; no address → itself
 */
export function addressKey(address: string): string {
  if (!isIPv6(address)) return address
  const [head = '', tail] = address.split('::')
  const before = groupsOf(head)
  const after = groupsOf(tail ?? '')
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length
  return [...before, ...Array.from({ length: zeros }, () => 0), ...after]
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')
}

function groupsOf(text: string): readonly number[] {
  if (text === '') return []
  // the last 32 bits may be written as an IPv4 address
  return text.split(':').flatMap((group) => (group.includes('.') ? [0, 0] : [Number(`0x${group}`)]))
}

function blockListOf(proxies: readonly string[]): BlockList {
  const networks = new BlockList()
  for (const text of proxies) {
    const network = readNetwork(text)
    if (network !== null) networks.addSubnet(network.address, network.bits, network.family)
  }
  return networks
}

/** IPv4 as itself where a socket of both families shows it as IPv6; without the name of an interface. */
function plainAddress(address: string): string {
  if (!address.includes(':')) return address
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  return mapped ?? address.replace(/%.*$/, '')
}

/** Shape  `203.0.113.7`, `203.0.113.7:4711`, `2001:db8::1`, `[2001:db8::1]:4711`; null: no address */
function hopAddress(text: string): string | null {
  const trimmed = text.trim()
  const bare =
    /^\[([^\]]*)\](?::\d+)?$/.exec(trimmed)?.[1] ??
    /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(trimmed)?.[1] ??
    trimmed
  const address = plainAddress(bare)
  return isIP(address) === 0 ? null : address
}
