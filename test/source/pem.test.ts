import { X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { normalisePem } from '../../src/source/pem.js'
import { certificate, privateKey } from './certificate.js'

test.each([
  ['as openssl writes it', certificate],
  ['with text around it', `subject=CN = localhost\n${certificate}and more`],
  ['on one line', certificate.replaceAll('\n', ' ')],
  ['without any blank between', certificate.replaceAll('\n', '')],
  ['with the line ends of Windows', certificate.replaceAll('\n', '\r\n')],
])('a certificate %s is the same certificate', (_, text) => {
  expect(normalisePem(text)).toBe(certificate)
  expect(new X509Certificate(normalisePem(text)).subject).toBe('CN=localhost')
})

test('all blocks of a text are kept in their order, and a text without any gives none', () => {
  expect(normalisePem(privateKey + certificate)).toBe(privateKey + certificate)
  expect(normalisePem('-----BEGIN CERTIFICATE-----\nAAAA')).toBe('')
})

test('the headers of an encrypted key are left as they are', () => {
  const key =
    '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n'
  expect(normalisePem(key)).toBe(key)
})
