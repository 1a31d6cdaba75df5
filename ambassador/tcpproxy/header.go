package tcpproxy

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"

	"github.com/pires/go-proxyproto"
)

const (
	headerV1Max  = 107     // with its \r\n, by the specification
	headerV2Head = 16      // signature, command, family and length
	headerV2Max  = 4 << 10 // what follows that; addresses are up to 216 bytes, the rest are TLVs
	headerPiece  = 512
)

// trusts tells whether what comes from there begins with a PROXY header.
func (p *Proxy) trusts(remote net.Addr) bool {
	if len(p.ProxyFrom) == 0 {
		return false
	}
	addr := addressOf(remote)
	for _, from := range p.ProxyFrom {
		if from.Contains(addr) {
			return true
		}
	}
	return false
}

// addressOf is the IP address of a, and the zero one where it has none.
func addressOf(a net.Addr) netip.Addr {
	ap, ok := a.(interface{ AddrPort() netip.AddrPort })
	if !ok {
		return netip.Addr{}
	}
	return ap.AddrPort().Addr().Unmap().WithZone("")
}

// readHeader reads a PROXY header from c, and returns what came after it, too.
// It takes it in any number of pieces, which is why it looks for the end itself.
func readHeader(c net.Conn) (h *proxyproto.Header, after []byte, err error) {
	var got []byte
	for {
		n, err := headerLen(got)
		if err != nil {
			return nil, nil, err
		}
		if n > 0 && len(got) >= n {
			h, err := proxyproto.Read(bufio.NewReader(bytes.NewReader(got[:n])))
			return h, got[n:], err
		}
		piece := make([]byte, headerPiece)
		m, err := c.Read(piece)
		got = append(got, piece[:m]...)
		if err != nil && m == 0 {
			return nil, nil, fmt.Errorf("after %d bytes of a PROXY header: %w", len(got), err)
		}
	}
}

// headerLen is the length of the header that b begins with, as soon as b tells
// it, and 0 before.
func headerLen(b []byte) (int, error) {
	switch {
	case hasOpening(b, proxyproto.SIGV1):
		end := bytes.IndexByte(b[:min(len(b), headerV1Max)], '\n')
		if end < 0 && len(b) >= headerV1Max {
			return 0, proxyproto.ErrVersion1HeaderTooLong
		}
		return end + 1, nil
	case hasOpening(b, proxyproto.SIGV2):
		if len(b) < headerV2Head {
			return 0, nil
		}
		n := int(binary.BigEndian.Uint16(b[headerV2Head-2:]))
		if n > headerV2Max {
			return 0, fmt.Errorf("%w: %d, more than %d", proxyproto.ErrInvalidLength, n, headerV2Max)
		}
		return headerV2Head + n, nil
	}
	return 0, proxyproto.ErrNoProxyProtocol
}

// hasOpening tells whether b, however short, may be the beginning of sig.
func hasOpening(b, sig []byte) bool {
	n := min(len(b), len(sig))
	return bytes.Equal(b[:n], sig[:n])
}
