import { readFileSync } from 'node:fs'
import { ObslabError } from '../errors.js'

/**
 * The PEM blocks of a text, each with proper line ends. A properties file may have run their lines together; Java
 * accepts that and Node does not.
 */
export function normalisePem(text: string): string {
  const blocks = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----/gs)]
  return blocks
    .map(([block, label, body = '']) => {
      if (body.includes(':')) return `${block}\n`
      const lines = body.replace(/\s+/g, '').match(/.{1,64}/g) ?? []
      return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
    })
    .join('')
}

/** The PEM blocks of a file; one that is missing or has none is an `option-invalid` error naming the option. */
export function readPem(option: string, file: string): string {
  const pem = normalisePem(readOptionFile(option, file))
  if (pem !== '') return pem
  throw new ObslabError(
    'option-invalid',
    `Expected ${option} to name a PEM file (-----BEGIN …-----), found none in ${file}. A Java key store is not PEM: convert it first.`,
  )
}

/** The text of a file that an option names; one that cannot be read is an `option-invalid` error. */
export function readOptionFile(option: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new ObslabError('option-invalid', `The file that ${option} names cannot be read: ${file}.`, {
      cause,
    })
  }
}
