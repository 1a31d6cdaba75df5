// Package httpproxy puts the proxy of layer 7 beside its peers. This measures them
// all in turn, each in a process of its own, and prints a table in Markdown in some
// minutes; with -short a smaller one in some seconds:
//
//	go run ./httpproxy/table
//
// It needs Linux, and takes HAProxy, nginx, Caddy and h2load where they are
// installed. Its tests have gRPC, WebSockets, h2spec, curl and h2load go through the
// proxy.
package httpproxy
