// Package fetch reads what a server of the pod answers to GET, again and again,
// as sources of metrics do.
//
//   - It dials through the sandbox, and keeps the connection from one Get to the
//     next. There is no goroutine and no pool: one [Client] has one connection, or
//     none, and a Get on it that is not answered is tried once more on a new one.
//   - It is bounded: the body by the client's limit, as it comes and as it is
//     unpacked; the head by 64 KiB; redirects by three, all within the one server.
//   - A body is whole or it is an error: shorter or longer than its Content-Length,
//     without its last chunk, half of a gzip. One that only the end of the
//     connection ends may be cut off unseen (RFC 9112, section 8), and is taken
//     only where the client says that the body itself shows it.
//   - When ctx ends, so does what waits for the server, be it in a dial, the head
//     or the body.
package fetch
