package httpproxy

import "fmt"

// Key is what of a request is hashed: to send equal ones to the same endpoint, for
// a Cluster whose Balancer is upstream.Maglev, or to the same part of a [Split]. It
// is the first of its fields that the request has. One that has none of them goes
// anywhere. A Key without any is an error.
type Key struct {
	Header  string // the name of a field, whose first value is the key; empty: none
	Cookie  string // the name of a cookie; empty: none
	Address bool   // the client's address, without its port, see [Forwarded]
}

// of returns x's key.
func (k *Key) of(x *exchange) (key string, ok bool) {
	if k == nil {
		return "", false
	}
	if k.Header != "" {
		if v := x.header.get(k.Header); v != "" {
			return v, true
		}
	}
	if k.Cookie != "" {
		if v := x.cookie(k.Cookie); v != "" {
			return v, true
		}
	}
	if k.Address {
		if addr := x.from(); addr.IsValid() {
			return addr.String(), true
		}
	}
	return "", false
}

// validate returns what is wrong with k's fields.
func (k *Key) validate() error {
	switch {
	case k == nil:
	case k.Header == "" && k.Cookie == "" && !k.Address:
		return fmt.Errorf("of nothing: Header, Cookie and Address are empty")
	case k.Header != "" && !isToken(k.Header):
		return fmt.Errorf("Header: %q is no name of a field", k.Header)
	case k.Cookie != "" && !isToken(k.Cookie):
		return fmt.Errorf("Cookie: %q is no name of a cookie", k.Cookie)
	}
	return nil
}
