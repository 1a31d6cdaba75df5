package httpproxy_test

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/interop"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/podpatterns/podpatterns/ambassador/httpproxy"
)

// throughProxy connects to a gRPC server through a proxy that speaks HTTP/2, in the
// clear, on both sides.
func throughProxy(t *testing.T, register func(*grpc.Server), p *httpproxy.Proxy) *grpc.ClientConn {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := grpc.NewServer()
	register(s)
	go s.Serve(l)
	t.Cleanup(s.Stop)
	p.Upstream, p.HTTP2 = httpproxy.To(l.Addr().String()), true
	conn, err := grpc.NewClient("passthrough:///"+serve(t, p), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn
}

func interopServer(s *grpc.Server) {
	testpb.RegisterTestServiceServer(s, interop.NewTestServer())
}

// The interoperability tests of gRPC, with its own client and server. One that
// fails ends the process with what it has seen.
func TestInterop(t *testing.T) {
	for name, p := range map[string]*httpproxy.Proxy{
		"plain":   {},
		"retries": {Retry: &httpproxy.Retry{}, Log: &httpproxy.Log{Share: -1}, Timeout: time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			conn := throughProxy(t, interopServer, p)
			client := testpb.NewTestServiceClient(conn)
			for name, test := range map[string]func(context.Context, testpb.TestServiceClient, ...grpc.CallOption){
				"empty unary":                 interop.DoEmptyUnaryCall,
				"large unary":                 interop.DoLargeUnaryCall,
				"client streaming":            interop.DoClientStreaming,
				"server streaming":            interop.DoServerStreaming,
				"ping pong":                   interop.DoPingPong,
				"empty stream":                interop.DoEmptyStream,
				"timeout on sleeping server":  interop.DoTimeoutOnSleepingServer,
				"cancel after begin":          interop.DoCancelAfterBegin,
				"cancel after first response": interop.DoCancelAfterFirstResponse,
				"custom metadata":             interop.DoCustomMetadata,
				"status code and message":     interop.DoStatusCodeAndMessage,
				"special status message":      interop.DoSpecialStatusMessage,
				"unimplemented method": func(ctx context.Context, _ testpb.TestServiceClient, _ ...grpc.CallOption) {
					interop.DoUnimplementedMethod(ctx, conn)
				},
				"unimplemented service": func(ctx context.Context, _ testpb.TestServiceClient, _ ...grpc.CallOption) {
					interop.DoUnimplementedService(ctx, testpb.NewUnimplementedServiceClient(conn))
				},
			} {
				t.Run(name, func(t *testing.T) {
					ctx, cancel := context.WithTimeout(t.Context(), patience)
					defer cancel()
					test(ctx, client)
				})
			}
		})
	}
}

// picky is a service of one that looks at what has come.
type picky struct {
	testpb.UnimplementedTestServiceServer
	deadline chan time.Duration
}

func (s *picky) UnaryCall(ctx context.Context, r *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return nil, status.Error(codes.Internal, "no deadline has come")
	}
	s.deadline <- time.Until(deadline)
	grpc.SetTrailer(ctx, metadata.Pairs("x-trailer", "its value"))
	return nil, status.Error(codes.ResourceExhausted, "trailers only")
}

func (s *picky) FullDuplexCall(stream testpb.TestService_FullDuplexCallServer) error {
	s.deadline <- 0 // it has begun
	<-stream.Context().Done()
	s.deadline <- 0
	return stream.Context().Err()
}

func TestDeadlinesAndTrailersPass(t *testing.T) {
	s := &picky{deadline: make(chan time.Duration, 1)}
	conn := throughProxy(t, func(g *grpc.Server) { testpb.RegisterTestServiceServer(g, s) }, &httpproxy.Proxy{})
	client := testpb.NewTestServiceClient(conn)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var trailer metadata.MD
	_, err := client.UnaryCall(ctx, &testpb.SimpleRequest{}, grpc.Trailer(&trailer))
	require.Equal(t, codes.ResourceExhausted, status.Code(err))
	require.Equal(t, []string{"its value"}, trailer.Get("x-trailer"))
	require.InDelta(t, patience, <-s.deadline, float64(5*time.Second))

	leaving, leave := context.WithCancel(ctx)
	stream, err := client.FullDuplexCall(leaving)
	require.NoError(t, err)
	require.NoError(t, stream.Send(&testpb.StreamingOutputCallRequest{}))
	<-s.deadline
	leave()
	_, err = stream.Recv()
	require.NotErrorIs(t, err, io.EOF)
	select {
	case <-s.deadline:
	case <-time.After(patience):
		t.Fatal("the server does not notice that the client has left")
	}
}
