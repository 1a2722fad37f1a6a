import { describe, expect, test } from 'vitest'
import { addressKey, createClientAddresses } from '../../../src/limits/client-address.ts'

const { addressOf } = createClientAddresses()
const proxies = ['10.0.0.0/8', '2001:db8:1::/48', '192.0.2.1']

describe('the address of a client', () => {
  test.each([
    ['nobody is trusted', '10.0.0.1', ['1.1.1.1'], [], '10.0.0.1'],
    ['the client asks itself', '198.51.100.7', ['1.1.1.1'], proxies, '198.51.100.7'],
    ['a proxy asks for it', '10.0.0.1', ['198.51.100.7'], proxies, '198.51.100.7'],
    ['a proxy says nothing', '10.0.0.1', [], proxies, '10.0.0.1'],
    ['it has made up some', '10.0.0.1', ['1.1.1.1, 198.51.100.7'], proxies, '198.51.100.7'],
    ['two proxies stand in a row', '10.0.0.1', ['9.9.9.9, 8.8.8.8, 10.2.2.2'], proxies, '8.8.8.8'],
    ['each sends a header of its own', '10.0.0.1', ['9.9.9.9', '8.8.8.8'], proxies, '8.8.8.8'],
    ['all of them are proxies', '10.0.0.1', ['10.0.0.3, 10.0.0.2'], proxies, '10.0.0.3'],
    ['the last hop is no address', '10.0.0.1', ['9.9.9.9, unknown'], proxies, '10.0.0.1'],
    ['it stands with its port', '10.0.0.1', ['9.9.9.9:4711'], proxies, '9.9.9.9'],
    ['it is of IPv6', '2001:db8:1::5', ['[2001:db8:2::7]:80'], proxies, '2001:db8:2::7'],
    ['the proxy is shown as IPv6', '::ffff:10.0.0.1', ['9.9.9.9'], proxies, '9.9.9.9'],
    ['the proxy is link-local', 'fe80::1%eth0', ['9.9.9.9'], ['fe80::/10'], '9.9.9.9'],
    ['the socket is of Unix', '-', ['9.9.9.9'], ['unix:'], '9.9.9.9'],
    ['that socket is not trusted', '-', ['9.9.9.9'], proxies, '-'],
  ] as const)('where %s', (_, peer, forwarded, trusted, address) => {
    expect(addressOf(peer, forwarded, trusted)).toBe(address)
  })
})

describe('what is counted', () => {
  test.each([
    ['203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::', '2001:db8:1:2'],
    ['2001:0db8:0001:0002::9', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0'],
    ['1:2:3:4:5:6:192.0.2.1', '1:2:3:4'],
    ['-', '-'],
  ])('of %s is %s', (address, key) => {
    expect(addressKey(address)).toBe(key)
  })
})
