package httpproxy

import "errors"

// A downstream is the client's side of an exchange.
type downstream interface {
	// inform passes an interim answer on.
	inform(h *head)
	// relay passes an answer on, all of it. Of its error aborts is of upstream.
	relay(x *exchange, a *answer) error
	// refuse sends an answer of the proxy's own.
	refuse(x *exchange, r *refusal)
}

// A refusal is an answer of the proxy's own.
type refusal struct {
	status int
	why    string // for the log, and the body
	header fields
	err    error
}

func refusalOf(err error) *refusal {
	if b, ok := errors.AsType[*badMessage](err); ok {
		return &refusal{status: b.status, why: b.why, err: err}
	}
	return &refusal{status: 400, why: err.Error(), err: err}
}
