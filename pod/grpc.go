package pod

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// GRPC asks the container's grpc.health.v1.Health service, over HTTP/2 without
// TLS. It succeeds with SERVING (K26).
type GRPC struct {
	Address string // host and port; empty: where the container listens
	Service string // empty: the server as a whole
}

// Handle asks the container. It speaks just as much of gRPC as one call takes:
// one length-prefixed message each way, and the status in the trailers.
func (h GRPC) Handle(ctx context.Context) error {
	dial, address, err := target(ctx, h.Address)
	if err != nil {
		return err
	}
	var h2c http.Protocols
	h2c.SetUnencryptedHTTP2(true)
	transport := &http.Transport{DialContext: dial, Protocols: &h2c, DisableKeepAlives: true}
	defer transport.CloseIdleConnections()
	where := &url.URL{Scheme: "http", Host: address, Path: "/grpc.health.v1.Health/Check"}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, where.String(), bytes.NewReader(healthRequest(h.Service)))
	if err != nil {
		return err
	}
	r.Header = http.Header{"Content-Type": {"application/grpc"}, "Te": {"trailers"}, "User-Agent": {"podpatterns-probe"}}
	answer, err := transport.RoundTrip(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	message, err := io.ReadAll(io.LimitReader(answer.Body, probeOutput))
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("HTTP status %d", answer.StatusCode)
	}
	status, says := answer.Trailer.Get("Grpc-Status"), answer.Trailer.Get("Grpc-Message")
	if status == "" { // an answer that is trailers only
		status, says = answer.Header.Get("Grpc-Status"), answer.Header.Get("Grpc-Message")
	}
	if status != "0" {
		return fmt.Errorf("gRPC status %s: %s", status, says)
	}
	serving, err := healthResponse(message)
	if err != nil {
		return err
	}
	if serving != 1 {
		return fmt.Errorf("health status %s", servingStatus(serving))
	}
	return nil
}

// healthRequest is a HealthCheckRequest{service = 1} behind its prefix.
func healthRequest(service string) []byte {
	var message []byte
	if service != "" {
		message = append(message, 1<<3|2)
		message = binary.AppendUvarint(message, uint64(len(service)))
		message = append(message, service...)
	}
	return append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))), message...)
}

var errHealthResponse = errors.New("the answer is no HealthCheckResponse")

// healthResponse reads the status (field 1) of a HealthCheckResponse.
func healthResponse(b []byte) (status uint64, err error) {
	if len(b) < 5 || b[0] != 0 || uint64(binary.BigEndian.Uint32(b[1:])) != uint64(len(b)-5) {
		return 0, errHealthResponse
	}
	for b = b[5:]; len(b) > 0; {
		key, n := binary.Uvarint(b)
		if n <= 0 || key&7 != 0 { // of varints alone: it has no other field
			return 0, errHealthResponse
		}
		value, m := binary.Uvarint(b[n:])
		if m <= 0 {
			return 0, errHealthResponse
		}
		if key == 1<<3 {
			status = value
		}
		b = b[n+m:]
	}
	return status, nil
}

func servingStatus(s uint64) string {
	if names := [...]string{"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"}; s < uint64(len(names)) {
		return names[s]
	}
	return fmt.Sprint(s)
}
