// Package grpchealth asks a grpc.health.v1.Health service whether it is serving,
// without gRPC: it speaks just as much of it as one call takes, one
// length-prefixed message each way, and the status in the trailers.
package grpchealth

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
)

// sizeLimit is how much of an answer is read.
const sizeLimit = 10 << 10

// Check returns nil if the service, or with an empty name the server as a whole,
// is SERVING. It dials address once and speaks HTTP/2 with prior knowledge on what
// dial returns.
func Check(ctx context.Context, dial func(ctx context.Context, network, address string) (net.Conn, error), address, service string) error {
	var h2c http.Protocols
	h2c.SetUnencryptedHTTP2(true)
	transport := &http.Transport{DialContext: dial, Protocols: &h2c, DisableKeepAlives: true}
	defer transport.CloseIdleConnections()
	where := &url.URL{Scheme: "http", Host: address, Path: "/grpc.health.v1.Health/Check"}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, where.String(), bytes.NewReader(request(service)))
	if err != nil {
		return err
	}
	r.Header = http.Header{"Content-Type": {"application/grpc"}, "Te": {"trailers"}, "User-Agent": {"podpatterns-probe"}}
	answer, err := transport.RoundTrip(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	message, err := io.ReadAll(io.LimitReader(answer.Body, sizeLimit))
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
	serving, err := response(message)
	if err != nil {
		return err
	}
	if serving != 1 {
		return fmt.Errorf("health status %s", name(serving))
	}
	return nil
}

// request is a HealthCheckRequest{service = 1} behind its prefix.
func request(service string) []byte {
	var message []byte
	if service != "" {
		message = append(message, 1<<3|2)
		message = binary.AppendUvarint(message, uint64(len(service)))
		message = append(message, service...)
	}
	return append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))), message...)
}

var errResponse = errors.New("the answer is no HealthCheckResponse")

// response reads the status (field 1) of a HealthCheckResponse.
func response(b []byte) (status uint64, err error) {
	if len(b) < 5 || b[0] != 0 || uint64(binary.BigEndian.Uint32(b[1:])) != uint64(len(b)-5) {
		return 0, errResponse
	}
	for b = b[5:]; len(b) > 0; {
		key, n := binary.Uvarint(b)
		if n <= 0 || key&7 != 0 { // of varints alone: it has no other field
			return 0, errResponse
		}
		value, m := binary.Uvarint(b[n:])
		if m <= 0 {
			return 0, errResponse
		}
		if key == 1<<3 {
			status = value
		}
		b = b[n+m:]
	}
	return status, nil
}

func name(s uint64) string {
	if names := [...]string{"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"}; s < uint64(len(names)) {
		return names[s]
	}
	return fmt.Sprint(s)
}
