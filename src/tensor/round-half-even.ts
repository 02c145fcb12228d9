/** To the nearest integer; halves go to the even neighbour, as Python and ONNX round. */
export function roundHalfEven(value: number): number {
  const low = Math.floor(value)
  return value - low < 0.5 || (value - low === 0.5 && low % 2 === 0) ? low : low + 1
}
