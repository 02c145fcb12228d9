export interface Rounds {
  readonly repeat: number
  readonly seconds: number
}

export function rounds<T>(most: Rounds, round: (before: number) => Promise<T>): Promise<T[]>
