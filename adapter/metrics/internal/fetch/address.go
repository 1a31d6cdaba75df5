package fetch

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/podpatterns/podpatterns/internal/hostport"
)

// An address is a URL taken apart.
type address struct {
	hostport.Address
	shown string // without a password
	host  string // of the header Host
	auth  string // of the header Authorization; empty: none
	uri   string // what is asked for, from its slash on
}

func (a *address) String() string { return a.shown }

func parse(text string) (*address, error) {
	if strings.HasPrefix(text, "unix:") {
		return parseUnix(text)
	}
	u, err := url.Parse(text)
	if err != nil {
		var at *url.Error
		if errors.As(err, &at) {
			err = at.Err // it repeats the text, and so the password
		}
		return nil, fmt.Errorf("is not http://host:port/path: %w", err)
	}
	if u.Scheme != "http" || u.Opaque != "" {
		return nil, fmt.Errorf("%q is neither http://host:port/path nor unix:path:/path", u.Redacted())
	}
	port := u.Port()
	if port == "" {
		port = "80"
	}
	at, err := hostport.Parse(net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return nil, fmt.Errorf("%q %w", u.Redacted(), err)
	}
	a := &address{Address: at, shown: u.Redacted(), host: u.Host, uri: u.RequestURI()}
	if u.User != nil {
		password, _ := u.User.Password()
		a.auth = "Basic " + base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+password))
	}
	return a, nil
}

// parseUnix splits at the last colon before a slash, as nginx does.
func parseUnix(text string) (*address, error) {
	name, uri := text, "/"
	if i := strings.LastIndex(text, ":/"); i > len("unix:")-1 {
		name, uri = text[:i], text[i+1:]
	}
	at, err := hostport.Parse(name)
	if err != nil {
		return nil, fmt.Errorf("%q %w", text, err)
	}
	u, err := url.Parse("http://localhost" + uri)
	if err != nil || u.Host != "localhost" {
		return nil, fmt.Errorf("%q has no path that can be asked for: %q", text, uri)
	}
	return &address{Address: at, shown: text, host: "localhost", uri: u.RequestURI()}, nil
}

// redirect returns what to ask for next. Another server is never asked: the
// source is of this one.
func (a *address) redirect(from, location string) (string, error) {
	base, err := url.Parse("http://" + a.host + from)
	if err != nil {
		return "", err
	}
	to, err := base.Parse(location)
	if err != nil {
		return "", fmt.Errorf("redirect to what is no URL: %.200q", location)
	}
	if to.Scheme != "http" || !strings.EqualFold(to.Host, base.Host) {
		return "", fmt.Errorf("redirect to another server: %.200q", to.Redacted())
	}
	return to.RequestURI(), nil
}

func (a *address) request(uri, accept string) []byte {
	b := make([]byte, 0, 256)
	for _, s := range []string{"GET ", uri, " HTTP/1.1\r\nHost: ", a.host, "\r\nUser-Agent: podpatterns\r\nAccept-Encoding: gzip\r\n"} {
		b = append(b, s...)
	}
	for _, h := range [][2]string{{"Accept: ", accept}, {"Authorization: ", a.auth}} {
		if h[1] != "" {
			b = append(append(append(b, h[0]...), h[1]...), "\r\n"...)
		}
	}
	return append(b, "\r\n"...)
}
