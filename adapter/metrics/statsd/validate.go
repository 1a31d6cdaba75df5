package statsd

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"
)

// Validate tells what is wrong with the fields.
func (s *Source) Validate() error {
	_, err := s.validate()
	return err
}

const (
	shortestLine = 64
	longestLine  = 1 << 20
)

func (s *Source) validate() ([]*pattern, error) {
	for _, f := range []struct {
		name  string
		value int
	}{
		{"ReceiveBuffer", s.ReceiveBuffer}, {"MaxConns", s.MaxConns}, {"MaxLine", s.MaxLine},
		{"MaxSeries", s.MaxSeries}, {"MaxSetValues", s.MaxSetValues},
	} {
		if f.value < 0 {
			return nil, fmt.Errorf("%s: %d: negative", f.name, f.value)
		}
	}
	for _, f := range []struct{ name, address string }{{"UDP", s.UDP}, {"TCP", s.TCP}} {
		if err := checkAddress(f.address); err != nil {
			return nil, fmt.Errorf("%s: %q: %w", f.name, f.address, err)
		}
	}
	switch {
	case s.MaxLine > 0 && (s.MaxLine < shortestLine || s.MaxLine > longestLine):
		return nil, fmt.Errorf("MaxLine: %d: not from %d to %d", s.MaxLine, shortestLine, longestLine)
	case s.SetWindow < 0 || s.SetWindow > 0 && s.SetWindow < time.Second:
		return nil, fmt.Errorf("SetWindow: %v: less than a second", s.SetWindow)
	case s.TagStyles >= allStyles:
		return nil, fmt.Errorf("TagStyles: %d: there are no such", s.TagStyles)
	case s.UnixMode&^0o777 != 0:
		return nil, fmt.Errorf("UnixMode: %v: more than permissions", s.UnixMode)
	case s.UnixMode != 0 && s.Unix == "":
		return nil, errors.New("UnixMode: set, and Unix is not")
	case s.ContainerLabel != "" && s.ContainerLabel != labelName(s.ContainerLabel):
		return nil, fmt.Errorf("ContainerLabel: %q: no name that a label may have", s.ContainerLabel)
	}
	if err := s.Observer.validate(); err != nil {
		return nil, fmt.Errorf("Observer: %w", err)
	}
	return compile(s.Rules)
}

// checkAddress wants a host, as a socket that everybody may write to is better
// asked for.
func checkAddress(address string) error {
	if address == "" {
		return nil
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return errors.New("not host:port")
	}
	if host == "" {
		return fmt.Errorf("has no host: say 127.0.0.1:%s for this pod, or 0.0.0.0:%s for all", port, port)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return errors.New("has no port from 0 to 65535")
	}
	return nil
}
