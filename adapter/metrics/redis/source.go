package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/internal/certs"
	"github.com/podpatterns/podpatterns/internal/hostport"
)

// A Source is one server. It must not be copied, nor its fields be changed, once
// it was used; one collection at a time.
type Source struct {
	// Address is "host:port", or "unix:path", with a path in the container's root.
	Address string

	// Username is for servers with ACLs. Empty: the default user.
	Username string

	// Password is what AUTH says. Empty: PasswordFile's; without both there is no AUTH.
	Password string

	// PasswordFile is the path of a file in the container's root, or an absolute
	// one, with the password on its first line. It is read for each connection.
	// Empty: none.
	PasswordFile string

	// TLS encrypts the connection. nil: it is plain.
	TLS *TLS

	mu     sync.Mutex // held by a collection, never waited for
	conn   *conn
	reader reader
}

var (
	_ metrics.Source    = (*Source)(nil)
	_ metrics.Validator = (*Source)(nil)
)

// TLS says how the connection is encrypted. Its zero value asks for a certificate
// by an authority that the machine trusts, for the address's host. Files are
// looked at when a connection is made; a relative path is one in the root.
type TLS struct {
	CertFile   string // PEM: the certificate to show, then its chain; empty: none
	KeyFile    string // PEM: the key of CertFile
	CAFile     string // PEM: who signs the server's certificate; empty: the machine's authorities, or Config.RootCAs
	ServerName string // what that certificate is for; empty: Config's, or the address's host

	// Config has what else there is to say. TLS 1.2 is the least. nil: nothing.
	Config *tls.Config

	once  sync.Once
	files certs.Files
}

// String returns "redis". A [metrics.Named] gives it another name.
func (s *Source) String() string { return "redis" }

// Validate returns what is wrong with the fields.
func (s *Source) Validate() error {
	at, err := hostport.Parse(s.Address)
	if err != nil {
		return fmt.Errorf("Address: %q %w", s.Address, err)
	}
	if s.Password != "" && s.PasswordFile != "" {
		return errors.New("Password and PasswordFile: only one of them can be")
	}
	if s.Username != "" && s.Password == "" && s.PasswordFile == "" {
		return fmt.Errorf("Username: %q has no Password nor PasswordFile", s.Username)
	}
	if t := s.TLS; t != nil {
		f := certs.Files{CertFile: t.CertFile, KeyFile: t.KeyFile, CAFile: t.CAFile}
		if err := f.Validate(t.Config); err != nil {
			return fmt.Errorf("TLS.%w", err)
		}
		if at.Network == "unix" && t.ServerName == "" && (t.Config == nil || t.Config.ServerName == "" && !t.Config.InsecureSkipVerify) {
			return errors.New("TLS.ServerName: empty, and the address has no host")
		}
	}
	return nil
}

var errBusy = errors.New("redis: it is being collected already")

// Collect asks the server and adds what it tells.
func (s *Source) Collect(ctx context.Context, b *metrics.Batch) error {
	if !s.mu.TryLock() {
		return errBusy
	}
	defer s.mu.Unlock()
	err := s.collect(ctx, b)
	if err == nil {
		return nil
	}
	s.drop()
	if ended := ctx.Err(); ended != nil && !errors.Is(err, ended) {
		err = fmt.Errorf("%w: %w", ended, err)
	}
	return fmt.Errorf("redis at %s: %w", s.Address, err)
}

func (s *Source) collect(ctx context.Context, b *metrics.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	text, err := s.info(ctx)
	if err != nil {
		return err
	}
	return s.reader.read(text, b, time.Now())
}

// info asks on the kept connection, and if that is broken on a new one.
func (s *Source) info(ctx context.Context) ([]byte, error) {
	if s.conn != nil && s.conn.usable(ctx) {
		text, err := s.conn.info(ctx)
		if err == nil {
			return text, nil
		}
		if said := (replyError("")); errors.As(err, &said) || ctx.Err() != nil {
			return nil, err
		}
	}
	s.drop()
	c, err := s.dial(ctx)
	if err != nil {
		return nil, err
	}
	s.conn = c
	return c.info(ctx)
}

func (s *Source) drop() {
	if s.conn != nil {
		s.conn.Close()
		s.conn = nil
	}
}
