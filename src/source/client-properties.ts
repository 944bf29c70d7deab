import { ObslabError } from '../errors.js'

/**
 * Reads the text of a Java properties file as `java.util.Properties` does: `#` and `!` comments, `=`, `:` or blanks
 * between key and value, a backslash at the end of a line that continues it, and backslash escapes.
 */
export function parseProperties(text: string): Map<string, string> {
  const properties = new Map<string, string>()
  for (const line of logicalLines(text)) {
    const { key, value } = splitProperty(line)
    properties.set(unescapeProperty(key), unescapeProperty(value))
  }
  return properties
}

function logicalLines(text: string): string[] {
  const lines: string[] = []
  let continued: string | null = null
  for (const natural of text.split(/\r\n|\r|\n/)) {
    const line = natural.replace(/^[ \t\f]+/, '')
    if (continued === null && (line === '' || line.startsWith('#') || line.startsWith('!'))) continue
    const whole: string = (continued ?? '') + line
    const backslashes = /\\*$/.exec(line)?.[0].length ?? 0
    if (backslashes % 2 === 1) continued = whole.slice(0, -1)
    else {
      lines.push(whole)
      continued = null
    }
  }
  if (continued) lines.push(continued)
  return lines
}

function splitProperty(line: string): { key: string; value: string } {
  const parts = /^((?:\\.|[^\\=: \t\f])*)[ \t\f]*[=:]?[ \t\f]*(.*)$/s.exec(line)
  return { key: parts?.[1] ?? line, value: parts?.[2] ?? '' }
}

const propertyEscapes: Record<string, string> = { t: '\t', n: '\n', r: '\r', f: '\f' }

function unescapeProperty(text: string): string {
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/gs, (_, code: string | undefined, char: string) =>
    code === undefined ? (propertyEscapes[char] ?? char) : String.fromCharCode(Number.parseInt(code, 16)),
  )
}

/** What a `sasl.jaas.config` says: a login module and its options. */
export interface JaasEntry {
  loginModule: string
  options: Map<string, string>
}

type Token = { kind: 'text'; text: string } | { kind: 'mark'; text: '=' | ';' }

/**
 * Reads a `sasl.jaas.config` value, `<module> required username="…" password="…";`, by the rules of Kafka's own
 * reader: quotes are `"` or `'`, inside them a backslash escapes as in Java, and a value without quotes ends at a
 * blank, `=` or `;`. The error of one that cannot be read repeats nothing of it.
 */
export function parseJaas(text: string): JaasEntry {
  const tokens = jaasTokens(text)
  const loginModule = tokens.shift()
  const flag = tokens.shift()
  if (loginModule?.kind !== 'text' || flag?.kind !== 'text')
    throw jaasInvalid('no login module and control flag')
  const options = new Map<string, string>()
  for (;;) {
    const key = tokens.shift()
    if (key === undefined) throw jaasInvalid('no ; at the end')
    if (key.kind === 'mark' && key.text === ';') break
    const equals = tokens.shift()
    const value = tokens.shift()
    if (key.kind !== 'text' || equals?.text !== '=' || value?.kind !== 'text')
      throw jaasInvalid('an option that is not name="value"')
    options.set(key.text, value.text)
  }
  if (tokens.length > 0) throw jaasInvalid('more than one login module')
  return { loginModule: loginModule.text, options }
}

function jaasTokens(text: string): Token[] {
  const token =
    /\s+|\/\/[^\n]*|\/\*.*?\*\/|"((?:\\.|[^"\\\n])*)"|'((?:\\.|[^'\\\n])*)'|([=;])|([^\s"'=;]+)/gsy
  const tokens: Token[] = []
  while (token.lastIndex < text.length) {
    const match = token.exec(text)
    if (match === null) throw jaasInvalid('a quote that is not closed')
    const quoted = match[1] ?? match[2]
    if (quoted !== undefined) tokens.push({ kind: 'text', text: unescapeJava(quoted) })
    else if (match[3] === '=' || match[3] === ';') tokens.push({ kind: 'mark', text: match[3] })
    else if (match[4] !== undefined) tokens.push({ kind: 'text', text: match[4] })
  }
  return tokens
}

const javaEscapes: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

function unescapeJava(text: string): string {
  return text.replace(
    /\\(?:([0-3][0-7]{0,2}|[4-7][0-7]?)|(.))/gs,
    (_, octal: string | undefined, char: string) =>
      octal === undefined ? (javaEscapes[char] ?? char) : String.fromCharCode(Number.parseInt(octal, 8)),
  )
}

function jaasInvalid(found: string): ObslabError {
  return new ObslabError(
    'option-invalid',
    `Expected sasl.jaas.config to be '<login module> required username="…" password="…";', found ${found}.`,
  )
}
