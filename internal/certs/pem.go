package certs

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
)

var (
	errNoCertificate = errors.New("there is no certificate in it")
	errHalfWritten   = errors.New("it ends inside a block, as a file does that is being written")
	begin            = []byte("-----BEGIN")
)

// certificates wants every block whole, unlike crypto/tls, which takes those
// that it can read and so half a file for a shorter one. What is whole but no
// certificate to Go is passed over, as there are such in bundles that are in use.
func certificates(text []byte) (all []*x509.Certificate, err error) {
	err = errNoCertificate
	for {
		before := text
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			if bytes.Contains(text, begin) {
				return nil, errHalfWritten
			}
			break
		}
		if skipped := bytes.Count(before, begin) - bytes.Count(text, begin); skipped > 1 {
			return nil, errHalfWritten
		}
		if block.Type != "CERTIFICATE" {
			continue // a key, as some keep in the same file
		}
		c, failed := x509.ParseCertificate(block.Bytes)
		if failed != nil {
			err = failed
			continue
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		return nil, err
	}
	return all, nil
}
