import { type DragEvent, type ReactNode, useEffect, useRef, useState } from 'react'
import { said } from '../api/client.ts'
import { addressWith, go } from '../router.tsx'
import { Notice } from '../ui/notice.tsx'
import { fileOf } from './dropped.ts'
import { take } from './take.ts'
import type { Shown } from './use-picture.ts'

/** A place for a picture: drop, paste or pick one, or take a sample of the World. */
export function PictureStage({ children, shown: { sample, error } }: { children: ReactNode; shown: Shown }) {
  const input = useRef<HTMLInputElement>(null)
  const [remark, setRemark] = useState<string>()
  const [isOver, setIsOver] = useState(false)
  const receive = (find: () => File) => {
    setIsOver(false)
    Promise.resolve()
      .then(() => take(find()))
      .then(setRemark, (problem: unknown) => setRemark(said(problem)))
  }
  usePaste(receive)
  const another = () => {
    setRemark(undefined)
    go(addressWith({ sample: String(sample + 1), image: undefined, q: undefined, stop: undefined }))
  }
  const drop = (event: DragEvent) => {
    event.preventDefault()
    receive(() => fileOf(event.dataTransfer))
  }
  const over = (event: DragEvent) => {
    event.preventDefault()
    setIsOver(true)
  }
  return (
    <section
      aria-label="Picture"
      className="stage"
      onDrop={drop}
      onDragOver={over}
      onDragLeave={() => setIsOver(false)}
    >
      <div className={isOver ? 'frame over' : 'frame'}>{children}</div>
      <div className="actions">
        <button type="button" onClick={another}>
          Another one
        </button>
        <button type="button" onClick={() => input.current?.click()}>
          Choose a picture
        </button>
        <span className="hint">or drop or paste one</span>
        <input
          ref={input}
          type="file"
          accept="image/*"
          hidden
          onChange={({ target }) => {
            const [file] = target.files ?? []
            if (file) receive(() => file)
            target.value = ''
          }}
        />
      </div>
      <Notice text={remark ?? error} />
    </section>
  )
}

function usePaste(receive: (find: () => File) => void): void {
  const latest = useRef(receive)
  latest.current = receive
  useEffect(() => {
    const paste = ({ clipboardData }: ClipboardEvent) => {
      if (clipboardData && clipboardData.files.length > 0) latest.current(() => fileOf(clipboardData))
    }
    addEventListener('paste', paste)
    return () => removeEventListener('paste', paste)
  }, [])
}
