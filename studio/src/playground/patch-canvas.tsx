import { useEffect, useRef, useState } from 'react'
import type { Report } from '../api/types.ts'
import type { Picture } from '../picture/open-picture.ts'
import { drawPatches, type Look } from './draw-patches.ts'
import { boxesOf, countOf, type Fate, fatesAt, type Stop } from './patches.ts'

interface Props {
  readonly picture: Picture
  readonly report?: Report
  readonly stop?: Stop
  /** Pixels of the longer side: about twice what it takes on a page. */
  readonly side?: number
}

/** A picture, and over it what became of its patches at a stop of the way. */
export function PatchCanvas({ picture, report, stop, side = 1120 }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const image = useImage(picture.url)
  const theme = useTheme()
  // The sizes that the server used are those of its views.
  const { width, height } = usedSize(report) ?? picture
  const scale = side / Math.max(width, height)
  const fates = report && stop ? fatesAt(report, 0, stop) : []
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme is read from the element
  useEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (!context || !image) return
    const boxes = report && stop ? boxesOf(report.views[0] ?? [], width, height) : []
    drawPatches(context, { image, width, height, boxes, fates, look: lookOf(context.canvas) })
  }, [image, report, stop, theme, width, height])
  return (
    <canvas
      ref={canvas}
      role="img"
      aria-label={describe(picture.name, fates)}
      width={Math.round(width * scale)}
      height={Math.round(height * scale)}
    />
  )
}

const usedSize = (report: Report | undefined) => {
  const [used] = report?.images ?? []
  return used && { width: used.used_width, height: used.used_height }
}

function describe(name: string, fates: readonly Fate[]): string {
  if (fates.length === 0) return name
  const [kept, merged, dropped] = (['kept', 'merged', 'dropped'] as const).map((fate) => countOf(fates, fate))
  return `${name}: of ${fates.length} patches ${kept} kept, ${merged} merged, ${dropped} dropped`
}

function lookOf(element: Element): Look {
  const style = getComputedStyle(element)
  const [paper, accent, line] = ['--paper', '--accent', '--line-strong'].map((name) =>
    style.getPropertyValue(name).trim(),
  )
  return { paper, accent, line }
}

function useImage(url: string): HTMLImageElement | undefined {
  const [image, setImage] = useState<HTMLImageElement>()
  useEffect(() => {
    let isWanted = true
    const loaded = new Image()
    loaded.onload = () => isWanted && setImage(loaded)
    loaded.src = url
    return () => {
      isWanted = false
    }
  }, [url])
  return image
}

/** Changes when the colours do. */
function useTheme(): number {
  const [changes, setChanges] = useState(0)
  useEffect(() => {
    const change = () => setChanges((count) => count + 1)
    const dark = matchMedia('(prefers-color-scheme: dark)')
    addEventListener('themechange', change)
    dark.addEventListener('change', change)
    return () => {
      removeEventListener('themechange', change)
      dark.removeEventListener('change', change)
    }
  }, [])
  return changes
}
