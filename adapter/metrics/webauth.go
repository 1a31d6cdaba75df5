package metrics

import (
	"crypto/sha256"
	"net/http"
	"sync"

	"golang.org/x/crypto/bcrypt"
)

// admit answers a request that may not be served, and returns false.
func (w *web) admit(resp http.ResponseWriter, req *http.Request) bool {
	if w == nil {
		return true
	}
	if w.limiter != nil && !w.limiter.Allow() {
		http.Error(resp, "429 too many requests", http.StatusTooManyRequests)
		return false
	}
	c, _ := w.now()
	for name, value := range c.HTTP.Headers {
		resp.Header().Set(name, value)
	}
	if len(c.Users) == 0 {
		return true
	}
	if user, password, given := req.BasicAuth(); given && w.proofs.hold(c.Users, user, password) {
		return true
	}
	resp.Header().Set("WWW-Authenticate", `Basic realm="metrics", charset="UTF-8"`)
	http.Error(resp, "401 unauthorized", http.StatusUnauthorized)
	return false
}

// proofs remember which passwords were right, because bcrypt takes 70 ms at the
// usual cost. One is computed at a time, so that guessing takes no more than one
// processor.
type proofs struct {
	mu    sync.Mutex
	known map[[sha256.Size]byte]struct{}

	bcrypt sync.Mutex
}

// maxProofs bounds what is remembered.
const maxProofs = 100

// nobody is the hash of a password that nobody knows, so that an unknown name
// takes as long as a known one.
const nobody = "$2a$10$7EqJtq98hPqEX7fNZaFWoOhi5B0uQ1Z0bS4l0Ycz8l8r1wQw0yF7e"

func (p *proofs) hold(users map[string]string, user, password string) bool {
	hash, known := users[user]
	if !known {
		hash = nobody
	}
	proof := sha256.Sum256([]byte(user + "\x00" + hash + "\x00" + password))
	p.mu.Lock()
	_, proven := p.known[proof]
	p.mu.Unlock()
	if proven {
		return known
	}
	p.bcrypt.Lock()
	err := bcrypt.CompareHashAndPassword([]byte(hash), []byte(password))
	p.bcrypt.Unlock()
	if err != nil || !known {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil || len(p.known) >= maxProofs {
		p.known = map[[sha256.Size]byte]struct{}{}
	}
	p.known[proof] = struct{}{}
	return true
}
