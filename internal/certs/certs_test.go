package certs

import (
	"bytes"
	"crypto/tls"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/internal/authority"
)

func TestRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, p := authority.New(t), newPlace(t)
		f := &Files{CertFile: "tls.crt", KeyFile: "tls.key"}
		require.ErrorContains(t, f.Load(p.ctx), "CertFile: ")
		p.writePair(a, "one")
		server, err := f.Server(p.ctx, nil)
		require.NoError(t, err)
		require.Equal(t, "one", p.served(server))

		p.writePair(a, "two")
		require.Equal(t, "one", p.served(server), "within the interval nothing is looked at")
		time.Sleep(time.Second)
		require.Equal(t, "two", p.served(server))
		require.Equal(t, 1, strings.Count(p.log.String(), "\n"), "%s", &p.log)
		require.Contains(t, p.log.String(), "certificates renewed")
		require.Contains(t, p.log.String(), `subject="CN=two"`)
	})
}

// Each step of a replacement that is not atomic keeps the old pair.
func TestHalfOfAReplacement(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, p := authority.New(t), newPlace(t)
		p.writePair(a, "one")
		f := &Files{CertFile: "tls.crt", KeyFile: "tls.key"}
		server, err := f.Server(p.ctx, nil)
		require.NoError(t, err)
		cert, key := a.Pair("two")
		chain := append(bytes.Clone(cert), a.PEM...)
		steps := []func(){
			func() { p.write("tls.crt", nil) },
			func() { p.write("tls.crt", chain[:len(cert)-20]) },
			func() { p.write("tls.crt", chain[:len(chain)-20]) }, // a whole leaf, half of the chain
			func() { p.write("tls.crt", chain) },                 // of another key
			func() { p.write("tls.key", key[:len(key)/2]) },
			func() { require.NoError(t, os.Remove(filepath.Join(p.dir, "tls.key"))) },
		}
		for i, step := range steps {
			step()
			for range 3 {
				time.Sleep(time.Second)
				require.Equal(t, "one", p.served(server), "step %d", i)
			}
			require.Equal(t, []int{1, 2, 2, 3, 4, 5}[i], strings.Count(p.log.String(), "level=WARN"), "once for each reason:\n%s", &p.log)
		}
		p.write("tls.key", key)
		time.Sleep(time.Second)
		require.Equal(t, "two", p.served(server))
		require.Equal(t, 1, strings.Count(p.log.String(), "level=INFO"), "%s", &p.log)
	})
}

// Kubernetes writes a new folder and swaps the link to it.
func TestDataLink(t *testing.T) {
	for name, absolute := range map[string]bool{"under the root": false, "by an absolute path": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { testDataLink(t, absolute) })
		})
	}
}

func testDataLink(t *testing.T, absolute bool) {
	a, p := authority.New(t), newPlace(t)
	swap := func(folder, name string) {
		cert, key := a.Pair(name)
		p.write(folder+"/tls.crt", cert)
		p.write(folder+"/tls.key", key)
		require.NoError(t, os.Symlink(folder, filepath.Join(p.dir, "..tmp")))
		require.NoError(t, os.Rename(filepath.Join(p.dir, "..tmp"), filepath.Join(p.dir, "..data")))
	}
	swap("..2026_1", "one")
	for _, name := range []string{"tls.crt", "tls.key"} {
		require.NoError(t, os.Symlink(filepath.Join("..data", name), filepath.Join(p.dir, name)))
	}
	f := &Files{CertFile: "tls.crt", KeyFile: "tls.key"}
	if absolute {
		f = &Files{CertFile: filepath.Join(p.dir, "tls.crt"), KeyFile: filepath.Join(p.dir, "tls.key")}
	}
	server, err := f.Server(p.ctx, nil)
	require.NoError(t, err)
	require.Equal(t, "one", p.served(server))
	swap("..2026_2", "two")
	require.NoError(t, os.RemoveAll(filepath.Join(p.dir, "..2026_1")))
	time.Sleep(time.Second)
	require.Equal(t, "two", p.served(server))
	require.NotContains(t, p.log.String(), "WARN")
}

func TestAuthoritiesRotate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		oldOne, newOne, p := authority.New(t), authority.New(t), newPlace(t)
		f := &Files{CertFile: "tls.crt", KeyFile: "tls.key", CAFile: "ca.crt"}
		p.write("ca.crt", oldOne.PEM)
		p.writePair(oldOne, "server")
		server, err := f.Server(p.ctx, nil)
		require.NoError(t, err)
		require.Equal(t, tls.RequireAndVerifyClientCert, server.ClientAuth)
		shake := func() (tls.ConnectionState, error, error) {
			time.Sleep(time.Second)
			client, err := f.Client(p.ctx, nil)
			require.NoError(t, err)
			client = client.Clone()
			client.ServerName = "server"
			return p.shake(client, server)
		}
		state, clientErr, serverErr := shake()
		require.NoError(t, clientErr)
		require.NoError(t, serverErr)
		require.Equal(t, "server", state.PeerCertificates[0].Subject.CommonName, "the client showed its own")

		p.write("ca.crt", newOne.PEM)
		_, clientErr, _ = shake()
		require.ErrorContains(t, clientErr, "unknown authority")

		p.write("ca.crt", append(bytes.Clone(oldOne.PEM), newOne.PEM[:len(newOne.PEM)-30]...))
		_, clientErr, _ = shake()
		require.ErrorContains(t, clientErr, "unknown authority", "half a bundle is none")
		require.Contains(t, p.log.String(), errHalfWritten.Error())

		p.write("ca.crt", append(bytes.Clone(oldOne.PEM), newOne.PEM...))
		_, clientErr, serverErr = shake()
		require.NoError(t, clientErr)
		require.NoError(t, serverErr)

		_, err = f.Server(p.ctx, &tls.Config{ClientAuth: tls.RequestClientCert})
		require.NoError(t, err)
		stranger := &tls.Config{InsecureSkipVerify: true}
		_, _, serverErr = p.shake(stranger, server)
		require.ErrorContains(t, serverErr, "client didn't provide a certificate")
	})
}

func TestConfigStaysUntilTheFilesChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, p := authority.New(t), newPlace(t)
		p.writePair(a, "one")
		f := &Files{CertFile: "tls.crt", KeyFile: "tls.key", Interval: time.Minute}
		base := &tls.Config{MinVersion: tls.VersionTLS13}
		first, err := f.Client(p.ctx, base)
		require.NoError(t, err)
		require.EqualValues(t, tls.VersionTLS13, first.MinVersion)
		time.Sleep(time.Minute)
		second, err := f.Client(p.ctx, base)
		require.NoError(t, err)
		require.Same(t, first, second)
		other, err := f.Client(p.ctx, nil)
		require.NoError(t, err)
		require.EqualValues(t, tls.VersionTLS12, other.MinVersion)
		p.writePair(a, "two")
		time.Sleep(time.Minute)
		third, err := f.Client(p.ctx, base)
		require.NoError(t, err)
		require.NotSame(t, first, third)
	})
}

func TestBundles(t *testing.T) {
	a := authority.New(t)
	odd := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("whole, but odd")})
	_, key := a.Pair("x")
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, []byte("# a comment\n")) }
	all, err := certificates(join(a.PEM, odd, key, a.PEM))
	require.NoError(t, err)
	require.Len(t, all, 2)
	for want, text := range map[string][]byte{
		"malformed":                odd,
		errHalfWritten.Error():     join(a.PEM, odd[:len(odd)/2], a.PEM),
		errNoCertificate.Error():   key,
		"it ends inside a block, ": a.PEM[:len(a.PEM)-1-len("-----END CERTIFICATE-----")],
	} {
		_, err := certificates(text)
		require.ErrorContains(t, err, want)
	}
}

func TestOldVersionsAreRefused(t *testing.T) {
	a, p := authority.New(t), newPlace(t)
	p.writePair(a, "one")
	server, err := (&Files{CertFile: "tls.crt", KeyFile: "tls.key"}).Server(p.ctx, nil)
	require.NoError(t, err)
	_, clientErr, _ := p.shake(&tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, server)
	require.ErrorContains(t, clientErr, "protocol version")
}

func TestValidate(t *testing.T) {
	require.NoError(t, (&Files{}).Validate(nil))
	require.NoError(t, (&Files{CertFile: "c", KeyFile: "k", CAFile: "a"}).Validate(&tls.Config{MinVersion: tls.VersionTLS13}))
	err := (&Files{CertFile: "c", CAFile: "a", Interval: -1}).Validate(&tls.Config{
		MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11,
		Certificates: []tls.Certificate{{}}, RootCAs: authority.New(t).Pool(),
	})
	for _, want := range []string{
		`KeyFile: empty, and CertFile is "c"`, "Interval: -1ns is negative", "Config.MinVersion: TLS 1.0 is too old",
		"Config.MaxVersion: TLS 1.1 is too old", `CertFile: "c", and Config has`, `CAFile: "a", and Config has`,
	} {
		require.ErrorContains(t, err, want)
	}
	require.EqualError(t, (&Files{KeyFile: "k"}).Validate(nil), `CertFile: empty, and KeyFile is "k"`)
	_, err = (&Files{}).Server(t.Context(), nil)
	require.ErrorIs(t, err, errNoServerCertificate)
}

func TestManyAtOnce(t *testing.T) {
	a, p := authority.New(t), newPlace(t)
	p.writePair(a, "one")
	f := &Files{CertFile: "tls.crt", KeyFile: "tls.key", Interval: time.Nanosecond}
	require.NoError(t, f.Load(p.ctx), "only the first look can fail")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				if _, err := f.Client(p.ctx, nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 10 {
		p.writePair(a, "two")
	}
	all.Wait()
}
