/** Exact text of `unscaled / 10^scale`, with `scale` digits behind the point. */
export function decimalText(unscaled: bigint, scale: number): string {
  const negative = unscaled < 0n
  const digits = (negative ? -unscaled : unscaled).toString()
  const sign = negative ? '-' : ''
  if (scale <= 0) return `${sign}${digits}${digits === '0' ? '' : '0'.repeat(-scale)}`
  const padded = digits.padStart(scale + 1, '0')
  return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`
}

/** The integer that big-endian two's-complement bytes stand for. There must be at least one byte. */
export function integerOfBytes(bytes: Buffer): bigint {
  if (bytes.length <= 6) return BigInt(bytes.readIntBE(0, bytes.length))
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`))
}

/**
 * Decimal text of a JSON number, or null when the number cannot be exact: with a scale, when it has more than the 15
 * digits a double carries.
 */
export function decimalOfNumber(value: number | bigint, scale: number | undefined): string | null {
  if (typeof value === 'bigint')
    return scale === undefined ? value.toString() : decimalText(value * 10n ** BigInt(scale), scale)
  if (!Number.isFinite(value)) return null
  if (scale === undefined) return plainText(value)
  return Math.abs(value) * 10 ** scale < 1e15 ? normalZero(value.toFixed(scale)) : null
}

function normalZero(text: string): string {
  return /^-0(\.0*)?$/.test(text) ? text.slice(1) : text
}

/** The shortest text that reads back as the number, without an exponent. */
function plainText(value: number): string {
  const [, sign, whole, fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value)) ?? []
  const digits = `${whole}${fraction}`
  return `${sign}${decimalText(BigInt(digits), 0) === '0' ? '0' : shift(digits, fraction.length - Number(exponent))}`
}

function shift(digits: string, scale: number): string {
  return decimalText(BigInt(digits), scale)
}
