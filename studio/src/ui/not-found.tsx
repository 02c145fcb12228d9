import { Link } from '../router.tsx'

export function NotFound({ what }: { what: string }) {
  return (
    <div className="page">
      <h1>There is no such {what}</h1>
      <p>
        Perhaps the address was cut off. <Link to="/papers">All papers</Link> are here.
      </p>
    </div>
  )
}
