package redis

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/podpatterns/podpatterns/internal/files"
	"github.com/podpatterns/podpatterns/internal/hostport"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// A conn is a connection that is past AUTH.
type conn struct {
	net.Conn
	replies
	box    *sandbox.Sandbox // that it was dialled in
	asks   int              // which of questions it answers
	broken bool
}

var past = time.Unix(1, 0)

func (s *Source) dial(ctx context.Context) (*conn, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	auth, err := s.auth(ctx)
	if err != nil {
		return nil, err
	}
	at, _ := hostport.Parse(s.Address)
	where, err := at.Where(ctx)
	if err != nil {
		return nil, err
	}
	nc, err := sandbox.Dial(ctx, at.Network, where)
	if err != nil {
		return nil, err
	}
	if s.TLS != nil {
		if nc, err = s.TLS.client(ctx, nc, at.Host); err != nil {
			return nil, err
		}
	}
	c := &conn{Conn: nc, replies: repliesOf(nc), box: sandbox.From(ctx)}
	if auth != nil {
		if err := c.say(ctx, auth); err != nil {
			c.Close()
			return nil, fmt.Errorf("AUTH: %w", err)
		}
	}
	return c, nil
}

// auth returns the command, or nil if there is nothing to say.
func (s *Source) auth(ctx context.Context) ([]byte, error) {
	password := s.Password
	if s.PasswordFile != "" {
		text, err := files.Read(sandbox.Root(ctx), s.PasswordFile, 64<<10)
		if err != nil {
			return nil, fmt.Errorf("PasswordFile: %w", err)
		}
		line, _, _ := bytes.Cut(text, []byte("\n"))
		if password = strings.TrimSuffix(string(line), "\r"); password == "" {
			return nil, fmt.Errorf("PasswordFile: the first line of %s is empty", s.PasswordFile)
		}
	}
	switch {
	case password == "":
		return nil, nil
	case s.Username == "":
		return command("AUTH", password), nil
	}
	return command("AUTH", s.Username, password), nil
}

func (t *TLS) client(ctx context.Context, nc net.Conn, host string) (net.Conn, error) {
	t.once.Do(func() { t.files.CertFile, t.files.KeyFile, t.files.CAFile = t.CertFile, t.KeyFile, t.CAFile })
	config, err := t.files.Client(ctx, t.Config)
	if err == nil {
		config = config.Clone()
		switch {
		case t.ServerName != "":
			config.ServerName = t.ServerName
		case config.ServerName == "":
			config.ServerName = host
		}
		c := tls.Client(nc, config)
		if err = c.HandshakeContext(ctx); err == nil {
			return c, nil
		}
	}
	nc.Close()
	return nil, fmt.Errorf("TLS: %w", err)
}

// usable tells whether c is worth a try under ctx.
func (c *conn) usable(ctx context.Context) bool {
	return !c.broken && c.r.Buffered() == 0 && c.box == sandbox.From(ctx)
}

// under has ctx end what waits for the server, until done is called.
func (c *conn) under(ctx context.Context) (done func()) {
	stop := context.AfterFunc(ctx, func() { c.SetDeadline(past) })
	return func() { c.broken = c.broken || !stop() }
}

// say has a command answered by +OK.
func (c *conn) say(ctx context.Context, command []byte) error {
	defer c.under(ctx)()
	if _, err := c.Write(command); err != nil {
		return err
	}
	_, err := c.next()
	return err
}

// questions are what to ask, from the newest version's to the oldest's. A
// version answers a section that it does not know with an empty text.
var questions = [...][]byte{command("INFO", "everything"), command("INFO", "all"), command("INFO")}

// info returns the text of INFO, valid up to the next call.
func (c *conn) info(ctx context.Context) ([]byte, error) {
	defer c.under(ctx)()
	for ; ; c.asks++ {
		if _, err := c.Write(questions[c.asks]); err != nil {
			return nil, err
		}
		text, err := c.next()
		last := c.asks == len(questions)-1
		said := replyError("")
		switch {
		case err == nil && len(bytes.TrimSpace(text)) > 0:
			return text, nil
		case err == nil && last:
			return nil, errors.New("INFO is empty")
		case err != nil && (last || !errors.As(err, &said) || !said.unknown()):
			return nil, fmt.Errorf("INFO: %w", err)
		}
	}
}
