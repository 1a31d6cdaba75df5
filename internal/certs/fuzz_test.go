package certs

import (
	"bytes"
	"testing"
)

func FuzzCertificates(f *testing.F) {
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----BEGIN CERTIFICATE-----\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := certificates(text)
		if (err == nil) != (len(all) > 0) {
			t.Fatalf("%d certificates, %v", len(all), err)
		}
		if err == nil && bytes.Count(text, begin) < len(all) {
			t.Fatal("more certificates than blocks")
		}
	})
}
