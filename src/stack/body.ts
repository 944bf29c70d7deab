import type { Random } from './random.js'

const year = 365.25 * 86_400_000

/** What one person's measurements follow. Heights never shrink and weights drift slowly. */
export interface Body {
  birthdate: number
  gender: 'F' | 'M'
  /** This person's size relative to the average of the same age and gender. */
  heightFactor: number
  weightFactor: number
  hypertensive: boolean
  /** The greatest height measured so far, in cm. */
  height: number
}

/** One set of vital signs: kg, cm, °C, %, mmHg, beats a minute. */
export interface Vitals {
  weight: number
  height: number
  temperature: number
  oxygen: number
  systolic: number
  diastolic: number
  pulse: number
}

/** A body with the spread that a clinic sees. */
export function newBody(random: Random, birthdate: number, gender: 'F' | 'M'): Body {
  return {
    birthdate,
    gender,
    height: 0,
    hypertensive: random.chance(0.2),
    heightFactor: random.normal(1, 0.035),
    weightFactor: random.normal(1, 0.13),
  }
}

/** The age in years at a moment. */
export function ageAt(body: Body, now: number): number {
  return Math.max(0, (now - body.birthdate) / year)
}

/** Measures the body as a nurse at triage would; keeps the height, so that the next one is no smaller. */
export function measure(random: Random, body: Body, now: number): Vitals {
  const age = ageAt(body, now)
  const adult = age >= 16
  const height = averageHeight(age, body.gender) * body.heightFactor + random.normal(0, 0.4)
  body.height = Math.max(body.height, Math.round(height * 2) / 2)
  body.weightFactor = clamp(body.weightFactor + random.normal(0, 0.008), 0.65, 1.6)
  const fever = random.chance(0.07)
  const pressure = body.hypertensive && adult ? 24 : 0
  const systolic = Math.round(random.normal(adult ? 117 : 92 + age, 9) + pressure)
  return {
    weight: round1(averageWeight(age, body.gender) * body.weightFactor * body.heightFactor),
    height: body.height,
    temperature: round1(fever ? random.normal(38.6, 0.5) : random.normal(36.7, 0.25)),
    oxygen: Math.round(clamp(random.normal(97.2, 1.3), 84, 100)),
    systolic,
    diastolic: Math.round(Math.min(systolic - 20, random.normal(adult ? 75 : 58, 7) + pressure / 2)),
    pulse: Math.round(random.normal(adult ? 76 : Math.max(85, 130 - 4 * age), 9) + (fever ? 14 : 0)),
  }
}

const heights = [50, 75, 86, 95, 102, 109, 115, 121, 127, 132, 138, 143, 149, 154, 158, 161, 163]
const weights = [3.4, 9.4, 12, 14, 16, 18, 20, 22.5, 25, 28, 31, 35, 39, 44, 49, 52, 55]

function averageHeight(age: number, gender: 'F' | 'M'): number {
  return between(heights, age) * (gender === 'M' && age > 14 ? 1.055 : 1)
}

function averageWeight(age: number, gender: 'F' | 'M'): number {
  const grown = between(weights, age) + clamp((age - 16) * 0.5, 0, 9)
  return grown * (gender === 'M' && age > 14 ? 1.1 : 1)
}

/** The curve's value at an age between its yearly points; its last beyond them. */
function between(curve: readonly number[], age: number): number {
  const index = Math.min(Math.floor(age), curve.length - 1)
  const low = curve[index]!
  const high = curve[index + 1] ?? low
  return low + (high - low) * Math.min(1, age - index)
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value))
}

function round1(value: number): number {
  return Math.round(value * 10) / 10
}
