package metrics

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"
	"golang.org/x/crypto/bcrypt"
)

// A webConfig is what the file of a WebConfig has, in the form that the exporters
// of the Prometheus project share.
type webConfig struct {
	TLS   *webTLS           `yaml:"tls_server_config"`
	HTTP  webHTTP           `yaml:"http_server_config"`
	Users map[string]string `yaml:"basic_auth_users"` // names and bcrypt hashes
	Rate  webRate           `yaml:"rate_limit"`
}

type webHTTP struct {
	HTTP2   *bool             `yaml:"http2"`
	Headers map[string]string `yaml:"headers"`
}

type webRate struct {
	Interval time.Duration `yaml:"interval"`
	Burst    int           `yaml:"burst"`
}

type webTLS struct {
	Cert        string        `yaml:"cert"`
	Key         string        `yaml:"key"`
	ClientCA    string        `yaml:"client_ca"`
	CertFile    string        `yaml:"cert_file"`
	KeyFile     string        `yaml:"key_file"`
	CAFile      string        `yaml:"client_ca_file"`
	ClientAuth  clientAuth    `yaml:"client_auth_type"`
	AllowedSANs []string      `yaml:"client_allowed_sans"`
	Min         tlsVersion    `yaml:"min_version"`
	Max         tlsVersion    `yaml:"max_version"`
	Ciphers     []cipherSuite `yaml:"cipher_suites"`
	Curves      []curve       `yaml:"curve_preferences"`
	Preference  *yaml.Node    `yaml:"prefer_server_cipher_suites"` // crypto/tls chooses itself since Go 1.17
}

// webHeaders are those that the file may add, and the values of those that have
// few.
var webHeaders = map[string][]string{
	"Content-Security-Policy":   nil,
	"Strict-Transport-Security": nil,
	"X-XSS-Protection":          nil,
	"X-Content-Type-Options":    {"nosniff"},
	"X-Frame-Options":           {"deny", "sameorigin"},
}

// parseWeb reads the file at path. What it does not know is an error, because a
// misspelt word must not leave a door open.
func parseWeb(content []byte, path string) (*webConfig, error) {
	c := &webConfig{}
	d := yaml.NewDecoder(bytes.NewReader(content))
	d.KnownFields(true)
	if err := d.Decode(c); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	for name, hash := range c.Users {
		if _, err := bcrypt.Cost([]byte(hash)); err != nil {
			return nil, fmt.Errorf("basic_auth_users: the password of %q is no bcrypt hash: %w", name, err)
		}
	}
	for name, value := range c.HTTP.Headers {
		values, known := webHeaders[name]
		if !known {
			return nil, fmt.Errorf("http_server_config: header %q cannot be set", name)
		}
		if values != nil && !slices.Contains(values, value) {
			return nil, fmt.Errorf("http_server_config: header %s: %q is none of %q", name, value, values)
		}
	}
	if c.Rate.Interval < 0 || c.Rate.Burst < 0 {
		return nil, fmt.Errorf("rate_limit: interval %v or burst %d is negative", c.Rate.Interval, c.Rate.Burst)
	}
	if t := c.TLS; t != nil {
		if err := t.check(); err != nil {
			return nil, fmt.Errorf("tls_server_config: %w", err)
		}
		for _, file := range []*string{&t.CertFile, &t.KeyFile, &t.CAFile} {
			if *file != "" && !filepath.IsAbs(*file) {
				*file = filepath.Join(filepath.Dir(path), *file)
			}
		}
	}
	return c, nil
}

func (t *webTLS) check() error {
	for _, f := range [...]struct{ name, inline, file string }{
		{"cert", t.Cert, t.CertFile}, {"key", t.Key, t.KeyFile}, {"client_ca", t.ClientCA, t.CAFile},
	} {
		if f.inline != "" && f.file != "" {
			return fmt.Errorf("%s and %s_file are both set, want one", f.name, f.name)
		}
	}
	switch auth := tls.ClientAuthType(t.ClientAuth); {
	case t.Cert == "" && t.CertFile == "":
		return errors.New("cert_file: empty, and a server has to have a certificate")
	case (t.Cert == "") != (t.Key == ""):
		return errors.New("cert and key: want both in the file, or both as files")
	case (t.CAFile != "" || t.ClientCA != "") && auth == tls.NoClientCert:
		return errors.New("client_ca_file is set, and client_auth_type is NoClientCert")
	case auth >= tls.VerifyClientCertIfGiven && t.CAFile == "" && t.ClientCA == "":
		return fmt.Errorf("client_ca_file: empty, and client_auth_type %v wants one", auth)
	case len(t.AllowedSANs) > 0 && auth != tls.RequireAnyClientCert && auth != tls.RequireAndVerifyClientCert:
		return fmt.Errorf("client_allowed_sans: client_auth_type %v lets clients in without a certificate", auth)
	}
	return nil
}
