package upstream

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
)

// Redis is a [Checker] that sends PING and is content with PONG. A server that
// still loads its data, or has lost its master, is not well.
type Redis struct {
	Username string // for AUTH; empty: none is named
	Password string // for AUTH; empty: no AUTH is sent
}

var _ Checker = Redis{}

func (r Redis) validate() error {
	if r.Username != "" && r.Password == "" {
		return fmt.Errorf("Password: empty, and Username is %q", r.Username)
	}
	return nil
}

// Check sends its commands at once and reads an answer to each.
func (r Redis) Check(_ context.Context, conn net.Conn, _ Endpoint) error {
	var commands []byte
	answers := []string{"+PONG"}
	if r.Password != "" {
		auth := []string{"AUTH", r.Password}
		if r.Username != "" {
			auth = []string{"AUTH", r.Username, r.Password}
		}
		commands, answers = appendCommand(commands, auth...), []string{"+OK", "+PONG"}
	}
	if _, err := conn.Write(appendCommand(commands, "PING")); err != nil {
		return err
	}
	in := bufio.NewReaderSize(conn, 512)
	for _, want := range answers {
		line, err := in.ReadSlice('\n')
		if err != nil {
			if errors.Is(err, bufio.ErrBufferFull) {
				err = errors.New("the answer is no line of Redis")
			}
			return err
		}
		if got := strings.TrimRight(string(line), "\r\n"); got != want {
			return fmt.Errorf("the answer is %q and not %q", got, want)
		}
	}
	return nil
}

// appendCommand writes an array of bulk strings.
func appendCommand(b []byte, words ...string) []byte {
	b = fmt.Appendf(b, "*%d\r\n", len(words))
	for _, w := range words {
		b = fmt.Appendf(b, "$%d\r\n%s\r\n", len(w), w)
	}
	return b
}
