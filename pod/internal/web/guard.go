package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// Harden lets only GET and HEAD through to h, and has every answer say that it is
// not to be framed, stored, sniffed or run. h may widen the policy of a page.
func Harden(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", policy())
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("X-Frame-Options", "DENY")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Cache-Control", "no-store")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			header.Set("Allow", "GET, HEAD")
			http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// policy is a content security policy that allows nothing but what it is given.
func policy(allowed ...string) string {
	nothing := []string{"default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"}
	return strings.Join(append(nothing, allowed...), "; ")
}

// OnlyHosts lets only requests for this machine through to h: for localhost, a
// loopback address, the address that the connection came in on, or host. A web
// page that has its own name resolve to the loopback (DNS rebinding) asks for that
// name, and is refused with 421.
func OnlyHosts(h http.Handler, host string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked := hostname(r.Host); asked != strings.ToLower(host) && !isHere(asked, r) {
			http.Error(w, "this is not the server of that host", http.StatusMisdirectedRequest)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// hostname is the host of a Host header, without its port and brackets.
func hostname(header string) string {
	host, _, err := net.SplitHostPort(header)
	if err != nil {
		host = strings.TrimSuffix(strings.TrimPrefix(header, "["), "]")
	}
	return strings.ToLower(host)
}

func isHere(host string, r *http.Request) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	if ip = ip.Unmap(); ip.IsLoopback() {
		return true
	}
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return ok && ip == local.AddrPort().Addr().Unmap()
}
