import { useAsked } from '../api/use-asked.ts'

interface Props {
  readonly model: string
  readonly family: string
}

export function Footer() {
  const { data } = useAsked<Props>('/props')
  return (
    <footer className="bottom">
      <span>{data ? `${data.model}, ${data.family}, on this machine` : ' '}</span>
      <span>
        <a href="/fovea/papers.atom">Atom feed</a>
        <a href="/openapi.json">OpenAPI</a>
      </span>
    </footer>
  )
}
