// Package certs makes TLS configurations of certificates, keys and authorities
// in files, and follows the files when they are replaced.
//
//   - There is no goroutine and no life: whoever needs the certificates looks at
//     the files, at most once per interval, and so the first handshake after a
//     pause sees the newest ones. The content is compared, so a change counts
//     however it came: written in place, renamed over, or by the ..data link that
//     Kubernetes swaps.
//   - The files are one set. It is taken when all of them are whole and fit
//     together; until then the last good set is kept, and that is logged once for
//     each reason. A half-written file of certificates is one that ends inside a
//     block.
//   - Only the first look can fail. Connections that there are already are not
//     touched by a change.
//   - TLS 1.2 is the least. A relative path is one in the root that the context
//     carries, see package files.
package certs
