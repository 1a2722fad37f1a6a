import { describe, expect, test } from 'vitest'
import { isProxyUri, isUri } from '../../../src/config/uri-syntax.ts'

describe('isUri', () => {
  test.each([
    'https://example.org',
    'https://user:pw@example.org:8443/a/b?c=d&e#f',
    'http://[::1]:80/',
    'urn:example:a',
    'mailto:a@b',
    'a:b',
    'foo://',
    'x:',
    'http://example.org/%20',
  ])('takes %s', (text) => {
    expect(isUri(text)).toBe(true)
  })

  test.each([
    'foo://%%$$^^.com',
    'http://%%localhorst.invalid',
    '://x',
    '1a:b',
    'a b:c',
    'http://a b',
    'http://example.org/%2',
    'http://a/<b>',
    'plain',
  ])('refuses %s', (text) => {
    expect(isUri(text)).toBe(false)
  })
})

describe('isProxyUri', () => {
  test.each([
    'https://example.org',
    'HTTP://example.org:8080/base',
    'http://[::1]:1',
    'http://h:65535/',
  ])('takes %s', (text) => {
    expect(isProxyUri(text)).toBe(true)
  })

  test.each([
    'htp:/@@localhorst.invalid',
    'ftp://example.org',
    'https:/example.org',
    'https://',
    'https://u@example.org',
    'https://@example.org',
    'https://example.org?a=b',
    'https://example.org?',
    'https://example.org#a',
    'https://example.org:',
    'https://example.org:0',
    'https://example.org:65536',
    'https://example.org:x',
    'example.org',
  ])('refuses %s', (text) => {
    expect(isProxyUri(text)).toBe(false)
  })
})
