package metrics

import (
	"crypto/tls"
	"fmt"
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"
)

// The types of this file are constants of crypto/tls by their names.
type (
	clientAuth  tls.ClientAuthType
	tlsVersion  uint16
	cipherSuite uint16
	curve       tls.CurveID
)

var (
	clientAuths = map[string]clientAuth{
		"":                           clientAuth(tls.NoClientCert),
		"NoClientCert":               clientAuth(tls.NoClientCert),
		"RequestClientCert":          clientAuth(tls.RequestClientCert),
		"RequireAnyClientCert":       clientAuth(tls.RequireAnyClientCert),
		"RequireClientCert":          clientAuth(tls.RequireAnyClientCert), // as it was called
		"VerifyClientCertIfGiven":    clientAuth(tls.VerifyClientCertIfGiven),
		"RequireAndVerifyClientCert": clientAuth(tls.RequireAndVerifyClientCert),
	}
	tlsVersions = map[string]tlsVersion{
		"TLS10": tls.VersionTLS10, "TLS11": tls.VersionTLS11, "TLS12": tls.VersionTLS12, "TLS13": tls.VersionTLS13,
	}
	curves = map[string]curve{
		"CurveP256": curve(tls.CurveP256), "CurveP384": curve(tls.CurveP384), "CurveP521": curve(tls.CurveP521),
		"X25519": curve(tls.X25519), "X25519MLKEM768": curve(tls.X25519MLKEM768),
	}
	cipherSuites = func() map[string]cipherSuite {
		all := map[string]cipherSuite{}
		for _, c := range tls.CipherSuites() {
			all[c.Name] = cipherSuite(c.ID)
		}
		return all
	}()
)

func (c *clientAuth) UnmarshalYAML(n *yaml.Node) error  { return byName(n, clientAuths, c) }
func (v *tlsVersion) UnmarshalYAML(n *yaml.Node) error  { return byName(n, tlsVersions, v) }
func (c *cipherSuite) UnmarshalYAML(n *yaml.Node) error { return byName(n, cipherSuites, c) }
func (c *curve) UnmarshalYAML(n *yaml.Node) error       { return byName(n, curves, c) }

func byName[T any](n *yaml.Node, all map[string]T, to *T) error {
	v, known := all[n.Value]
	if n.Kind != yaml.ScalarNode || !known {
		return fmt.Errorf("line %d: %q is none of %q", n.Line, n.Value, slices.Sorted(maps.Keys(all)))
	}
	*to = v
	return nil
}
