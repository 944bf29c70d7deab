import type { ChartSpec } from '../display/chart.js'

/** One histogram for each vital sign, for a frame of the vitals. */
export function vitalsChart(): ChartSpec {
  return {
    title: { text: 'Vital signs by encounter', anchor: 'start', fontSize: 15, offset: 12 },
    columns: 4,
    spacing: 24,
    concat: [
      histogram('weight', 'Weight (kg)'),
      histogram('height', 'Height (cm)'),
      histogram('bmi', 'Body mass index (kg/m²)'),
      histogram('temperature', 'Temperature (°C)'),
      histogram('systolic', 'Systolic pressure (mmHg)'),
      histogram('diastolic', 'Diastolic pressure (mmHg)'),
      histogram('pulse', 'Pulse (1/min)'),
      histogram('spo2', 'Oxygen saturation (%)'),
    ],
    config: {
      background: 'white',
      view: { stroke: null },
      axis: { labelColor: '#444', titleColor: '#222', titleFontWeight: 'normal', gridColor: '#eee' },
    },
  }
}

function histogram(field: string, title: string): ChartSpec {
  return {
    width: 180,
    height: 110,
    transform: [{ filter: `isValid(datum.${field})` }],
    mark: { type: 'bar', color: '#2f6f9f' },
    encoding: {
      x: { field, type: 'quantitative', bin: { maxbins: 24 }, title, axis: { tickCount: 5 } },
      y: { aggregate: 'count', type: 'quantitative', title: 'encounters', axis: { tickCount: 4 } },
    },
  }
}
