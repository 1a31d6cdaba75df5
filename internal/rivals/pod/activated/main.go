// Activated is an ordinary socket-activated web server, as it would run under
// systemd. It answers with its process id and the LISTEN_PID that it was given.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/coreos/go-systemd/v22/activation"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

func main() {
	given := os.Getenv("LISTEN_PID") // Listeners unsets it
	listeners, err := activation.Listeners()
	if err != nil {
		log.Fatal(err)
	}
	if len(listeners) != 1 {
		log.Fatalf("%d listeners were handed over, not 1", len(listeners))
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, os.Getpid(), given)
	})}
	// Not Shutdown alone, which loses a request that it reads after it began.
	if err := sandbox.ServeHTTP(ctx, listeners[0], server); err != nil {
		log.Fatal(err)
	}
}
